"""How it is trained: optimizer, schedule, batches, augmentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mnist_search.specs._frozen import Frozen, added_field, without

PositiveFloat = Annotated[float, Field(gt=0)]
Schedule = Literal["constant", "cosine", "one-cycle", "warm-up-linear", "reduce-on-plateau"]
OptimizerName = Literal["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]


class _Moments(Frozen):
    """How long Adam and its kin remember gradients and their squares; Keras' defaults."""

    beta_1: float = added_field(0.9, ge=0, lt=1)
    beta_2: float = added_field(0.999, ge=0, lt=1)
    epsilon: float = added_field(1e-7, gt=0)


class Adam(_Moments):
    """Adam."""

    name: Literal["adam"] = "adam"
    learning_rate: PositiveFloat = 1e-3


class AdamW(_Moments):
    """Adam with decoupled weight decay."""

    name: Literal["adamw"] = "adamw"
    learning_rate: PositiveFloat = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 4e-3


class Nadam(_Moments):
    """Adam with Nesterov momentum."""

    name: Literal["nadam"] = "nadam"
    learning_rate: PositiveFloat = 1e-3


class RMSprop(Frozen):
    """RMSprop with Keras' rho 0.9."""

    name: Literal["rmsprop"] = "rmsprop"
    learning_rate: PositiveFloat = 1e-3


class SGD(Frozen):
    """Stochastic gradient descent with (Nesterov) momentum."""

    name: Literal["sgd"] = "sgd"
    learning_rate: PositiveFloat = 1e-2
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nesterov: bool = False


class Adadelta(Frozen):
    """Adadelta; Keras 2's default rate was 1.0, Keras 3's 0.001 hardly learns in a few epochs."""

    name: Literal["adadelta"] = "adadelta"
    learning_rate: PositiveFloat = 1.0
    rho: Annotated[float, Field(gt=0, lt=1)] = 0.95


Optimizer = Annotated[Adam | AdamW | Nadam | RMSprop | SGD | Adadelta, Field(discriminator="name")]


class Augmentation(Frozen):
    """Random affine changes of the training images, borders filled with the nearest pixel."""

    rotation_degrees: Annotated[float, Field(ge=0, le=180)] = 10.0
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.1
    shift: Annotated[float, Field(ge=0, lt=1)] = 0.1


class Training(Frozen):
    """The recipe of one run.

    `train_images` trains on a fixed stratified part of the training images only (None: all).
    `label_smoothing` is the share of the target that is spread over all classes. `clip_norm`
    shortens the gradient of all weights together to this norm where it is longer (None: never).
    `warm_up_share` is the share of the steps in which the schedule `warm-up-linear` climbs;
    `reduce-on-plateau` multiplies the learning rate by `plateau_factor` whenever the training loss
    of `plateau_patience` epochs in a row was not lower than before, by 0.0001 or more.
    """

    optimizer: Optimizer
    batch_size: Annotated[int, Field(ge=1, le=65536)]
    epochs: Annotated[int, Field(ge=1, le=100_000)]
    schedule: Schedule = "constant"
    augmentation: Augmentation | None = None
    train_images: Annotated[int, Field(ge=10)] | None = None
    label_smoothing: float = added_field(0.0, ge=0, lt=1)
    clip_norm: PositiveFloat | None = added_field(None)
    warm_up_share: float = added_field(0.2, ge=0, lt=1)
    plateau_factor: float = added_field(0.5, gt=0, lt=1)
    plateau_patience: int = added_field(2, ge=1, le=10_000)

    @model_validator(mode="before")
    @classmethod
    def _read_version_0_1(cls, data: Any) -> Any:
        # Trials that went on from others planned their learning rate over the epochs of all.
        return without(data, ("schedule_epochs",))
