"""Leaderboards as text: the best, how sure that is, and what is known beside the rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from mnist_search.analysis import Leaderboard, Row, tell, tell_claim
from mnist_search.analysis.searches import SearchReport
from mnist_search.analysis.wording import tell_expected
from mnist_search.reporting.board_rows import board_table, explain_columns, is_quick, row_styles
from mnist_search.reporting.cells import Column
from mnist_search.reporting.rows import check_format
from mnist_search.reporting.winner import Winner, best_winner

if TYPE_CHECKING:
    from mnist_search.reporting.made import Made
    from mnist_search.reporting.terminal import Terminal
    from mnist_search.studies.reading import ConfirmedStudy
    from mnist_search.studies.sessions import Session


# Columns of a picture of a terminal: what a README shows.
_PICTURE_WIDTH = 100


def render_leaderboard(
    boards: Leaderboard | Sequence[Leaderboard],
    format: str,
    *,
    width: int | None = None,
    columns: Sequence[Column] | None = None,
    plain: bool = False,
    confirmed: Sequence[ConfirmedStudy] = (),
    made: Sequence[Made] = (),
    sessions: Mapping[str, Sequence[Session]] | None = None,
    searches: Sequence[SearchReport] = (),
) -> str:
    """Return one board, or one for each data set, as text that ends with a newline.

    `table` and `markdown` are made for reading; `columns` may be those of `board_rows` and any key
    of `Row`. `json` and `csv` hold every key of every row, unrounded, those of all boards one after
    the other, and in CSV only `columns` where they are given. What there is to say about measured
    references follows a board: all of it in `markdown`, times and findings in `table`; `json` has
    the findings as `contrasts`, and `curves`. Then come `confirmed`, the confirmations, what
    `searches` tell beyond their rows (neither in `csv`), and how it was `made` (in `markdown`) or
    all `sessions` (in `json`). `width` is the terminal's, None: as standard output has it;
    `plain` is for a file: no colour, and no screen's width.

    Raises:
        UsageError: unknown format.
    """
    every = [boards] if isinstance(boards, Leaderboard) else list(boards)
    match check_format(format):
        case "table":
            from mnist_search.reporting.confirmation import render_confirmation
            from mnist_search.reporting.terminal import detect_terminal, render_lines

            terminal = detect_terminal(width, plain=plain)
            sections = [
                section
                for board in every
                for section in _table(board, columns, confirmed, terminal)
            ]
            sections += [
                render_confirmation(found, "table", titled=True, width=width, plain=plain)
                for found in confirmed
            ]
            told = [tell_expected(report) for report in searches if report.expected]
            if told:
                sections.append(render_lines("What to expect of fewer trials", told, terminal))
            return "\n".join(sections)
        case "markdown":
            return _markdown(every, columns, confirmed, made, searches)
        case "json":
            from mnist_search.reporting.json import render_json

            return render_json(
                [row.as_dict() for board in every for row in board.rows],
                sort=every[0].sort,
                notes=[note for board in every for note in _titled(board)],
                environment=[line for board in every for line in board.environment],
                **_suites(every),
                **_documents(confirmed, sessions, searches),
            )
        case "csv":
            from mnist_search.reporting.csv import render_csv

            keys = [Column(field.name, field.name) for field in dataclasses.fields(Row)]
            rows = [row.as_dict() for board in every for row in board.rows]
            return render_csv(rows, keys if columns is None else columns)
        case never:
            assert_never(never)


def _titled(board: Leaderboard) -> list[str]:
    """Return the notes of a board, the first one with its title."""
    if not board.title:
        return list(board.notes)
    return [": ".join([board.title, *board.notes[:1]]), *board.notes[1:]]


def draw_boards(boards: Sequence[Leaderboard]) -> str:
    """Return the rows of the boards as a terminal shows them, as an SVG picture."""
    from mnist_search.reporting.terminal import Terminal, draw_terminal, render_table

    terminal = Terminal(width=_PICTURE_WIDTH, color=True)
    tables = []
    for board in boards:
        columns, rows, cells = board_table(board)
        tables.append(render_table(cells, columns, terminal=terminal, row_styles=row_styles(rows)))
    return draw_terminal("\n".join(tables), terminal.width, title="mnist-search report")


def _table(
    board: Leaderboard,
    columns: Sequence[Column] | None,
    confirmed: Sequence[ConfirmedStudy],
    terminal: Terminal,
) -> list[str]:
    from mnist_search.reporting.terminal import render_facts, render_table

    usual, rows, cells = board_table(board)
    notes = _titled(board)
    winner = best_winner(board, confirmed)
    sections = [
        render_table(
            cells,
            usual if columns is None else columns,
            title=notes[0] if notes else None,
            explain=lambda shown: explain_columns(rows, shown),
            notes=[*notes[1:], *board.environment],
            terminal=terminal,
            row_styles=row_styles(rows),
        )
    ]
    if winner is not None:
        sections.append(render_facts(winner.told, winner.facts, terminal))
    if board.suite is not None:
        from mnist_search.reporting.suite import render_suite_table

        sections.append(render_suite_table(board.suite, terminal, times=not is_quick(board)))
    return [section for section in sections if section]


def _markdown(
    boards: Sequence[Leaderboard],
    columns: Sequence[Column] | None,
    confirmed: Sequence[ConfirmedStudy],
    made: Sequence[Made],
    searches: Sequence[SearchReport],
) -> str:
    from mnist_search.reporting.markdown import escape, render_markdown

    sections = []
    for board in boards:
        usual, rows, cells = board_table(board)
        shown = usual if columns is None else columns
        legend = explain_columns(rows, shown)
        notes = [*_titled(board), *([legend] if legend else []), *board.environment]
        table = render_markdown(cells, shown, notes=notes)
        sections.append(
            f"## Leaderboard{f': {escape(board.title)}' if board.title else ''}\n\n{table}"
        )
        winner = best_winner(board, confirmed)
        if winner is not None:
            sections.append(_winner_markdown(winner))
        if board.suite is not None:
            from mnist_search.reporting.suite import render_suite_markdown

            sections.append(render_suite_markdown(board.suite))
    if confirmed:
        from mnist_search.reporting.confirmation import render_confirmation

        sections.append("## Confirmation\n")
        sections += [render_confirmation(found, "markdown", titled=True) for found in confirmed]
    if searches:
        from mnist_search.reporting.searches import render_searches_markdown

        sections.append(render_searches_markdown(searches))
    if made:
        from mnist_search.reporting.made import render_made_markdown

        sections.insert(0, f"# {escape(', '.join(study.name for study in made))}\n")
        sections.append(render_made_markdown(made))
    if len(sections) == 1:
        return sections[0].partition("\n\n")[2]
    return "\n".join(sections)


def _winner_markdown(winner: Winner) -> str:
    from mnist_search.reporting.markdown import escape

    facts = "".join(f"* {escape(name)}: {escape(value)}\n" for name, value in winner.facts)
    return f"## Best trial\n\n{escape(winner.told)}\n\n{facts}"


def _suites(boards: Sequence[Leaderboard]) -> dict[str, object]:
    """Return what is known of measured references beyond their rows, for JSON."""
    suites = [board.suite for board in boards if board.suite is not None]
    if not suites:
        return {}
    return {
        "contrasts": [
            finding.as_dict() | {"text": tell(finding)}
            for each in suites
            for finding in each.findings
        ],
        "curves": [point.as_dict() for each in suites for point in each.curves],
        "claims": [
            claim.as_dict() | {"text": tell_claim(claim)}
            for each in suites
            for claim in each.claims
        ],
        "training": [one.as_dict() for each in suites for one in each.training],
    }


def _documents(
    confirmed: Sequence[ConfirmedStudy],
    sessions: Mapping[str, Sequence[Session]] | None,
    searches: Sequence[SearchReport],
) -> dict[str, object]:
    """Return what JSON has beside the rows, with no key where there is nothing to tell."""
    documents: dict[str, object] = {}
    if searches:
        from mnist_search.reporting.searches import searches_document

        documents["searches"] = searches_document(searches)
    if confirmed:
        from mnist_search.reporting.confirmation import confirmation_document

        documents["confirmations"] = [confirmation_document(found) for found in confirmed]
    if sessions:
        from mnist_search.reporting.made import sessions_document

        documents["studies"] = sessions_document(sessions)
    return documents
