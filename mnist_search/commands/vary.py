"""Which choices matter around one model: single ones changed, everything else as it was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Unpack

from mnist_search.analysis.effects import Effects, find_effects
from mnist_search.analysis.words import plural
from mnist_search.commands.context import Context, TrainingOptions
from mnist_search.commands.training import Trainer, missing_runs
from mnist_search.commands.varied import (
    LeftOut,
    Settings,
    VaryCall,
    prepare,
    tell_values,
)
from mnist_search.planning.calibration import choose_networks
from mnist_search.planning.forecast import ExpectedRuns, expect_runs
from mnist_search.spaces.parameters import Value
from mnist_search.specs import Record, RunConfig
from mnist_search.studies import (
    Outcome,
    StudySpec,
    has_study,
    open_benchmark,
    read_records,
)
from mnist_search.studies.reading import read_validation_images


@dataclass(frozen=True, slots=True, kw_only=True)
class VaryResult:
    """What was found of a model by so far, the runs that were asked for, and the ending.

    `config` is the model itself, `left_out` what could not be built.
    """

    model: str
    config: RunConfig
    spec: StudySpec
    effects: Effects
    left_out: Sequence[LeftOut]
    seeds: Sequence[int]
    records: Sequence[Record]
    outcome: Outcome

    def is_left_out(self, name: str, value: Value) -> bool:
        """Say whether no network has this value, as none with it can be built."""
        return any(values == {name: value} for values, _ in self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaryPlan:
    """What `vary` would train of a model, of which `done` runs are there, and what it will take."""

    model: str
    networks: int
    done: int
    expected: ExpectedRuns


def vary(
    model: str,
    settings: Settings | None = None,
    *,
    time_budget_seconds: float | None = None,
    context: Context | None = None,
    **call: Unpack[VaryCall],
) -> VaryResult:
    """Train a model with single choices changed, and say what each brings and costs.

    `model` is a reference, `STUDY:TRIAL`, `STUDY:winner`, or a space, for its defaults. `settings`
    names the values of each hyperparameter; None: the six choices that this program is about.
    One is changed at a time, with `factorial` all are crossed, with `screen` a fraction of that is
    trained. All have the same seeds, and never meet the test images. What is trained already is
    not trained again.

    Raises:
        UsageError: there is no such model or hyperparameter, or a value is not allowed.
    """
    context = Context.of_this_process() if context is None else context
    trainer = Trainer.of(TrainingOptions.of(call), context)
    varied = prepare(model, settings, trainer, call)
    for values, reason in varied.left_out:
        context.notice(f"{varied.model}: {tell_values(values)} is left out: {reason}")
    what = (
        f"vary {varied.model} · {varied.design.kind}, "
        f"{plural(len(varied.design.points), 'network')} x {plural(len(varied.seeds), 'seed')}"
    )
    with closing(open_benchmark(varied.folder, varied.spec)) as ledger:
        outcome, records = trainer.train(
            ledger, varied.runs, what=what, time_budget_seconds=time_budget_seconds
        )
        spec = ledger.spec
    return VaryResult(
        model=varied.model,
        config=varied.config,
        spec=spec,
        effects=find_effects(
            varied.design, varied.configs, records, read_validation_images(spec.dataset)
        ),
        left_out=varied.left_out,
        seeds=varied.seeds,
        records=records,
        outcome=outcome,
    )


def plan_vary(
    model: str,
    settings: Settings | None = None,
    *,
    context: Context | None = None,
    **call: Unpack[VaryCall],
) -> VaryPlan | None:
    """Say how long `vary` with the same arguments would take, after seconds of training.

    Returns None where it was interrupted.
    """
    context = Context.of_this_process() if context is None else context
    trainer = Trainer.of(TrainingOptions.of(call), context)
    varied = prepare(model, settings, trainer, call)
    there = has_study(varied.folder)
    records = read_records(varied.folder.parent, [varied.spec.name]) if there else []
    left = [run.config for run in missing_runs(varied.runs, records)]
    done = len(varied.runs) - len(left)
    networks, workers = len(varied.design.points), trainer.workers.count
    if not left:
        nothing = ExpectedRuns(
            runs=0, workers=workers, wall_seconds=0.0, worker_seconds=0.0, error=0.0
        )
        return VaryPlan(model=varied.model, networks=networks, done=done, expected=nothing)
    timed = choose_networks(list(dict.fromkeys(left)), workers=workers)
    context.notice(f"{varied.model}: timing {plural(len(timed), 'network')} of them")
    calibration = trainer.time_networks(timed, varied.spec, seed=0)
    if calibration is None:
        return None
    expected = expect_runs(left, calibration.rates, varied.spec.dataset, workers=workers)
    return VaryPlan(model=varied.model, networks=networks, done=done, expected=expected)
