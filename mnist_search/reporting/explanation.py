"""A trial beside its nearest reference: what both reach and cost, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mnist_search.analysis.attribution import Gain
from mnist_search.analysis.nearest import Comparison
from mnist_search.analysis.traits import describe
from mnist_search.analysis.wording import tell_spread
from mnist_search.choices import Format
from mnist_search.reporting.cells import Column, format_cell, plus_minus, spoken
from mnist_search.reporting.rows import Table, render_rows, render_tables
from mnist_search.specs import Record, RunConfig, RunResult
from mnist_search.specs.shapes import measure

Attribution = tuple[Sequence[Gain], Gain]
Row = dict[str, object]

_KEYS = (
    "part", "name", "reference", "hyperparameters", "trial_value", "reference_value", "distance",
    "val_accuracy", "n", "test_accuracy", "test_n", "published_accuracy", "fit_seconds",
    "published_fit_seconds", "parameters", "flops", "gain", "gain_low", "gain_high",
    "p_adjusted", "seconds", "seeds", "description",
)  # fmt: skip


def render_explanation(
    trial: Record,
    found: Comparison,
    records: Sequence[Record],
    attributed: Attribution | None,
    format: Format,
) -> str:
    """Return the tables of an explanation; JSON and CSV have all rows in one, `part` says which.

    `records` are the runs of the search, of its confirmation and of the walk.
    """
    models = _models(trial, found, records)
    changes = _changes(found)
    steps = [] if attributed is None else _steps(trial, found, attributed)
    notes = _notes(trial, found, attributed)
    if format in {"json", "csv"}:
        rows = [{**dict.fromkeys(_KEYS), **row} for row in [*models, *changes, *steps]]
        return render_rows(rows, [Column(key, key) for key in _KEYS], format, notes=notes)
    name, other = f"trial {trial.number}", found.reference.name
    tables = [
        Table(models, _MODEL_COLUMNS, f"{name} of {trial.study} and {other}"),
        Table(changes, _CHANGE_COLUMNS, "hyperparameters that differ"),
        Table([_readable(row) for row in steps], _STEP_COLUMNS, f"from {name} back to {other}"),
    ]
    return render_tables(tables, format, notes=notes)


_MODEL_COLUMNS = (
    Column("name", "model", "text"),
    Column("val_accuracy", "validation", "percent"),
    Column("n", "n", "count", 2),
    Column("test_accuracy", "test", "percent"),
    Column("test_n", "n", "count", 2),
    Column("published_accuracy", "published", "percent"),
    Column("fit_seconds", "fit time", "seconds"),
    Column("parameters", "parameters", "count", 1),
    Column("flops", "operations", "count", 2),
    Column("description", "what it is", "text", 3),
)
_CHANGE_COLUMNS = (
    Column("name", "hyperparameter", "text"),
    Column("trial_value", "trial", "text"),
    Column("reference_value", "reference", "text"),
    Column("distance", "distance", "number", 1),
)
_STEP_COLUMNS = (
    Column("name", "step", "text"),
    Column("trial_value", "trial", "text", 1),
    Column("reference_value", "reference", "text", 1),
    Column("val_accuracy", "validation", "percent"),
    Column("gain", "gain, points", "figure"),
    Column("p_adjusted", "p", "number", 1),
    Column("seconds", "costs", "figure"),
    Column("n", "n", "count", 2),
)


def _models(trial: Record, found: Comparison, records: Sequence[Record]) -> list[Row]:
    assert trial.config is not None
    reference = found.reference
    held_out, confirm = reference.run_config("held-out"), reference.run_config("confirm")
    ours = _model(
        trial.config, [trial], [each for each in records if each.confirms == trial.number]
    )
    theirs = _model(
        reference.config,
        [each for each in records if each.config == held_out],
        [each for each in records if each.config == confirm],
    )
    published = {
        "reference": reference.name,
        "published_accuracy": reference.published.accuracy,
        "published_fit_seconds": reference.published.fit_seconds,
    }
    return [
        ours | {"name": f"trial {trial.number}"},
        theirs | {"name": reference.name} | published,
    ]


def _model(config: RunConfig, searched: Sequence[Record], confirmed: Sequence[Record]) -> Row:
    """Return the size of a model and its mean scores on the validation and on the test images."""
    size = measure(config.model)
    # The accuracy on images that did not choose, else what a stopped run came to.
    reached = [
        (result, result.last_accuracy if result.score is None else result.score.accuracy)
        for result in _results(searched)
    ]
    validated = [(result, accuracy) for result, accuracy in reached if accuracy is not None]
    tested = [result for result in _results(confirmed) if result.test is not None]
    timed = [result.timings.fit_seconds for result in [r for r, _ in validated] or tested]
    seconds = [value for value in timed if value is not None]
    return {
        "part": "model",
        "val_accuracy": fmean(accuracy for _, accuracy in validated) if validated else None,
        "n": len(validated) or None,
        "test_accuracy": fmean(r.test.accuracy for r in tested if r.test) if tested else None,
        "test_n": len(tested) or None,
        "fit_seconds": fmean(seconds) if seconds else None,
        "parameters": size.parameters,
        "flops": size.flops,
        "description": describe(config),
    }


def _results(records: Sequence[Record]) -> list[RunResult]:
    return [
        record.result
        for record in records
        if record.state in ("complete", "pruned") and record.result is not None
    ]


def _changes(found: Comparison) -> list[Row]:
    return [
        {
            "part": "hyperparameter",
            "name": spoken(change.name),
            "reference": found.reference.name,
            "hyperparameters": list(change.settings),
            "trial_value": change.ours,
            "reference_value": change.theirs,
            "distance": change.distance,
        }
        for change in found.changes
    ]


def _steps(trial: Record, found: Comparison, attributed: Attribution) -> list[Row]:
    gains, total = attributed
    rows = [_step(gain, spoken(" and ".join(gain.changes))) for gain in gains]
    rows[0]["name"] = f"trial {trial.number}"
    rows.append(_step(total, "all of them") | {"part": "total"})
    return [row | {"reference": found.reference.name} for row in rows]


def _step(gain: Gain, name: str) -> Row:
    return {
        "part": "step",
        "name": name,
        "hyperparameters": list(gain.changes),
        "trial_value": gain.ours,
        "reference_value": gain.theirs,
        "val_accuracy": gain.accuracy,
        "n": len(gain.seeds),
        "fit_seconds": gain.fit_seconds,
        "gain": None if gain.gain is None else gain.gain.difference,
        "gain_low": None if gain.gain is None else gain.gain.interval.low,
        "gain_high": None if gain.gain is None else gain.gain.interval.high,
        "p_adjusted": None if gain.gain is None else gain.gain.p_adjusted,
        "seconds": gain.seconds,
        "seeds": list(gain.seeds),
    }


def _readable(row: Row) -> Row:
    gain, seconds = row["gain"], row["seconds"]
    low, high = row["gain_low"], row["gain_high"]
    told = "" if gain is None else format_cell(gain, "points")
    if isinstance(low, float) and isinstance(high, float):
        told += f" {plus_minus(low, high)}"
    sign = "+" if isinstance(seconds, float) and seconds >= 0 else ""
    costs = "" if seconds is None else f"{sign}{format_cell(seconds, 'seconds')}"
    return {**row, "gain": told, "seconds": costs}


def _notes(trial: Record, found: Comparison, attributed: Attribution | None) -> list[str]:
    name = found.reference.name
    if found.changes:
        where = (
            "among the references that are points of the space"
            if found.located
            else f"among all references of the family {found.family}, for none is in the space"
        )
        notes = [f"{name} is the nearest at a distance of {found.distance:.2f}, {where}"]
    else:
        notes = [f"trial {trial.number} is {name} itself"]
    if attributed is None:
        return notes
    gains, total = attributed
    if not total.seeds:
        return [*notes, "no seed is complete in every step yet"]
    notes.append(
        "gain: what the trial's value of a hyperparameter brings against the reference's, mean "
        "over the common seeds ± 95 % interval of images and seeds; p: corrected for the number "
        "of steps (Holm); costs: time of the fit. They depend on the order of the steps and add "
        "up to the last line"
    )
    if trial.result is not None and trial.result.selection is not None:
        notes.append("gains are measured on the held-out images that did not select the trial")
    else:
        notes.append(
            "the validation images also selected the trial, so its own accuracy is optimistic"
        )
    spread = next((gain.gain.spread for gain in gains if gain.gain is not None), None)
    source = None if spread is None else tell_spread(spread)
    if source is not None:
        notes.append(source)
    notes.append(tell_steps(gains, total))
    return notes


def tell_steps(gains: Sequence[Gain], total: Gain) -> str:
    """Return which steps are significant, the largest in the direction of the total first."""
    found = [(gain, gain.gain) for gain in gains if gain.gain is not None]
    sure = [(gain, lead) for gain, lead in found if lead.significant]
    if not sure:
        return "no step is significant: seeds and images explain all of the gains"
    whole = 0.0 if total.gain is None else total.gain.difference
    sure.sort(key=lambda pair: -pair[1].difference if whole >= 0 else pair[1].difference)
    told = ", ".join(
        f"{spoken(' and '.join(gain.changes))} ({100 * lead.difference:+.2f} points)"
        for gain, lead in sure
    )
    return f"significant: {told}; of {100 * whole:+.2f} in all"
