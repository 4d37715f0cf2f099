"""What `vary` found, in every format."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.choices import ReportFormat
from mnist_search.commands.vary import VaryResult
from mnist_search.reporting.cells import Column
from mnist_search.reporting.effects import (
    INTERACTION_COLUMNS,
    SUMMARY_COLUMNS,
    VALUE_COLUMNS,
    heading,
    interaction_rows,
    raw_rows,
    summary_rows,
    value_rows,
)
from mnist_search.reporting.effects_told import tell_effects, tell_notes
from mnist_search.reporting.rows import render_rows

_KEYS = (
    "part", "model", "hyperparameter", "value", "base", "accuracy", "accuracy_low",
    "accuracy_high", "difference", "difference_low", "difference_high", "p_value", "p_adjusted",
    "runs", "networks", "fit_seconds", "seconds_ratio", "inference_us", "inference_ratio",
    "parameters", "collapsed", "failure", "holds", "epochs", "seeds", "design", "study",
    "description",
)  # fmt: skip


def render_effects(
    results: Sequence[VaryResult], format: ReportFormat, *, plain: bool = False
) -> str:
    """Return what was varied around each model, and below it what holds on all of them.

    JSON and CSV have all rows in one, `part` says which; `plain` is for a file.
    """
    if format == "html":
        from mnist_search.reporting.html.effects import render_effects_page

        return render_effects_page(results)
    if format in ("json", "csv"):
        rows = [row for result in results for row in raw_rows(result)]
        rows += [{"part": "summary", **row} for row in summary_rows(results)]
        notes = [
            sentence
            for result in results
            for sentence in [*tell_effects(result), *tell_notes(result)]
        ]
        columns = [Column(key, key) for key in _KEYS]
        return render_rows(
            [dict.fromkeys(_KEYS) | row for row in rows], columns, format, notes=notes
        )
    parts = []
    for result in results:
        sentences = [*tell_effects(result), *tell_notes(result)]
        crossed = interaction_rows(result)
        table = render_rows(
            value_rows(result),
            VALUE_COLUMNS,
            format,
            title=heading(result),
            notes=() if crossed else sentences,
            plain=plain,
        )
        parts.append(table)
        if crossed:
            title = "interactions of two"
            parts.append(
                render_rows(
                    crossed, INTERACTION_COLUMNS, format, title=title, notes=sentences, plain=plain
                )
            )
    if summary := summary_rows(results):
        title = f"what holds on all {len(results)} models"
        parts.append(render_rows(summary, SUMMARY_COLUMNS, format, title=title, plain=plain))
    return "\n".join(parts)
