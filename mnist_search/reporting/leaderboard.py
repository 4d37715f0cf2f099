"""The leaderboard as text: who leads, how sure that is, and the baselines beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from mnist_search.analysis import Leaderboard, Row, tell, tell_claim
from mnist_search.analysis.ranking import split_letters
from mnist_search.reporting.cells import Column, format_seconds
from mnist_search.reporting.rows import Format, check_format

if TYPE_CHECKING:
    from mnist_search.reporting.made import Made
    from mnist_search.studies.reading import ConfirmedStudy
    from mnist_search.studies.sessions import Session

COLUMNS = (
    Column("rank", "#", "figure"),
    Column("label", "name", "text"),
    Column("range", "range", "figure"),
    Column("tie_group", "tie", "word", 2),
    Column("score", "accuracy %", "figure"),
    Column("basis", "on", "word"),
    Column("n", "n", "figure", 2),
    Column("published", "publ. %", "figure"),
    Column("gap", "gap", "figure", 1),
    Column("verdict", "verdict", "word"),
    Column("parameters", "parameters", "count", 4),
    Column("epochs", "epochs", "figure", 5),
    Column("fit", "fit time", "figure", 3),
    Column("time_ratio", "x fastest", "figure", 7),
    Column("inference_us", "per image", "microseconds", 9),
    Column("architecture", "what it is", "text", 6),
)

_BASIS = {"test": "test", "validation": "val", "published": "publ"}


def render_leaderboard(
    board: Leaderboard,
    format: str,
    *,
    width: int | None = None,
    columns: Sequence[Column] | None = None,
    plain: bool = False,
    confirmed: Sequence[ConfirmedStudy] = (),
    made: Sequence[Made] = (),
    sessions: Mapping[str, Sequence[Session]] | None = None,
) -> str:
    """Return the board as text that ends with a newline.

    `table` and `markdown` show COLUMNS, or the ones given: those of COLUMNS are made for
    reading, any key of `Row` may be named beside them. `json` and `csv` hold every key of every
    row, unrounded, and in CSV only `columns` where they are given. What there is to say about
    measured references follows the board: all of it in `markdown`, times and findings in
    `table`; `json` has the findings as `contrasts`, and `curves`. Then come `confirmed`, the
    confirmations (not in `csv`), and how it was `made` (in `markdown`) or all `sessions` (in
    `json`). `width` is the terminal's, None: as standard output has it; `plain` is for a file: no
    colour, and no screen's width.

    Raises:
        UsageError: unknown format.
    """
    shown = COLUMNS if columns is None else columns
    match check_format(format):
        case "table":
            from mnist_search.reporting.terminal import detect_terminal, render_table

            headline, *rest = board.notes if board.notes else (None,)
            terminal = detect_terminal(width, plain=plain)
            text = render_table(
                display_rows(board.rows),
                shown,
                title=headline,
                notes=[*explain_signs(board.rows), *rest, *board.environment],
                terminal=terminal,
                row_styles=_row_styles(board.rows),
            )
            sections = [text]
            if board.suite is not None:
                from mnist_search.reporting.suite import render_suite_table

                sections.append(render_suite_table(board.suite, terminal))
            return "\n".join([*sections, *_confirmations(confirmed, "table", width, plain)])
        case "markdown":
            from mnist_search.reporting.markdown import escape, render_markdown

            text = render_markdown(
                display_rows(board.rows),
                shown,
                notes=[*board.notes, *explain_signs(board.rows), *board.environment],
            )
            sections, title = [], ""
            if board.suite is not None:
                from mnist_search.reporting.suite import render_suite_markdown

                sections.append(render_suite_markdown(board.suite))
            if confirmed:
                sections.append("## Confirmation\n")
                sections += _confirmations(confirmed, "markdown", width, plain)
            if made:
                from mnist_search.reporting.made import render_made_markdown

                title = f"# {escape(', '.join(study.name for study in made))}\n\n"
                sections.append(render_made_markdown(made))
            if not sections:
                return text
            return "\n".join([f"{title}## Leaderboard\n\n{text}", *sections])
        case "json":
            from mnist_search.reporting.json import render_json

            return render_json(
                [row.as_dict() for row in board.rows],
                sort=board.sort,
                notes=board.notes,
                environment=board.environment,
                **_suite(board),
                **_documents(confirmed, sessions),
            )
        case "csv":
            from mnist_search.reporting.csv import render_csv

            every = [Column(field.name, field.name) for field in dataclasses.fields(Row)]
            rows = [row.as_dict() for row in board.rows]
            return render_csv(rows, every if columns is None else columns)
        case never:
            assert_never(never)


def _suite(board: Leaderboard) -> dict[str, object]:
    """Return what is known of measured references beyond their rows, for JSON."""
    if board.suite is None:
        return {}
    return {
        "contrasts": [
            finding.as_dict() | {"text": tell(finding)} for finding in board.suite.findings
        ],
        "curves": [point.as_dict() for point in board.suite.curves],
        "claims": [claim.as_dict() | {"text": tell_claim(claim)} for claim in board.suite.claims],
        "training": [one.as_dict() for one in board.suite.training],
    }


def _confirmations(
    confirmed: Sequence[ConfirmedStudy], format: Format, width: int | None, plain: bool
) -> list[str]:
    if not confirmed:
        return []
    from mnist_search.reporting.confirmation import render_confirmation

    return [
        render_confirmation(found, format, titled=True, width=width, plain=plain)
        for found in confirmed
    ]


def _documents(
    confirmed: Sequence[ConfirmedStudy], sessions: Mapping[str, Sequence[Session]] | None
) -> dict[str, object]:
    """Return what JSON has beside the rows, with no key where there is nothing to tell."""
    documents: dict[str, object] = {}
    if confirmed:
        from mnist_search.reporting.confirmation import confirmation_document

        documents["confirmations"] = [confirmation_document(found) for found in confirmed]
    if sessions:
        from mnist_search.reporting.made import sessions_document

        documents["studies"] = sessions_document(sessions)
    return documents


def display_rows(rows: Sequence[Row]) -> list[Mapping[str, object]]:
    """Return the rows under the keys of COLUMNS, ready to be read."""
    best = _best_rank(rows)
    return [_display_row(row, best) for row in rows]


def _display_row(row: Row, best: int | None) -> Mapping[str, object]:
    published = None if row.published_accuracy is None else f"{100 * row.published_accuracy:.2f}"
    return row.as_dict() | {
        "rank": None if row.rank is None else f"{'*' if row.rank == best else ''}{row.rank}",
        "label": row.label,
        "range": None if row.rank_low is None else f"{row.rank_low}-{row.rank_high}",
        "tie_group": _tie(row),
        "score": _score(row),
        "basis": None if row.score_basis is None else _BASIS[row.score_basis],
        "published": published,
        "gap": None if row.gap is None else f"{100 * row.gap:+.2f}",
        "verdict": _verdict(row),
        "epochs": _epochs(row),
        "fit": _fit_time(row),
        "time_ratio": None if row.time_ratio is None else f"{row.time_ratio:.1f}",
    }


def _tie(row: Row) -> str | None:
    letters = split_letters(row.tie_group)
    # Among hundreds of close trials a row belongs to dozens of groups, one after the other.
    return row.tie_group if len(letters) <= 4 else f"{letters[0]}-{letters[-1]}"


def _score(row: Row) -> str | None:
    if row.score is None:
        return None
    if row.score_low is None or row.score_high is None:
        return f"{100 * row.score:.2f}      "  # Keeps the points in line.
    half = (row.score_high - row.score_low) / 2
    return f"{100 * row.score:.2f} ±{100 * half:.2f}"


def _verdict(row: Row) -> str | None:
    if row.duplicate_of is not None:
        return f"as trial {row.duplicate_of}"
    if row.status == "pruned" and row.failure is not None:
        # Such as `too-large: …`: it was stopped before it began.
        return row.failure.partition(":")[0].replace("-", " ")
    if row.status in ("pruned", "failed", "running", "waiting"):
        return row.status
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


def _fit_time(row: Row) -> str | None:
    if row.fit_seconds is None:
        return None
    return format_seconds(row.fit_seconds) + ("!" if row.contended else "")


def _best_rank(rows: Sequence[Row]) -> int | None:
    """Return the rank of the best row that was measured here."""
    ranks = [row.rank for row in rows if row.status == "complete" and row.rank is not None]
    return min(ranks, default=None)


def explain_signs(rows: Sequence[Row]) -> list[str]:
    """Return what explains the signs of the table."""
    if not rows:
        return []
    words = [
        "* best measured here",
        "± 95 % interval",
        "on: test images, val = held-out training images, publ = as published, not run here",
        "n: runs",
        "range: 1 + rows significantly better to all less those significantly worse",
        "same tie letter: no significant difference",
    ]
    if any(row.contended for row in rows):
        words.append("!: other load disturbed the time")
    return [f"{'; '.join(words)}."]


def _row_styles(rows: Sequence[Row]) -> list[str]:
    best = _best_rank(rows)
    return [_row_style(row, best) for row in rows]


def _row_style(row: Row, best: int | None) -> str:
    if row.status == "published":
        return "dim italic"
    if row.status in ("failed", "pruned", "running", "waiting"):
        return "dim"
    if row.rank == best:
        return "bold green"
    if row.collapsed:
        return "yellow"
    return "italic" if row.kind == "reference" else ""
