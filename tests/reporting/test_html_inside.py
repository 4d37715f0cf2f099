"""The inside of a model: answers, weights and feature maps, small enough for a page."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import numpy as np
import pytest
from pydantic import ValidationError

from mnist_search.reporting.figures.portrait import Answered, Convolved, Portrait
from mnist_search.reporting.html import Inside
from mnist_search.reporting.html.inside import MOST_CHANNELS, look_inside
from mnist_search.reporting.html.png import SEQUENTIAL, coloured_picture, mosaic
from mnist_search.reporting.html.weights import weight_violins

DIGITS = tuple("0123456789")


def inside(portrait: Portrait, **more: object) -> Inside:
    facts = {"study": "s", "number": 4, "seed": 9, "weights_sha256": "ab", "classes": DIGITS}
    return look_inside(portrait, **(facts | more))  # type: ignore[arg-type]


def pixels(address: str) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Return the indices of a picture with a palette, and the palette."""
    png = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    width, height, _, kind = struct.unpack(">IIBB", png[16:26])
    assert kind == 3
    chunks, place = {}, 8
    while place < len(png):
        length, name = struct.unpack(">I4s", png[place : place + 8])
        chunks[name] = png[place + 8 : place + 8 + length]
        place += 12 + length
    assert chunks[b"tRNS"] == b"\0"
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not lines[:, 0].any()
    colours = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return lines[:, 1:], [tuple(int(part) for part in colour) for colour in colours]


def test_colours_go_from_one_limit_to_the_other_and_gaps_are_transparent() -> None:
    found, colours = pixels(
        coloured_picture(np.array([[0.0, 5.0, 10.0, 99.0, np.nan]]), (0, 10), SEQUENTIAL)
    )
    assert found.tolist() == [[1, 128, 255, 255, 0]]
    assert len(colours) == 256
    assert (colours[1], colours[128], colours[255]) == (
        SEQUENTIAL[0], SEQUENTIAL[2], SEQUENTIAL[-1],
    )  # fmt: skip


def test_mosaic_lays_channels_in_rows() -> None:
    laid = mosaic(np.stack([np.full((14, 14), number) for number in range(3)], axis=-1), 2)
    assert laid.shape == (29, 29)
    assert (laid[0, 0], laid[0, 15], laid[15, 0]) == (0, 1, 2)
    assert np.isnan(laid[14]).all()
    assert np.isnan(laid[15:, 14:]).all()


def test_worst_mistakes_come_first() -> None:
    answered = Answered(
        images=np.zeros((4, 28, 28), np.uint8),
        labels=np.array([1, 2, 3, 4]),
        classes=np.array([7, 2, 8, 9]),
        confidence=np.array([0.6, 1.0, 0.99996, 0.7]),
        what="validation images",
    )
    found = inside(Portrait(name="n", title="n", kernels={}, answered=answered)).mistakes
    assert found is not None
    assert (found.wrong, found.total, found.what, found.seed) == (3, 4, "validation images", 9)
    # 99.996 % is not 100 %.
    assert [(each.truth, each.said, each.confidence) for each in found.shown] == [
        ("3", "8", "99.9 %"), ("4", "9", "70.0 %"), ("1", "7", "60.0 %"),
    ]  # fmt: skip
    assert found.surest


def test_weights_are_told_by_their_distribution() -> None:
    values = np.concatenate([np.linspace(-1, 1, 999), [np.nan]])
    (layer,) = inside(Portrait(name="n", title="n", kernels={"1 D": values})).layers
    assert (layer.count, layer.not_finite, layer.low, layer.high) == (1000, 1, -1.0, 1.0)
    assert layer.mean == pytest.approx(0.0)
    assert layer.median == pytest.approx(0.0)
    assert layer.sd == pytest.approx(values[:-1].std())
    # Evenly spread, it is as high in the middle as a quarter away from it.
    assert max(layer.outline) == 1.0
    assert layer.outline[20] == pytest.approx(layer.outline[40], rel=0.02)


@pytest.mark.parametrize("values", [np.full(5, 0.25), np.array([0.0])], ids=["alike", "one"])
def test_weights_that_are_all_alike_are_a_line(values: np.ndarray) -> None:
    (layer,) = inside(Portrait(name="n", title="n", kernels={"1 D": values})).layers
    drawing = weight_violins([layer])
    assert drawing is not None
    assert "nan" not in drawing


def test_violins_are_one_per_layer_with_counts() -> None:
    random = np.random.default_rng(2)
    kernels = {f"{n} <b>D</b>": random.normal(0, n, (10, 30)) for n in (1, 2, 3)}
    drawing = weight_violins(inside(Portrait(name="n", title="n", kernels=kernels)).layers)
    assert drawing is not None
    assert drawing.count('class="c-violin"') == 3 + 1  # and the legend
    assert drawing.count("n 300") == 3
    assert "&lt;b&gt;D" in drawing
    assert "<b>" not in drawing
    assert weight_violins([]) is None


def test_layers_of_nothing_finite_are_left_out() -> None:
    portrait = Portrait(name="n", title="n", kernels={"1 D": np.array([np.nan, np.inf])})
    assert inside(portrait).layers == ()


def test_sheets_hold_the_maps_and_say_how_many_there_are() -> None:
    maps = np.random.default_rng(1).normal(size=(6, 6, MOST_CHANNELS + 3))
    found = inside(
        Portrait(
            name="n",
            title="n",
            kernels={},
            convolved=[
                Convolved(layer=1, label="C4", maps=maps[:, :, :4]),
                Convolved(layer=2, label="C67", maps=maps),
            ],
            convolved_image=np.zeros((28, 28), np.uint8),
            coefficients=np.linspace(-2, 1, 7840).reshape(10, 784),
        )
    )
    few, many, coefficients = found.sheets
    assert (few.title, few.told) == ("Layer 1: C4", "4 channels of 6 x 6")
    assert many.told == f"the first {MOST_CHANNELS} of {MOST_CHANNELS + 3} channels of 6 x 6"
    assert (coefficients.low, coefficients.high) == ("-2", "2")
    laid, _ = pixels(few.picture)
    assert laid.shape == (6, 4 * 7 - 1)
    assert laid.max() == 255
    assert few.width % laid.shape[1] == 0
    assert found.digit is not None


def test_it_is_the_same_when_read_back_and_nothing_but_pictures_fits() -> None:
    portrait = Portrait(
        name="n", title="n", kernels={"1 D": np.arange(9.0)},
        convolved=[Convolved(layer=1, label="C4", maps=np.ones((6, 6, 4)))],
        convolved_image=np.zeros((28, 28), np.uint8),
    )  # fmt: skip
    found = inside(portrait, missing=["x"])
    text = found.model_dump_json()
    assert Inside.model_validate_json(text) == found
    for wrong in ("javascript:alert(1)", 'data:image/png;base64,A" onerror="x'):
        changed = re.sub(r'"digit":"[^"]*"', f'"digit":{_quoted(wrong)}', text)
        assert changed != text
        with pytest.raises(ValidationError, match="digit"):
            Inside.model_validate_json(changed)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
