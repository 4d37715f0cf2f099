"""What a model answered wrongly: how often what for what, and the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_search.analysis import Leaderboard, Row, unpack_predictions
from mnist_search.errors import DataError, MnistSearchError
from mnist_search.reporting.pictures import Picture, picture_of
from mnist_search.specs import Frozen, Record

MOST_IMAGES = 48
_SIDE = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers of one run to the images that it is scored on, beside the truth.

    `labels` and `predictions` hold one byte per image, `images` 784 bytes of grey per image.
    `confidence` is the probability given to each answer, None where it is not known; `what` names
    the images, `study` and `number` the run.
    """

    name: str
    seed: int
    labels: bytes
    predictions: bytes
    images: bytes
    classes: tuple[str, ...]
    confidence: tuple[float, ...] | None = None
    what: str = "test images"
    study: str = ""
    number: int = 0


class Mistake(Frozen):
    """An image that was answered wrongly; `confidence` from 0 to 1, None where not known."""

    picture: Picture
    said: str
    truth: str
    confidence: float | None = None


class Mistakes(Frozen):
    """Counts of all answers, rows are true classes, and some of the images answered wrongly.

    `surest` says that the images shown are those whose wrong answers were given most surely,
    else they are the first ones.
    """

    name: str
    seed: int
    what: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    shown: tuple[Mistake, ...]
    surest: bool

    @property
    def total(self) -> int:
        """Return the number of images."""
        return sum(map(sum, self.counts))

    @property
    def wrong(self) -> int:
        """Return how many images were answered wrongly."""
        return self.total - sum(line[place] for place, line in enumerate(self.counts))


def gather_answers(boards: Sequence[Leaderboard], records: Sequence[Record]) -> Answers | None:
    """Read the test images behind the best row whose answers are stored.

    None where no row has any, or where its data are no longer there: the page then does
    without, as the data set named in it says enough.
    """
    found = _best_tested([row for board in boards for row in board.ranked], records)
    if found is None:
        return None
    row, record = found
    result, dataset = record.result, record.dataset
    if result is None or result.predictions is None or result.test is None or dataset is None:
        return None
    from mnist_search.datasets import class_names, load_full

    try:
        data = load_full(dataset)
        predictions = unpack_predictions(result.predictions, result.test.total)
    except (MnistSearchError, OSError, ValueError):
        return None
    if len(data.test.labels) != len(predictions):
        raise DataError(
            f"{row.label}: answers must be one per test image, got {len(predictions)} "
            f"for {len(data.test.labels)}"
        )
    return Answers(
        name=row.label,
        seed=result.seed,
        labels=data.test.labels.tobytes(),
        predictions=predictions,
        images=data.test.images.tobytes(),
        classes=tuple(class_names(dataset.name)),
        study=record.study,
        number=record.number,
    )


def find_mistakes(answers: Answers) -> Mistakes:
    """Count the answers by true class, and pick the worst of the wrong ones.

    The worst are those given most surely; where that is not known, the first are picked.
    """
    size = len(answers.classes)
    labels = np.frombuffer(answers.labels, np.uint8)
    said = np.frombuffer(answers.predictions, np.uint8)
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (labels, said), 1)
    wrong = np.flatnonzero(labels != said)
    sure = None if answers.confidence is None else np.asarray(answers.confidence)
    if sure is not None:
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    images = np.frombuffer(answers.images, np.uint8).reshape(-1, _SIDE, _SIDE)
    return Mistakes(
        name=answers.name,
        seed=answers.seed,
        what=answers.what,
        classes=answers.classes,
        counts=tuple(tuple(line) for line in counts.tolist()),
        shown=tuple(
            Mistake(
                picture=picture_of(images[place], 0, 255),
                said=answers.classes[said[place]],
                truth=answers.classes[labels[place]],
                confidence=None if sure is None else float(sure[place]),
            )
            for place in wrong[:MOST_IMAGES]
        ),
        surest=sure is not None,
    )


def _best_tested(rows: Sequence[Row], records: Sequence[Record]) -> tuple[Row, Record] | None:
    for row in (row for row in rows if row.score_basis == "test"):
        for record in records:
            result = record.result
            if (
                result is not None
                and result.predictions is not None
                and result.config_id in row.config_ids
                and record.kind == row.kind
            ):
                return row, record
    return None
