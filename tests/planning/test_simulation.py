"""Searches without training: what they decide is what a search decides."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.engines import rung_steps
from mnist_search.planning.simulation import Simulation, VirtualClock, simulate
from mnist_search.planning.survey import Plan, survey_space
from mnist_search.planning.world import World
from mnist_search.references import REFERENCES
from mnist_search.spaces import SearchSpace, Value, find_space
from mnist_search.specs import Failure, Job, Record, RunResult, Score
from mnist_search.studies import Interrupt, Limits, create_ledger, run_search
from mnist_search.studies.progress import Progress
from mnist_search.studies.search import choose_first
from tests.planning.plans import EXACT, plan_of
from tests.support.fake import FakeExecutor

SEED = 9


class BrokenClock(VirtualClock):
    """Says that no time passes."""

    def __call__(self) -> float:
        return 0.0


def values_of(simulated: Simulation) -> list[dict[str, Value] | None]:
    return [record.values for record in simulated.ledger.records()]


def failures_of(simulated: Simulation) -> list[Failure | None]:
    results = [record.result for record in simulated.ledger.records()]
    return [None if result is None else result.failure for result in results]


def world_of(plan: Plan) -> World:
    return World(plan.search.space, survey_space(plan.search, samples=40).points, seed=5)


def run(plan: Plan, **more: object) -> Simulation:
    more = {"trials": plan.trials, "seed": SEED, **more}
    return simulate(plan, world_of(plan), EXACT, **more)  # type: ignore[arg-type]


def trial_seconds(plan: Plan, simulated: Simulation) -> list[float]:
    """Return the seconds of each trial as they follow from its steps, without the overhead."""
    search, world = plan.search, world_of(plan)
    rungs = rung_steps(search.pruner, epochs=search.epochs)
    found = []
    for number, values in enumerate(values_of(simulated)):
        assert values is not None
        course = world.course(values, search.space.config(values, epochs=search.epochs))
        assert course is not None
        parts = EXACT.segments(course.workload, plan.images, epochs=search.epochs, rungs=rungs)
        found.append(sum(part for step, part in parts if step <= simulated.steps[number]))
    return found


def really(plan: Plan, folder: Path) -> list[Record]:
    """Search with a real ledger, where a function gives the accuracies that a world invents."""
    search, world = plan.search.model_copy(update={"seed": SEED}), world_of(plan)
    ledger = create_ledger(
        folder, plan.spec.model_copy(update={"search": search}), first=plan.first
    )

    def train(job: Job, report: Callable[[int, float], bool]) -> RunResult:
        values = ledger.study.get_trials(deepcopy=False)[job.number].params
        course = world.course(values, job.config)
        assert course is not None
        reports = []
        for step in sorted({*job.rungs, *range(4, 4 * job.config.training.epochs + 1, 4)}):
            reports.append((step, course.accuracy(step)))
            if report(*reports[-1]):
                break
        stopped = step < 4 * job.config.training.epochs
        score = Score(correct=round(1e6 * reports[-1][1]), total=1_000_000)
        return RunResult(
            status="pruned" if stopped else "complete",
            config_id=job.config.config_id,
            seed=job.seed,
            validation=None if stopped else score,
            reports=tuple(reports),
            parameters=course.workload.parameters,
        )

    with closing(ledger), ledger.exclusive():
        run_search(
            ledger,
            lambda: FakeExecutor(plan.workers, train),
            trials=plan.trials,
            progress=Progress(),
            interrupt=Interrupt(),
            limits=Limits(),
            clock=lambda: 0.0,
            keep_models=0,
        )
        return ledger.records()


@pytest.mark.parametrize(
    "more",
    [
        {"sampler": "tpe", "pruner": "median", "max_params": 40_000},
        {"sampler": "random", "pruner": "halving", "max_flops": 60_000},
        {
            "sampler": "nsga2",
            "pruner": "none",
            "objectives": ("val_accuracy", "parameters"),
            "epochs": 1,
        },
    ],
    ids=["tpe", "random", "two"],
)
def test_a_simulation_decides_as_a_search_does(
    space: SearchSpace, tmp_path: Path, more: dict[str, object]
) -> None:
    plan = plan_of(space, trials=30, workers=1, **more)
    simulated = run(plan)
    records = really(plan, tmp_path / "plan")
    assert values_of(simulated) == [record.values for record in records]
    assert simulated.skipped == {record.number for record in records if record.worker is None}
    results = [record.result for record in records if record.result is not None]
    trained = [result for result in results if result.failure is None]
    states = [result.status for result in trained if result.duplicate_of is None]
    assert simulated.outcome.complete == states.count("complete")
    assert simulated.outcome.pruned == states.count("pruned")
    decided = [record.result for record in simulated.ledger.records()]
    for record, result, mine in zip(records, results, decided, strict=True):
        assert mine is not None
        assert (mine.failure, mine.duplicate_of) == (result.failure, result.duplicate_of)
        if record.number not in simulated.skipped:
            assert simulated.steps[record.number] == result.reports[-1][0]
    if "objectives" not in more:
        assert simulated.skipped
        assert "pruned" in states


def test_duplicates_are_those_of_a_search(tmp_path: Path) -> None:
    one = SearchSpace(name="one", family="mlp", parameters=())
    plan = plan_of(one, pruner="none", workers=1)
    simulated = run(plan)
    assert (simulated.outcome.complete, len(simulated.endings)) == (1, 12)
    assert simulated.endings[0] == simulated.endings[-1]
    numbers = {record.number for record in really(plan, tmp_path / "plan") if record.worker is None}
    assert simulated.skipped == numbers == set(range(1, 12))


def test_one_worker_without_a_pruner_takes_the_sum_of_its_trials(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none", workers=1)
    simulated = run(plan)
    assert simulated.outcome.complete == 12
    assert set(simulated.steps.values()) == {32}
    expected = 7.0 + sum(seconds + 0.5 for seconds in trial_seconds(plan, simulated))
    assert simulated.seconds == pytest.approx(expected)


def test_two_workers_take_half_and_the_last_trial_runs_alone(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none")
    simulated = run(plan)
    each = [seconds + 0.5 for seconds in trial_seconds(plan, simulated)]
    assert 7.0 + sum(each) / 2 <= simulated.seconds
    assert simulated.seconds <= 7.0 + (sum(each) + max(each)) / 2
    assert len(simulated.endings) == 12


def test_halving_stops_trials_at_its_rungs(space: SearchSpace) -> None:
    simulated = run(plan_of(space, trials=40))
    assert simulated.outcome.complete + simulated.outcome.pruned == 40
    assert set(simulated.steps.values()) <= {1, 4, 32}
    assert 20 <= list(simulated.steps.values()).count(1) <= 36
    assert simulated.outcome.complete < 15


def test_the_same_seed_simulates_the_same_search(space: SearchSpace) -> None:
    plan = plan_of(space, sampler="tpe")
    once, again = run(plan), run(plan)
    assert (values_of(once), once.endings) == (values_of(again), again.endings)
    other = run(plan, seed=SEED + 1)
    assert values_of(other) != values_of(once)


def test_a_time_out_ends_trials_as_failed_and_costs_a_worker(space: SearchSpace) -> None:
    plan = plan_of(space, trials=5, pruner="none", workers=1, timeout=0.8)
    simulated = run(plan)
    assert simulated.outcome.failed == 5
    assert failures_of(simulated)[0] == Failure(kind="timeout", message="ran longer than 0.8 s")
    assert simulated.seconds == pytest.approx(5 * (7.0 + 0.8), abs=5 * 0.2)


def test_no_time_out_without_a_clock(space: SearchSpace) -> None:
    simulated = run(plan_of(space, trials=5, pruner="none", timeout=0.8), clock=BrokenClock())
    assert (simulated.outcome.failed, simulated.seconds) == (0, 0.0)


def test_a_time_budget_ends_what_would_have_gone_on(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none")
    whole = run(plan)
    half = whole.seconds / 2
    cut = run(plan, time_budget_seconds=half)
    assert cut.outcome.ending == "time budget"
    assert cut.outcome.given_back == 2
    # By this the forecast counts: what is over by then is the same as without a budget.
    over = [ending for ending in whole.endings if ending <= half]
    assert cut.endings[: len(over)] == over
    assert len(cut.endings) - len(over) in (0, 1)
    endless = run(plan, time_budget_seconds=half, clock=BrokenClock())
    assert endless.outcome.ending == "done"


def test_references_come_first() -> None:
    space = find_space("cnn")
    first = choose_first(space, REFERENCES)
    plan = plan_of(space, trials=len(first))
    simulated = run(Plan(spec=plan.spec, trials=len(first), workers=2, first=tuple(first)))
    assert len(first) > 1
    assert values_of(simulated) == [values for _, values in first]


def test_invalid_networks_fail(space: SearchSpace) -> None:
    tight = SearchSpace(name="tight", family="cnn", parameters=(), fixed={"blocks": 5, "convs": 1})
    simulated = run(plan_of(tight, trials=3))
    assert simulated.outcome.failed == 3
    first = failures_of(simulated)[0]
    assert first is not None
    assert first.kind == "unbuildable"
