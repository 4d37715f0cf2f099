"""One run in full, as text or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean
from typing import Literal

from mnist_search.commands.show import ShownRun
from mnist_search.reporting.cells import Column, Style, format_cell, spoken
from mnist_search.reporting.references import LAYER_COLUMNS, readable_layers
from mnist_search.reporting.rows import Table, render_rows, render_tables

Fact = tuple[str, object, Style]
_EPOCH_COLUMNS = (
    Column("epoch", "epoch", "count"),
    Column("loss", "loss", "number"),
    Column("accuracy", "training", "percent"),
    Column("val_loss", "validation loss", "number", 1),
    Column("val_accuracy", "validation", "percent"),
    Column("seconds", "seconds", "seconds", 2),
)


def render_run(run: ShownRun, format: Literal["table", "json"]) -> str:
    """Return all that is known of a run, as text that ends with a newline."""
    if format == "json":
        return render_rows([run.as_dict()], [], "json")
    record, result = run.record, run.record.result
    assert result is not None
    name = record.reference if record.kind == "reference" else None
    title = f"{name or 'trial'} {'run ' * (name is not None)}{record.number} of {record.study}"
    values = record.values or {}
    tables = [
        _facts(_outcome(run), "run", title),
        _facts([(key, value, "number") for key, value in values.items()], "hyperparameter"),
        _facts([(spoken(key), _told(value), "text") for key, value in run.training.items()],
               "training"),
        Table(readable_layers(run.layers), LAYER_COLUMNS),
        Table([epoch.model_dump() for epoch in run.epochs], _EPOCH_COLUMNS),
        _facts(_times(run), "times"),
    ]  # fmt: skip
    return render_tables(tables, "table")


def _outcome(run: ShownRun) -> Iterable[Fact]:
    record, result = run.record, run.record.result
    assert result is not None
    yield "state", record.state, "word"
    if result.failure is not None:
        yield "why", f"{result.failure.kind}: {result.failure.message}", "text"
    if record.dataset is not None:
        yield "data", record.dataset.name, "text"
    yield "protocol", run.config.protocol, "word"
    yield "seed", result.seed, "word"
    if (score := result.score) is not None:
        on = "validation" if result.validation is not None else "test"
        yield f"{on} accuracy", f"{100 * score.accuracy:.2f} % of {score.total:,} images", "text"
    tested = [
        each.result.test.accuracy for each in run.confirmed if each.result and each.result.test
    ]
    if tested:
        yield (
            "confirmed test accuracy",
            f"{100 * fmean(tested):.2f} %, mean of {len(tested)} runs on all training images",
            "text",
        )
    yield "parameters", result.parameters, "count"
    yield "trainable", result.trainable_parameters, "count"
    yield "FLOPs per image", result.flops, "count"
    yield "precision", result.precision, "word"


def _times(run: ShownRun) -> Iterable[Fact]:
    result = run.record.result
    assert result is not None
    times = result.timings
    named = ("import", "data", "build", "first_step", "fit")
    for name in named:
        yield spoken(name), getattr(times, f"{name}_seconds"), "seconds"
    yield "processor time of the fit", times.fit_cpu_seconds, "seconds"
    if times.step_seconds:
        yield "a steady step", fmean(times.step_seconds), "seconds"
    yield "inference of an image", times.inference_us_batch_1, "microseconds"
    yield "peak memory", times.peak_memory_bytes, "bytes"
    yield "threads", result.threads, "count"
    if result.contended:
        yield "disturbed", "other processes kept the cores busy", "text"
    if (here := result.environment) is not None:
        yield "processor", here.processor, "text"
        if here.device.kind == "gpu":
            yield "GPU", here.device.label, "text"
        yield "versions", ", ".join(f"{k} {v}" for k, v in here.packages.items()), "text"


def _facts(facts: Iterable[Fact], header: str, title: str | None = None) -> Table:
    rows = [
        {"fact": name, "value": format_cell(value, style)}
        for name, value, style in facts
        if value is not None
    ]
    columns = [Column("fact", header, "word"), Column("value", "value", "text")]
    return Table(rows, columns, title)


def _told(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(
            f"{spoken(key)} {format_cell(each, 'number')}" for key, each in value.items()
        )
    return value
