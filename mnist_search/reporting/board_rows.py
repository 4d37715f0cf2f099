"""The rows of a leaderboard made for reading: columns, cells, legend, and how rows look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_search.analysis import Leaderboard, Row
from mnist_search.analysis.ranking import split_letters
from mnist_search.reporting.cells import Column, format_seconds, hundredths, plus_minus

# A narrow terminal leaves out the columns of the highest numbers first, and none without a number.
COLUMNS = (
    Column("rank", "#", "figure"),
    Column("label", "name", "text"),
    Column("score", "accuracy %", "figure"),
    Column("basis", "on", "word"),
    Column("selection_accuracy", "ranked by %", "figure", 5),
    Column("published", "publ. %", "figure"),
    Column("gap", "gap", "figure", 3),
    Column("verdict", "verdict", "word", 4),
    Column("parameters", "parameters", "count", 1),
    Column("fit", "fit time", "figure", 1),
    Column("architecture", "what it is", "text", 2),
    Column("range", "range", "figure", 6),
    Column("n", "n", "figure", 7),
    Column("tie_group", "tie", "word", 8),
    Column("epochs", "epochs", "figure", 9),
    Column("inference_us", "per image", "microseconds", 10),
    Column("time_ratio", "x fastest", "figure", 11),
)
# Quick runs measure time: their boards have no accuracies.
QUICK_COLUMNS = (
    Column("place", "#", "figure"),
    Column("label", "name", "text"),
    Column("epoch", "time of an epoch", "figure"),
    Column("time_ratio", "x fastest", "figure"),
    Column("published_seconds_per_epoch", "published", "seconds", 3),
    Column("inference_us", "per image", "microseconds", 1),
    Column("parameters", "parameters", "count", 1),
    Column("architecture", "what it is", "text", 2),
    Column("fit", "quick run", "figure", 4),
    Column("train_images", "of images", "count", 5),
    Column("n", "n", "figure", 6),
)
_BASIS = {"test": "test", "validation": "val", "published": "publ"}
_LEGEND = {
    "rank": "* marks the best row measured here.",
    "score": "± is half of a 95 % interval.",
    "basis": "On: test = test images; val = validation images, held out of the training images; "
    "publ = as published, not run here.",
    "selection_accuracy": "Ranked by: a trial's accuracy on the images that selected it; the other "
    "accuracy is measured on images that did not.",
    "gap": "Gap: measured less published accuracy, in percentage points.",
    "architecture": "What it is: C32(5x5 same) is a convolution with 32 filters of 5x5, MP and AP "
    "are max and average pooling, D128 is a dense layer of 128 units, BN is batch normalization, "
    "DO.25 is dropout of 25 %; activations are relu unless they are named.",
    "range": "Range: the ranks that the significant differences leave open.",
    "n": "n: number of runs.",
    "tie_group": "Rows with a tie letter in common do not differ significantly.",
    "epoch": "Time of an epoch: estimated for all 60,000 images from the steps of a quick run.",
    "published_seconds_per_epoch": "Published: the time of an epoch on the document's machine.",
    "time_ratio": "x fastest: multiple of the fastest row of the same machine.",
}


def is_quick(board: Leaderboard) -> bool:
    """Say whether a board is about nothing but the times of quick runs."""
    measured = [row for row in board.rows if row.status != "published"]
    return bool(measured) and board.sort == "time" and all(row.quick for row in measured)


def board_table(
    board: Leaderboard,
) -> tuple[tuple[Column, ...], list[Row], list[Mapping[str, object]]]:
    """Return the columns of a board, the rows to show, and for each row what its cells show."""
    rows = [row for row in board.rows if row.status != "published" or not is_quick(board)]
    columns: tuple[Column, ...] = QUICK_COLUMNS if is_quick(board) else COLUMNS
    best = _best_rank(rows)
    cells = [_display_row(row, place, best) for place, row in enumerate(rows, start=1)]
    if all(row.selection_accuracy is None for row in rows):
        columns = tuple(column for column in columns if column.key != "selection_accuracy")
    return columns, rows, cells


def explain_columns(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """Return what a reader has to know of the columns that are shown."""
    if not rows:
        return ""
    told = [_LEGEND[column.key] for column in columns if column.key in _LEGEND]
    keys = {column.key for column in columns}
    if "score" in keys and any(row.quick for row in rows):
        told.append("(…): accuracy of a quick run, which is not ranked.")
    if keys & {"fit", "epoch"} and any(row.contended for row in rows):
        told.append("! marks a time that other load on the machine disturbed.")
    return " ".join(told)


def row_styles(rows: Sequence[Row]) -> list[str]:
    """Return how rows look where there is colour."""
    best = _best_rank(rows)
    return [_row_style(row, best) for row in rows]


def _display_row(row: Row, place: int, best: int | None) -> Mapping[str, object]:
    mark = "!" if row.contended else ""
    epoch = row.comparable_seconds
    return row.as_dict() | {
        "rank": None if row.rank is None else f"{'*' if row.rank == best else ''}{row.rank}",
        "place": str(place),
        "label": row.label,
        "range": None if row.rank_low is None else f"{row.rank_low}-{row.rank_high}",
        "tie_group": _tie(row),
        "score": _score(row),
        "basis": None if row.score_basis is None else _BASIS[row.score_basis],
        "selection_accuracy": hundredths(row.selection_accuracy),
        "published": hundredths(row.published_accuracy),
        "gap": None if row.gap is None or row.quick else f"{100 * row.gap:+.2f}",
        "verdict": _verdict(row),
        "epochs": _epochs(row),
        "fit": None if row.fit_seconds is None else format_seconds(row.fit_seconds) + mark,
        "epoch": None if epoch is None else format_seconds(epoch) + mark,
        "time_ratio": None if row.time_ratio is None else f"{row.time_ratio:.1f}",
    }


def _tie(row: Row) -> str | None:
    letters = split_letters(row.tie_group)
    # Among hundreds of close trials a row belongs to dozens of groups, one after the other.
    return row.tie_group if len(letters) <= 4 else f"{letters[0]}-{letters[-1]}"


def _score(row: Row) -> str | None:
    """Return the accuracy with its error, or with what became of a run that did not end well."""
    if row.status not in ("complete", "published"):
        word: str = row.status
        if row.status == "pruned" and row.failure is not None:
            # Such as `too-large: …`: it was stopped before it began.
            word = row.failure.partition(":")[0].replace("-", " ")
        return word if row.score is None else f"{100 * row.score:.2f} {word}"
    if row.score is None:
        return None
    if row.quick:
        return f"({100 * row.score:.2f})"
    if row.score_low is None or row.score_high is None:
        return f"{100 * row.score:.2f}      "  # Keeps the points in line.
    return f"{100 * row.score:.2f} {plus_minus(row.score_low, row.score_high)}"


def _verdict(row: Row) -> str | None:
    if row.duplicate_of is not None:
        return f"as trial {row.duplicate_of}"
    if row.quick:
        return "quick"
    if row.verdict is None and row.collapsed:
        return "collapsed"
    if row.verdict is None and row.status == "published":
        return "not run here"
    return row.verdict


def _epochs(row: Row) -> str | None:
    if row.epochs is None:
        return None if row.epochs_planned is None else f"0/{row.epochs_planned}"
    if row.epochs_planned is None or row.epochs == row.epochs_planned:
        return str(row.epochs)
    return f"{row.epochs}/{row.epochs_planned}"


def _best_rank(rows: Sequence[Row]) -> int | None:
    """Return the rank of the best row that was measured here."""
    ranks = [row.rank for row in rows if row.status == "complete" and row.rank is not None]
    return min(ranks, default=None)


def _row_style(row: Row, best: int | None) -> str:
    if row.status == "published":
        return "dim italic"
    if row.status in ("failed", "pruned", "running", "waiting"):
        return "dim"
    if row.rank is not None and row.rank == best:
        return "bold green"
    if row.collapsed:
        return "yellow"
    return "italic" if row.kind == "reference" else ""
