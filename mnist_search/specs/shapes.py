"""Shapes, parameters and floating-point operations of a model, without building it."""

from __future__ import annotations

import math
from typing import assert_never

from mnist_search.specs._frozen import Frozen
from mnist_search.specs.models import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LinearClassifier,
    Model,
    Network,
    Pool,
)

INPUT_SHAPE = (28, 28, 1)

Shape = tuple[int, ...]


class UnbuildableError(ValueError):
    """A network that cannot exist; the message names the layer and the rule it breaks."""


class LayerShape(Frozen):
    """One layer: its number from 1, a short label, and what it gives out and costs.

    `output_shape` is (rows, columns, channels) for images and (values,) for vectors.
    """

    number: int
    label: str
    output_shape: Shape
    parameters: int = 0
    trainable_parameters: int = 0
    flops: int = 0


class Size(Frozen):
    """What a model costs; the implied output layer is the last of `layers`.

    `flops` are the forward floating-point operations per image: two for each multiply-add of
    the convolution and dense kernels, padded pixels included. Biases, activations, pooling and
    normalization are left out; the kernels outweigh them.
    """

    parameters: int
    trainable_parameters: int
    flops: int
    layers: tuple[LayerShape, ...]


def measure(model: Model, classes: int = 10) -> Size:
    """Count what `model` costs on 28x28x1 images, as Keras would build it.

    Raises:
        UnbuildableError: a layer does not fit on what the layers before it give out.
    """
    match model:
        case Network():
            layers = _network_layers(model, classes)
        case LinearClassifier():
            layers = [_dense(1, summarize(model), INPUT_SHAPE, classes)]
        case _:
            assert_never(model)
    return Size(
        parameters=sum(layer.parameters for layer in layers),
        trainable_parameters=sum(layer.trainable_parameters for layer in layers),
        flops=sum(layer.flops for layer in layers),
        layers=tuple(layers),
    )


def summarize(model: Model) -> str:
    """Return a line such as `C32(3x3 valid) MP Flatten D128`; the output layer is implied.

    relu, 2x2 pooling and stride 1 go without saying; what differs from them is named.
    """
    match model:
        case Network():
            return " ".join(label(layer) for layer in model.layers)
        case LinearClassifier():
            penalty = "no" if model.penalty == "none" else model.penalty
            return f"one-against-rest({penalty} penalty)"
        case _:
            assert_never(model)


def label(layer: Layer) -> str:
    """Return a short name such as `C32(3x3 valid)`, `C16(4x4/2 same)`, `D128`, `BN` or `DO.25`."""
    match layer:
        case Conv(filters=filters, kernel=kernel, stride=stride):
            steps = "" if stride == 1 else f"/{stride}"
            words = [f"{kernel}x{kernel}{steps}", layer.padding, *_deviations(layer)]
            return f"C{filters}({' '.join(words)})"
        case Dense(units=units):
            deviations = _deviations(layer)
            return f"D{units}({' '.join(deviations)})" if deviations else f"D{units}"
        case BatchNorm():
            return "BN"
        case Activate(activation=activation):
            return activation
        case Pool(function=function, size=size):
            name = "MP" if function == "max" else "AP"
            return name if size == 2 else f"{name}({size}x{size})"
        case Dropout(rate=rate):
            return f"DO{f'{rate:g}'.removeprefix('0')}"
        case Flatten():
            return "Flatten"
        case _:
            assert_never(layer)


def _deviations(layer: Conv | Dense) -> list[str]:
    words: list[str] = [] if layer.activation == "relu" else [layer.activation]
    if not layer.bias:
        words.append("no bias")
    if isinstance(layer, Dense):
        words += [f"l1 {layer.l1:g}"] if layer.l1 > 0 else []
        words += [f"l2 {layer.l2:g}"] if layer.l2 > 0 else []
    return words


def _network_layers(network: Network, classes: int) -> list[LayerShape]:
    shape: Shape = INPUT_SHAPE
    layers: list[LayerShape] = []
    for number, layer in enumerate(network.layers, start=1):
        layers.append(_layer_shape(number, layer, shape))
        shape = layers[-1].output_shape
    number, name = len(layers) + 1, f"D{classes}(softmax)"
    _check_vector(f"layer {number} ({name}), the output,", shape)
    return [*layers, _dense(number, name, shape, classes)]


def _layer_shape(number: int, layer: Layer, shape: Shape) -> LayerShape:
    name = label(layer)
    place = f"layer {number} ({name})"
    match layer:
        case Conv():
            return _conv(number, layer, shape)
        case Dense(units=units):
            _check_vector(place, shape)
            return _dense(number, name, shape, units, bias=layer.bias)
        case BatchNorm():
            # Scale and offset learn; the running mean and variance are only kept.
            return LayerShape(
                number=number,
                label=name,
                output_shape=shape,
                parameters=4 * shape[-1],
                trainable_parameters=2 * shape[-1],
            )
        case Pool(size=size):
            rows, columns, channels = _image(place, shape)
            if size > min(rows, columns):
                raise UnbuildableError(
                    f"{place} pools {size}x{size} pixels, "
                    f"which leaves nothing of a {rows}x{columns} image"
                )
            shape = (rows // size, columns // size, channels)
        case Flatten():
            shape = (math.prod(shape),)
        case Activate() | Dropout():
            pass
        case _:
            assert_never(layer)
    return LayerShape(number=number, label=name, output_shape=shape)


def _conv(number: int, layer: Conv, shape: Shape) -> LayerShape:
    name, kernel = label(layer), layer.kernel
    rows, columns, channels = _image(f"layer {number} ({name})", shape)
    if layer.padding == "valid":
        if kernel > min(rows, columns):
            raise UnbuildableError(
                f"layer {number} ({name}) has a {kernel}x{kernel} kernel, which valid padding "
                f"does not let exceed the image, here {rows}x{columns}"
            )
        rows, columns = rows - kernel + 1, columns - kernel + 1
    places = (math.ceil(rows / layer.stride), math.ceil(columns / layer.stride))
    return _kernel(number, name, kernel * kernel * channels, places, layer.filters, layer.bias)


def _dense(number: int, name: str, shape: Shape, units: int, bias: bool = True) -> LayerShape:
    return _kernel(number, name, math.prod(shape), (), units, bias)


def _kernel(
    number: int, name: str, inputs: int, places: Shape, outputs: int, bias: bool
) -> LayerShape:
    """Return a layer whose kernel makes `outputs` of so many inputs, at each of the places."""
    parameters = inputs * outputs + (outputs if bias else 0)
    return LayerShape(
        number=number,
        label=name,
        output_shape=(*places, outputs),
        parameters=parameters,
        trainable_parameters=parameters,
        flops=2 * math.prod(places) * inputs * outputs,
    )


def _check_vector(place: str, shape: Shape) -> None:
    if len(shape) == 3:
        raise UnbuildableError(
            f"{place} needs a vector, but no Flatten comes before it and it gets a "
            f"{'x'.join(map(str, shape))} image"
        )


def _image(place: str, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise UnbuildableError(
            f"{place} needs an image, "
            f"but comes after a Flatten and gets a vector of {shape[0]} values"
        )
    rows, columns, channels = shape
    return rows, columns, channels
