"""Searches by their peers: time to finish, and time to the accuracy that the slowest ends with.

    python tests/benchmarks/peers.py --space cnn --output reports/performance/peers-cnn.json

Every contestant searches the same space on the same 50,000 + 10,000 images, with the same number
of trials and epochs at most, seed by seed and in turn. Its clock starts with its process. A trial
counts when it ends, with the accuracy of its best epoch, as Keras Tuner scores it.

`mnist-search, no first points` is told no more than the peers are. `mnist-search` is as it comes:
a new study of it begins with the first points of the space. `mnist-search, references first` starts
with the published systems that are points of the space, which nobody has told the peers of;
`mnist-search, precision auto` may train in bfloat16, where the machine is fast at it. The peers'
kernels are TensorFlow's choice; workers of ours turn oneDNN on, which TensorFlow leaves off with
AVX2 alone.

A trial that is stopped early costs little, so that as many trials are not as much work. Where ours
does not meet the target with the trials of all, it searches again with twice and with four times
as many, and how many it took stands beside the time. The same command goes on where it was ended.

The slowest's own search is the lucky one that set the target, which the same search with another
seed need not meet. So each target is put to the searches of all seeds as well: the expected time
to it is the seconds of all searches of a contestant, each until it met the target or ended, over
the number that met it (ERT in Hansen et al., "COCO", Optimization Methods and Software 36, 2021).
All searches of ours count, also those that failed and were made again with more trials. Intervals
are a bootstrap over the seeds.

`--recount` makes the rows of a file again from its own runs, without running anything.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import harness

# Ours comes as it is, without the first points of the space, which the peers do not know, with the
# published systems as its first trials, and with the faster format.
OWN = {
    "mnist-search": (),
    "mnist-search, no first points": ("--no-first",),
    "mnist-search, references first": ("--with-references",),
    "mnist-search, precision auto": ("--precision", "auto"),
}
# How many times the trials of all ours may have, until it meets the target.
LONGER = (2, 4)
CONTESTANTS = (*OWN, "keras-tuner-random", "keras-tuner-hyperband", "optuna", "ray")
# Keras Tuner's own loop does not start without tensorboard, which TensorFlow no longer brings.
PACKAGES = {
    "keras-tuner-random": ["tensorboard"],
    "keras-tuner-hyperband": ["tensorboard"],
    "ray": ["ray[tune]", "pyarrow", "pandas"],
}


# The searches of a contestant, seed by seed; of ours perhaps several, each with more trials.
BySeed = list[list[dict[str, Any]]]


def main() -> None:
    """Let every contestant search with every seed, and write times and ratios."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=3)
    parser.add_argument("--space", choices=("cnn", "mlp"), default="cnn")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--images", type=int, default=60_000, help="a sixth is held out")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--packages", type=Path, default=None, help="folder for peers' packages")
    parser.add_argument("--options", default="", help="more options of `mnist-search run`")
    parser.add_argument("--recount", action="store_true", help="rows from the file's own runs")
    options = parser.parse_args()
    if options.recount:
        document = json.loads(options.output.read_text())
        document["rows"] = _rows(document["runs"])
        options.output.write_text(json.dumps(document, indent=1) + "\n")
        return
    wanted = [name for peer in options.contestants for name in PACKAGES.get(peer, [])]
    packages = harness.installed(sorted(set(wanted)), options.packages) if wanted else {}
    budget = {"trials": options.trials, "epochs": options.epochs, "images": options.images}
    journal = harness.Journal(
        options.output, space=options.space, options=options.options, **budget
    )
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        from data import first_images

        data = first_images(Path(folder, "images.npz"), train=options.images)
        for seed in range(1, options.repeats + 1):
            search = functools.partial(_search, options, data, seed, packages, Path(folder))
            runs += _race(options, journal, seed, search)
    harness.write(
        options.output,
        "peers",
        space=options.space,
        budget=budget,
        rows=_rows(runs),
        runs=runs,
        provenance=journal.provenance(),
    )


def _race(
    options: argparse.Namespace,
    journal: harness.Journal,
    seed: int,
    search: Callable[[str, int], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Let all search with one seed, and ours for longer where it missed the target."""
    runs: list[dict[str, Any]] = []

    def run(contestant: str, trials: int, *key: int) -> None:
        found = journal.once((contestant, seed, *key), lambda: search(contestant, trials))
        runs.append(found | {"budget": trials})
        harness.say(
            f"seed {seed}: {contestant}: {found['seconds']:.0f} s, "
            f"{len(found['trials'])} trials, best {_best(found):.4f}"
        )

    for contestant in options.contestants:
        run(contestant, options.trials)
    for own in OWN:
        for trials in (factor * options.trials for factor in LONGER):
            if _is_missed(runs, own):
                run(own, trials, trials)
    return runs


def _search(
    options: argparse.Namespace,
    data: Path,
    seed: int,
    packages: dict[str, str],
    folder: Path,
    contestant: str,
    trials: int,
) -> dict[str, Any]:
    home = folder / f"{contestant}-{seed}-{trials}"
    home.mkdir()
    budget = [str(trials), str(options.epochs), str(seed)]
    if contestant in OWN:
        command = harness.tool(
            home,
            *("run", "--space", options.space, "--dataset", str(data), "--study", "benchmark"),
            *("--trials", budget[0], "--epochs", budget[1], "--seed", budget[2]),
            *OWN[contestant],
            *options.options.split(),
        )
        environment = harness.tool_environment()
    else:
        script = harness.FOLDER / "peer_loops.py"
        command = [sys.executable, str(script), contestant, options.space, str(data), *budget]
        environment = harness.child_environment() | packages
    log = home / "log.jsonl"
    started = time.time()
    finished = subprocess.run(
        command,
        env=environment | {"PEER_LOG": str(log), "PYTHONWARNINGS": "ignore"},
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.time() - started
    if finished.returncode != 0:
        raise SystemExit(f"{contestant} failed:\n{finished.stderr[-3000:]}")
    trials = _own_trials(home) if contestant in OWN else _logged(log)
    return {
        "contestant": contestant,
        "seed": seed,
        "seconds": seconds,
        "trials": [[at - started, accuracy] for at, accuracy in trials],
    }


def _own_trials(home: Path) -> list[tuple[float, float]]:
    from mnist_search.studies import open_ledger

    ledger = open_ledger(home / "benchmark")
    try:
        records = ledger.records()
    finally:
        ledger.close()
    found = []
    for record in records:
        # An early look, at a part of the images, leaves no epoch and is no result.
        epochs = () if record.result is None else record.result.epochs
        accuracies = [epoch.val_accuracy for epoch in epochs if epoch.val_accuracy is not None]
        if record.finished is not None and accuracies:
            found.append((record.finished, max(accuracies)))
    return found


def _logged(log: Path) -> list[tuple[float, float]]:
    trials: dict[str, tuple[float, float]] = {}
    for number, line in enumerate(log.read_text().splitlines()):
        at, accuracy, *trial = line.split()
        name = f"epochs of {trial[0]}" if trial else f"line {number}"
        _, best = trials.get(name, (0.0, 0.0))
        trials[name] = float(at), max(best, float(accuracy))
    return list(trials.values())


def _best(run: dict[str, Any]) -> float:
    return max((_exact(accuracy) for _, accuracy in run["trials"]), default=0.0)


def _target(runs: list[dict[str, Any]]) -> float:
    """Return what the contestant that took longest had found in the end; of one seed's runs."""
    return _best(max(_first_of_each(runs), key=lambda run: run["seconds"]))


def _first_of_each(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each contestant's run with the trials of all, without the longer ones after it."""
    first: dict[str, dict[str, Any]] = {}
    for run in runs:
        first.setdefault(run["contestant"], run)
    return list(first.values())


def _is_missed(runs: list[dict[str, Any]], contestant: str) -> bool:
    """Say whether it took part and did not meet the target of the seed."""
    mine = [run for run in runs if run["contestant"] == contestant]
    return bool(mine) and _met(mine, _target(runs)) is None


def _met(runs: list[dict[str, Any]], target: float) -> tuple[float, int] | None:
    """Return the seconds until the first of the runs that meets the target does, and its trials."""
    for run in runs:
        at = _time_to(run, target)
        if at is not None:
            return at, run["budget"]
    return None


def _rows(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each contestant: seconds, and those of peers over ours within a seed."""
    by_seed: dict[int, list[dict[str, Any]]] = {}
    for run in runs:
        by_seed.setdefault(run["seed"], []).append(run)
    targets = {seed: _target(mine) for seed, mine in by_seed.items()}
    contestants = list(dict.fromkeys(run["contestant"] for run in runs))
    found = {
        name: [[run for run in mine if run["contestant"] == name] for mine in by_seed.values()]
        for name in contestants
    }
    rows = []
    for name in contestants:
        mine = [of_seed[0] for of_seed in found[name]]
        reached = [
            _met(of_seed, target)
            for of_seed, target in zip(found[name], targets.values(), strict=True)
        ]
        row: dict[str, Any] = {
            "contestant": name,
            "trials": [len(run["trials"]) for run in mine],
            "best": harness.spread([_best(run) for run in mine]),
            "seconds": harness.spread([run["seconds"] for run in mine]),
            "targets": list(targets.values()),
            # None: never
            "seconds_to_target": [None if at is None else at[0] for at in reached],
            "trials_to_target": [None if at is None else at[1] for at in reached],
            "expected": [_expected(found[name], target) for target in targets.values()],
        }
        rows.append(row)
    for row in rows:
        if row["contestant"] not in OWN:
            row["times"] = {
                own["contestant"]: _ratios(row, own)
                | _expected_ratios(
                    found[row["contestant"]], found[own["contestant"]], list(targets.values())
                )
                for own in rows
                if own["contestant"] in OWN
            }
    return rows


def _ratios(peer: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return the times of a peer over one of ours: to finish, to the target of its seed, expected.

    A peer that never met the target counts with its whole time: at least so much.
    """
    seconds = peer["seconds"]["samples"]
    found = {"to_finish": harness.ratio(seconds, own["seconds"]["samples"])}
    spent = harness.spent(seconds, peer["seconds_to_target"])
    if None not in own["seconds_to_target"]:
        found["to_target"] = harness.ratio(spent, own["seconds_to_target"])
    return found


def _expected_ratios(peer: BySeed, own: BySeed, targets: list[float]) -> dict[str, Any]:
    """Return the expected seconds of a peer over ours for each target, with their intervals.

    Empty where no search of ours met one of the targets.
    """
    if any(_seconds(own, target)[1] == 0 for target in targets):
        return {}
    seeds = list(zip(peer, own, strict=True))
    found = harness.ratio(
        [_seconds(peer, target)[0] for target in targets],
        [_seconds(own, target)[0] for target in targets],
    )
    found["intervals"] = [
        harness.bootstrap(
            seeds,
            lambda drawn, target=target: (
                _seconds([pair[0] for pair in drawn], target)[0]
                / _seconds([pair[1] for pair in drawn], target)[0]
            ),
        )
        for target in targets
    ]
    return {"expected_to_target": found}


def _expected(by_seed: BySeed, target: float) -> dict[str, Any]:
    """Return the expected seconds until a search of these meets the target, with an interval.

    Where none has met it, they are the seconds of all: at least so many.
    """
    seconds, met = _seconds(by_seed, target)
    low, high = harness.bootstrap(by_seed, lambda drawn: _seconds(drawn, target)[0])
    searches = sum(len(runs) for runs in by_seed)
    return {"seconds": seconds, "low": low, "high": high, "met": met, "searches": searches}


def _seconds(by_seed: Sequence[list[dict[str, Any]]], target: float) -> tuple[float, int]:
    """Return the expected seconds over all searches of all seeds, and how many met the target."""
    searches = [run for runs in by_seed for run in runs]
    reached = [_time_to(run, target) for run in searches]
    whole = [run["seconds"] for run in searches]
    return harness.expected_seconds(whole, reached), sum(at is not None for at in reached)


def _time_to(run: dict[str, Any], target: float) -> float | None:
    met = (at for at, accuracy in run["trials"] if _exact(accuracy) >= target)
    return min(met, default=None)


def _exact(accuracy: float) -> float:
    """Return an accuracy without the error of float32, in which Keras' history keeps it."""
    return round(accuracy, 6)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
