"""The references as text: the list, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mnist_search.choices import Format
from mnist_search.references import Reference
from mnist_search.references.rows import detail_row, layer_rows, published_row, recipe_row
from mnist_search.reporting.cells import Column, spoken
from mnist_search.reporting.rows import render_rows

Row = dict[str, Any]

LIST_NOTE = (
    "relu and a final D10(softmax) go without saying; published figures: one run each, "
    "10,000 test images; ours: means of runs on the machine that `references show` names"
)


LAYER_COLUMNS = (
    Column("number", "#", "count"),
    Column("layer", "layer", "word"),
    Column("output_shape", "output", "word"),
    Column("parameters", "parameters", "count"),
    Column("trainable_parameters", "trainable", "count"),
    Column("flops", "flops", "count", priority=2),
    Column("initializer", "kernel starts from", "word", priority=1),
)


def render_references(rows: Sequence[Row], format: Format) -> str:
    """Return a row for each reference, as text."""
    people = format in {"table", "markdown"}
    notes = [LIST_NOTE] if people else []
    columns = _list_columns(wide=not people)
    return render_rows(rows, columns, format, title="References", notes=notes)


def render_reference(reference: Reference, format: Format) -> str:
    """Return one reference with its layers, recipe, published figures and quirks, as text."""
    match format:
        case "json":
            return render_rows([detail_row(reference)], [], format)
        case "csv":
            return _layers_page(reference, format)
        case "table" | "markdown":
            return f"{_layers_page(reference, format)}\n{_facts_page(reference, format)}"


def fact_rows(reference: Reference) -> list[Row]:
    """Return recipe and published figures as rows of fact and value, in words."""
    recipe = recipe_row(reference)
    word = "measured" if reference.document == "ours" else "published"
    published = {f"{word}_{key}": value for key, value in published_row(reference).items()}
    return [
        {
            "fact": spoken(key),
            "value": f"{value * 100:g} %" if "accuracy" in key else _spell(value),
        }
        for key, value in (recipe | published).items()
        if value is not None
    ]


def _list_columns(*, wide: bool) -> list[Column]:
    columns = [
        Column("name", "name", "word"),
        Column("document", "doc.", "word", priority=3),
        Column("family", "family", "word", priority=4),
        Column("layers", "layers", "text"),
        Column("parameters", "parameters", "count"),
        Column("trainable_parameters", "trainable", "count", priority=5),
        Column("published_accuracy", "accuracy", "percent"),
        Column("published_loss", "loss", "number", priority=1),
        Column("published_epochs", "epochs", "count", priority=2),
    ]
    if not wide:
        return columns
    return [
        *columns,
        Column("published_train_accuracy", "published training accuracy", "percent"),
        Column("published_fit_seconds", "published fit seconds", "seconds"),
        Column("published_seconds_per_epoch", "published seconds per epoch", "seconds"),
        Column("optimizer", "optimizer", "text"),
        Column("batch_size", "batch size", "count"),
        Column("flops", "flops", "count"),
        Column("config_id", "config id", "text"),
        Column("source", "source", "text"),
    ]


def readable_layers(rows: Iterable[Row]) -> list[Row]:
    """Return rows of layers with the shape of what each gives out as text, such as `28x28x1`."""
    return [{**row, "output_shape": "x".join(map(str, row["output_shape"]))} for row in rows]


def _layers_page(reference: Reference, format: Format) -> str:
    rows = readable_layers(layer_rows(reference.config.model))
    parameters, trainable = (
        sum(row[key] for row in rows) for key in ("parameters", "trainable_parameters")
    )
    return render_rows(
        rows,
        LAYER_COLUMNS,
        format,
        title=f"{reference.name}: {reference.title}",
        notes=[
            f"{parameters:,} parameters, {trainable:,} of them trainable",
            _origin(reference),
        ],
    )


def _facts_page(reference: Reference, format: Format) -> str:
    return render_rows(
        fact_rows(reference),
        [Column("fact", "recipe and result", "word"), Column("value", "value", "text")],
        format,
        notes=[f"quirk: {quirk}" for quirk in reference.quirks],
    )


def _spell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if value >= 10_000:
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case dict():
            return ", ".join(f"{spoken(key)} {_spell(it)}" for key, it in value.items())
        case _:
            return str(value)


def _origin(reference: Reference) -> str:
    if reference.document == "ours":
        return f"ours: {reference.source}"
    return f"document {reference.document}: {reference.source}"
