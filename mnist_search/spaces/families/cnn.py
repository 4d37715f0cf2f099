"""Convolutional networks: blocks of convolutions, each with pooling and dropout, then dense layers.

A block is its convolutions, then pooling, then (norm `after-pooling`) BatchNorm, then dropout;
Flatten and the dense layers follow the last block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from mnist_search.spaces.families.family import Family, Setting, Settings
from mnist_search.spaces.families.layers import (
    NETWORK_SETTINGS,
    activated,
    dense_settings,
    make_dense,
    make_initializer,
    read_dense,
    read_shared,
    stddev_setting,
    take_activated,
    take_dropout,
    take_norm,
)
from mnist_search.spaces.families.recipe import RECIPE_SETTINGS, make_training, read_training
from mnist_search.spaces.parameters import Value
from mnist_search.specs import (
    BatchNorm,
    Conv,
    Dropout,
    Flatten,
    Layer,
    Network,
    Pool,
    RunConfig,
)
from mnist_search.specs.models import Padding

_CONV_NORMS = ("none", "after-activation", "before-activation", "after-pooling", "before-head")
_DENSE_NORMS = ("none", "after-activation", "before-activation")
_CONV_STDDEV, _DENSE_STDDEV = "conv_init_stddev", "dense_init_stddev"
_MOST_BLOCKS = _MOST_CONVS = 8

_SETTINGS = (
    Setting(
        name="blocks",
        kind="int",
        doc="number of blocks of convolutions",
        default=2,
        low=1,
        high=_MOST_BLOCKS,
    ),
    Setting(
        name="convs",
        kind="int",
        doc="number of convolutions in a block",
        default=1,
        level="block",
        low=1,
        high=_MOST_CONVS,
    ),
    Setting(
        name="filters",
        kind="int",
        doc="filters of a convolution",
        default=32,
        level="conv",
        low=1,
        high=4096,
    ),
    Setting(
        name="kernel",
        kind="int",
        doc="height and width of a convolution's kernel",
        default=3,
        level="conv",
        low=1,
        high=28,
    ),
    Setting(
        name="padding",
        kind="text",
        doc="same keeps the size of the images, valid shrinks them by kernel - 1",
        default="same",
        level="conv",
        choices=("same", "valid"),
    ),
    Setting(
        name="pool",
        kind="text",
        doc="2x2 pooling at the end of a block",
        default="max",
        level="block",
        choices=("max", "average", "none"),
    ),
    Setting(
        name="conv_norm",
        kind="text",
        doc="where batch normalization stands among the convolutions",
        default="none",
        choices=_CONV_NORMS,
    ),
    Setting(
        name="conv_dropout",
        kind="float",
        doc="dropout rate at the end of a block, 0 for no dropout layer",
        default=0.0,
        level="block",
        low=0.0,
        high=1.0,
        high_included=False,
    ),
    Setting(
        name="last_conv_bias",
        kind="bool",
        doc="whether the last convolution has a bias",
        default=True,
    ),
    stddev_setting(_CONV_STDDEV, "conv"),
)


def _make(settings: Settings, epochs: int) -> RunConfig:
    network = Network(
        layers=(*_make_blocks(settings), Flatten(), *make_dense(settings, _DENSE_STDDEV)),
        output_initializer=make_initializer(settings, "output_initializer", "output_stddev"),
    )
    return RunConfig(model=network, training=make_training(settings, epochs))


def _make_blocks(settings: Settings) -> Iterator[Layer]:
    norm, blocks = settings.text("conv_norm"), settings.integer("blocks")
    for block in range(1, blocks + 1):
        convs = settings.integer("convs", block)
        for place in range(1, convs + 1):
            conv = Conv(
                filters=settings.integer("filters", block, place),
                kernel=settings.integer("kernel", block, place),
                padding=cast(Padding, settings.text("padding", block, place)),
                activation="linear",
                bias=settings.flag("last_conv_bias") or (block, place) != (blocks, convs),
                initializer=make_initializer(settings, "initializer", _CONV_STDDEV, block, place),
            )
            yield from activated(conv, norm, settings.text("activation"))
        match settings.text("pool", block):
            case "max":
                yield Pool(function="max")
            case "average":
                yield Pool(function="average")
        if norm == "after-pooling" or (norm == "before-head" and block == blocks):
            yield BatchNorm()
        rate = settings.number("conv_dropout", block)
        if rate > 0:
            yield Dropout(rate=rate)


def _read(config: RunConfig) -> Iterator[dict[str, Value]]:
    network = config.model
    if not isinstance(network, Network) or network.layers.count(Flatten()) != 1:
        return
    shared = read_shared(network)
    border = network.layers.index(Flatten())
    convs = [layer for layer in network.layers[:border] if isinstance(layer, Conv)]
    if shared is None or not convs:
        return
    rest = {
        "last_conv_bias": convs[-1].bias,
        **shared,
        **read_training(config.training),
    }
    for blocks in _read_blocks(network.layers[:border]):
        for dense in read_dense(network.layers[border + 1 :], _DENSE_NORMS, _DENSE_STDDEV):
            yield {**blocks, **dense, **rest}


def _read_blocks(layers: Sequence[Layer]) -> Iterator[dict[str, Value]]:
    """Yield every way to divide the layers into blocks; where they may go on, they first do."""
    for norm in _CONV_NORMS:
        if (norm == "none") == (BatchNorm() in layers):
            continue
        for values in _read_block(layers, 0, norm, 1, 1):
            yield {**values, "conv_norm": norm}


def _read_block(
    layers: Sequence[Layer], at: int, norm: str, block: int, place: int
) -> Iterator[dict[str, Value]]:
    following = take_activated(layers, at, norm)
    conv = layers[at] if following is not None else None
    if following is None or not isinstance(conv, Conv):
        return
    if block > _MOST_BLOCKS or place > _MOST_CONVS:
        return
    here: dict[str, Value] = {
        f"filters_{block}_{place}": conv.filters,
        f"kernel_{block}_{place}": conv.kernel,
        f"padding_{block}_{place}": conv.padding,
    }
    if conv.initializer.stddev is not None:
        here[f"{_CONV_STDDEV}_{block}_{place}"] = conv.initializer.stddev
    for values in _read_block(layers, following, norm, block, place + 1):
        yield {**here, **values}
    ending = _read_end(layers, following, norm, block)
    if ending is None:
        return
    end, following = ending
    here = {f"convs_{block}": place, **here, **end}
    if following == len(layers):
        yield {"blocks": block, **here}
    else:
        for values in _read_block(layers, following, norm, block + 1, 1):
            yield {**here, **values}


def _read_end(
    layers: Sequence[Layer], at: int, norm: str, block: int
) -> tuple[dict[str, Value], int] | None:
    """Return the settings of a block's end at `at` and the place after it."""
    layer = layers[at] if at < len(layers) else None
    pool: Value = "none"
    if isinstance(layer, Pool):
        pool, at = layer.function, at + 1
    normed = take_norm(layers, at)
    if norm == "after-pooling" and normed is None:
        return None
    if norm in ("after-pooling", "before-head") and normed is not None:
        at = normed
    rate, at = take_dropout(layers, at)
    return {f"pool_{block}": pool, f"conv_dropout_{block}": rate}, at


CNN = Family(
    name="cnn",
    settings={
        setting.name: setting
        for setting in (
            *_SETTINGS,
            *dense_settings(depth=1, norms=_DENSE_NORMS, stddev=_DENSE_STDDEV),
            *NETWORK_SETTINGS,
            *RECIPE_SETTINGS,
        )
    },
    make=_make,
    read=_read,
)
