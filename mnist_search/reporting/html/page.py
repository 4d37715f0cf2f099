"""The page: what is known, put into the template under a policy that lets nothing else run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_search.analysis import Leaderboard, tell, tell_all, tell_claim
from mnist_search.analysis.history import reference_levels, study_histories
from mnist_search.analysis.words import percent
from mnist_search.reporting.board_rows import is_quick
from mnist_search.reporting.cells import format_cell, format_seconds
from mnist_search.reporting.charts.costs import COSTS, MOST_POINTS, accuracy_against_cost
from mnist_search.reporting.confirmation import tell_essentials
from mnist_search.reporting.html.drawings import Drawings
from mnist_search.reporting.html.frame import render_template
from mnist_search.reporting.html.study import View, mistakes_view, study_section
from mnist_search.reporting.html.tables import leaderboard_table
from mnist_search.reporting.inside import Inside
from mnist_search.reporting.made import SESSION_COLUMNS, made_facts
from mnist_search.reporting.mistakes import Answers, find_mistakes
from mnist_search.reporting.winner import best_winner
from mnist_search.specs import Record
from mnist_search.studies.reading import ConfirmedStudy
from mnist_search.studies.sessions import Session
from mnist_search.studies.spec import StudySpec


def render_page(
    boards: Leaderboard | Sequence[Leaderboard],
    records: Sequence[Record],
    specs: Sequence[StudySpec],
    *,
    answers: Answers | None = None,
    confirmations: Sequence[ConfirmedStudy] = (),
    insides: Sequence[Inside] = (),
    sessions: Mapping[str, Sequence[Session]] | None = None,
) -> str:
    """Return the report as one HTML page that loads nothing and runs nothing but its own script.

    Its charts are drawn by Vega, which is part of the script; it evaluates expressions with an
    interpreter, as the page allows no code to be made from text.

    `boards` are one for each data set, `records` those of the boards, `specs` what their studies
    are about (a study without one has no parameter importance and no slices), `answers` those of
    the best tested model, and `sessions` those of each study by its name. `insides` show the best
    runs whose weights are kept. Text from outside is escaped and loses its control characters; the
    page's one style sheet and one script are named in its content-security policy by their hashes,
    so that nothing else could run even if it got in.
    """
    drawings = Drawings()
    every = [boards] if isinstance(boards, Leaderboard) else list(boards)
    content = _content(every, records, specs, confirmations, insides, drawings)
    mistakes = _mistakes(answers, insides, drawings)
    return render_template(
        "report.html",
        drawings,
        confirmed=[tell_essentials(found) for found in confirmations],
        mistakes=mistakes,
        session_columns=SESSION_COLUMNS,
        made=[made_facts(spec, records, (sessions or {}).get(spec.name, ())) for spec in specs],
        **content,
    )


def _mistakes(
    answers: Answers | None, insides: Sequence[Inside], drawings: Drawings
) -> View | None:
    """Return the mistakes of the best tested model, unless its study shows them already."""
    shown = {(inside.study, inside.number) for inside in insides if inside.mistakes is not None}
    if answers is None or (answers.study, answers.number) in shown:
        return None
    return mistakes_view(find_mistakes(answers), drawings)


def _content(
    boards: Sequence[Leaderboard],
    records: Sequence[Record],
    specs: Sequence[StudySpec],
    confirmations: Sequence[ConfirmedStudy],
    insides: Sequence[Inside],
    drawings: Drawings,
) -> View:
    sections = [
        section
        for board in boards
        for section in _sections(board, boards, records, specs, confirmations, insides, drawings)
    ]
    names = list(dict.fromkeys(record.study for record in records))
    views = [_board_view(board, drawings) for board in boards]
    return {
        "title": f"mnist-search: {', '.join(names)}" if names else "mnist-search: references",
        "warnings": [
            note for board in boards for note in board.notes if note.startswith("WARNING")
        ],
        "tiles": _tiles(boards[0], records, confirmations),
        "boards": views,
        "studies": sections,
        "tradeoffs": any(view["tradeoffs"] for view in views),
        "environment": [line for board in boards for line in board.environment],
        "versions": _versions(boards),
    }


def _board_view(board: Leaderboard, drawings: Drawings) -> View:
    notes = [note for note in board.notes if not note.startswith("WARNING")]
    drawn = [
        (
            cost.title,
            drawings.add(accuracy_against_cost(board.rows, cost), f"Accuracy against {cost.title}"),
        )
        for cost in (() if is_quick(board) else COSTS)
    ]
    findings = () if board.suite is None else board.suite.findings
    claims = () if board.suite is None else board.suite.claims
    ranked = sum(row.rank is not None for row in board.rows)
    bounded = f"Of {ranked} ranked rows the best {MOST_POINTS} are drawn. "
    return {
        "title": board.title,
        "headline": notes[0] if notes else "",
        "notes": notes[1:],
        "table": leaderboard_table(board),
        "tradeoffs": [
            {"title": title, "drawing": drawing} for title, drawing in drawn if drawing is not None
        ],
        "tradeoffs_told": bounded if ranked > MOST_POINTS else "",
        "findings": [
            {"document": finding.contrast.document, "text": tell(finding)} for finding in findings
        ],
        "findings_told": tell_all(findings) if findings else "",
        "claims": [
            {"document": claim.claim.document, "text": tell_claim(claim)} for claim in claims
        ],
    }


def _sections(
    board: Leaderboard,
    boards: Sequence[Leaderboard],
    records: Sequence[Record],
    specs: Sequence[StudySpec],
    confirmations: Sequence[ConfirmedStudy],
    insides: Sequence[Inside],
    drawings: Drawings,
) -> list[View]:
    by_name = {spec.name: spec for spec in specs}
    inside_of = {inside.study: inside for inside in insides}
    elsewhere = {
        row.study for other in boards if other is not board for row in (*other.rows, *other.ranked)
    }
    mine = [record for record in records if record.study not in elsewhere]
    histories = study_histories(mine, reference_levels(board.rows))
    # What was searched comes before what it is compared with.
    histories = tuple(sorted(histories, key=lambda history: history.kind != "search"))
    return [
        study_section(
            history,
            [record for record in mine if record.study == history.study],
            by_name.get(history.study),
            board,
            drawings,
            inside=inside_of.get(history.study),
            confirmations=confirmations,
        )
        for history in histories
    ]


def _tiles(
    board: Leaderboard, records: Sequence[Record], confirmations: Sequence[ConfirmedStudy]
) -> list[tuple[str, str]]:
    """Return the few figures that a reader wants first: of the winner, where there is one."""
    found: list[tuple[str, str]] = []
    best = next((row for row in board.ranked if row.status == "complete"), None)
    winner = best_winner(board, confirmations)
    if winner is not None and winner.test_accuracy is not None:
        found.append((percent(winner.accuracy), f"test accuracy of the winner: {winner.name}"))
        parameters, seconds = winner.parameters, winner.fit_seconds
    elif best is not None:
        found.append(
            (percent(best.score), f"best measured here ({best.score_basis}): {best.label}")
        )
        parameters, seconds = best.parameters, best.fit_seconds
    else:
        parameters, seconds = None, None
    if parameters is not None:
        found.append((format_cell(parameters, "count"), "parameters of it"))
    if seconds is not None:
        found.append((format_seconds(seconds), "to train it"))
    trials = [record for record in records if record.kind == "trial" and record.confirms is None]
    if trials:
        complete = sum(record.state == "complete" for record in trials)
        stopped = sum(record.state == "pruned" for record in trials)
        found.append((str(len(trials)), f"trials: {complete} complete, {stopped} stopped early"))
    runs = sum(record.kind == "reference" and record.state == "complete" for record in records)
    if runs:
        found.append((str(runs), "complete runs of references"))
    return found


def _versions(boards: Sequence[Leaderboard]) -> list[tuple[str, str]]:
    found: dict[str, dict[str, None]] = {}
    for row in (row for board in boards for row in board.rows):
        for package, version in (row.versions or {}).items():
            found.setdefault(package, {})[version] = None
    return [(package, ", ".join(versions)) for package, versions in found.items()]
