"""Rules that stop trials, played on networks trained whole: seconds to a good one, best of twenty.

    python tests/benchmarks/stopping.py --output reports/performance/stopping.json

Random networks of a space are trained by as many workers as a search has, and their accuracy is
noted after a quarter and a half of the first epoch and after each epoch. Then every rule is played
on them in many random orders, by the pruner that a search has: a name is that of
`mnist-search run --pruner`, `2:1,4,16` Optuna's successive halving with a factor of 2, asked after
1, 4 and 16 quarters of an epoch. All rules get the same orders; the seconds are those of one
worker. The better half of the networks stands for what a sampler proposes that has learned. A
network that has not met `--hopeless` after an epoch is not trained further, and ends there under
every rule.

The expected seconds to one of the best networks are those of all orders, each until such a network
is through or the order at its end, over the number of orders that came to one (ERT in Hansen et
al., "COCO", Optimization Methods and Software 36, 2021). The same command goes on where it was
ended.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import harness

from mnist_search.datasets import resolve
from mnist_search.engines import PrunerName, create_engine, rung_steps
from mnist_search.execution import (
    Executor,
    Finished,
    Reported,
    Started,
    Workers,
    create_executor,
)
from mnist_search.spaces import find_space
from mnist_search.specs import (
    QUARTERS,
    DatasetRef,
    Job,
    Precision,
    available_cores,
    derive_seed,
    describe_environment,
)

# Within the first epoch; the trainer looks at the end of every epoch by itself.
EARLY = (1, 2)
# Networks that are written down together.
BATCH = 10
# How many of the best networks count as good, and how many trials a short search has.
GOOD = (2, 5)
TRIALS = 20


@dataclass(frozen=True)
class Rule:
    """Who is asked whether a trial goes on, and after which quarters of an epoch."""

    name: str
    steps: tuple[int, ...]
    create: Callable[[], Any]


def main() -> None:
    """Train the networks that are not there yet, play all rules on them, write the outcome."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=300)
    parser.add_argument("--space", default="cnn")
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--images", type=int, default=18_000, help="a sixth is held out")
    parser.add_argument("--seed", type=int, default=1, help="that networks and orders come from")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--hopeless", type=float, default=0.8, help="accuracy after one epoch")
    parser.add_argument("--rules", nargs="+", default=["halving", "2:1,4", "2:1,4,16", "none"])
    options = parser.parse_args()
    rules = [read_rule(text, epochs=options.epochs) for text in options.rules]
    precision = options.precision
    if precision == "auto":
        precision = "bfloat16" if describe_environment().fast_bfloat16 else "float32"
    journal = harness.Journal(
        options.output,
        **{name: getattr(options, name) for name in ("space", "epochs", "images", "seed")},
        hopeless=options.hopeless,
        precision=precision,
    )
    with tempfile.TemporaryDirectory() as folder:
        from data import first_images

        path = first_images(Path(folder, "images.npz"), train=options.images)
        dataset = resolve(str(path), environ=os.environ)
        jobs = _jobs(options, dataset, precision)
        executor = create_executor(Workers(count=available_cores()), environ=os.environ)
        try:
            curves: list[dict[str, Any]] = []
            for first in range(0, len(jobs), BATCH):
                batch = jobs[first : first + BATCH]
                train = functools.partial(_train, executor, batch, options.hopeless)
                curves += journal.once((options.space, first, len(batch)), train)
                harness.say(f"{first + len(batch)} networks, {len(curves)} with an accuracy")
        finally:
            executor.close()
    harness.write(
        options.output,
        "stopping",
        space=options.space,
        budget={"networks": len(curves), "epochs": options.epochs, "images": options.images},
        precision=precision,
        orders=options.repeats,
        trials=TRIALS,
        rows=play_all(curves, rules, orders=options.repeats, seed=options.seed),
        provenance=journal.provenance(),
    )


def read_rule(text: str, *, epochs: int) -> Rule:
    """Return the rule of that name, or with the factor and the steps that the text gives."""
    import optuna

    from mnist_search.engines.pruners import create_pruner

    if text in get_args(PrunerName):
        create = functools.partial(create_pruner, text, epochs=epochs)
        return Rule(text, rung_steps(text, epochs=epochs), create)
    try:
        factor, steps = text.split(":")
        looks, halving = tuple(map(int, steps.split(","))), int(factor)
        if halving < 2:
            raise ValueError(halving)
    except ValueError:
        names = ", ".join(get_args(PrunerName))
        raise SystemExit(f"a rule is FACTOR:STEPS, as 2:1,4,16, or {names}; got {text}") from None
    ends = range(QUARTERS, QUARTERS * epochs, QUARTERS)
    if not {*looks} <= {*EARLY, *ends}:
        raise SystemExit(f"{text}: looks are after {', '.join(map(str, (*EARLY, *ends)))} quarters")
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=halving)
    return Rule(text, looks, lambda: pruner)


def _jobs(options: argparse.Namespace, dataset: DatasetRef, precision: Precision) -> list[Job]:
    space = find_space(options.space)
    engine = create_engine(
        space, sampler="random", pruner="none", seed=options.seed, epochs=options.epochs
    )
    jobs = []
    while len(jobs) < options.networks and (proposal := engine.ask()) is not None:
        jobs.append(
            Job(
                number=len(jobs),
                config=space.config(proposal.values, epochs=options.epochs),
                seed=derive_seed(options.seed, "training", len(jobs)),
                dataset=dataset,
                rungs=EARLY,
                precision=precision,
            )
        )
    engine.close()
    return jobs


def _train(executor: Executor, jobs: Sequence[Job], hopeless: float) -> list[dict[str, Any]]:
    """Return step, seconds and accuracy of all looks at each network that can be trained."""
    waiting = list(reversed(jobs))
    started: dict[int, float] = {}
    looks: dict[int, list[tuple[int, float, float]]] = {job.number: [] for job in jobs}
    while waiting or executor.free < executor.slots:
        while waiting and executor.free:
            executor.submit(waiting.pop())
        for event in executor.poll(1.0):
            now = time.perf_counter()
            if isinstance(event, Started):
                started[event.number] = now
            elif isinstance(event, Reported):
                seconds = now - started[event.number]
                looks[event.number].append((event.step, seconds, event.accuracy))
                stop = event.step >= QUARTERS and event.accuracy < hopeless
                executor.answer(event.number, stop=stop)
            elif isinstance(event, Finished) and event.result.status == "failed":
                looks[event.number].clear()
    return [
        {"config_id": job.config.config_id, "looks": looks[job.number]}
        for job in jobs
        if looks[job.number]
    ]


def play_all(
    curves: Sequence[dict[str, Any]], rules: Sequence[Rule], *, orders: int, seed: int
) -> list[dict[str, Any]]:
    """Return a row for each rule and group of networks."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ranked = sorted(curves, key=_accuracy, reverse=True)
    groups = {"all": ranked, "the better half": ranked[: len(ranked) // 2]}
    rows = []
    for group, networks in groups.items():
        draw = random.Random(seed)
        drawn = [draw.sample(networks, len(networks)) for _ in range(orders)]
        for rule in rules:
            played = [play(order, rule) for order in drawn]
            rows.append(
                {
                    "rule": rule.name,
                    "steps": rule.steps,
                    "networks": group,
                    "expected": {
                        # Equals of the last good one are as good.
                        count: expected(played, _accuracy(networks[:count][-1]))
                        for count in GOOD
                    },
                    **_short(played),
                }
            )
            harness.say(f"{rule.name} on {group}: {rows[-1]}")
    return rows


def play(order: Sequence[dict[str, Any]], rule: Rule) -> list[tuple[float, float | None]]:
    """Return of each trial the seconds until its end, and its accuracy, None if it was stopped."""
    import optuna

    # Hyperband draws a trial's bracket from the name, for which a search has its seed.
    study = optuna.create_study(direction="maximize", study_name="0", pruner=rule.create())
    now, ends = 0.0, []
    for curve in order:
        trial, stopped = study.ask(), False
        _, seconds, accuracy = curve["looks"][-1]
        for step, at, shown in curve["looks"]:
            trial.report(shown, step)
            if step in rule.steps and trial.should_prune():
                stopped, seconds = True, at
                break
        study.tell(
            trial,
            None if stopped else accuracy,
            state=optuna.trial.TrialState.PRUNED if stopped else None,
        )
        now += seconds
        ends.append((now, None if stopped else accuracy))
    return ends


def expected(
    played: Sequence[Sequence[tuple[float, float | None]]], target: float
) -> dict[str, float | None]:
    """Return the expected seconds to an accuracy (None: never met), and the share that met it."""
    reached = [
        next((now for now, score in ends if score is not None and score >= target), None)
        for ends in played
    ]
    seconds = harness.expected_seconds([ends[-1][0] for ends in played], reached)
    met = sum(at is not None for at in reached)
    return {"seconds": seconds if met else None, "met": met / len(played)}


def _short(played: Sequence[Sequence[tuple[float, float | None]]]) -> dict[str, float]:
    """Return what the first trials take and the best of them, means over the orders."""
    firsts = [ends[:TRIALS] for ends in played]
    return {
        "best": statistics.fmean(
            max((score for _, score in ends if score is not None), default=0.0) for ends in firsts
        ),
        "seconds": statistics.fmean(ends[-1][0] for ends in firsts),
    }


def _accuracy(curve: dict[str, Any]) -> float:
    return float(curve["looks"][-1][2])


if __name__ == "__main__":
    main()
