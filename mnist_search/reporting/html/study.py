"""One study's part of the page: its winner and its drawings."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.analysis import Leaderboard, Row
from mnist_search.analysis.history import History
from mnist_search.analysis.importance import Importances
from mnist_search.analysis.wording import tell_effects, tell_expected
from mnist_search.reporting.cells import Column, format_seconds
from mnist_search.reporting.charts.portraits import (
    confusion_matrix,
    layer_pictures,
    shown_mistakes,
    weight_violins,
)
from mnist_search.reporting.charts.progress import MOST_SPANS
from mnist_search.reporting.charts.studies import study_charts
from mnist_search.reporting.charts.style import AnyChart
from mnist_search.reporting.charts.trials import MOST_DRAWN, Trial
from mnist_search.reporting.confirmation import confirmation_rows
from mnist_search.reporting.effects_told import vary_command
from mnist_search.reporting.html.frame import Drawings
from mnist_search.reporting.html.tables import View, table_of
from mnist_search.reporting.inside import Inside, Mistakes
from mnist_search.reporting.rows import Table
from mnist_search.reporting.searches import (
    EFFECT_COLUMNS,
    EXPECTED_COLUMNS,
    effect_rows,
    expected_rows,
    search_reports,
)
from mnist_search.reporting.suite import VERDICT_COLUMNS, verdict_row
from mnist_search.reporting.winner import find_winner
from mnist_search.spaces import SearchSpace
from mnist_search.specs import Record
from mnist_search.studies.reading import ConfirmedStudy
from mnist_search.studies.spec import StudySpec

_MATCH_COLUMNS = (
    Column("name", "reference", "word"),
    Column("accuracy", "accuracy", "percent"),
    Column("basis", "on", "word"),
    Column("after", "matched after", "figure"),
    Column("by", "by", "word"),
)


def study_section(
    history: History,
    records: Sequence[Record],
    spec: StudySpec | None,
    board: Leaderboard,
    drawings: Drawings,
    *,
    inside: Inside | None = None,
    confirmations: Sequence[ConfirmedStudy] = (),
) -> View:
    """Return the part of the page about one study; `records` are its own.

    Its charts are taken into `drawings`, in the order in which they are read; one is None where
    there is nothing to draw.
    """
    name, rows = history.study, board.rows
    confirmed = next((found for found in confirmations if found.study == name), None)
    space = None if spec is None or spec.search is None else spec.search.space
    charts = study_charts(
        history, records, space, rows, None if confirmed is None else confirmed.confirmation
    )
    references = [row for row in rows if row.kind == "reference" and row.study == name]
    report = next(iter(search_reports([] if spec is None else [spec], records)), None)
    add = drawings.add
    return {
        "name": name,
        "heading": f"{history.kind.capitalize()} {name}",
        "winner": find_winner(name, board.ranked, confirmations),
        "confirmed": None
        if confirmed is None
        else _confirmed(confirmed, charts.confirmed, drawings),
        "measured": add(charts.measured, "Measured beside published accuracies"),
        "verdicts": _verdicts(references),
        "progress": add(charts.progress, f"Best accuracy so far of {name} against time"),
        "matched": _matched(history),
        "matches": _matches(history) if charts.progress is not None and history.matches else None,
        "curves": add(charts.curves, "Learning curves"),
        "curves_told": _curves_told(charts.trials, records),
        "importance": add(charts.importance, "Importance of parameters"),
        "importance_told": _importance_told(charts.importances, space, name)
        if space is not None
        else "",
        "effects": table_of(Table(effect_rows(report), EFFECT_COLUMNS, "Effects"))
        if report is not None and report.effects
        else None,
        "effects_told": "" if report is None else tell_effects(report),
        "expected": table_of(Table(expected_rows(report), EXPECTED_COLUMNS, "Expected best"))
        if report is not None and report.expected
        else None,
        "expected_told": "" if report is None else tell_expected(report),
        "parallel": add(charts.parallel, "Parallel coordinates of the trials"),
        "slices": [
            add(chart, f"Accuracy against {parameter}", still=False)
            for parameter, chart in charts.slices.items()
        ],
        "pairs": [add(pair, "Accuracy over two parameters", still=False) for pair in charts.pairs],
        "inside": None if inside is None else _inside(inside, records, drawings),
        "timeline": add(charts.timeline, f"Timeline of the workers of {name}"),
        "timeline_told": _timeline_told(history),
    }


def mistakes_view(found: Mistakes, drawings: Drawings) -> View:
    """Return what a model answers wrongly, as it is shown."""
    return {
        "found": found,
        "matrix": drawings.add(confusion_matrix(found), "Confusion matrix", elastic=False),
        "images": drawings.add(
            shown_mistakes(found), "Images that were classified wrongly", elastic=False
        ),
    }


def _confirmed(found: ConfirmedStudy, chart: AnyChart | None, drawings: Drawings) -> View:
    rows, columns, legend = confirmation_rows(found)
    return {
        "drawing": drawings.add(chart, "Confirmed test accuracies"),
        "table": table_of(Table(rows, columns, f"Confirmation of {found.study}")),
        "legend": legend,
    }


def _verdicts(rows: Sequence[Row]) -> View | None:
    judged = [verdict_row(row) for row in rows if row.verdict is not None]
    return table_of(Table(judged, VERDICT_COLUMNS, "Verdicts")) if judged else None


def _inside(inside: Inside, records: Sequence[Record], drawings: Drawings) -> View:
    record = next(record for record in records if record.number == inside.number)
    is_trial = record.kind == "trial" or record.reference is None
    found = inside.mistakes
    return {
        "heading": f"Inside {f'trial {inside.number}' if is_trial else record.reference}",
        "mistakes": None if found is None else mistakes_view(found, drawings),
        "weights": drawings.add(weight_violins(inside.layers), "Weights of each layer"),
        "sheets": tuple(
            {
                "title": sheet.title,
                "told": sheet.told,
                "drawing": drawings.add(layer_pictures(sheet), sheet.title, elastic=False),
            }
            for sheet in inside.sheets
        ),
        "digit": inside.digit,
        "missing": f"Not shown: {'; '.join(inside.missing)}." if inside.missing else "",
    }


def _matched(history: History) -> str:
    told = []
    if history.matches:
        reached = sum(match.step is not None for match in history.matches)
        of = f"{reached} of {len(history.matches)} references"
        told.append(f"{of} were matched in {format_seconds(history.seconds)}.")
    complete = sum(span.state == "complete" for span in history.spans)
    if complete > MOST_SPANS:
        told.append(f"Of {complete} complete trials the best {MOST_SPANS} are drawn.")
    return " ".join(told)


def _matches(history: History) -> View:
    rows = [
        {
            "name": match.level.name,
            "accuracy": match.level.accuracy,
            "basis": match.level.basis,
            "after": "never" if match.step is None else format_seconds(match.step.seconds),
            "by": "" if match.step is None else match.step.name,
        }
        for match in history.matches
    ]
    return table_of(Table(rows, _MATCH_COLUMNS, "When each reference was matched"))


def _curves_told(trials: Sequence[Trial], records: Sequence[Record]) -> str:
    stopped = sum(trial.what == "pruned" for trial in trials)
    told = f"{stopped} of {len(trials)} trials were pruned (stopped early), at the crosses."
    if len(trials) == MOST_DRAWN:
        told = f"Of {len(records)} trials the best {MOST_DRAWN} are drawn, here and below. {told}"
    return told


def _importance_told(importances: Importances | None, space: SearchSpace, study: str) -> str:
    if importances is None:
        return "Ten finished trials of different accuracy are needed to say what mattered."
    surely = [one.parameter for one in importances.shares if one.rank is not None]
    told = (
        f"More than noise would show: {', '.join(surely)}."
        if surely
        else "No parameter shows more than noise alone would."
    )
    count = len(importances.shares)
    return (
        f"{told} Importance (PED-ANOVA) compares the best {importances.top} of "
        f"{importances.trials} trials with the others; the "
        f"{importances.trials - importances.complete} stopped ones count as worse than all "
        "complete ones. The mark of a parameter is what noise alone exceeds in one of 20 cases, "
        "when the same results are assigned to the trials at random, so that about "
        f"{count / 20:.1f} of the {count} parameters exceed theirs by chance. Conditional "
        "parameters stand below the one that they depend on. Importance says what the best trials "
        "had in common, not what a change would bring, and a parameter on which the sampler "
        "settled early cannot show its worth. What a change of the first would bring, an "
        f"experiment says: {vary_command(study, importances.shares[0].parameter, space)}"
    )


def _timeline_told(history: History) -> str:
    told = f"{format_seconds(history.seconds)} in all"
    if history.paused_seconds > 0:
        told += f"; pauses of {format_seconds(history.paused_seconds)} between sessions left out"
    if len(history.spans) > MOST_SPANS:
        told += f"; the last {MOST_SPANS} of {len(history.spans)} runs are drawn"
    return f"{told}."
