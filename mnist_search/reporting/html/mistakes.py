"""What the best tested model answered wrongly: its confusion matrix and the images themselves."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_search.analysis import Leaderboard, Row, unpack_predictions
from mnist_search.errors import DataError, MnistSearchError
from mnist_search.specs import Record

MOST_IMAGES = 60
_SIDE = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers of one run to the test images, beside the truth.

    `labels` and `predictions` hold one byte per image, `images` 784 bytes of grey per image.
    """

    name: str
    seed: int
    labels: bytes
    predictions: bytes
    images: bytes
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """An image that was answered wrongly, as a picture to embed."""

    picture: str
    said: str
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A cell of the confusion matrix; `level` from 0 to 5 says how dark it is."""

    count: int
    level: int
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """What the template shows of them: rows are true classes, columns answers."""

    name: str
    seed: int
    wrong: int
    total: int
    classes: tuple[str, ...]
    matrix: tuple[tuple[Count, ...], ...]
    shown: tuple[Mistake, ...]


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
    )


def find_mistakes(answers: Answers) -> Mistakes:
    """Count the answers by true class, and pick the first wrong ones."""
    size = len(answers.classes)
    counts = [[0] * size for _ in range(size)]
    wrong = []
    for place, (truth, said) in enumerate(zip(answers.labels, answers.predictions, strict=True)):
        counts[truth][said] += 1
        if truth != said:
            wrong.append(place)
    most = max((counts[i][j] for i in range(size) for j in range(size) if i != j), default=0)
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
            picture=_picture(answers.images[place * _SIDE**2 : (place + 1) * _SIDE**2]),
            said=answers.classes[answers.predictions[place]],
            truth=answers.classes[answers.labels[place]],
        )
        for place in wrong[:MOST_IMAGES]
    )
    return Mistakes(
        name=answers.name,
        seed=answers.seed,
        wrong=len(wrong),
        total=len(answers.labels),
        classes=answers.classes,
        matrix=matrix,
        shown=shown,
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


def _picture(grey: bytes) -> str:
    """Return 28 x 28 grey values as a PNG in a data address, dark on light."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    lines = b"".join(
        b"\0" + bytes(255 - value for value in grey[start : start + _SIDE])
        for start in range(0, _SIDE**2, _SIDE)
    )
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines, 9))
        + chunk(b"IEND", b"")
    )
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
