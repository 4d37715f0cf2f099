"""The main job: how soon `mnist-search run` finds a good network, for several versions or options.

    python tests/benchmarks/main_job.py --home FOLDER --contestants "defaults=--space cnn" \\
        --output reports/performance/main-job.json

Each search is the command that a user types. `--pythons NAME=PATH` runs a contestant with the
Python of another installation, such as one of the version before. Searches are kept in --home, and
their results beside the output, so that the same command resumes. With `--recount` it writes the
results that are there, and searches no more.
"""

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import harness

TARGETS = (0.99, 0.993, 0.995)
# Run by the contestant's own Python: the score and the end of each complete trial, and what the
# winner has on the held-out images that no trial is chosen by.
_READ = """
import json, sys
from mnist_search import open_study
study = open_study(sys.argv[2], sys.argv[1])
done = [t for t in study.optuna.trials if t.state.name == "COMPLETE"]
winner = max(done, key=lambda t: t.values[0])
print(json.dumps({
    "trials": [[t.datetime_complete.astimezone().timestamp(), t.values[0]] for t in done],
    "winner": study.records()[winner.number].result.validation.accuracy,
}))
"""


def main() -> None:
    """Search with every contestant and seed, seed by seed."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=3)
    parser.add_argument("--contestants", nargs="+", required=True, help="NAME=OPTIONS of `run`")
    parser.add_argument("--pythons", nargs="*", default=[], help="NAME=PATH of its interpreter")
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--home", type=Path, required=True, help="where the studies are kept")
    parser.add_argument("--recount", action="store_true", help="write the results that are there")
    options = parser.parse_args()
    contestants = dict(each.split("=", 1) for each in options.contestants)
    pythons = dict(each.split("=", 1) for each in options.pythons)
    journal = harness.Journal(options.output, trials=options.trials)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contestants}
    for seed in range(1, options.repeats + 1):
        for name, words in contestants.items():
            if options.recount and not journal.holds((name, words, seed)):
                continue
            python = pythons.get(name, sys.executable)
            search = functools.partial(_search, options, name, words, seed, python)
            found[name].append(journal.once((name, words, seed), search))
            last = found[name][-1]
            harness.say(
                f"seed {seed}: {name}: {last['seconds']:.0f} s, best {last['curve'][-1][1]:.4f}"
            )
    harness.write(
        options.output,
        "main_job",
        budget={"trials": options.trials},
        targets=TARGETS,
        rows=[row_of(name, contestants[name], runs) for name, runs in found.items()],
        provenance=journal.provenance(),
    )


def _search(
    options: argparse.Namespace, name: str, words: str, seed: int, python: str
) -> dict[str, Any]:
    study = f"{name}-{seed}"
    environment = harness.tool_environment()
    if python != sys.executable:
        # The sources of this checkout would come before those of the other installation.
        del environment["PYTHONPATH"]
    began, clock = datetime.now(UTC).timestamp(), time.monotonic()
    run = ("run", *words.split(), "--trials", str(options.trials))
    _, *rest = harness.tool(options.home, *run, "--study", study, "--seed", str(seed))
    subprocess.run([python, *rest], env=environment, capture_output=True, check=True)
    seconds = time.monotonic() - clock
    read = subprocess.run(
        [python, "-c", _READ, str(options.home), study],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(read.stdout)
    curve = best_so_far(found["trials"], began)
    return {"seconds": seconds, "curve": curve, "winner": found["winner"]}


def best_so_far(trials: list[list[float]], began: float) -> list[list[float]]:
    """Return [seconds since `began`, best score until then] where the best score rose."""
    curve: list[list[float]] = []
    for ended, score in sorted(trials):
        if not curve or score > curve[-1][1]:
            curve.append([ended - began, score])
    return curve


def seconds_until(curve: list[list[float]], target: float) -> float | None:
    """Return the seconds until a search had a score of `target`, None if it never had."""
    return next((seconds for seconds, score in curve if score >= target), None)


def row_of(name: str, words: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "contestant": name,
        "options": words,
        "seconds": harness.spread([run["seconds"] for run in runs]),
        "best": harness.spread([run["curve"][-1][1] for run in runs]),
        "winner": harness.spread([run["winner"] for run in runs]),
        "until": [[seconds_until(run["curve"], target) for run in runs] for target in TARGETS],
        "curves": [run["curve"] for run in runs],
    }


if __name__ == "__main__":
    main()
