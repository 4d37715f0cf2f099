"""The sections of the page of figures that are about whole searches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from page_cells import median_seconds, on_machine, spread, table

from mnist_search.specs import QUARTERS

# What a contestant of ours has that the peers have not; the page says so where it takes part.
ADVANTAGES = {
    "mnist-search, no first points": (
        "`no first points` is `--no-first`: it draws its first trials, as the peers do; "
        "`mnist-search` alone begins with the first points that the space file names."
    ),
    "mnist-search, references first": (
        "`references first` is `--with-references`: the published systems among the first trials, "
        "which the peers do not know."
    ),
    "mnist-search, precision auto": (
        "`precision auto` is `--precision auto`: bfloat16 where the machine is fast at it; the "
        "peers train in float32."
    ),
}


def _beginning(names: Sequence[str]) -> str:
    """Return what a search of ours begins with; files without `no first points` are older."""
    if "mnist-search, no first points" in names:
        return ""
    return (
        " It begins with the defaults of the family as its first trial, the peers with one that "
        "they draw."
    )


def peers(document: dict[str, Any]) -> str:
    """Return the section on contestants that search the same space."""
    budget, contestants = document["budget"], document["rows"]
    rows = [
        [
            row["contestant"],
            ", ".join(map(str, row["trials"])),
            spread(row["best"], "{:.4f}"),
            spread(row["seconds"], "{:,.0f}"),
            _times_to_target(row, budget["trials"]),
        ]
        for row in contestants
    ]
    places = sorted(
        range(len(contestants[0]["targets"])), key=contestants[0]["targets"].__getitem__
    )
    ratios = [
        [
            row["contestant"],
            own,
            spread(times["to_finish"], "{:.1f}"),
            spread(times.get("to_target"), "{:.1f}"),
            _expected_ratios(times.get("expected_to_target"), places),
        ]
        for row in contestants
        for own, times in row.get("times", {}).items()
    ]
    expected = [
        [row["contestant"], *(_expected_seconds(row["expected"][place]) for place in places)]
        for row in contestants
    ]
    targets = ", ".join(f"{target:.4f}" for target in contestants[0]["targets"])
    names = [row["contestant"] for row in contestants]
    told = "".join(f" {ADVANTAGES[name]}" for name in names if name in ADVANTAGES)
    return (
        f"## Searches of the `{document['space']}` space, {budget['images']:,} images"
        f"{on_machine(document)}\n\n"
        f"{budget['trials']} trials of at most {budget['epochs']} epochs, a sixth of the images "
        "held out. Trials that ended in an early look at some of the held-out images are not "
        "counted. The target of each seed is the best validation accuracy that the slowest "
        f"contestant ended with: {targets}. Where `mnist-search` did not meet it with the trials "
        f"of all, it searched again with more, as the table says.{_beginning(names)}{told}\n\n"
        + table(["contestant", "trials", "best", "seconds", "seconds to target"], rows)
        + "\nThe slowest's own search is the lucky one that set the target. So, expected seconds "
        "to each target over the searches of all seeds: those until it was met, or to the end, per "
        "search that met it; and how many did. All searches of `mnist-search` count, also those "
        "that failed and were made again with more trials. In square brackets the 95 % interval "
        f"of a bootstrap over the {len(contestants[0]['targets'])} seeds, which is coarse.\n\n"
        + table(
            ["contestant", *(f"{contestants[0]['targets'][place]:.4f}" for place in places)],
            expected,
        )
        + "\nTimes of the peers as multiples of ours, within each seed, the expected ones within "
        "each target; a peer that never met a target counts with its whole time, which is less "
        "than it would take.\n\n"
        + table(["peer", "over", "to finish", "to target", "expected to target"], ratios)
    )


def _expected_seconds(found: dict[str, float]) -> str:
    more = "" if found["met"] else "over "
    low, high = f"{found['low']:,.0f}", f"{found['high']:,.0f}"
    counts = f"({found['met']:.0f} of {found['searches']:.0f})"
    return f"{more}{found['seconds']:,.0f} [{low} to {high}] {counts}"


def _expected_ratios(found: dict[str, Any] | None, places: Sequence[int]) -> str:
    """Return the median ratio, and the one of each target with its interval."""
    if found is None:
        return "-"
    return f"{found['median']:.1f}: " + ", ".join(
        f"{found['samples'][place]:.1f} [{found['intervals'][place][0]:.1f} to "
        f"{found['intervals'][place][1]:.1f}]"
        for place in places
    )


def _times_to_target(row: dict[str, Any], trials: int) -> str:
    told = []
    for at, budget in zip(row["seconds_to_target"], row["trials_to_target"], strict=True):
        more = "" if budget in (None, trials) else f" (with {budget} trials)"
        told.append("never" if at is None else f"{at:,.0f}{more}")
    return ", ".join(told)


def samplers(document: dict[str, Any]) -> str:
    """Return the section on the samplers of the tool."""
    rows = [
        [
            row["sampler"],
            spread(row["seconds"], "{:,.0f}"),
            spread(row["best_val_accuracy"], "{:.4f}"),
            ", ".join(map(str, row["complete"])),
            ", ".join(map(str, row["pruned"])),
        ]
        for row in document["rows"]
    ]
    seeds = len(document["rows"][0]["complete"])
    return (
        f"## Samplers on the `{document['space']}` space\n\n{document['budget']['trials']} trials, "
        f"the defaults of `run` otherwise, {seeds} seeds. The best validation accuracy has chosen "
        "its trial, so it is optimistic.\n\n"
        + table(["sampler", "seconds", "best validation accuracy", "complete", "pruned"], rows)
    )


def main_job(document: dict[str, Any]) -> str:
    """Return the section on how soon the main job finds a good network."""
    rows = [
        [
            row["contestant"],
            f"`{row['options']}`",
            *(_until(seconds) for seconds in row["until"]),
            spread(row["best"], "{:.4f}"),
            spread(row["winner"], "{:.4f}"),
            spread(row["seconds"], "{:,.0f}"),
        ]
        for row in document["rows"]
    ]
    trials = document["budget"]["trials"]
    targets = [f"{100 * target:g} %" for target in document["targets"]]
    names = " and ".join(f"`{row['contestant']}`" for row in document["rows"])
    return (
        f"## The main job, {names}: {trials} trials\n\n"
        "Seconds from the command until a complete trial had "
        f"a validation accuracy of {', '.join(targets)}: the median of the seeds and each of them. "
        "These accuracies and the best one have chosen their trials, so they are optimistic; "
        "the winner's is that of the held-out images that chose nothing.\n\n"
        + table(["contestant", "options", *targets, "best", "winner", "seconds in all"], rows)
        + f"\n![Best validation accuracy so far against seconds]({document['picture']})\n"
    )


def _until(samples: Sequence[float | None]) -> str:
    """Return the median and all samples; a seed that never got there counts as the slowest."""
    ordered = sorted(math.inf if each is None else each for each in samples)
    middle, *told = (
        "never" if math.isinf(each) else f"{each:,.0f}"
        for each in (median_seconds(samples), *ordered)
    )
    return f"{middle} ({', '.join(told)})"


def stopping(document: dict[str, Any]) -> str:
    """Return the section on rules that stop trials."""
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
        + table(
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
