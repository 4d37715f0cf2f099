"""Searches played through without training."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mnist_search.analysis.costs import Images, Rates
from mnist_search.engines import PrunerName, SamplerName, rung_steps
from mnist_search.spaces import SearchSpace, load_space
from mnist_search.studies import planning
from mnist_search.studies.planning import Alternative, choose_fitting, forecast, understudy
from mnist_search.studies.simulating import Played, World
from mnist_search.studies.spec import SearchSpec
from mnist_search.studies.surveying import Plan, Range, survey_space, whole_trial_seconds

RATES = Rates(
    features=(1e-9, 0.0, 0.0, 0.0),
    answer_share=0.3,
    first_step_per_layer=0.05,
    first_look_per_layer=0.01,
    overhead=0.5,
    startup=7.0,
    error=0.1,
    networks=6,
)
EXACT = dataclasses.replace(RATES, error=0.0)
IMAGES = Images(train=50_000, validation=10_000, rung=2_000)


@pytest.fixture
def space(space_file: Path) -> SearchSpace:
    return load_space(space_file)


def plan_of(
    space: SearchSpace,
    *,
    trials: int = 12,
    pruner: PrunerName = "halving",
    sampler: SamplerName = "random",
    workers: int = 2,
    epochs: int = 8,
    **more: object,
) -> Plan:
    limits = {name: more.pop(name) for name in ("max_params", "max_flops") if name in more}
    search = SearchSpec(
        space=space, sampler=sampler, pruner=pruner, epochs=epochs, seed=3, **limits
    )  # type: ignore[arg-type]
    return Plan(search=search, trials=trials, images=IMAGES, workers=workers, **more)  # type: ignore[arg-type]


def play_one(plan: Plan, rates: Rates = EXACT) -> Played:
    survey = survey_space(plan, samples=40)
    world = World(plan.search.space, survey.points, seed=5)
    return planning._play_search(plan, world, rates, seed=9)


def trial_seconds(plan: Plan, played: Played) -> list[float]:
    """Return the seconds of each trial as they follow from its steps, without the overhead."""
    rungs = rung_steps(plan.search.pruner, epochs=plan.search.epochs)
    found = []
    for point, last in zip(played.points, played.steps, strict=True):
        assert point.work is not None
        parts = EXACT.stretches(point.work, IMAGES, epochs=plan.search.epochs, rungs=rungs)
        found.append(sum(seconds for step, seconds in parts if step <= last))
    return found


def test_one_worker_without_a_pruner_takes_the_sum_of_its_trials(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none", workers=1)
    played = play_one(plan)
    assert (played.complete, played.stopped, played.failed) == (12, 0, 0)
    assert set(played.steps) == {32}
    expected = 7.0 + sum(seconds + 0.5 for seconds in trial_seconds(plan, played))
    assert played.seconds == pytest.approx(expected)


def test_two_workers_take_half_and_the_last_trial_runs_alone(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none")
    played = play_one(plan)
    all_seconds = [seconds + 0.5 for seconds in trial_seconds(plan, played)]
    assert 7.0 + sum(all_seconds) / 2 <= played.seconds
    assert played.seconds <= 7.0 + (sum(all_seconds) + max(all_seconds)) / 2
    assert len(played.endings) == 12


def test_halving_stops_trials_at_its_rungs(space: SearchSpace) -> None:
    played = play_one(plan_of(space, trials=40))
    assert played.complete + played.stopped == 40
    assert set(played.steps) <= {1, 4, 16, 32}
    assert 20 <= sum(step == 1 for step in played.steps) <= 36
    assert played.complete < 15


def test_the_same_seed_plays_the_same_search(space: SearchSpace) -> None:
    plan = plan_of(space, sampler="tpe")
    assert play_one(plan) == play_one(plan)


def test_a_trial_that_is_there_already_costs_nothing(space: SearchSpace) -> None:
    one = SearchSpace(name="one", family="mlp", parameters=())
    played = play_one(plan_of(one, pruner="none", workers=1))
    assert played.complete == 1
    assert len(played.endings) == 12
    assert played.endings[0] == played.endings[-2]


def test_networks_over_the_limit_are_not_trained(space: SearchSpace) -> None:
    plan = plan_of(space, max_params=20_000)
    survey = survey_space(plan, samples=60)
    assert 0 < survey.too_large < 1
    assert len(survey.configs) == round(60 * (1 - survey.too_large))
    played = play_one(plan)
    for point, step in zip(played.points, played.steps, strict=True):
        assert (step == 0) == point.too_large


def test_a_timeout_ends_trials_as_failed(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none", workers=1, timeout_seconds=0.75)
    played = play_one(plan)
    assert played.failed == 12
    assert played.seconds == pytest.approx(7.0 + 12 * 0.75)


def test_a_survey_counts_what_there_is(space: SearchSpace) -> None:
    plan = plan_of(space)
    survey = survey_space(plan, samples=50)
    assert len(survey.points) == 50
    assert (survey.unbuildable, survey.too_large) == (0.0, 0.0)
    assert survey.parameters is not None
    assert survey.parameters.low <= survey.parameters.middle <= survey.parameters.high
    whole = whole_trial_seconds(plan, survey, EXACT)
    assert whole is not None
    assert whole.low > 0
    tight = SearchSpace(name="tight", family="cnn", parameters=(), fixed={"blocks": 5, "convs": 1})
    none = survey_space(plan_of(tight), samples=10)
    assert (none.unbuildable, none.configs, none.parameters) == (1.0, (), None)
    assert none.duplicates == 0.9


def test_the_expectation_lies_within_its_interval_and_grows(space: SearchSpace) -> None:
    plan = plan_of(space)
    survey = survey_space(plan, samples=40)
    few, no_alternatives = forecast(plan, survey, RATES)
    assert no_alternatives == []
    assert few.seconds.low < few.seconds.middle < few.seconds.high
    assert few.complete + few.stopped + few.failed == pytest.approx(12)
    assert few.budget_trials is None
    more, _ = forecast(dataclasses.replace(plan, trials=24), survey, RATES)
    assert more.seconds.middle > 1.2 * few.seconds.middle
    wider, _ = forecast(plan, survey, dataclasses.replace(RATES, error=0.5))
    assert wider.seconds.high > few.seconds.high


def test_a_large_search_goes_on_at_the_pace_of_its_last_trials(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(space, trials=60, pruner="none")
    survey = survey_space(plan, samples=40)
    played, _ = forecast(plan, survey, EXACT)
    monkeypatch.setattr(planning, "MOST_PLAYED_TRIALS", 30)
    monkeypatch.setattr(planning, "TAIL_TRIALS", 20)
    guessed, _ = forecast(plan, survey, EXACT)
    assert guessed.seconds.middle == pytest.approx(played.seconds.middle, rel=0.15)
    assert guessed.complete == pytest.approx(played.complete, rel=0.05)


def test_a_budget_says_how_many_trials_and_which_alternatives_fit(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none")
    survey = survey_space(plan, samples=40)
    whole, _ = forecast(plan, survey, RATES)
    half = whole.seconds.middle / 2
    expected, alternatives = forecast(plan, survey, RATES, budget_seconds=half)
    assert expected.budget_trials is not None
    assert 2 <= expected.budget_trials <= 8
    times = {(one.pruner, one.epochs): one.seconds.middle for one in alternatives}
    assert times["none", 2] < times["none", 4] < times["none", 8]
    assert times["halving", 8] < times["none", 8]
    for one in choose_fitting(alternatives, budget_seconds=half):
        assert one.seconds.high <= half
    roomy, _ = forecast(plan, survey, RATES, budget_seconds=100 * half)
    assert roomy.budget_trials is None


def test_of_each_pruner_the_most_epochs_that_fit_are_chosen() -> None:
    def alternative(epochs: int, seconds: float) -> Alternative:
        took = Range(low=seconds, middle=seconds, high=seconds)
        return Alternative(pruner="halving", epochs=epochs, seconds=took)

    known = [alternative(2, 10.0), alternative(8, 30.0), alternative(16, 90.0)]
    assert choose_fitting(known, budget_seconds=40.0) == [known[1]]
    assert choose_fitting(known, budget_seconds=5.0) == []


@pytest.mark.parametrize(
    ("sampler", "engine", "played"),
    [
        ("tpe", "optuna", "tpe"),
        ("qmc", "optuna", "qmc"),
        ("gp", "optuna", "tpe"),
        ("bayesian", "keras-tuner", "tpe"),
        ("grid", "keras-tuner", "random"),
        ("hyperband", "keras-tuner", "random"),
    ],
)
def test_understudies(sampler: SamplerName, engine: str, played: str) -> None:
    assert understudy(sampler, engine) == played
