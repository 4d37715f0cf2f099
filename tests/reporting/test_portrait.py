"""What is known of one run, as charts and as text."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.commands.portraits import (
    Answered,
    BlankEpoch,
    Portrait,
    from_first_epoch,
)
from mnist_search.reporting.charts.portraits import portrait_charts
from mnist_search.reporting.drawing import portrait_text
from mnist_search.reporting.inside import look_inside
from mnist_search.specs import Record, RunResult
from mnist_search.training.weights import FeatureMaps

RECORD = Record(
    study="s", number=4, kind="trial", state="complete",
    result=RunResult(status="complete", config_id="c", seed=9),
)  # fmt: skip
RANDOM = np.random.default_rng(3)
EPOCHS = [
    BlankEpoch(loss=0.5, accuracy=0.8, val_accuracy=0.9),
    BlankEpoch(loss=0.25, accuracy=0.9),
]
IMAGES = np.zeros((6, 28, 28), np.uint8)
IMAGES[:, 4:24, 6:22] = 255
ANSWERED = Answered(
    images=IMAGES,
    labels=np.array([0, 1, 2, 3, 4, 5]),
    classes=np.array([0, 1, 7, 3, 9, 8]),
    confidence=np.array([1.0, 0.9, 0.6, 0.9, 0.99999, 0.7]),
    what="test images",
)
WHOLE = Portrait(
    name="run",
    title="run on digits",
    epochs=EPOCHS,
    published=EPOCHS,
    kernels={"1 C2(3x3 valid)": RANDOM.normal(size=(3, 3, 1, 2)).astype(np.float32)},
    coefficients=RANDOM.normal(size=(10, 784)),
    answered=ANSWERED,
    convolved=[FeatureMaps(layer=1, label="C2(3x3 valid)", maps=RANDOM.random((26, 26, 2)))],
    digit=7,
)


def drawn(portrait: Portrait) -> dict[str, str]:
    """Return the title of each chart by the end of its file name."""
    inside = look_inside(portrait, RECORD, classes=tuple("0123456789"))
    return {kind: title for kind, title, _ in portrait_charts(portrait, inside)}


def test_whole_portrait_has_every_chart() -> None:
    titles = drawn(WHOLE)
    assert list(titles) == [
        "curves", "weights", "confusion", "mistakes", "features-1", "coefficients",
    ]  # fmt: skip
    assert titles["confusion"] == "run on digits: classified correctly: 3 of 6 test images"
    assert titles["mistakes"] == "run on digits: surest mistakes, true class → predicted class"
    assert titles["features-1"].startswith("run on digits: Layer 1: C2(3x3 valid), 2 channels")
    assert not WHOLE.empty


def test_what_is_not_known_is_not_drawn() -> None:
    bare = Portrait(name="run", title="run", kernels={})
    assert bare.empty
    assert drawn(bare) == {}
    assert portrait_text(bare, width=80) == "run\n"


def test_right_answers_alone_leave_no_mistakes_to_draw() -> None:
    right = Answered(
        images=IMAGES, labels=ANSWERED.labels, classes=ANSWERED.labels, confidence=None,
        what="test images",
    )  # fmt: skip
    portrait = Portrait(name="run", title="run", kernels={}, answered=right)
    assert list(drawn(portrait)) == ["confusion"]
    assert "mistakes" not in portrait_text(portrait, width=80)


def test_epochs_keep_their_place_when_the_first_were_not_recorded() -> None:
    (only,) = EPOCHS[:1]
    assert from_first_epoch([only], 3) == [BlankEpoch(), BlankEpoch(), only]
    assert from_first_epoch(EPOCHS, 1) == EPOCHS


def test_confusion_has_true_classes_in_rows() -> None:
    confusion = ANSWERED.confusion
    assert (confusion[2, 7], confusion[7, 2], confusion.sum()) == (1, 0, 6)
    assert ANSWERED.mistakes.tolist() == [4, 5, 2]


def test_text_tells_curves_weights_and_mistakes() -> None:
    text = portrait_text(WHOLE, width=80)
    assert "loss      training               █▁  0.5000 → 0.2500\n" in text
    assert "accuracy  validation, published  ▅   90.00%\n" in text
    assert "classified correctly: 3 of 6 test images\n" in text
    assert "n 18, mean" in text
    (captions,) = [line for line in text.splitlines() if "4 → 9 99.9%" in line]
    assert captions.split("  ")[0] == "4 → 9 99.9%"
    assert captions.split()[4:] == ["5", "→", "8", "70.0%", "2", "→", "7", "60.0%"]
    assert "first mistakes" not in text


@pytest.mark.parametrize("ascii_only", [True, False])
def test_text_can_be_plain_ascii(ascii_only: bool) -> None:
    text = portrait_text(WHOLE, width=80, ascii_only=ascii_only)
    assert text.isascii() is ascii_only
    assert "?" not in text
