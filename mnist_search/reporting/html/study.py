"""One study's part of the page: its winner and its drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnist_search.analysis import Row
from mnist_search.analysis.history import History
from mnist_search.analysis.importance import PERMUTATIONS, Importances, parameter_importances
from mnist_search.reporting.cells import format_cell, format_seconds
from mnist_search.reporting.confirmation import confirmation_rows
from mnist_search.reporting.html.contours import contour_plots
from mnist_search.reporting.html.inside import Inside, Sheet
from mnist_search.reporting.html.intervals import confirmed_models, measured_beside_published
from mnist_search.reporting.html.mistakes import Mistakes, Picture
from mnist_search.reporting.html.progress import best_so_far, timeline
from mnist_search.reporting.html.tables import Table, table_of
from mnist_search.reporting.html.trials import (
    MOST_DRAWN,
    Trial,
    drawn_trials,
    importance_bars,
    learning_curves,
    parallel_coordinates,
    slice_plot,
)
from mnist_search.reporting.html.weights import weight_violins
from mnist_search.reporting.suite import VERDICT_COLUMNS, verdict_row
from mnist_search.spaces import Parameter, SearchSpace
from mnist_search.specs import Record
from mnist_search.studies.confirmed import ConfirmedStudy
from mnist_search.studies.spec import StudySpec

_MOST_SLICES = 12
# Of a hundred trials ten are the best ones.
_FEW_TRIALS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """The best trial of a search, in words and facts."""

    told: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchLine:
    """When a reference was matched, as it is shown."""

    name: str
    accuracy: str
    basis: str
    after: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InsideView:
    """What a model answers and is made of, as it is shown."""

    heading: str
    mistakes: Mistakes | None
    weights: Markup | None
    sheets: tuple[Sheet, ...]
    digit: Picture | None
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What a confirmation found, as it is shown."""

    drawing: Markup | None
    table: Table
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySection:
    """What the template shows of a study; a drawing is None where there is nothing to draw."""

    name: str
    heading: str
    winner: Winner | None
    confirmed: Confirmed | None
    measured: Markup | None
    verdicts: Table | None
    inside: InsideView | None
    progress: Markup | None
    matched: str
    matches: tuple[MatchLine, ...]
    curves: Markup | None
    curves_told: str
    importance: Markup | None
    importance_told: str
    parallel: Markup | None
    slices: tuple[Markup, ...]
    contours: tuple[Markup, ...]
    timeline: Markup | None
    timeline_told: str


def study_section(
    history: History,
    records: Sequence[Record],
    spec: StudySpec | None,
    rows: Sequence[Row],
    *,
    inside: Inside | None = None,
    confirmed: ConfirmedStudy | None = None,
) -> StudySection:
    """Return the part of the page about one study; `records` are its own, `rows` the board's."""
    is_search = history.kind == "search"
    best = _best_row(history.study, rows) if is_search else None
    trials = drawn_trials(records, None if best is None else best.number) if is_search else []
    space = None if spec is None or spec.search is None else spec.search.space
    importances = (
        None if space is None else parameter_importances(records, space, permutations=PERMUTATIONS)
    )
    parameters = _by_importance(space, importances)
    slices = (slice_plot(parameter, trials) for parameter in parameters)
    progress = best_so_far(history)
    references = [row for row in rows if row.kind == "reference" and row.study == history.study]
    return StudySection(
        name=history.study,
        heading=f"{history.kind.capitalize()} {history.study}",
        winner=None if best is None else _winner(best),
        confirmed=None if confirmed is None else _confirmed(confirmed),
        measured=measured_beside_published(references),
        verdicts=_verdicts(references),
        inside=None if inside is None else _inside(inside, records),
        progress=progress,
        matched=_matched(history),
        matches=_match_lines(history) if progress is not None else (),
        curves=learning_curves(trials),
        curves_told=_curves_told(trials, records),
        importance=None if importances is None else importance_bars(importances),
        importance_told=_importance_told(importances) if space is not None else "",
        parallel=parallel_coordinates(parameters, trials),
        slices=tuple(drawing for drawing in slices if drawing is not None)[:_MOST_SLICES],
        contours=contour_plots(parameters, trials),
        timeline=timeline(history),
        timeline_told=_timeline_told(history),
    )


def _confirmed(found: ConfirmedStudy) -> Confirmed:
    rows, columns, legend = confirmation_rows(found)
    return Confirmed(
        drawing=confirmed_models(found.confirmation),
        table=table_of(rows, columns, title=f"Confirmation of {found.study}"),
        legend=legend,
    )


def _verdicts(rows: Sequence[Row]) -> Table | None:
    judged = [verdict_row(row) for row in rows if row.verdict is not None]
    return table_of(judged, VERDICT_COLUMNS, title="Verdicts") if judged else None


def _inside(inside: Inside, records: Sequence[Record]) -> InsideView:
    record = next(record for record in records if record.number == inside.number)
    is_trial = record.kind == "trial" or record.reference is None
    return InsideView(
        heading=f"Inside {f'trial {inside.number}' if is_trial else record.reference}",
        mistakes=inside.mistakes,
        weights=weight_violins(inside.layers),
        sheets=inside.sheets,
        digit=inside.digit,
        missing=f"Not shown: {'; '.join(inside.missing)}." if inside.missing else "",
    )


def _by_importance(space: SearchSpace | None, importances: Importances | None) -> list[Parameter]:
    if space is None:
        return []
    if importances is None:
        return list(space.parameters)
    by_name = {parameter.name: parameter for parameter in space.parameters}
    first = [by_name[share.parameter] for share in importances.shares]
    return [*first, *(parameter for parameter in space.parameters if parameter not in first)]


def _best_row(study: str, rows: Sequence[Row]) -> Row | None:
    mine = [
        row
        for row in rows
        if row.kind == "trial" and row.status == "complete" and row.rank and row.study == study
    ]
    return min(mine, key=lambda row: row.rank or 0, default=None)


def _winner(best: Row) -> Winner:
    sure = ""
    if best.score_low is not None and best.score_high is not None:
        sure = f" (95 % interval {100 * best.score_low:.2f} to {100 * best.score_high:.2f} %)"
    facts = [
        ("architecture", best.architecture),
        ("parameters", None if best.parameters is None else f"{best.parameters:,}"),
        ("FLOPs per image", None if best.flops is None else f"{best.flops:,}"),
        ("trained in", None if best.fit_seconds is None else format_seconds(best.fit_seconds)),
        ("inference", None if best.inference_us is None else
            f"{format_cell(best.inference_us, 'microseconds')} per image at batch 256"),
        ("peak memory", None if best.peak_memory_bytes is None else
            format_cell(best.peak_memory_bytes, "bytes")),
        ("seeds", ", ".join(str(seed) for seed in best.seeds) or None),
        ("settings", None if best.values is None else format_cell(best.values, "text")),
    ]  # fmt: skip
    score = "?" if best.score is None else f"{100 * best.score:.2f}"
    return Winner(
        told=f"Best of the search is {best.label}: {score} % on {best.score_basis} images{sure}.",
        facts=tuple((name, value) for name, value in facts if value is not None),
    )


def _matched(history: History) -> str:
    reached = sum(match.step is not None for match in history.matches)
    return (
        f"{reached} of {len(history.matches)} references were matched in "
        f"{format_seconds(history.seconds)}."
        if history.matches
        else ""
    )


def _match_lines(history: History) -> tuple[MatchLine, ...]:
    return tuple(
        MatchLine(
            name=match.level.name,
            accuracy=f"{100 * match.level.accuracy:.2f} %",
            basis=match.level.basis,
            after="never" if match.step is None else format_seconds(match.step.seconds),
            by="" if match.step is None else match.step.name,
        )
        for match in history.matches
    )


def _curves_told(trials: Sequence[Trial], records: Sequence[Record]) -> str:
    stopped = sum(trial.state == "pruned" for trial in trials)
    told = f"{stopped} of {len(trials)} trials were stopped early, where the crosses are."
    if len(trials) == MOST_DRAWN:
        told += f" Of {len(records)} trials the best {MOST_DRAWN} are drawn, here and below."
    return told


def _importance_told(importances: Importances | None) -> str:
    if importances is None:
        return "Ten finished trials of different accuracy are needed to say what mattered."
    surely = [one.parameter for one in importances.shares if one.rank is not None]
    told = (
        f"More than noise would show: {', '.join(surely)}."
        if surely
        else "No parameter shows more than noise alone would."
    )
    return (
        f"PED-ANOVA: what sets the best {importances.top} of {importances.trials} trials apart "
        f"from the others; the {importances.trials - importances.complete} stopped ones count "
        f"as worse than all complete ones. Noise: what a parameter exceeds in one of 20 cases "
        f"when the same results are dealt out to the trials at random; so about "
        f"{len(importances.shares) / 20:.1f} of the {len(importances.shares)} do by chance. "
        f"{told} Conditional parameters stand below the one that they depend on. The shares say "
        "what the best trials had in common, not what a change would bring, and a parameter that "
        "the sampler settled early cannot show what it is worth."
    )


def _timeline_told(history: History) -> str:
    if history.paused_seconds == 0:
        return f"{format_seconds(history.seconds)} in all."
    return (
        f"{format_seconds(history.seconds)} in all; pauses of "
        f"{format_seconds(history.paused_seconds)} between sessions are cut out."
    )
