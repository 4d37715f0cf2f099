"""Write reports/performance.md from the JSON files of the benchmarks, and from nothing else.

    python tests/benchmarks/report.py reports/performance/*.json --output reports/performance.md

The curve of memory.json becomes memory.svg beside it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from mnist_search.references import get_reference
from mnist_search.reporting.figures.canvas import BLUE, ORANGE, drawing, new_figure, save_figure
from mnist_search.specs import QUARTERS
from mnist_search.specs.shapes import measure

MIB = 2**20
# A step computes the forward pass once and, backwards, about twice as much again.
PASSES = 3
# What a contestant of ours has that the peers have not; the page says so where it takes part.
ADVANTAGES = {
    "mnist-search, references first": (
        "`references first` is `--with-references`: the published systems among the first trials, "
        "which the peers do not know."
    ),
    "mnist-search, precision auto": (
        "`precision auto` is `--precision auto`: bfloat16 where the machine is fast at it; the "
        "peers train in float32."
    ),
}


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
        if document["benchmark"] == "memory":
            picture = path.with_suffix(".svg")
            draw_memory(document["points"], picture)
            document["picture"] = os.path.relpath(picture, options.output.parent)
    draft = options.output.with_name(f".{options.output.name}")
    draft.write_text(render(documents))
    draft.replace(options.output)


def render(documents: Sequence[dict[str, Any]]) -> str:
    """Return the report as Markdown; benchmarks come in the order of `SECTIONS`."""
    parts = [
        "# Performance\n",
        "Medians, and in brackets the lowest and the highest of the rounds. Contestants take "
        "turns within each round; where one was measured again later, the line below the figures "
        "says so. Ratios are taken within rounds. Only ratios compare across machines.\n",
    ]
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
            _spread(row["images_per_second"], "{:,.0f}"),
            _share(row, limits),
        ]
        for row in document["rows"]
    ]
    ratios = [
        [
            row["net"],
            row["precision"],
            f"{row['against']}, {row['against_precision']}",
            _spread(row["ratio"], "{:.2f}"),
        ]
        for row in document["ratios"]
    ]
    reached = "; ".join(f"{name} {figure:,.0f}" for name, figure in limits.items())
    return (
        "## Training throughput\n\nImages per second in the second epoch; `mnist-search` is the "
        "trainer of this project, `fit` is Keras on numpy arrays, `torch` is PyTorch eager. "
        f"A large matmul on the same cores reaches, in 10^9 operations a second: {reached}; the "
        f"share of it counts {PASSES} forward passes a step.\n\n"
        + _table(["net", "precision", "contestant", "images/s", "share of matmul"], rows)
        + "\n"
        + _table(["net", "precision", "against", "times as fast"], ratios)
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
        + _table(
            ["net", "seeds", "float32", "bfloat16", "difference", "from", "to", "parity"], rows
        )
    )


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.2f}"


def _peers(document: dict[str, Any]) -> str:
    budget, contestants = document["budget"], document["rows"]
    rows = [
        [
            row["contestant"],
            ", ".join(map(str, row["trials"])),
            _spread(row["best"], "{:.4f}"),
            _spread(row["seconds"], "{:,.0f}"),
            _times_to_target(row, budget["trials"]),
        ]
        for row in contestants
    ]
    ratios = [
        [
            row["contestant"],
            own,
            _spread(times["to_finish"], "{:.1f}"),
            _spread(times.get("to_target"), "{:.1f}"),
            _spread(times.get("expected_to_target"), "{:.1f}"),
        ]
        for row in contestants
        for own, times in row.get("times", {}).items()
    ]
    places = sorted(
        range(len(contestants[0]["targets"])), key=contestants[0]["targets"].__getitem__
    )
    expected = [
        [row["contestant"], *(_expected_seconds(row["expected"][place]) for place in places)]
        for row in contestants
    ]
    targets = ", ".join(f"{target:.4f}" for target in contestants[0]["targets"])
    names = [row["contestant"] for row in contestants]
    told = "".join(f" {ADVANTAGES[name]}" for name in names if name in ADVANTAGES)
    return (
        f"## Searches of the `{document['space']}` space, {budget['images']:,} images\n\n"
        f"{budget['trials']} trials of at most {budget['epochs']} epochs, a sixth of the images "
        "held out. Trials that ended in an early look at some of the held-out images are not "
        "counted. The target of each seed is the best validation accuracy that the slowest "
        f"contestant ended with: {targets}. Where `mnist-search` did not meet it with the trials "
        f"of all, it searched again with more, as the table says.{told}\n\n"
        + _table(["contestant", "trials", "best", "seconds", "seconds to target"], rows)
        + "\nThe slowest's own search is the lucky one that set the target. So, expected seconds "
        "to each target over the searches of all seeds: those until it was met, or to the end, per "
        "search that met it; and how many did.\n\n"
        + _table(
            ["contestant", *(f"{contestants[0]['targets'][place]:.4f}" for place in places)],
            expected,
        )
        + "\nTimes of the peers as multiples of ours, within each seed, the expected ones within "
        "each target; a peer that never met a target counts with its whole time, which is less "
        "than it would take.\n\n"
        + _table(["peer", "over", "to finish", "to target", "expected to target"], ratios)
    )


def _expected_seconds(found: dict[str, float]) -> str:
    more = "" if found["met"] else "over "
    return f"{more}{found['seconds']:,.0f} ({found['met']:.0f} of {found['searches']:.0f})"


def _times_to_target(row: dict[str, Any], trials: int) -> str:
    told = []
    for at, budget in zip(row["seconds_to_target"], row["trials_to_target"], strict=True):
        more = "" if budget in (None, trials) else f" (with {budget} trials)"
        told.append("never" if at is None else f"{at:,.0f}{more}")
    return ", ".join(told)


def _samplers(document: dict[str, Any]) -> str:
    rows = [
        [
            row["sampler"],
            _spread(row["seconds"], "{:,.0f}"),
            _spread(row["best_val_accuracy"], "{:.4f}"),
            ", ".join(map(str, row["complete"])),
            ", ".join(map(str, row["pruned"])),
        ]
        for row in document["rows"]
    ]
    seeds = len(document["rows"][0]["complete"])
    return (
        f"## Samplers on the `{document['space']}` space\n\n{document['budget']['trials']} trials, "
        f"the defaults of `run` otherwise, {seeds} seeds. The best validation accuracy has chosen "
        "its trial, which flatters it.\n\n"
        + _table(["sampler", "seconds", "best validation accuracy", "complete", "pruned"], rows)
    )


def _stopping(document: dict[str, Any]) -> str:
    rows = [
        [
            f"`{row['rule']}`",
            ", ".join(f"{step / QUARTERS:g}" for step in row["steps"]) or "never",
            row["networks"],
            *map(_expected_and_share, row["expected"].values()),
            f"{row['best']:.4f}",
            f"{row['seconds']:,.0f}",
        ]
        for row in document["rows"]
    ]
    budget, goods = document["budget"], document["rows"][0]["expected"]
    return (
        f"## Rules that stop trials, on the `{document['space']}` space\n\n"
        f"{budget['networks']} random networks, trained in {document['precision']} for "
        f"{budget['epochs']} epochs on {budget['images']:,} images, a sixth of them held out; each "
        f"rule is played on them in {document['orders']} random orders, by one "
        "worker. A name is that of `--pruner`, a number the factor of Optuna's successive halving. "
        "Expected seconds to a network among the best, and the share of the orders that came to "
        f"one; of the first {document['trials']} trials the best accuracy and the seconds, means "
        "over the orders.\n\n"
        + _table(
            [
                *("rule", "looks after epochs", "networks"),
                *(f"to one of the best {count}" for count in goods),
                *(f"best of {document['trials']}", f"seconds of {document['trials']}"),
            ],
            rows,
        )
    )


def _expected_and_share(found: dict[str, Any]) -> str:
    if found["seconds"] is None:
        return "never"
    return f"{found['seconds']:,.0f} ({100 * found['met']:.0f} %)"


def _workers(document: dict[str, Any]) -> str:
    rows = [[str(row["workers"]), _spread(row["seconds"], "{:.1f}")] for row in document["rows"]]
    return (
        f"## Workers\n\n{document['budget']['trials']} random trials of the `{document['space']}` "
        f"space. Speed-up: {_spread(document['speedup'], '{:.2f}')}.\n\n"
        + _table(["workers", "seconds"], rows)
    )


def _overhead(document: dict[str, Any]) -> str:
    rows = [
        [row["sampler"], row["loop"], f"{row['trials']:,}", _spread(row["ms"], "{:.1f}")]
        for row in document["rows"]
    ]
    lengths = " and ".join(dict.fromkeys(f"{row['trials']:,}" for row in document["rows"]))
    return (
        f"## Overhead of a trial, in searches of {lengths} trials\n\n"
        f"Space `{document['space']}`, an instant made-up objective. "
        f"{document['unit'].capitalize()}.\n\n"
        + _table(["sampler", "loop", "trials", "ms per trial"], rows)
    )


def _startup(document: dict[str, Any]) -> str:
    rows = [[f"`{row['command']}`", _spread(row["seconds"], "{:.2f}")] for row in document["rows"]]
    return "## Start-up\n\n" + _table(["command", "seconds"], rows)


def _memory(document: dict[str, Any]) -> str:
    rows = [
        [row["process"], *(f"{row[key] / MIB:,.0f}" if key in row else "-" for key in _MOMENTS)]
        for row in document["rows"]
    ]
    return (
        f"## Memory\n\nResident MiB over {document['budget']['trials']} trials of the "
        f"`{document['space']}` space.\n\n"
        + _table(["process", "most", "first half", "second half"], rows)
        + f"\n![Resident memory over the search]({document['picture']})\n"
    )


def draw_memory(points: Sequence[dict[str, float]], path: Path) -> None:
    """Draw the resident memory of coordinator and largest worker over time, as SVG."""
    minutes = [point["seconds"] / 60 for point in points]
    with drawing():
        figure = new_figure(3.2, title=None)
        axes = figure.subplots()
        processes = (("largest_worker", "largest worker", BLUE), ("parent", "coordinator", ORANGE))
        for name, label, color in processes:
            axes.plot(minutes, [point[name] / MIB for point in points], label=label, color=color)
        axes.set(xlabel="minutes", ylabel="resident MiB", ylim=(0, None))
        axes.legend()
    save_figure(figure, path)


_MOMENTS = ("most", "most_in_the_first_half", "most_in_the_second_half")

SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "throughput": _throughput,
    "parity": _parity,
    "peers": _peers,
    "samplers": _samplers,
    "stopping": _stopping,
    "workers": _workers,
    "overhead": _overhead,
    "startup": _startup,
    "memory": _memory,
}


def _origin(document: dict[str, Any]) -> str:
    environment = document["environment"]
    versions = ", ".join(f"{name} {number}" for name, number in environment["packages"].items())
    return (
        f"`{document['command']}`, {document['finished'][:10]}; {environment['processor']}, "
        f"{environment['cores']} cores, {', '.join(environment['features'])}; Python "
        f"{environment['python']}, {versions}.{_measured(document.get('provenance', []))}\n"
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


def _spread(found: dict[str, Any] | None, form: str) -> str:
    if found is None:
        return "-"
    middle, low, high = (form.format(found[key]) for key in ("median", "low", "high"))
    return middle if len(found["samples"]) == 1 else f"{middle} ({low} to {high})"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
