"""Convolutional networks: blocks of convolutions, each with pooling and dropout, then dense layers.

A block is its convolutions, then pooling, then (norm `after-pooling`) BatchNorm, then dropout;
Flatten and the dense layers follow the last block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mnist_search.spaces.families.family import Chosen, Setting, setting_of
from mnist_search.spaces.families.networks import (
    Front,
    activated,
    make_dropout,
    make_initializer,
    network_family,
    read_dropout,
    read_initializer,
    stddev_setting,
    with_tails,
)
from mnist_search.spaces.parameters import Condition, Value
from mnist_search.specs import BatchNorm, Conv, Dropout, Layer, Pool

_CONV_NORMS = ("none", "after-activation", "before-activation", "after-pooling", "before-head")
_CONV_STDDEV = "conv_init_stddev"
_MOST_CONVS = 8
_COUNTED = ((">=", 1), ("<=", _MOST_CONVS))
# What may differ from one convolution to the next; a space file calls it as the spec does.
_CONV_FIELDS = ("filters", "kernel", "padding", "stride")

_SETTINGS = (
    Setting("blocks", "int", "number of blocks of convolutions", 2, bounds=_COUNTED),
    Setting(
        "convs",
        "int",
        "number of convolutions in a block",
        1,
        level="block",
        bounds=_COUNTED,
    ),
    setting_of(Conv, "filters", "filters of a convolution", default=32, level="conv"),
    setting_of(
        Conv, "kernel", "height and width of a convolution's kernel", default=3, level="conv"
    ),
    setting_of(
        Conv,
        "padding",
        "same keeps the size of the images, valid shrinks them by kernel - 1",
        default="same",
        level="conv",
    ),
    setting_of(Conv, "stride", "pixels from one place of the kernel to the next", level="conv"),
    setting_of(
        Pool,
        "function",
        "2x2 pooling at the end of a block",
        name="pool",
        default="max",
        off="none",
        level="block",
    ),
    Setting(
        "conv_norm",
        "text",
        "where batch normalization stands among the convolutions",
        "none",
        choices=_CONV_NORMS,
    ),
    setting_of(
        Dropout,
        "rate",
        "dropout rate at the end of a block, 0 for no dropout layer",
        name="conv_dropout",
        off=0.0,
        level="block",
    ),
    setting_of(Conv, "bias", "whether the convolutions have a bias", name="conv_bias"),
    setting_of(
        Conv,
        "bias",
        "whether the last convolution has a bias, where the others do",
        name="last_conv_bias",
        needs=(Condition("conv_bias", choices=(True,)),),
    ),
    stddev_setting(_CONV_STDDEV, "conv"),
)


def _make_blocks(chosen: Chosen) -> Iterator[Layer]:
    norm, blocks = chosen.get("conv_norm"), chosen.get("blocks")
    for block in range(1, blocks + 1):
        convs = chosen.get("convs", block)
        for place in range(1, convs + 1):
            conv = Conv(
                **{field: chosen.get(field, block, place) for field in _CONV_FIELDS},
                activation="linear",
                bias=chosen.get("conv_bias")
                and (chosen.get("last_conv_bias") or (block, place) != (blocks, convs)),
                initializer=make_initializer(chosen, "initializer", _CONV_STDDEV, block, place),
            )
            yield from activated(conv, norm, chosen.get("activation"))
        if (pool := chosen.get("pool", block)) != "none":
            yield Pool(function=pool)
        if norm == "after-pooling" or (norm == "before-head" and block == blocks):
            yield BatchNorm()
        yield from make_dropout(chosen.get("conv_dropout", block))


def _read_front(front: Front) -> Iterator[dict[str, Value]]:
    convs = with_tails(front, Conv)
    if not convs:
        return
    biases = {
        "conv_bias": any(conv.bias for conv, _ in convs),
        "last_conv_bias": convs[-1][0].bias,
    }
    for norm in _CONV_NORMS:
        if (norm == "none") != (BatchNorm() in front):
            for blocks in _read_blocks(convs, norm):
                yield {**blocks, "conv_norm": norm, **biases}


def _read_blocks(
    convs: Sequence[tuple[Conv, list[Layer]]], norm: str
) -> Iterator[dict[str, Value]]:
    """Yield every way to divide convolutions into blocks; where a block may go on, it first does.

    It has to end before what pools or drops, and may end after any other convolution.
    """
    ends = [
        any(isinstance(layer, Pool | Dropout) for layer in tail)
        or (norm == "after-pooling" and BatchNorm() in tail)
        for _, tail in convs
    ]
    for divided in _divisions([*ends[:-1], True], 1):
        values: dict[str, Value] = {}
        block, place = 1, 0
        for (conv, tail), is_end in zip(convs, divided, strict=True):
            place += 1
            index = f"{block}_{place}"
            values |= {f"{field}_{index}": getattr(conv, field) for field in _CONV_FIELDS}
            values |= read_initializer(conv.initializer, "initializer", f"{_CONV_STDDEV}_{index}")
            if is_end:
                pools = [layer.function for layer in tail if isinstance(layer, Pool)]
                values |= {
                    f"convs_{block}": place,
                    f"pool_{block}": pools[0] if pools else "none",
                    f"conv_dropout_{block}": read_dropout(tail),
                }
                block, place = block + 1, 0
        yield {"blocks": block - 1, **values}


def _divisions(must_end: Sequence[bool], place: int) -> Iterator[tuple[bool, ...]]:
    if not must_end:
        yield ()
        return
    for end in (True,) if must_end[0] else (False, True):
        if end or place < _MOST_CONVS:
            for rest in _divisions(must_end[1:], 1 if end else place + 1):
                yield end, *rest


CNN = network_family(
    "cnn",
    _SETTINGS,
    depth=1,
    norms=("none", "after-activation", "before-activation"),
    stddev="dense_init_stddev",
    make_front=_make_blocks,
    read_front=_read_front,
)
