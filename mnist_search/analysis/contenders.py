"""The runs of a recipe as they are compared: their accuracy, and what they answered."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mnist_search.analysis.statistics import Estimate
from mnist_search.errors import DataError
from mnist_search.specs import RunResult, Score

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contender:
    """A recipe to compare: its accuracy over its runs, and what they answered to which images.

    `right` is the share of the runs that answered each image of `image_set` rightly; where the
    labels are not at hand it is None, and `votes` (images, classes) is the share of the runs that
    gave each answer. Both are None where a run kept no answers.
    """

    estimate: Estimate
    image_set: str | None = None
    right: npt.NDArray[np.float64] | None = None
    votes: npt.NDArray[np.float64] | None = None


def make_contender(
    results: Sequence[RunResult],
    image_set: str | None = None,
    labels: bytes | None = None,
    *,
    on: Literal["test", "validation"] = "test",
) -> Contender | None:
    """Return the complete runs of one recipe as a contender; None where one has no score.

    `image_set` is what the images of the answers are called, the digest of their data set for
    test images; `labels` are theirs, a byte each.

    Raises:
        DataError: answers are damaged, or contradict their score.
    """
    import numpy as np

    scores = [result.test if on == "test" else result.validation for result in results]
    known = [score for score in scores if score is not None]
    found = estimate(known) if known and len(known) == len(scores) else None
    if found is None:
        return None
    if image_set is None:
        return Contender(estimate=found)
    kept = [
        result.predictions if on == "test" else result.validation_predictions for result in results
    ]
    packed = [text for text in kept if text is not None]
    if len(packed) < len(results):
        return Contender(estimate=found, image_set=image_set)
    answers = np.stack(
        [np.frombuffer(unpack_predictions(text, found.images), np.uint8) for text in packed]
    )
    if labels is None:
        votes = np.zeros((found.images, int(answers.max()) + 1))
        for run in answers:
            votes[np.arange(found.images), run] += 1 / len(answers)
        return Contender(estimate=found, image_set=image_set, votes=votes)
    if len(labels) != found.images:
        raise DataError(f"labels must be one per {on} image, got {len(labels)}")
    right = answers == np.frombuffer(labels, np.uint8)
    if [int(run.sum()) for run in right] != [score.correct for score in known]:
        raise DataError("predictions contradict their scores")
    share = right.mean(axis=0)
    return Contender(
        estimate=dataclasses.replace(found, flips=share_of_flips(share, found.runs)),
        image_set=image_set,
        right=share,
    )


def share_of_flips(right: npt.NDArray[np.float64], runs: int) -> float | None:
    """Return which share of one run's binomial variance another seed draws anew.

    `right` is the share of the runs that answered each image rightly. None for one run, or where
    all answers are right, or wrong.
    """
    accuracy = float(right.mean())
    if runs < 2 or not 0 < accuracy < 1:
        return None
    within = float((right * (1 - right)).mean()) * runs / (runs - 1)
    return within / (accuracy * (1 - accuracy))


def estimate(scores: Sequence[Score]) -> Estimate | None:
    """Return the accuracy over runs on one set of images; None for none, or for mixed sets."""
    totals = {score.total for score in scores}
    if len(totals) != 1 or 0 in totals:
        return None
    return Estimate.of([score.accuracy for score in scores], totals.pop())


def pack_predictions(classes: bytes) -> str:
    """Pack one byte per image as base64 of zlib, as `RunResult.predictions` has it."""
    return base64.b64encode(zlib.compress(classes, 9)).decode("ascii")


def unpack_predictions(text: str, images: int) -> bytes:
    """Unpack the classes answered for `images` test images, one byte each.

    Raises:
        DataError: the text is damaged, or holds another number of images.
    """
    inflater = zlib.decompressobj()
    try:
        # Bounded, so that a damaged or hostile line of a ledger cannot fill the memory.
        classes = inflater.decompress(base64.b64decode(text, validate=True), images + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise DataError(f"packed predictions are damaged: {error}") from error
    if len(classes) != images or not inflater.eof:
        count = f"more than {images}" if len(classes) > images else str(len(classes))
        raise DataError(f"packed predictions must hold {images} images, got {count}")
    return classes
