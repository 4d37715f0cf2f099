"""The recipes of networks: optimizer, schedule, batches, augmentation, and values to Training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from mnist_search.spaces.families.family import OPTIMIZERS, Chosen, Setting, setting_of
from mnist_search.spaces.parameters import Condition, Value
from mnist_search.specs import SGD, Augmentation, Frozen, Optimizer, Training

_CLASSES: dict[str, type[Frozen]] = dict(
    zip(OPTIMIZERS, get_args(get_args(Optimizer)[0]), strict=True)
)
# Fields of an optimizer's spec are settings of the same name, which that optimizer needs.
_OWN = {
    "momentum": "momentum of sgd",
    "nesterov": "Nesterov's momentum in sgd",
    "weight_decay": "decoupled weight decay of adamw",
    "rho": "decay of adadelta's running means",
    "beta_1": "decay of the running mean of gradients in adam, adamw and nadam",
    "beta_2": "decay of the running mean of squared gradients in adam, adamw and nadam",
    "epsilon": "added to the divisor in adam, adamw and nadam",
}
# The schedules that have fields of their own.
WARM_UP = "warm-up-linear"
PLATEAU = "reduce-on-plateau"
_AUGMENTED = (Condition("augmentation", choices=(True,)),)


def _own_settings() -> Iterator[Setting]:
    for field, doc in _OWN.items():
        having = tuple(name for name, spec in _CLASSES.items() if field in spec.model_fields)
        needs = (Condition("optimizer", choices=having),)
        yield setting_of(_CLASSES[having[0]], field, doc, needs=needs)


def _rate_setting() -> Setting:
    rates = [
        f"{name} {spec.model_fields['learning_rate'].default}" for name, spec in _CLASSES.items()
    ]
    doc = f"step size; default: {', '.join(rates)}"
    return replace(setting_of(SGD, "learning_rate", doc, level="optimizer"), default=None)


RECIPE_SETTINGS = (
    Setting("optimizer", "text", "how the weights are updated", "adam", choices=OPTIMIZERS),
    _rate_setting(),
    *_own_settings(),
    setting_of(Training, "schedule", "how the learning rate changes over the epochs"),
    setting_of(
        Training,
        "warm_up_share",
        "share of the steps in which warm-up-linear climbs",
        needs=(Condition("schedule", choices=(WARM_UP,)),),
    ),
    setting_of(
        Training,
        "plateau_factor",
        "what reduce-on-plateau multiplies the learning rate by",
        needs=(Condition("schedule", choices=(PLATEAU,)),),
    ),
    setting_of(
        Training,
        "plateau_patience",
        "epochs without a lower training loss after which reduce-on-plateau does so",
        needs=(Condition("schedule", choices=(PLATEAU,)),),
    ),
    setting_of(Training, "batch_size", "images per step", default=128),
    Setting(
        "augmentation",
        "bool",
        "rotate, zoom and shift the training images at random",
        False,
    ),
    setting_of(Augmentation, "rotation_degrees", "largest rotation, in degrees", needs=_AUGMENTED),
    setting_of(Augmentation, "zoom", "largest change of scale, as a share", needs=_AUGMENTED),
    setting_of(Augmentation, "shift", "largest shift, as a share of the width", needs=_AUGMENTED),
    setting_of(Training, "label_smoothing", "share of the target spread over all classes"),
    setting_of(Training, "clip_norm", "longest gradient of all weights, 0 for any length", off=0.0),
)


def make_training(chosen: Chosen, epochs: int) -> Training:
    """Return the recipe of these settings."""
    name = chosen.get("optimizer")
    own = [field for field in _CLASSES[name].model_fields if field in _OWN]
    optimizer = {"name": name, **{field: chosen.get(field) for field in own}}
    if (rate := chosen.get("learning_rate", name)) is not None:
        optimizer["learning_rate"] = rate
    plain = {field: chosen.get(field) for field in ("batch_size", "schedule", "label_smoothing")}
    if plain["schedule"] == WARM_UP:
        plain["warm_up_share"] = chosen.get("warm_up_share")
    if plain["schedule"] == PLATEAU:
        plain |= {field: chosen.get(field) for field in ("plateau_factor", "plateau_patience")}
    augmentation = {field: chosen.get(field) for field in Augmentation.model_fields}
    return Training.model_validate(
        {
            "optimizer": optimizer,
            "epochs": epochs,
            "augmentation": augmentation if chosen.get("augmentation") else None,
            "clip_norm": chosen.get("clip_norm") or None,
            **plain,
        }
    )


def read_training(training: Training) -> dict[str, Value]:
    """Return the settings that make this recipe."""
    optimizer = dict(training.optimizer)
    return {
        "optimizer": optimizer.pop("name"),
        **optimizer,
        "schedule": training.schedule,
        "warm_up_share": training.warm_up_share,
        "plateau_factor": training.plateau_factor,
        "plateau_patience": training.plateau_patience,
        "batch_size": training.batch_size,
        "augmentation": training.augmentation is not None,
        **dict(training.augmentation or ()),
        "label_smoothing": training.label_smoothing,
        "clip_norm": training.clip_norm or 0.0,
    }
