"""The page of varied choices: for each model what its values do, and what holds on all models."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.commands.vary import VaryResult
from mnist_search.reporting.charts.effects import draw_effects
from mnist_search.reporting.effects import (
    INTERACTION_COLUMNS,
    SUMMARY_COLUMNS,
    VALUE_COLUMNS,
    heading,
    interaction_rows,
    summary_rows,
    value_rows,
)
from mnist_search.reporting.effects_told import tell_effects, tell_notes
from mnist_search.reporting.html.drawings import Drawings
from mnist_search.reporting.html.frame import render_template
from mnist_search.reporting.html.tables import table_of


def render_effects_page(results: Sequence[VaryResult]) -> str:
    """Return what was varied as one HTML page that loads nothing."""
    drawings = Drawings()
    models = []
    for result in results:
        crossed = interaction_rows(result)
        title = heading(result)
        models.append(
            {
                "name": result.model,
                "heading": title,
                "sentences": list(tell_effects(result)),
                "notes": list(tell_notes(result)),
                "table": table_of(value_rows(result), VALUE_COLUMNS, title=title),
                "interactions": crossed
                and table_of(crossed, INTERACTION_COLUMNS, title="interactions of two"),
                "drawing": drawings.add(draw_effects(result), f"Effects: {title}", elastic=False),
            }
        )
    summary = summary_rows(results)
    return render_template(
        "effects.html",
        drawings,
        title=f"mnist-search: {', '.join(result.model for result in results)} varied",
        models=models,
        summary=summary and table_of(summary, SUMMARY_COLUMNS, title="what holds on all models"),
    )
