"""The settings that every network shares: optimizer, schedule, batches, augmentation."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from mnist_search.spaces.families.family import OPTIMIZERS, Setting, Settings
from mnist_search.spaces.parameters import Condition, Value
from mnist_search.specs import (
    SGD,
    Adadelta,
    Adam,
    AdamW,
    Augmentation,
    Nadam,
    Optimizer,
    RMSprop,
    Training,
)

_AUGMENTED = (Condition("augmentation", choices=(True,)),)
_OPTIMIZER: TypeAdapter[Optimizer] = TypeAdapter(Optimizer)

RECIPE_SETTINGS = (
    Setting(
        name="optimizer",
        kind="text",
        doc="how the weights are updated",
        default="adam",
        choices=OPTIMIZERS,
    ),
    Setting(
        name="learning_rate",
        kind="float",
        doc="step size; default: adam, adamw, nadam, rmsprop 0.001, sgd 0.01, adadelta 1.0",
        default=None,
        level="optimizer",
        low=0.0,
        low_included=False,
    ),
    Setting(
        name="momentum",
        kind="float",
        doc="momentum of sgd",
        default=0.0,
        low=0.0,
        high=1.0,
        high_included=False,
        needs=(Condition("optimizer", choices=("sgd",)),),
    ),
    Setting(
        name="nesterov",
        kind="bool",
        doc="Nesterov's momentum in sgd",
        default=False,
        needs=(Condition("optimizer", choices=("sgd",)),),
    ),
    Setting(
        name="weight_decay",
        kind="float",
        doc="decoupled weight decay of adamw",
        default=0.004,
        low=0.0,
        needs=(Condition("optimizer", choices=("adamw",)),),
    ),
    Setting(
        name="rho",
        kind="float",
        doc="decay of adadelta's running means",
        default=0.95,
        low=0.0,
        high=1.0,
        low_included=False,
        high_included=False,
        needs=(Condition("optimizer", choices=("adadelta",)),),
    ),
    Setting(
        name="schedule",
        kind="text",
        doc="how the learning rate changes over the epochs",
        default="constant",
        choices=("constant", "cosine", "one-cycle"),
    ),
    Setting(name="batch_size", kind="int", doc="images per step", default=128, low=1, high=65536),
    Setting(
        name="augmentation",
        kind="bool",
        doc="rotate, zoom and shift the training images at random",
        default=False,
    ),
    Setting(
        name="rotation_degrees",
        kind="float",
        doc="largest rotation, in degrees",
        default=10.0,
        low=0.0,
        high=180.0,
        needs=_AUGMENTED,
    ),
    Setting(
        name="zoom",
        kind="float",
        doc="largest change of scale, as a share",
        default=0.1,
        low=0.0,
        high=1.0,
        high_included=False,
        needs=_AUGMENTED,
    ),
    Setting(
        name="shift",
        kind="float",
        doc="largest shift, as a share of the width",
        default=0.1,
        low=0.0,
        high=1.0,
        high_included=False,
        needs=_AUGMENTED,
    ),
)


def make_training(settings: Settings, epochs: int) -> Training:
    """Return the recipe of these settings."""
    augmentation = None
    if settings.flag("augmentation"):
        augmentation = Augmentation(
            rotation_degrees=settings.number("rotation_degrees"),
            zoom=settings.number("zoom"),
            shift=settings.number("shift"),
        )
    return Training.model_validate(
        {
            "optimizer": _make_optimizer(settings),
            "batch_size": settings.integer("batch_size"),
            "epochs": epochs,
            "schedule": settings.text("schedule"),
            "augmentation": augmentation,
        }
    )


def _make_optimizer(settings: Settings) -> Optimizer:
    name = settings.text("optimizer")
    fields: dict[str, Any] = {"name": name}
    rate = settings.get("learning_rate", name)
    if rate is not None:
        fields["learning_rate"] = rate
    match name:
        case "sgd":
            fields |= {
                "momentum": settings.number("momentum"),
                "nesterov": settings.flag("nesterov"),
            }
        case "adamw":
            fields["weight_decay"] = settings.number("weight_decay")
        case "adadelta":
            fields["rho"] = settings.number("rho")
    return _OPTIMIZER.validate_python(fields)


def read_training(training: Training) -> dict[str, Value]:
    """Return the settings that make this recipe."""
    values = _read_optimizer(training.optimizer)
    values |= {"schedule": training.schedule, "batch_size": training.batch_size}
    values["augmentation"] = training.augmentation is not None
    if training.augmentation is not None:
        values |= {
            "rotation_degrees": training.augmentation.rotation_degrees,
            "zoom": training.augmentation.zoom,
            "shift": training.augmentation.shift,
        }
    return values


def _read_optimizer(optimizer: Optimizer) -> dict[str, Value]:
    values: dict[str, Value] = {
        "optimizer": optimizer.name,
        "learning_rate": optimizer.learning_rate,
    }
    match optimizer:
        case SGD():
            values |= {"momentum": optimizer.momentum, "nesterov": optimizer.nesterov}
        case AdamW():
            values["weight_decay"] = optimizer.weight_decay
        case Adadelta():
            values["rho"] = optimizer.rho
        case Adam() | Nadam() | RMSprop():
            pass
    return values
