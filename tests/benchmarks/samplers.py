"""Samplers beside each other: minutes and best validation accuracy of whole searches.

    python tests/benchmarks/samplers.py --home FOLDER --output reports/performance/samplers.json

Each search is the command that a user types, with its defaults. Searches are kept in --home, and
what came of them beside the output: the same command goes on where it was ended.
"""

from __future__ import annotations

import argparse
import functools
import subprocess
from pathlib import Path

import harness

SAMPLERS = ("optuna:tpe", "optuna:random", "keras-tuner:bayesian", "keras-tuner:hyperband")


def main() -> None:
    """Search with every sampler and seed, seed by seed."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=3)
    parser.add_argument("--samplers", nargs="+", default=list(SAMPLERS), help="ENGINE:SAMPLER")
    parser.add_argument("--space", default="cnn")
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--home", type=Path, required=True, help="where the studies are kept")
    parser.add_argument("--options", default="", help="more options of `mnist-search run`")
    options = parser.parse_args()
    journal = harness.Journal(
        options.output, space=options.space, trials=options.trials, options=options.options
    )
    found: dict[str, list[dict[str, float]]] = {name: [] for name in options.samplers}
    for seed in range(1, options.repeats + 1):
        for name in options.samplers:
            search = functools.partial(_search, options, name, seed)
            found[name].append(journal.once((name, seed), search))
            harness.say(f"seed {seed}: {name}: {found[name][-1]}")
    harness.write(
        options.output,
        "samplers",
        space=options.space,
        budget={"trials": options.trials},
        rows=[
            {
                "sampler": name,
                "seconds": harness.spread([run["seconds"] for run in runs]),
                "best_val_accuracy": harness.spread([run["best"] for run in runs]),
                "complete": [run["complete"] for run in runs],
                "pruned": [run["pruned"] for run in runs],
            }
            for name, runs in found.items()
        ],
        provenance=journal.provenance(),
    )


def _search(options: argparse.Namespace, name: str, seed: int) -> dict[str, float]:
    engine, _, sampler = name.partition(":")
    prefix = "" if engine == "optuna" else f"{engine}-"
    study = f"{options.space}-{prefix}{sampler}-{seed}"
    environment = harness.tool_environment()
    subprocess.run(
        harness.tool(
            options.home,
            *("run", "--space", options.space, "--trials", str(options.trials)),
            *("--engine", engine, "--sampler", sampler, "--study", study),
            *("--seed", str(seed), *options.options.split()),
        ),
        env=environment,
        capture_output=True,
        check=True,
    )
    return _outcome(options.home / study)


def _outcome(folder: Path) -> dict[str, float]:
    from mnist_search.studies import open_ledger

    ledger = open_ledger(folder)
    try:
        records, seconds = ledger.records(), ledger.seconds_used()
    finally:
        ledger.close()
    complete = [record for record in records if record.state == "complete"]
    scores = [
        record.result.last_accuracy
        for record in complete
        if record.result is not None and record.result.last_accuracy is not None
    ]
    return {
        "seconds": seconds,
        "best": max(scores, default=0.0),
        "complete": len(complete),
        "pruned": sum(record.state == "pruned" for record in records),
    }


if __name__ == "__main__":
    main()
