"""What a trial costs beside its training: engine, ledger and talk between processes.

    python tests/benchmarks/overhead.py --output reports/performance/overhead.json

A whole `mnist-search run` whose training is replaced by an instant made-up result, once in a worker
process and once (`inline`) in the coordinator, less the same command with a single trial; beside it
Optuna's own loop on the same kind of file, which writes no run, result or environment.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import harness

TRAINERS = {"worker": "tests.support.surrogate", "inline": "tests.support.fake:inline"}


def main() -> None:
    """Run searches of growing length and write the milliseconds of a trial."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=3)
    parser.add_argument("--space", default="cnn")
    parser.add_argument("--samplers", nargs="+", default=["tpe", "random"])
    parser.add_argument("--trials", nargs="+", type=int, default=[100, 1000])
    parser.add_argument("--trainers", nargs="+", choices=TRAINERS, default=list(TRAINERS))
    parser.add_argument("--child", nargs=4, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        space, sampler, trials, path = options.child
        harness.answer(_optuna_alone(space, sampler, int(trials), Path(path)))
        return
    samples: dict[tuple[str, str, int], list[float]] = {}
    for number in range(1, options.repeats + 1):
        for sampler in options.samplers:
            for trainer in options.trainers:
                start = _run_seconds(options, sampler, trainer, 1)
                for trials in options.trials:
                    seconds = _run_seconds(options, sampler, trainer, trials) - start
                    _note(samples, (sampler, trainer, trials), 1000 * seconds / (trials - 1))
            for trials in options.trials:
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder, "journal.log")
                    arguments = ["--child", options.space, sampler, str(trials), path]
                    seconds = harness.child([__file__, "--output", "-", *arguments])
                _note(samples, (sampler, "optuna alone", trials), 1000 * seconds / trials)
        harness.say(f"round {number} done")
    harness.write(
        options.output,
        "overhead",
        space=options.space,
        unit="milliseconds per trial, all trials of a search together",
        rows=[
            {"sampler": sampler, "loop": loop, "trials": trials, "ms": harness.spread(values)}
            for (sampler, loop, trials), values in samples.items()
        ],
    )


def _note(
    samples: dict[tuple[str, str, int], list[float]], key: tuple[str, str, int], ms: float
) -> None:
    samples.setdefault(key, []).append(ms)
    harness.say(f"{', '.join(map(str, key))}: {ms:.1f} ms per trial")


def _run_seconds(options: argparse.Namespace, sampler: str, trainer: str, trials: int) -> float:
    with tempfile.TemporaryDirectory() as home:
        command = harness.tool(
            Path(home),
            *("run", "--space", options.space, "--sampler", sampler, "--dataset", "digits"),
            *("--trials", str(trials), "--workers", "1"),
        )
        environment = harness.child_environment() | {
            "MNIST_SEARCH_TRAINER": TRAINERS[trainer],
            "MNIST_SEARCH_SURROGATE_SECONDS": "0",
            "CI": "true",
        }
        started = time.perf_counter()
        subprocess.run(command, env=environment, capture_output=True, check=True)
        return time.perf_counter() - started


def _optuna_alone(space: str, sampler: str, trials: int, path: Path) -> float:
    """Return the seconds of Optuna's own loop with a constant objective."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from peer_space import ACTIVATIONS, LEARNING_RATES, OptunaChooser

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: optuna.Trial) -> float:
        choose = OptunaChooser(trial)
        for number in range(1, 4):
            choose.whole(f"units_{number}", 32, 256, log=True)
            choose.real(f"dropout_{number}", 0, 0.4, step=0.05)
        choose.one_of("activation", ACTIVATIONS)
        rates = LEARNING_RATES["cnn" if space == "cnn" else "mlp"]
        name = choose.one_of("optimizer", list(rates))
        rate = choose.real(f"learning_rate_{name}", *rates[name], log=True)
        choose.whole("batch_size", 32, 512, log=True)
        for step in range(3):
            trial.report(rate + step, step)
            trial.should_prune()
        return rate

    samplers: dict[str, Any] = {
        "tpe": lambda: optuna.samplers.TPESampler(seed=1, group=True),
        "random": lambda: optuna.samplers.RandomSampler(seed=1),
    }
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(path))),
        direction="maximize",
        sampler=samplers.get(sampler, samplers["random"])(),
        pruner=optuna.pruners.SuccessiveHalvingPruner(),
    )
    started = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
