"""The lines at the top of the page of figures: one for each subject, from its newest file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from page_cells import median_seconds

import mnist_search

LINES = 10


def summary(documents: Sequence[dict[str, Any]]) -> str:
    """Return at most `LINES` lines, in the order of `HEADLINES`, of what was measured."""
    newest: dict[str, dict[str, Any]] = {}
    for document in sorted(documents, key=lambda one: str(one.get("finished", ""))):
        newest[_subject(document)] = document
    lines = []
    for name, headline in HEADLINES.items():
        for document in newest.values():
            line = headline(document) if document["benchmark"] == name else None
            if line is not None:
                lines.append(f"* {line}{age(document)}\n")
    return "".join(lines[:LINES])


def _subject(document: dict[str, Any]) -> str:
    """Return what a newer file on it takes the place of; each search is a subject of its own."""
    name = str(document["benchmark"])
    return name if name != "main_job" else f"{name} {document['rows'][0]['contestant']}"


def age(document: dict[str, Any]) -> str:
    """Say which version was measured, where it is not this one."""
    measured = document.get("environment", {}).get("packages", {}).get("mnist-search")
    if measured in (None, mnist_search.__version__):
        return ""
    return f" (Measured with the earlier version {measured}.)"


def _main_job(document: dict[str, Any]) -> str:
    row = document["rows"][0]
    reached = [
        f"{100 * target:g} % {_middle(seconds)}"
        for target, seconds in zip(document["targets"], row["until"], strict=True)
    ]
    seeds = len(row["curves"])
    return (
        f"**A search of at most {document['budget']['trials']} trials** (`run {row['options']}`) "
        f"takes {row['seconds']['median']:,.0f} s; a validation accuracy of {', '.join(reached)} "
        f"({'one seed' if seeds == 1 else f'medians of {seeds} seeds'})."
    )


def _middle(samples: Sequence[float | None]) -> str:
    middle = median_seconds(samples)
    return "was not reached" if math.isinf(middle) else f"after {middle:,.0f} s"


def _peers(document: dict[str, Any]) -> str | None:
    found = [
        f"{row['contestant']} {times['to_finish']['median']:.1f} and "
        f"{times['expected_to_target']['median']:.1f} (over `{own}`)"
        for row in document["rows"]
        for own, times in row.get("times", {}).items()
        if times.get("expected_to_target") is not None
    ]
    budget = document["budget"]
    return (
        None
        if not found
        else (
            f"**Beside other tools**, {budget['trials']} trials of `{document['space']}` on "
            f"{budget['images']:,} images: how many times as long they take to finish, and in "
            f"expectation to the same accuracy: {'; '.join(found)}."
        )
    )


def _throughput(document: dict[str, Any]) -> str | None:
    found = [
        f"{row['net']} {row['ratio']['median']:.2f}"
        for row in document["ratios"]
        if row["precision"] == row["against_precision"] == "float32" and row["against"] == "fit"
    ]
    return (
        None
        if not found
        else f"**Training** in float32, times as fast as Keras' `fit`: {', '.join(found)}."
    )


def _samplers(document: dict[str, Any]) -> str:
    found = [f"{row['sampler']} {row['seconds']['median']:,.0f}" for row in document["rows"]]
    trials = document["budget"]["trials"]
    return f"**Samplers**, seconds of {trials} trials of `{document['space']}`: {', '.join(found)}."


def _stopping(document: dict[str, Any]) -> str | None:
    rows = {row["rule"]: row for row in document["rows"]}
    if not {"halving", "none"} <= set(rows):
        return None
    halving, none = rows["halving"], rows["none"]
    return (
        f"**Stopping**: with `halving` the first {document['trials']} trials of "
        f"`{document['space']}` take {halving['seconds'] / none['seconds']:.2f} of their seconds, "
        f"and {none['best'] - halving['best']:.4f} of the best accuracy is lost."
    )


def _workers(document: dict[str, Any]) -> str:
    most = max(row["workers"] for row in document["rows"])
    return f"**Workers**: {most} are {document['speedup']['median']:.2f} times as fast as one."


def _overhead(document: dict[str, Any]) -> str | None:
    found = [
        f"{row['sampler']} {row['ms']['median']:.0f} ms at {row['trials']:,}"
        for row in document["rows"]
        if row["loop"] == "worker"
    ]
    return (
        None
        if not found
        else f"**Overhead of a trial**, by the trials of the search: {', '.join(found)}."
    )


def _cluster(document: dict[str, Any]) -> str:
    most = max(row["slots"] for row in document["rows"])
    found = [
        f"{row['sampler']} {row['cpu_ms']['median']:.1f} ms"
        for row in document["rows"]
        if row["slots"] == most
    ]
    return (
        f"**Ray cluster**: with {most:,} simulated workers the coordinator spends on a trial: "
        f"{', '.join(found)}."
    )


def _startup(document: dict[str, Any]) -> str:
    found = [f"`{row['command']}` {row['seconds']['median']:.2f}" for row in document["rows"]]
    return f"**Start-up**, seconds: {', '.join(found)}."


HEADLINES: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "main_job": _main_job,
    "peers": _peers,
    "throughput": _throughput,
    "samplers": _samplers,
    "stopping": _stopping,
    "workers": _workers,
    "overhead": _overhead,
    "cluster": _cluster,
    "startup": _startup,
}
