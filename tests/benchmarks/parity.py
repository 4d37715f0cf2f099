"""Test accuracy in bfloat16 against float32: the same nets, data and seeds, in pairs.

    python tests/benchmarks/parity.py --output reports/performance/parity.json

Each net is trained as its document did, on all training images (`--images` and `--epochs` make it
shorter), once per seed and number format, and meets the test images at its end. What counts are
the differences within a seed, bfloat16 less float32. A net is at parity unless they are a loss:
below 0 with all of their 95 % interval, and by more than float32 itself spreads over the seeds.
Look at the interval: few seeds can only find a large loss. The exit code is 7 where there is one.
The same command goes on where it was ended.
"""

from __future__ import annotations

import argparse
import functools
import math
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import harness

from mnist_search.analysis.statistics import CONFIDENCE, student_quantile
from mnist_search.datasets import resolve
from mnist_search.execution import Executor, Finished, Reported, Workers, create_executor
from mnist_search.references import get_reference
from mnist_search.specs import DatasetRef, Job, Precision, RunConfig, RunResult, derive_seed

NETS = ("cnn-simple", "mlp-drop-2", "cnn-plain")
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def main() -> int:
    """Train all pairs, write what came out, and say whether they are at parity."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=5)
    parser.add_argument("--nets", nargs="+", default=list(NETS), help="references")
    parser.add_argument("--epochs", type=int, default=None, help="of a run; as documented")
    parser.add_argument("--images", type=int, default=None, help="to train on; all")
    parser.add_argument("--dataset", default="mnist", help="as `mnist-search run --dataset`")
    parser.add_argument("--seed", type=int, default=0, help="that the seeds of runs come from")
    options = parser.parse_args()
    dataset = resolve(options.dataset, environ=os.environ)
    journal = harness.Journal(options.output, dataset=dataset.digest, seed=options.seed)
    # One after the other with all cores: the sums of bfloat16 hang on how they are shared out.
    executor = create_executor(Workers(count=1), environ=os.environ)
    try:
        rows = [_compare(net, options, dataset, executor, journal) for net in options.nets]
    finally:
        executor.close()
    parity = all(row["parity"] for row in rows)
    harness.write(
        options.output,
        "parity",
        dataset=dataset.model_dump(mode="json", exclude={"path"}),
        unit="share of the test images that is recognised",
        parity=parity,
        rows=rows,
        provenance=journal.provenance(),
    )
    return 0 if parity else 7


def _compare(
    net: str,
    options: argparse.Namespace,
    dataset: DatasetRef,
    executor: Executor,
    journal: harness.Journal,
) -> dict[str, Any]:
    config = _config(net, options)
    accuracies: dict[Precision, list[float]] = {precision: [] for precision in PRECISIONS}
    environment: dict[str, Any] | None = None
    for repeat, precision in _turns(options.repeats):
        job = Job(
            number=repeat,
            config=config,
            seed=derive_seed(options.seed, "parity", repeat),
            dataset=dataset,
            precision=precision,
        )
        found = journal.once(
            (net, config.config_id, precision, repeat),
            functools.partial(_score, executor, job, net),
        )
        accuracies[precision].append(found["accuracy"])
        environment = environment or found["environment"]
        harness.say(f"{net}, {precision}, seed {job.seed}: {100 * found['accuracy']:.2f} %")
    return {
        "net": net,
        "config_id": config.config_id,
        "epochs": config.training.epochs,
        "train_images": config.training.train_images,
        "environment": environment,
        **judge(accuracies["float32"], accuracies["bfloat16"]),
    }


def _config(net: str, options: argparse.Namespace) -> RunConfig:
    config = get_reference(net).run_config("confirm")
    changes: dict[str, Any] = {}
    if options.epochs is not None:
        changes["epochs"] = options.epochs
    if options.images is not None:
        changes["train_images"] = options.images
    return config.model_copy(update={"training": config.training.model_copy(update=changes)})


def _turns(repeats: int) -> Iterator[tuple[int, Precision]]:
    """Yield who is next; the formats take turns in going first."""
    for repeat in range(repeats):
        for precision in PRECISIONS if repeat % 2 == 0 else PRECISIONS[::-1]:
            yield repeat, precision


def _score(executor: Executor, job: Job, net: str) -> dict[str, Any]:
    """Train, and return the test accuracy and where that was."""
    result = _run(executor, job)
    if result.test is None:
        failure = "no score" if result.failure is None else result.failure.message
        raise SystemExit(f"{net} in {job.precision}, seed {job.seed}: {failure}")
    environment = result.environment
    return {
        "accuracy": result.test.accuracy,
        "environment": None if environment is None else environment.model_dump(mode="json"),
    }


def _run(executor: Executor, job: Job) -> RunResult:
    executor.submit(job)
    while True:
        for event in executor.poll(1.0):
            if isinstance(event, Reported):
                executor.answer(event.number, stop=False)
            elif isinstance(event, Finished):
                return event.result


def judge(float32: Sequence[float], bfloat16: Sequence[float]) -> dict[str, Any]:
    """Return the paired differences with their mean, its 95 % interval, and the verdict.

    A single pair has no interval and is at parity only where nothing is lost.
    """
    differences = [other - one for one, other in zip(float32, bfloat16, strict=True)]
    mean, low, high = statistics.fmean(differences), None, None
    if len(differences) > 1:
        quantile = student_quantile(CONFIDENCE, len(differences) - 1)
        half = quantile * statistics.stdev(differences) / math.sqrt(len(differences))
        low, high = mean - half, mean + half
    spread = statistics.stdev(float32) if len(float32) > 1 else None
    may_be_zero = high is not None and high >= 0.0
    return {
        "float32": list(float32),
        "bfloat16": list(bfloat16),
        "differences": differences,
        "mean_difference": mean,
        "low": low,
        "high": high,
        "float32_sd": spread,
        "parity": mean >= 0.0 or may_be_zero or (spread is not None and -mean < spread),
    }


if __name__ == "__main__":
    sys.exit(main())
