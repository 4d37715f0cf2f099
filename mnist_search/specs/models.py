"""What is trained: networks as tuples of layers, and linear classifiers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mnist_search.specs._frozen import Frozen, added_field

Activation = Literal["linear", "relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]
Padding = Literal["same", "valid"]
InitializerName = Literal[
    "glorot-uniform",
    "glorot-normal",
    "he-uniform",
    "he-normal",
    "lecun-normal",
    "random-normal",
]
ModelFamily = Literal["mlp", "cnn", "linear"]
# Far beyond every space; a file of a stranger must not keep Keras building for hours.
MOST_LAYERS = 1000


class Initializer(Frozen):
    """How kernels start; `stddev` belongs to random-normal alone."""

    name: InitializerName = "glorot-uniform"
    stddev: Annotated[float, Field(gt=0)] | None = None


GLOROT_UNIFORM = Initializer()


class Conv(Frozen):
    """A 2-D convolution; activation `linear` leaves it to a later layer."""

    kind: Literal["conv"] = "conv"
    filters: Annotated[int, Field(ge=1, le=4096)]
    kernel: Annotated[int, Field(ge=1, le=28)]
    padding: Padding = "valid"
    activation: Activation = "relu"
    bias: bool = True
    initializer: Initializer = GLOROT_UNIFORM
    stride: int = added_field(1, ge=1, le=28)


class Dense(Frozen):
    """A fully connected layer; activation `linear` leaves it to a later layer.

    To the loss come `l1` times the sum of the kernel's absolute values, and `l2` times that of
    their squares.
    """

    kind: Literal["dense"] = "dense"
    units: Annotated[int, Field(ge=1, le=65536)]
    activation: Activation = "relu"
    bias: bool = True
    initializer: Initializer = GLOROT_UNIFORM
    l1: float = added_field(0.0, ge=0)
    l2: float = added_field(0.0, ge=0)


class BatchNorm(Frozen):
    """Batch normalization with Keras' momentum 0.99 and epsilon 1e-3."""

    kind: Literal["batch-norm"] = "batch-norm"


class Activate(Frozen):
    """An activation function as a layer of its own."""

    kind: Literal["activate"] = "activate"
    activation: Activation


class Pool(Frozen):
    """Max or average pooling over size x size pixels, stride = size."""

    kind: Literal["pool"] = "pool"
    function: Literal["max", "average"] = "max"
    size: Annotated[int, Field(ge=2, le=14)] = 2


class Dropout(Frozen):
    """Dropout of a share `rate` of the values while training."""

    kind: Literal["dropout"] = "dropout"
    rate: Annotated[float, Field(gt=0, lt=1)]


class Flatten(Frozen):
    """Images to vectors."""

    kind: Literal["flatten"] = "flatten"


Layer = Annotated[
    Conv | Dense | BatchNorm | Activate | Pool | Dropout | Flatten,
    Field(discriminator="kind"),
]


class Network(Frozen):
    """A stack of layers on 28x28x1 images; a dense softmax over the classes follows it."""

    kind: Literal["network"] = "network"
    layers: Annotated[tuple[Layer, ...], Field(max_length=MOST_LAYERS)]
    output_initializer: Initializer = GLOROT_UNIFORM


class LinearClassifier(Frozen):
    """scikit-learn's `SGDClassifier` on 784 pixels: one one-against-rest model per class.

    `tolerance` ends the training of a class when its loss stops to improve by that much
    for five epochs; None trains all the epochs and reports after each of them.
    """

    kind: Literal["linear"] = "linear"
    penalty: Literal["none", "l1", "l2", "elasticnet"] = "l2"
    alpha: Annotated[float, Field(gt=0)] = 1e-4
    policy: Literal["optimal", "constant", "invscaling", "adaptive"] = "optimal"
    eta0: Annotated[float, Field(gt=0)] = 0.01
    average: bool = False
    tolerance: Annotated[float, Field(gt=0)] | None = None


Model = Annotated[Network | LinearClassifier, Field(discriminator="kind")]
