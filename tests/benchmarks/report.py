"""Write reports/performance.md from the JSON files of the benchmarks, and from nothing else.

    python tests/benchmarks/report.py reports/performance/*.json --output reports/performance.md

The curve of memory.json becomes memory.svg beside it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import altair
import page_searches
import page_summary
from page_cells import on_machine, spread, table

from mnist_search.references import get_reference
from mnist_search.reporting.charts.files import save_chart
from mnist_search.reporting.charts.style import BLUE, GREEN, ORANGE, RED, WIDE, colours, data
from mnist_search.specs.shapes import measure

MIB = 2**20
# A step computes the forward pass once and, backwards, about twice as much again.
PASSES = 3


def main() -> None:
    """Read, render, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    documents = []
    for path in options.files:
        document = json.loads(path.read_text())
        documents.append(document)
        picture = path.with_suffix(".svg")
        document["picture"] = os.path.relpath(picture, options.output.parent)
        if document["benchmark"] == "memory":
            draw_memory(document["points"], picture)
        elif document["benchmark"] == "main_job":
            draw_main_job(document["rows"], picture)
    draft = options.output.with_name(f".{options.output.name}")
    draft.write_text(render(documents))
    draft.replace(options.output)


def render(documents: Sequence[dict[str, Any]]) -> str:
    """Return the report as Markdown; benchmarks come in the order of `SECTIONS`."""
    parts = [
        "# Performance\n",
        "Medians, and in brackets the lowest and the highest of the rounds. Contestants take "
        "turns within each round; where one was measured again later, the line below the figures "
        "says so. Ratios are taken within rounds. Only ratios compare across machines. The peers "
        "run as their libraries choose; where TensorFlow leaves oneDNN off, as with AVX2 alone, "
        "the workers of `mnist-search` turn it on.\n",
    ]
    parts[1:1] = [page_summary.summary(documents)]
    known = list(SECTIONS)
    for document in sorted(documents, key=lambda one: known.index(one["benchmark"])):
        parts.append(SECTIONS[document["benchmark"]](document))
        parts.append(_origin(document))
    return "\n".join(parts)


def _throughput(document: dict[str, Any]) -> str:
    limits = {row["precision"]: row["gflops"]["median"] for row in document["limits"]}
    rows = [
        [
            row["net"],
            row["precision"],
            row["contestant"],
            spread(row["images_per_second"], "{:,.0f}"),
            _share(row, limits),
        ]
        for row in document["rows"]
    ]
    ratios = [
        [
            row["net"],
            row["precision"],
            f"{row['against']}, {row['against_precision']}",
            spread(row["ratio"], "{:.2f}"),
        ]
        for row in document["ratios"]
    ]
    reached = "; ".join(f"{name} {figure:,.0f}" for name, figure in limits.items())
    return (
        f"## Training throughput{on_machine(document)}\n\n"
        "Images per second in the second epoch; `mnist-search` is the "
        "trainer of this project, `fit` is Keras on numpy arrays, `torch` is PyTorch eager. "
        f"A large matmul on the same cores reaches, in 10^9 operations a second: {reached}; the "
        f"share of it counts {PASSES} forward passes a step.\n\n"
        + table(["net", "precision", "contestant", "images/s", "share of matmul"], rows)
        + "\n"
        + table(["net", "precision", "against", "times as fast"], ratios)
    )


def _cluster(document: dict[str, Any]) -> str:
    scale = [
        [
            str(row["slots"]),
            row["sampler"],
            spread(row["cpu_ms"], "{:.1f}"),
            spread(row["trials_per_second"], "{:.0f}"),
        ]
        for row in document["rows"]
    ]
    costs = [
        [row["worker"], row["what"], spread(row["ms"], "{:,.1f}")] for row in document["costs"]
    ]
    memory = document["memory_mib"]
    return (
        f"## Ray cluster{on_machine(document)}\n\n"
        f"Searches of {document['trials']:,} trials of the `mlp` space, whose workers are "
        f"simulated: places in {document['actors']} actors, with an instant made-up result. The "
        "milliseconds are processor time of the coordinator for a trial, with engine, ledger and "
        "messages: 1,000 divided by them is how many trials a second one coordinator can serve, "
        "and that times the seconds of a trial is how many workers. Past that point, several "
        "studies with a seed and a coordinator each go side by side.\n\n"
        + table(["workers", "sampler", "coordinator, ms a trial", "trials/s here"], scale)
        + "\nOne real worker of the cluster and one of this machine, in turns. The head holds "
        f"{memory['head']} MiB, each further machine {memory['node']} MiB, without workers.\n\n"
        + table(["worker", "what", "ms"], costs)
    )


def _share(row: dict[str, Any], limits: dict[str, float]) -> str:
    flops = measure(get_reference(row["net"]).run_config("held-out").model).flops
    gflops = PASSES * flops * row["images_per_second"]["median"] / 1e9
    return f"{100 * gflops / limits[row['precision']]:.0f} %"


def _parity(document: dict[str, Any]) -> str:
    rows = [
        [
            row["net"],
            str(len(row["differences"])),
            f"{100 * sum(row['float32']) / len(row['float32']):.2f} %",
            f"{100 * sum(row['bfloat16']) / len(row['bfloat16']):.2f} %",
            *(_points(row[key]) for key in ("mean_difference", "low", "high")),
            "yes" if row["parity"] else "no",
        ]
        for row in document["rows"]
    ]
    return (
        "## Accuracy of bfloat16 beside float32\n\nMean test accuracy; bfloat16 less float32 of "
        "the same seeds, in points, with its 95 % interval.\n\n"
        + table(["net", "seeds", "float32", "bfloat16", "difference", "from", "to", "parity"], rows)
    )


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.2f}"


def _workers(document: dict[str, Any]) -> str:
    rows = [[str(row["workers"]), spread(row["seconds"], "{:.1f}")] for row in document["rows"]]
    return (
        f"## Workers\n\n{document['budget']['trials']} random trials of the `{document['space']}` "
        f"space. Speed-up: {spread(document['speedup'], '{:.2f}')}.\n\n"
        + table(["workers", "seconds"], rows)
    )


def _overhead(document: dict[str, Any]) -> str:
    rows = [
        [row["sampler"], row["loop"], f"{row['trials']:,}", spread(row["ms"], "{:.1f}")]
        for row in document["rows"]
    ]
    lengths = " and ".join(dict.fromkeys(f"{row['trials']:,}" for row in document["rows"]))
    return (
        f"## Overhead of a trial, in searches of {lengths} trials\n\n"
        f"Space `{document['space']}`, an instant made-up objective. "
        f"{document['unit'].capitalize()}.\n\n"
        + table(["sampler", "loop", "trials", "ms per trial"], rows)
    )


def _startup(document: dict[str, Any]) -> str:
    rows = [[f"`{row['command']}`", spread(row["seconds"], "{:.2f}")] for row in document["rows"]]
    return "## Start-up\n\n" + table(["command", "seconds"], rows)


def _memory(document: dict[str, Any]) -> str:
    rows = [
        [row["process"], *(f"{row[key] / MIB:,.0f}" if key in row else "-" for key in _MOMENTS)]
        for row in document["rows"]
    ]
    return (
        f"## Memory\n\nResident MiB over {document['budget']['trials']} trials of the "
        f"`{document['space']}` space.\n\n"
        + table(["process", "most", "first half", "second half"], rows)
        + f"\n![Resident memory over the search]({document['picture']})\n"
    )


def draw_memory(points: Sequence[dict[str, float]], path: Path) -> None:
    """Draw the resident memory of coordinator and largest worker over time, as SVG."""
    processes = {"largest_worker": "largest worker", "parent": "coordinator"}
    rows = [
        {"minutes": point["seconds"] / 60, "MiB": point[name] / MIB, "process": label}
        for point in points
        for name, label in processes.items()
    ]
    chart = altair.Chart(data(rows)).mark_line().encode(
        altair.X("minutes:Q"), altair.Y("MiB:Q", title="resident MiB"),
        colours({"largest worker": BLUE, "coordinator": ORANGE}, "process"),
    )  # fmt: skip
    save_chart(chart.properties(width=WIDE, height=260), path)


def draw_main_job(runs: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the best accuracy so far of every search against its seconds, as SVG."""
    rows = []
    for row in runs:
        for seed, (curve, whole) in enumerate(
            zip(row["curves"], row["seconds"]["samples"], strict=True), 1
        ):
            points = [*curve, [whole, curve[-1][1]]]
            rows += [
                {"seconds": at, "error": 1 - best, "search": row["contestant"], "seed": seed}
                for at, best in points
            ]
    names = [row["contestant"] for row in runs]
    palette = dict(zip(names, (ORANGE, BLUE, GREEN, RED), strict=False))
    chart = altair.Chart(data(rows)).mark_line(interpolate="step-after").encode(
        altair.X("seconds:Q"),
        altair.Y("error:Q", title="best validation error so far", axis=altair.Axis(format="%"))
        .scale(type="log", domainMax=0.05, clamp=True),
        colours(palette, "search"),
        altair.Detail("seed:N"),
    )  # fmt: skip
    save_chart(chart.properties(width=WIDE, height=260), path)


_MOMENTS = ("most", "most_in_the_first_half", "most_in_the_second_half")

SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "throughput": _throughput,
    "parity": _parity,
    "peers": page_searches.peers,
    "main_job": page_searches.main_job,
    "samplers": page_searches.samplers,
    "stopping": page_searches.stopping,
    "workers": _workers,
    "overhead": _overhead,
    "cluster": _cluster,
    "startup": _startup,
    "memory": _memory,
}


def _origin(document: dict[str, Any]) -> str:
    environment = document["environment"]
    versions = ", ".join(f"{name} {number}" for name, number in environment["packages"].items())
    return (
        f"`{document['command']}`, {document['finished'][:10]}; {environment['processor']}, "
        f"{environment['cores']} cores, {', '.join(environment['features'])}; Python "
        f"{environment['python']}, {versions}.{page_summary.age(document)}"
        f"{_measured(document.get('provenance', []))}\n"
    )


def _measured(provenance: Sequence[dict[str, Any]]) -> str:
    """Return when the runs of a journal ended and which commits they measured, by contestant."""
    found: dict[str, list[tuple[str, str]]] = {}
    for run in provenance:
        commit = run["revision"] or "no commit"
        found.setdefault(str(run["key"][0]), []).append((run["finished"], commit))
    told = [
        f"{name} {_minute(min(runs)[0])} to {_minute(max(runs)[0])} "
        f"({', '.join(dict.fromkeys(commit for _, commit in sorted(runs)))})"
        for name, runs in found.items()
    ]
    return f" Runs ended (UTC): {'; '.join(told)}." if told else ""


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


if __name__ == "__main__":
    main()
