"""What a search would cost."""

from __future__ import annotations

import dataclasses

import pytest

from mnist_search.planning.forecast import SIMULATIONS, expect_runs, forecast
from mnist_search.planning.simulation import proxy_sampler
from mnist_search.planning.survey import survey_space, whole_trial_seconds
from mnist_search.references import get_reference
from mnist_search.spaces import SearchSpace
from mnist_search.specs import Objective
from tests.planning.plans import EXACT, MNIST, RATES, plan_of


def test_a_survey_counts_what_there_is(space: SearchSpace) -> None:
    plan = plan_of(space)
    survey = survey_space(plan.search, samples=50)
    assert len(survey.points) == 50
    assert (survey.invalid, survey.too_large) == (0.0, 0.0)
    assert survey.parameters is not None
    assert survey.parameters.low <= survey.parameters.middle <= survey.parameters.high
    whole = whole_trial_seconds(plan, survey, EXACT)
    assert whole is not None
    assert whole.low > 0
    tight = SearchSpace(name="tight", family="cnn", parameters=(), fixed={"blocks": 5, "convs": 1})
    none = survey_space(plan_of(tight).search, samples=10)
    assert (none.invalid, none.configs, none.parameters) == (1.0, (), None)
    assert none.duplicates == 0.9


def test_trials_of_fewer_epochs_take_less(space: SearchSpace) -> None:
    short = dataclasses.replace(space, fixed={**space.fixed, "epochs": 2})
    found = [plan_of(each, epochs=epochs) for each, epochs in ((short, 8), (space, 2), (space, 8))]
    own, same, all_epochs = (
        whole_trial_seconds(plan, survey_space(plan.search, samples=20), EXACT) for plan in found
    )
    assert own is not None
    assert same is not None
    assert all_epochs is not None
    assert own.middle == pytest.approx(same.middle)
    assert own.middle < all_epochs.middle / 2


def test_the_expectation_lies_within_its_interval_and_grows(space: SearchSpace) -> None:
    plan = plan_of(space)
    survey = survey_space(plan.search, samples=40)
    few = forecast(plan, survey, RATES)
    assert few.seconds.low < few.seconds.middle < few.seconds.high
    assert few.complete + few.pruned + few.failed + few.skipped == pytest.approx(12)
    assert few.budget_trials is None
    more = forecast(dataclasses.replace(plan, trials=24), survey, RATES)
    assert more.seconds.middle > 1.2 * few.seconds.middle
    wider = forecast(plan, survey, dataclasses.replace(RATES, error=0.5))
    assert wider.seconds.high > few.seconds.high


def test_a_large_search_goes_on_at_the_pace_of_its_last_trials(space: SearchSpace) -> None:
    plan = plan_of(space, trials=60, pruner="none")
    survey = survey_space(plan.search, samples=40)
    whole = forecast(plan, survey, EXACT)
    guessed = forecast(plan, survey, EXACT, most_trials=30)
    assert guessed.seconds.middle == pytest.approx(whole.seconds.middle, rel=0.15)
    assert guessed.complete == pytest.approx(whole.complete, rel=0.05)


def test_with_two_objectives_no_trial_is_stopped(space: SearchSpace) -> None:
    objectives: tuple[Objective, ...] = ("val_accuracy", "train_seconds")
    two = plan_of(space, sampler="nsga2", pruner="none", objectives=objectives)
    survey = survey_space(two.search, samples=40)
    expected = forecast(two, survey, RATES)
    assert (expected.complete, expected.pruned) == (12, 0)
    one = forecast(plan_of(space), survey, RATES)
    assert expected.seconds.middle > 2 * one.seconds.middle


def test_a_search_that_only_fails_is_over_after_ten_failures(space: SearchSpace) -> None:
    plan = plan_of(space, trials=50, workers=1, timeout=0.75, pruner="none")
    expected = forecast(plan, survey_space(plan.search, samples=40), EXACT)
    assert (expected.failed, expected.gave_up) == (10, SIMULATIONS)


def test_a_sampler_that_stops_trials_itself_is_simulated_with_a_pruner(space: SearchSpace) -> None:
    plan = plan_of(space, engine="keras-tuner", sampler="hyperband", pruner="none")
    survey = survey_space(plan.search, samples=40)
    assert forecast(plan, survey, RATES).pruned > 0


def test_a_budget_says_how_many_trials_fit(space: SearchSpace) -> None:
    plan = plan_of(space, pruner="none")
    survey = survey_space(plan.search, samples=40)
    whole = forecast(plan, survey, RATES)
    half = whole.seconds.middle / 2
    expected = forecast(plan, survey, RATES, budget_seconds=half)
    assert expected.budget_trials is not None
    assert 2 <= expected.budget_trials <= 8
    roomy = forecast(plan, survey, RATES, budget_seconds=100 * half)
    assert roomy.budget_trials is None


@pytest.mark.parametrize(
    ("sampler", "engine", "proxy"),
    [
        ("tpe", "optuna", "tpe"),
        ("qmc", "optuna", "qmc"),
        ("gp", "optuna", "tpe"),
        ("bayesian", "keras-tuner", "tpe"),
        ("grid", "keras-tuner", "random"),
        ("hyperband", "keras-tuner", "random"),
    ],
)
def test_samplers_have_proxies(space: SearchSpace, sampler: str, engine: str, proxy: str) -> None:
    pruner = "none" if sampler == "hyperband" else "halving"
    plan = plan_of(space, sampler=sampler, engine=engine, pruner=pruner)
    assert proxy_sampler(plan.search) == proxy


PER_RUN = dataclasses.replace(
    RATES,
    features=(1e-11, 0.0, 0.0, 0.0),
    answer_share=0.0,
    first_step_per_layer=0.0,
    first_look_per_layer=0.0,
    overhead=1.0,
)


def test_runs_are_shared_out_among_the_workers_in_their_order() -> None:
    config = get_reference("cnn-simple").run_config("held-out")
    one = expect_runs([config], PER_RUN, MNIST, workers=1)
    assert one.wall_seconds == pytest.approx(PER_RUN.startup + one.worker_seconds)
    assert one.worker_seconds > PER_RUN.overhead
    three = expect_runs([config] * 3, PER_RUN, MNIST, workers=2)
    assert three.worker_seconds == pytest.approx(3 * one.worker_seconds)
    assert three.wall_seconds == pytest.approx(PER_RUN.startup + 2 * one.worker_seconds)
    assert (three.runs, three.workers, three.error) == (3, 2, 0.1)


def test_epochs_are_counted_and_nothing_costs_nothing() -> None:
    config = get_reference("cnn-simple").run_config("held-out")
    longer = config.model_copy(
        update={"training": config.training.model_copy(update={"epochs": 8})}
    )
    short, long = (expect_runs([one], PER_RUN, MNIST, workers=1) for one in (config, longer))
    assert long.worker_seconds - 1 == pytest.approx(2 * (short.worker_seconds - 1))
    assert expect_runs([], PER_RUN, MNIST, workers=2).wall_seconds == 0.0
