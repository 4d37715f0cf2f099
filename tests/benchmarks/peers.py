"""Searches by their peers: time to finish, and time to the accuracy that the slowest ends with.

    python tests/benchmarks/peers.py --space cnn --output reports/performance/peers-cnn.json

Every contestant searches the same space on the same 50,000 + 10,000 images, with the same number
of trials and epochs at most, seed by seed and in turn. Its clock starts with its process. A trial's
accuracy counts when the trial ends. The same command goes on where it was ended.
"""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import harness

CONTESTANTS = ("mnist-search", "keras-tuner-random", "keras-tuner-hyperband", "optuna", "ray")
# Keras Tuner's own loop does not start without tensorboard, which TensorFlow no longer brings.
PACKAGES = {
    "keras-tuner-random": ["tensorboard"],
    "keras-tuner-hyperband": ["tensorboard"],
    "ray": ["ray[tune]", "pyarrow", "pandas"],
}


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
    options = parser.parse_args()
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
            for contestant in options.contestants:
                home = Path(folder, f"{contestant}-{seed}")
                home.mkdir()
                search = functools.partial(_search, contestant, options, data, home, seed, packages)
                run = journal.once((contestant, seed), search)
                runs.append(run)
                harness.say(
                    f"seed {seed}: {contestant}: {run['seconds']:.0f} s, "
                    f"{len(run['trials'])} trials, best {_best(run):.4f}"
                )
    harness.write(
        options.output,
        "peers",
        space=options.space,
        budget=budget,
        rows=_rows(runs),
        runs=runs,
    )


def _search(
    contestant: str,
    options: argparse.Namespace,
    data: Path,
    home: Path,
    seed: int,
    packages: dict[str, str],
) -> dict[str, Any]:
    budget = [str(options.trials), str(options.epochs), str(seed)]
    if contestant == "mnist-search":
        command = harness.tool(
            home,
            *("run", "--space", options.space, "--dataset", str(data), "--study", "benchmark"),
            *("--trials", budget[0], "--epochs", budget[1], "--seed", budget[2]),
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
    trials = _own_trials(home) if contestant == "mnist-search" else _logged(log)
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
        return [
            (record.finished, record.result.last_accuracy)
            for record in ledger.records()
            if record.finished is not None
            and record.result is not None
            and record.result.last_accuracy is not None
            # an early look at a part of the images is no result
            and record.state in ("complete", "pruned")
            and (record.state == "complete" or record.result.validation is not None)
        ]
    finally:
        ledger.close()


def _logged(log: Path) -> list[tuple[float, float]]:
    pairs = (line.split() for line in log.read_text().splitlines())
    return [(float(at), float(accuracy)) for at, accuracy in pairs]


def _best(run: dict[str, Any]) -> float:
    return max((accuracy for _, accuracy in run["trials"]), default=0.0)


def _rows(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each contestant: seconds, and ratios to ours within each seed."""
    seeds = sorted({run["seed"] for run in runs})
    by_key = {(run["contestant"], run["seed"]): run for run in runs}
    contestants = list(dict.fromkeys(run["contestant"] for run in runs))
    # of each seed: what the contestant that took longest had found in the end
    targets = {}
    for seed in seeds:
        slowest = max((by_key[name, seed] for name in contestants), key=lambda run: run["seconds"])
        targets[seed] = _best(slowest)
    rows = []
    for name in contestants:
        mine = [by_key[name, seed] for seed in seeds]
        reached = [_time_to(run, targets[run["seed"]]) for run in mine]
        row: dict[str, Any] = {
            "contestant": name,
            "trials": [len(run["trials"]) for run in mine],
            "best": harness.spread([_best(run) for run in mine]),
            "seconds": harness.spread([run["seconds"] for run in mine]),
            "targets": list(targets.values()),
            # None: never
            "seconds_to_target": reached,
        }
        if name != "mnist-search" and "mnist-search" in contestants:
            own = [by_key["mnist-search", seed] for seed in seeds]
            row["times_ours"] = harness.ratio(
                [run["seconds"] for run in mine], [run["seconds"] for run in own]
            )
            # A peer that never got there is counted with its whole time: at least so much.
            ours = [_time_to(run, targets[run["seed"]]) for run in own]
            if None not in ours:
                row["times_ours_to_target"] = harness.ratio(
                    [
                        run["seconds"] if at is None else at
                        for run, at in zip(mine, reached, strict=True)
                    ],
                    [at for at in ours if at is not None],
                )
        rows.append(row)
    return rows


def _time_to(run: dict[str, Any], target: float) -> float | None:
    return min((at for at, accuracy in run["trials"] if accuracy >= target), default=None)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
