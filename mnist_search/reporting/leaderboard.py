"""A report in each of its formats: the boards, how sure they are, and what is known beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from mnist_search.analysis import Leaderboard, Row, tell, tell_claim
from mnist_search.analysis.searches import SearchReport
from mnist_search.analysis.wording import tell_expected
from mnist_search.choices import Format, ReportFormat
from mnist_search.commands.report import RankedStudies
from mnist_search.reporting.board_rows import board_table, explain_columns, is_quick, row_styles
from mnist_search.reporting.cells import Column
from mnist_search.reporting.confirmation import confirmation_document, render_confirmation
from mnist_search.reporting.csv import render_csv
from mnist_search.reporting.json import render_json
from mnist_search.reporting.made import Made, made_facts, render_made_markdown, sessions_document
from mnist_search.reporting.markdown import bullets, escape, render_markdown
from mnist_search.reporting.searches import (
    render_searches_markdown,
    search_reports,
    searches_document,
)
from mnist_search.reporting.suite import render_suite_markdown, render_suite_table
from mnist_search.reporting.terminal import (
    Terminal,
    detect_terminal,
    draw_terminal,
    render_facts,
    render_lines,
    render_table,
)
from mnist_search.reporting.winner import best_winner
from mnist_search.studies.reading import ConfirmedStudy
from mnist_search.studies.sessions import Session

# Columns of a picture of a terminal: what a README shows.
_PICTURE_WIDTH = 100


def render_report(
    found: RankedStudies,
    format: ReportFormat,
    *,
    plain: bool = False,
    inside: bool = True,
    notice: Callable[[str], None],
) -> str:
    """Return the boards, and what else a format has room for, as text.

    `plain` is for a file: no colour, and no screen's width. With `inside`, a page shows what is
    inside of the best models; `notice` is told what that takes, and what cannot be looked into.
    """
    specs = [study.spec for study in found.studies]
    sessions = {study.spec.name: study.sessions for study in found.studies}
    if format == "svg":
        return draw_boards(found.boards)
    if format != "html":
        return render_leaderboard(
            found.boards,
            format,
            plain=plain,
            confirmed=found.confirmed,
            made=[made_facts(spec, found.records, sessions[spec.name]) for spec in specs],
            sessions=sessions,
            searches=search_reports(specs, found.records),
        )
    from mnist_search.reporting.html.page import render_page
    from mnist_search.reporting.inside import gather_mistakes
    from mnist_search.reporting.insides import find_insides

    looked = []
    if inside:
        looked = find_insides(
            found.boards, found.records, found.home, found.confirmed, notice=notice
        )
    shown = {(each.study, each.number) for each in looked if each.mistakes is not None}
    return render_page(
        found.boards,
        found.records,
        specs,
        mistakes=gather_mistakes(found.boards, found.records, known=shown),
        confirmations=found.confirmed,
        insides=looked,
        sessions=sessions,
    )


def render_leaderboard(
    boards: Leaderboard | Sequence[Leaderboard],
    format: Format,
    *,
    plain: bool = False,
    confirmed: Sequence[ConfirmedStudy] = (),
    made: Sequence[Made] = (),
    sessions: Mapping[str, Sequence[Session]] | None = None,
    searches: Sequence[SearchReport] = (),
) -> str:
    """Return one board, or one for each data set, as text that ends with a newline.

    `table` and `markdown` are made for reading. `json` and `csv` hold every key of every row,
    unrounded, those of all boards one after the other. What there is to say about measured
    references follows a board: all of it in `markdown`, times and findings in `table`; `json` has
    the findings as `contrasts`, and `curves`. Then come `confirmed`, the confirmations, what
    `searches` tell beyond their rows (neither in `csv`), and how it was `made` (in `markdown`) or
    all `sessions` (in `json`). `plain` is for a file: no colour, and no screen's width.
    """
    every = [boards] if isinstance(boards, Leaderboard) else list(boards)
    match format:
        case "table":
            terminal = detect_terminal(plain=plain)
            sections = [
                section for board in every for section in _table(board, confirmed, terminal)
            ]
            sections += [
                render_confirmation(found, "table", titled=True, plain=plain) for found in confirmed
            ]
            told = [tell_expected(report) for report in searches if report.expected]
            if told:
                sections.append(render_lines("What to expect of fewer trials", told, terminal))
            return "\n".join(sections)
        case "markdown":
            return _markdown(every, confirmed, made, searches)
        case "json":
            return render_json(
                [row.as_dict() for board in every for row in board.rows],
                sort=every[0].sort,
                notes=[note for board in every for note in _titled(board)],
                environment=[line for board in every for line in board.environment],
                **_suites(every),
                searches=searches_document(searches) or None,
                confirmations=[confirmation_document(found) for found in confirmed] or None,
                studies=sessions_document(sessions or {}) or None,
            )
        case "csv":
            keys = [Column(field.name, field.name) for field in dataclasses.fields(Row)]
            return render_csv([row.as_dict() for board in every for row in board.rows], keys)
        case never:
            assert_never(never)


def _titled(board: Leaderboard) -> list[str]:
    """Return the notes of a board, the first one with its title."""
    if not board.title:
        return list(board.notes)
    return [": ".join([board.title, *board.notes[:1]]), *board.notes[1:]]


def draw_boards(boards: Sequence[Leaderboard]) -> str:
    """Return the rows of the boards as a terminal shows them, as an SVG picture."""
    terminal = Terminal(width=_PICTURE_WIDTH, color=True)
    tables = []
    for board in boards:
        columns, rows, cells = board_table(board)
        tables.append(render_table(cells, columns, terminal=terminal, row_styles=row_styles(rows)))
    return draw_terminal("\n".join(tables), terminal.width, title="mnist-search report")


def _table(
    board: Leaderboard, confirmed: Sequence[ConfirmedStudy], terminal: Terminal
) -> list[str]:
    columns, rows, cells = board_table(board)
    notes = _titled(board)
    winner = best_winner(board, confirmed)
    sections = [
        render_table(
            cells,
            columns,
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
        sections.append(render_suite_table(board.suite, terminal, times=not is_quick(board)))
    return [section for section in sections if section]


def _markdown(
    boards: Sequence[Leaderboard],
    confirmed: Sequence[ConfirmedStudy],
    made: Sequence[Made],
    searches: Sequence[SearchReport],
) -> str:
    sections = []
    if made:
        sections.append(f"# {escape(', '.join(study.name for study in made))}\n")
    for board in boards:
        columns, rows, cells = board_table(board)
        legend = explain_columns(rows, columns)
        notes = [*_titled(board), *([legend] if legend else []), *board.environment]
        title = f": {escape(board.title)}" if board.title else ""
        table = render_markdown(cells, columns, notes=notes)
        sections.append(f"## Leaderboard{title}\n\n{table}")
        winner = best_winner(board, confirmed)
        if winner is not None:
            facts = bullets(f"{name}: {value}" for name, value in winner.facts)
            sections.append(f"## Best trial\n\n{escape(winner.told)}\n\n{facts}")
        if board.suite is not None:
            sections.append(render_suite_markdown(board.suite))
    if confirmed:
        sections.append("## Confirmation\n")
        sections += [render_confirmation(found, "markdown", titled=True) for found in confirmed]
    if searches:
        sections.append(render_searches_markdown(searches))
    if made:
        sections.append(render_made_markdown(made))
    if len(sections) == 1:
        return sections[0].partition("\n\n")[2]
    return "\n".join(sections)


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
