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
from mnist_search.reporting.html.frame import Drawings, render_template
from mnist_search.reporting.html.study import mistakes_view, study_section
from mnist_search.reporting.html.tables import View, leaderboard_table
from mnist_search.reporting.inside import Inside, Mistakes
from mnist_search.reporting.made import SESSION_COLUMNS, made_facts
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
    mistakes: Mistakes | None = None,
    confirmations: Sequence[ConfirmedStudy] = (),
    insides: Sequence[Inside] = (),
    sessions: Mapping[str, Sequence[Session]] | None = None,
) -> str:
    """Return the report as one HTML page that loads nothing and runs nothing but its own script.

    Its charts are drawn by Vega, which is part of the script; it evaluates expressions with an
    interpreter, as the page allows no code to be made from text.

    `boards` are one for each data set, `records` those of the boards, `specs` what their studies
    are about (a study without one has no parameter importance and no slices), `mistakes` those of
    the best tested model, and `sessions` those of each study by its name. `insides` show the best
    runs whose weights are kept. Text from outside is escaped and loses its control characters; the
    page's one style sheet and one script are named in its content-security policy by their hashes,
    so that nothing else could run even if it got in.
    """
    every = [boards] if isinstance(boards, Leaderboard) else list(boards)
    drawings = Drawings()
    inside_of = {inside.study: inside for inside in insides}
    sections: list[View] = []
    for board in every:
        elsewhere = {
            row.study
            for other in every
            if other is not board
            for row in (*other.rows, *other.ranked)
        }
        mine = [record for record in records if record.study not in elsewhere]
        histories = study_histories(mine, reference_levels(board.rows))
        sections += [
            study_section(
                history,
                [record for record in mine if record.study == history.study],
                next((spec for spec in specs if spec.name == history.study), None),
                board,
                drawings,
                inside=inside_of.get(history.study),
                confirmations=confirmations,
            )
            # What was searched comes before what it is compared with.
            for history in sorted(histories, key=lambda history: history.kind != "search")
        ]
    views = [_board_view(board, drawings) for board in every]
    names = list(dict.fromkeys(record.study for record in records))
    notes = [note for board in every for note in board.notes]
    return render_template(
        "report.html",
        drawings,
        title=f"mnist-search: {', '.join(names)}" if names else "mnist-search: references",
        warnings=[note for note in notes if note.startswith("WARNING")],
        confirmed=[tell_essentials(found) for found in confirmations],
        tiles=_tiles(every[0], records, confirmations),
        boards=views,
        studies=sections,
        tradeoffs=any(view["tradeoffs"] for view in views),
        mistakes=None if mistakes is None else mistakes_view(mistakes, drawings),
        environment=[line for board in every for line in board.environment],
        session_columns=SESSION_COLUMNS,
        made=[made_facts(spec, records, (sessions or {}).get(spec.name, ())) for spec in specs],
        versions=_versions(every),
    )


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


def _tiles(
    board: Leaderboard, records: Sequence[Record], confirmations: Sequence[ConfirmedStudy]
) -> list[tuple[str, str]]:
    """Return the few figures that a reader wants first: of the winner, where there is one."""
    found: list[tuple[str, str]] = []
    best = next((row for row in board.ranked if row.status == "complete"), None)
    winner = best_winner(board, confirmations)
    seconds = None if best is None else best.fit_seconds
    if winner is not None and winner.tested is not None:
        best, tested = winner.row, winner.tested
        found.append((percent(tested.test_accuracy), f"test accuracy of the winner: {best.label}"))
        seconds = tested.fit_seconds
    elif best is not None:
        found.append(
            (percent(best.score), f"best measured here ({best.score_basis}): {best.label}")
        )
    if best is not None and best.parameters is not None:
        found.append((format_cell(best.parameters, "count"), "parameters of it"))
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
