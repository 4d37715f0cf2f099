"""What a model answered wrongly: its confusion matrix and the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import StringConstraints

from mnist_search.analysis import Leaderboard, Row, unpack_predictions
from mnist_search.errors import DataError, MnistSearchError
from mnist_search.reporting.html.png import grey_picture
from mnist_search.specs import Frozen, Record

MOST_IMAGES = 48
_SIDE = 28

# Read back from a file, it still can be nothing but a picture.
Picture = Annotated[str, StringConstraints(pattern=r"^data:image/png;base64,[A-Za-z0-9+/=]+$")]


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
    """An image that was answered wrongly, as a picture to embed."""

    picture: Picture
    said: str
    truth: str
    confidence: str = ""


class Count(Frozen):
    """A cell of the confusion matrix; `level` from 0 to 5 says how dark it is."""

    count: int
    level: int
    told: str


class Mistakes(Frozen):
    """What the template shows of them: rows are true classes, columns answers.

    `surest` says that the images shown are those whose wrong answers were given most surely,
    else they are the first ones.
    """

    name: str
    seed: int
    what: str
    wrong: int
    total: int
    classes: tuple[str, ...]
    matrix: tuple[tuple[Count, ...], ...]
    shown: tuple[Mistake, ...]
    surest: bool


def gather_answers(board: Leaderboard, records: Sequence[Record]) -> Answers | None:
    """Read the test images behind the best row whose answers are stored.

    None where no row has any, or where its data are no longer to be had: the page then does
    without, as the data set named in it says enough.
    """
    found = _best_tested(board.rows, records)
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
    if len(data.y_test) != len(predictions):
        raise DataError(
            f"{row.label}: answers must be one per test image, got {len(predictions)} "
            f"for {len(data.y_test)}"
        )
    return Answers(
        name=row.label,
        seed=result.seed,
        labels=data.y_test.tobytes(),
        predictions=predictions,
        images=data.x_test.tobytes(),
        classes=tuple(class_names(dataset.name)),
        study=record.study,
        number=record.number,
    )


def find_mistakes(answers: Answers) -> Mistakes:
    """Count the answers by true class, and pick the worst of the wrong ones.

    The worst are those given most surely; where that is not known, the first are picked.
    """
    size = len(answers.classes)
    counts = [[0] * size for _ in range(size)]
    wrong = []
    for place, (truth, said) in enumerate(zip(answers.labels, answers.predictions, strict=True)):
        counts[truth][said] += 1
        if truth != said:
            wrong.append(place)
    most = max((counts[i][j] for i in range(size) for j in range(size) if i != j), default=0)
    confidence = answers.confidence
    if confidence is not None:
        wrong.sort(key=lambda place: -confidence[place])
    matrix = tuple(
        tuple(
            Count(
                count=count,
                level=0 if truth == said or most == 0 else -(-5 * count // most),
                told=f"{answers.classes[truth]} answered as {answers.classes[said]}: {count}",
            )
            for said, count in enumerate(line)
        )
        for truth, line in enumerate(counts)
    )
    shown = tuple(
        Mistake(
            picture=_picture(answers.images, place),
            said=answers.classes[answers.predictions[place]],
            truth=answers.classes[answers.labels[place]],
            # 99.97 % is not 100 %.
            confidence="" if confidence is None else f"{100 * min(confidence[place], 0.999):.1f} %",
        )
        for place in wrong[:MOST_IMAGES]
    )
    return Mistakes(
        name=answers.name,
        seed=answers.seed,
        what=answers.what,
        wrong=len(wrong),
        total=len(answers.labels),
        classes=answers.classes,
        matrix=matrix,
        shown=shown,
        surest=confidence is not None,
    )


def _best_tested(rows: Sequence[Row], records: Sequence[Record]) -> tuple[Row, Record] | None:
    ranked = [row for row in rows if row.rank is not None and row.score_basis == "test"]
    for row in sorted(ranked, key=lambda row: row.rank or 0):
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


def _picture(images: bytes, place: int) -> str:
    pixels = np.frombuffer(images, np.uint8, _SIDE**2, offset=place * _SIDE**2)
    return grey_picture(pixels.reshape(_SIDE, _SIDE))
