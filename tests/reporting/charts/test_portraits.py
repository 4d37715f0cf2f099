"""Portraits of a model."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.commands.portraits import Answered, BlankEpoch
from mnist_search.reporting.charts.portraits import (
    class_counts,
    confusion_matrix,
    epoch_curves,
    layer_pictures,
    picture_grid,
    shown_mistakes,
    weight_violins,
)
from mnist_search.reporting.inside import LayerWeights, Mistakes, Sheet, find_mistakes, picture_of
from tests.reporting.charts.reading import rows, titles

PICTURE = picture_of(np.eye(28), 0, 1)


def mistakes(labels: list[int], said: list[int], confidence: list[float] | None) -> Mistakes:
    answered = Answered(
        images=np.zeros((len(labels), 28, 28), np.uint8),
        labels=np.array(labels),
        classes=np.array(said),
        confidence=None if confidence is None else np.array(confidence),
        what="test images",
    )
    return find_mistakes("net", 1, answered, "0123456789")


def test_curves_are_the_epochs_training_and_validation_measured_and_published() -> None:
    epochs = [BlankEpoch(loss=0.5, val_accuracy=0.9), BlankEpoch(loss=0.25, accuracy=0.95)]
    chart = epoch_curves(epochs, [BlankEpoch(loss=0.6)])
    found = {
        (each["epoch"], each["what"], each["from"], each["value"]) for each in rows(chart, "epoch")
    }
    assert found == {
        (1, "training", "measured here", 0.5), (2, "training", "measured here", 0.25),
        (2, "training", "measured here", 0.95), (1, "validation", "measured here", 0.9),
        (1, "training", "published", 0.6),
    }  # fmt: skip
    assert titles(chart) == {"epoch", "loss", "accuracy"}


def test_curves_of_nothing_are_none() -> None:
    assert epoch_curves([]) is None
    assert epoch_curves([BlankEpoch(loss=float("nan"))]) is None


def layer(label: str, outline: tuple[float, ...], **more: object) -> LayerWeights:
    facts = {
        "label": label, "count": 1234, "not_finite": 0, "mean": 0.0, "sd": 0.5, "low": -1.0,
        "median": 0.25, "high": 1.0, "outline": outline,
    }  # fmt: skip
    return LayerWeights(**(facts | more))  # type: ignore[arg-type]


def test_violins_are_one_per_layer_with_counts() -> None:
    chart = weight_violins([layer("1 C", (0.0, 1.0, 0.0)), layer("2 D", (1.0,), not_finite=3)])
    outline = [
        (each["layer"], each["weight"], round(each["below"] - each["above"], 2))
        for each in rows(chart, "above")
    ]
    assert outline == [("1 C", -1.0, 0.0), ("1 C", 0.0, 0.84), ("1 C", 1.0, 0.0),
                       ("2 D", -1.0, 0.84)]  # fmt: skip
    facts = {each["layer"]: each for each in rows(chart, "median")}
    assert facts["1 C"]["told"] == ["n 1,234", "mean 0, sd 0.5"]
    assert facts["2 D"]["told"][0] == "n 1,234, 3 not finite"
    assert (facts["1 C"]["low"], facts["1 C"]["median"], facts["1 C"]["high"]) == (-1.0, 0.25, 1.0)
    assert weight_violins([]) is None


def test_confusion_counts_and_colours_mistakes_alone() -> None:
    found = rows(confusion_matrix(mistakes([4, 4, 4, 9, 1], [4, 9, 9, 4, 1], None)), "said")
    counts = {(each["truth"], each["said"]): (each["count"], each["mistakes"]) for each in found}
    assert len(counts) == 100
    assert (counts["4", "4"], counts["4", "9"], counts["9", "4"]) == ((1, 0), (2, 2), (1, 1))
    shares = rows(confusion_matrix(mistakes([4, 4, 9], [4, 9, 9], None)), "share")
    assert {each["truth"]: each["share"] for each in shares}["4"] == 0.5


def test_mistakes_say_what_was_taken_for_what_and_how_surely() -> None:
    found = mistakes([4, 9, 1, 3], [9, 4, 1, 8], [0.6, 0.99996, 1.0, 1.0])
    captions = [each["caption"] for each in rows(shown_mistakes(found), "url")]
    # 99.996 % is not 100 %.
    assert captions == ["3 → 8, 100.0%", "9 → 4, 99.9%", "4 → 9, 60.0%"]
    unsure = mistakes([4, 1], [9, 1], None)
    assert [each["caption"] for each in rows(shown_mistakes(unsure), "url")] == ["4 → 9"]
    assert shown_mistakes(mistakes([1], [1], None)) is None


def test_pictures_stand_in_rows() -> None:
    found = rows(picture_grid([PICTURE] * 7, list("abcdefg"), columns=3), "url")
    places = {each["caption"]: (each["x"], each["y"]) for each in found}
    assert places["a"][1] == places["c"][1] < places["d"][1] < places["g"][1]
    assert places["a"][0] == places["d"][0] == places["g"][0] < places["b"][0]
    assert {each["url"] for each in found} == {PICTURE}
    assert picture_grid([], [], columns=3) is None


@pytest.mark.parametrize("count", [4, 64])
def test_every_channel_of_a_layer_is_drawn(count: int) -> None:
    sheet = Sheet(
        kind="features-1", title="t", told="t", pictures=(PICTURE,) * count,
        captions=tuple(f"channel {number}" for number in range(count)),
    )  # fmt: skip
    assert len(rows(layer_pictures(sheet), "url")) == count


def test_bars_are_the_counts_of_the_classes() -> None:
    found = rows(class_counts([30, 10, 0], ["0", "1", "shirt"]), "class")
    assert [(each["class"], each["images"], each["share"]) for each in found[:3]] == [
        ("0", 30, 0.75), ("1", 10, 0.25), ("shirt", 0, 0.0),
    ]  # fmt: skip
    assert class_counts([0, 0], ["0", "1"]) is None
