"""What `vary` found, in every format: values, interactions, and what holds on several models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from mnist_search.analysis.comparison import Difference
from mnist_search.analysis.effects import EffectLevel
from mnist_search.analysis.traits import describe
from mnist_search.analysis.words import plural
from mnist_search.choices import Format
from mnist_search.commands.vary import VaryResult
from mnist_search.reporting.cells import (
    UNKNOWN,
    Column,
    format_p,
    format_seconds,
    plus_minus,
    spoken,
    tell_difference,
)
from mnist_search.reporting.effects_told import (
    tell_effects,
    tell_holds,
    tell_notes,
    tell_value,
)
from mnist_search.reporting.rows import Table, render_rows, render_tables
from mnist_search.spaces.parameters import Value

Row = dict[str, object]
VALUE_COLUMNS = (
    Column("hyperparameter", "hyperparameter", "word"),
    Column("value", "value", "word"),
    Column("accuracy", "validation, %", "figure"),
    Column("difference", "difference, points", "figure"),
    Column("p_adjusted", "p", "figure", 1),
    Column("seconds_ratio", "seconds", "figure"),
    Column("inference_ratio", "inference", "figure", 3),
    Column("parameters", "parameters", "count", 2),
    Column("runs", "n", "count", 1),
)
INTERACTION_COLUMNS = (
    Column("hyperparameter", "hyperparameters", "word"),
    Column("value", "values", "word"),
    Column("difference", "more than the two alone, points", "figure"),
    Column("p_adjusted", "p", "figure"),
)
SUMMARY_COLUMNS = (
    Column("hyperparameter", "hyperparameter", "word"),
    Column("value", "value", "word"),
    Column("holds", "what holds", "text"),
)
_KEYS = (
    "part", "model", "hyperparameter", "value", "base", "accuracy", "accuracy_low",
    "accuracy_high", "difference", "difference_low", "difference_high", "p_value", "p_adjusted",
    "runs", "networks", "fit_seconds", "seconds_ratio", "inference_us", "inference_ratio",
    "parameters", "collapsed", "failure", "holds", "epochs", "seeds", "design", "study",
    "description",
)  # fmt: skip


# Those of a value that are attributes of it.
_LEVEL_KEYS = (
    "value", "accuracy", "runs", "networks", "fit_seconds", "seconds_ratio", "inference_us",
    "inference_ratio", "parameters", "collapsed", "failure",
)  # fmt: skip


def render_effects(
    results: Sequence[VaryResult], format: Literal[Format, "html"], *, plain: bool = False
) -> str:
    """Return what was varied around each model, and below it what holds on all of them.

    JSON and CSV have all rows in one, `part` says which; `plain` is for a file.
    """
    if format == "html":
        return render_effects_page(results)
    if format in ("json", "csv"):
        rows = [row for result in results for row in raw_rows(result)]
        rows += [{"part": "summary", **row} for row in summary_rows(results)]
        notes = [sentence for result in results for sentence in _sentences(result)]
        columns = [Column(key, key) for key in _KEYS]
        return render_rows(
            [dict.fromkeys(_KEYS) | row for row in rows], columns, format, notes=notes
        )
    parts = [
        render_tables(_tables(result), format, notes=_sentences(result), plain=plain)
        for result in results
    ]
    if summary := summary_rows(results):
        title = f"what holds on all {len(results)} models"
        parts.append(render_rows(summary, SUMMARY_COLUMNS, format, title=title, plain=plain))
    return "\n".join(parts)


def render_effects_page(results: Sequence[VaryResult]) -> str:
    """Return what was varied as one HTML page that loads nothing."""
    from mnist_search.reporting.charts.intervals import draw_effects
    from mnist_search.reporting.html.frame import Drawings, render_template
    from mnist_search.reporting.html.tables import table_of

    drawings = Drawings()
    models = [
        {
            "name": result.model,
            "heading": heading(result),
            "sentences": list(tell_effects(result)),
            "notes": list(tell_notes(result)),
            "tables": [table_of(each) for each in _tables(result) if each.rows],
            "drawing": drawings.add(
                draw_effects(result), f"Effects: {heading(result)}", elastic=False
            ),
        }
        for result in results
    ]
    summary = summary_rows(results)
    return render_template(
        "effects.html",
        drawings,
        title=f"mnist-search: {', '.join(result.model for result in results)} varied",
        models=models,
        summary=summary and table_of(Table(summary, SUMMARY_COLUMNS, "what holds on all models")),
    )


def _sentences(result: VaryResult) -> list[str]:
    return [*tell_effects(result), *tell_notes(result)]


def _tables(result: VaryResult) -> list[Table]:
    """Return the values of a model, and the interactions that it may have."""
    crossed = interaction_rows(result)
    return [
        Table(value_rows(result), VALUE_COLUMNS, heading(result)),
        Table(crossed, INTERACTION_COLUMNS, "interactions of two"),
    ]


def heading(result: VaryResult) -> str:
    """Return what was varied, how, and on what."""
    ways = {
        "one at a time": "one hyperparameter at a time",
        "full table": "a full table",
        "screening": "a fraction of all combinations of two values each",
    }
    epochs = plural(result.config.training.epochs, "epoch")
    return (
        f"{result.model} varied, {ways[result.effects.design.kind]}: {result.spec.dataset.name}, "
        f"{epochs}, {plural(len(result.seeds), 'seed')}, {result.spec.precision}"
    )


def value_rows(result: VaryResult) -> list[Row]:
    """Return a row for each value, as it is read; the largest effect first."""
    rows: list[Row] = []
    for effect in result.effects.effects:
        for place, level in enumerate(effect.levels):
            is_model = result.effects.design.kind == "one at a time" and level.is_base
            told = (
                "" if level.is_base else "the same network" if level.failure is None else "failed"
            )
            if level.difference is not None:
                told = tell_difference(level.difference)
            elif level.accuracy is None and level.failure is None:
                unbuildable = result.is_left_out(effect.name, level.value)
                told = "cannot be built" if unbuildable else "not yet run"
            rows.append(
                {
                    "hyperparameter": spoken(effect.name) if place == 0 else "",
                    "value": f"{tell_value(level.value)} *"
                    if is_model
                    else tell_value(level.value),
                    "accuracy": _tell_accuracy(level),
                    "difference": told,
                    "p_adjusted": _tell_p(level.difference),
                    "seconds_ratio": _tell_ratio(level.seconds_ratio, level.fit_seconds),
                    "inference_ratio": _tell_ratio(level.inference_ratio, None),
                    "parameters": None if level.parameters is None else round(level.parameters),
                    "runs": level.runs,
                }
            )
    return rows


def interaction_rows(result: VaryResult) -> list[Row]:
    """Return a row for each interaction of a full table, as it is read."""
    return [
        {
            "hyperparameter": " and ".join(map(spoken, one.names)),
            "value": " and ".join(map(tell_value, one.values)),
            "difference": tell_difference(one.difference),
            "p_adjusted": _tell_p(one.difference),
        }
        for one in result.effects.interactions
    ]


def summary_rows(results: Sequence[VaryResult]) -> list[Row]:
    """Return what each value does on every model; nothing for one model."""
    found: dict[tuple[str, Value], list[tuple[str, EffectLevel]]] = {}
    for result in results:
        for effect in result.effects.effects:
            for level in effect.levels:
                found.setdefault((effect.name, level.value), []).append((result.model, level))
    rows: list[tuple[int, Row]] = []
    for (name, value), levels in found.items():
        known = [(model, level.difference) for model, level in levels]
        gaps = [(model, gap) for model, gap in known if gap is not None]
        if len(results) > 1 and len(gaps) > 1:
            row: Row = {
                "hyperparameter": spoken(name),
                "value": tell_value(value),
                "holds": tell_holds(gaps),
            }
            rows.append((sum(gap.significant for _, gap in gaps), row))
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


def raw_rows(result: VaryResult) -> Iterator[Row]:
    """Yield the rows of JSON and CSV: the model, its values, and interactions."""
    effects = result.effects
    yield {
        "part": "model",
        "model": result.model,
        "design": effects.design.kind,
        "epochs": result.config.training.epochs,
        "seeds": list(result.seeds),
        "study": result.spec.name,
        "description": describe(result.config),
    }
    for effect in effects.effects:
        for level in effect.levels:
            interval = level.interval
            yield {
                "part": "value",
                "model": result.model,
                "hyperparameter": effect.name,
                "base": level.is_base,
                "accuracy_low": None if interval is None else interval.low,
                "accuracy_high": None if interval is None else interval.high,
                **{key: getattr(level, key) for key in _LEVEL_KEYS},
                **_raw_difference(level.difference),
            }
    for one in effects.interactions:
        yield {
            "part": "interaction",
            "model": result.model,
            "hyperparameter": list(one.names),
            "value": list(one.values),
            **_raw_difference(one.difference),
        }


def _raw_difference(gap: Difference | None) -> Row:
    if gap is None:
        return {}
    return {
        "difference": gap.difference,
        "difference_low": gap.interval.low,
        "difference_high": gap.interval.high,
        "p_value": gap.p_value,
        "p_adjusted": gap.p_adjusted,
    }


def _tell_accuracy(level: EffectLevel) -> str:
    if level.accuracy is None:
        return UNKNOWN
    known = level.interval
    half = "" if known is None else f" {plus_minus(known.low, known.high)}"
    return f"{100 * level.accuracy:.2f}{half}"


def _tell_p(gap: Difference | None) -> str:
    return "" if gap is None else format_p(gap.p_adjusted)


def _tell_ratio(ratio: float | None, seconds: float | None) -> str | None:
    if ratio is not None:
        return f"x{ratio:.2f}"
    return None if seconds is None else format_seconds(seconds)
