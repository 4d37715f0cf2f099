"""The inside of a model: answers, weights and feature maps, small enough for a page."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from mnist_search.commands.portraits import Answered, Portrait
from mnist_search.reporting.inside import MOST_CHANNELS, Inside, look_inside, picture_of
from mnist_search.specs import Record, RunResult
from mnist_search.training.weights import FeatureMaps

DIGITS = tuple("0123456789")
RECORD = Record(
    study="s", number=4, kind="trial", state="complete",
    result=RunResult(status="complete", config_id="c", seed=9, weights_sha256="ab"),
)  # fmt: skip


def inside(portrait: Portrait, *missing: str) -> Inside:
    return look_inside(portrait, RECORD, classes=DIGITS, missing=missing)


def pixels(address: str) -> np.ndarray:
    """Return the colours of a picture, (height, width, 3)."""
    png = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_pictures_go_from_one_colour_to_the_other_and_are_enlarged_by_whole_numbers() -> None:
    values = np.tile(np.array([[-2.0, 0.0, 5.0, 10.0, 99.0, np.nan]]), (6, 1))
    found = pixels(picture_of(values, 0, 10, "diverging"))
    assert found.shape == (60, 60, 3)
    columns = found[0, 5::10]
    np.testing.assert_allclose(columns[0], (178, 24, 43), atol=3)
    np.testing.assert_allclose(columns[2], (247, 247, 247), atol=3)
    np.testing.assert_allclose(columns[3], (33, 102, 172), atol=3)
    # What is beyond an end has the colour of the end, what is no number that of the lowest.
    assert (columns[0] == columns[1]).all()
    assert (columns[3] == columns[4]).all()
    assert (columns[0] == columns[5]).all()


def test_digits_are_dark_on_light() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[10:20, 10:20] = 255
    found = pixels(picture_of(image, 0, 255))
    assert found.shape == (56, 56, 3)
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[30, 30].tolist() == [0, 0, 0]


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
    assert [(each.truth, each.said, each.confidence) for each in found.shown] == [
        ("3", "8", 0.99996), ("4", "9", 0.7), ("1", "7", 0.6),
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
                FeatureMaps(layer=1, label="C4", maps=maps[:, :, :4]),
                FeatureMaps(layer=2, label="C67", maps=maps),
            ],
            convolved_image=np.zeros((28, 28), np.uint8),
            coefficients=np.linspace(-2, 1, 7840).reshape(10, 784),
        )
    )
    few, many, coefficients = found.sheets
    assert (few.kind, few.title) == ("features-1", "Layer 1: C4")
    assert few.told.startswith("4 channels of 6 x 6; activations from ")
    assert many.told.startswith(f"the first {MOST_CHANNELS} of {MOST_CHANNELS + 3} channels of 6")
    assert "(up to 2)" in coefficients.told
    assert (len(few.pictures), len(many.pictures)) == (4, MOST_CHANNELS)
    assert coefficients.captions == DIGITS
    assert found.digit is not None


def test_channels_of_a_layer_share_one_scale_of_colours() -> None:
    maps = np.stack([np.full((6, 6), float(channel)) for channel in range(3)], axis=-1)
    convolved = [FeatureMaps(layer=1, label="C3", maps=maps)]
    (sheet,) = inside(Portrait(name="n", title="n", kernels={}, convolved=convolved)).sheets
    low, middle, high = (pixels(each)[0, 0] for each in sheet.pictures)
    np.testing.assert_allclose(low, (68, 1, 84), atol=3)
    np.testing.assert_allclose(middle, (33, 145, 140), atol=3)
    np.testing.assert_allclose(high, (253, 231, 37), atol=3)


def test_it_is_the_same_when_read_back_and_nothing_but_pictures_fits() -> None:
    portrait = Portrait(
        name="n", title="n", kernels={"1 D": np.arange(9.0)},
        convolved=[FeatureMaps(layer=1, label="C4", maps=np.ones((6, 6, 4)))],
        convolved_image=np.zeros((28, 28), np.uint8),
    )  # fmt: skip
    found = inside(portrait, "x")
    text = found.model_dump_json()
    assert Inside.model_validate_json(text) == found
    for wrong in ("javascript:alert(1)", 'data:image/png;base64,A" onerror="x'):
        changed = re.sub(r'"digit":"[^"]*"', f'"digit":{_quoted(wrong)}', text)
        assert changed != text
        with pytest.raises(ValidationError, match="digit"):
            Inside.model_validate_json(changed)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
