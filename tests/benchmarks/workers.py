"""Two workers against one: the same search, its trials per hour, in turn.

    python tests/benchmarks/workers.py --output reports/performance/workers.json

No trial is stopped early and proposals are random, so that both train the same networks for the
same epochs; the clock runs from the start of the first trial to the end of the last.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import harness


def main() -> None:
    """Search with each number of workers in every round, and write the ratio."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=3)
    parser.add_argument("--space", default="mlp")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--images", type=int, default=60_000, help="a sixth is held out")
    parser.add_argument("--workers", nargs=2, type=int, default=[1, 2])
    options = parser.parse_args()
    seconds: dict[int, list[float]] = {number: [] for number in options.workers}
    with tempfile.TemporaryDirectory() as folder:
        from data import first_images

        data = first_images(Path(folder, "images.npz"), train=options.images)
        for repeat in range(options.repeats):
            for workers in options.workers:
                home = Path(folder, f"{repeat}-{workers}")
                seconds[workers].append(_search_seconds(options, home, data, workers, repeat))
                harness.say(f"round {repeat + 1}: {workers} workers: {seconds[workers][-1]:.1f} s")
    few, many = options.workers
    harness.write(
        options.output,
        "workers",
        space=options.space,
        budget={"trials": options.trials, "epochs": options.epochs, "images": options.images},
        rows=[
            {"workers": workers, "seconds": harness.spread(values)}
            for workers, values in seconds.items()
        ],
        speedup=harness.ratio(seconds[few], seconds[many]),
    )


def _search_seconds(
    options: argparse.Namespace, home: Path, data: Path, workers: int, seed: int
) -> float:
    from mnist_search.studies import open_ledger

    environment = harness.tool_environment()
    subprocess.run(
        harness.tool(
            home,
            *("run", "--space", options.space, "--sampler", "random", "--pruner", "none"),
            *("--study", "benchmark", "--dataset", str(data), "--seed", str(seed)),
            *("--trials", str(options.trials), "--epochs", str(options.epochs)),
            # all cores either way: one worker alone takes as many threads
            *("--workers", str(workers)),
        ),
        env=environment,
        capture_output=True,
        check=True,
    )
    ledger = open_ledger(home / "benchmark")
    try:
        records = ledger.records()
    finally:
        ledger.close()
    started = [record.started for record in records if record.started is not None]
    finished = [record.finished for record in records if record.finished is not None]
    return max(finished) - min(started)


if __name__ == "__main__":
    main()
