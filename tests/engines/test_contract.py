"""What every engine promises, whatever it wraps."""

from __future__ import annotations

import copy
import importlib.util
import math
from pathlib import Path

import optuna
import pytest

from mnist_search.engines import Proposal
from mnist_search.errors import UsageError
from mnist_search.spaces import SearchSpace, find_space
from mnist_search.specs import derive_seed
from tests.engines.driving import create, drain, score_of, waiting_study

EXTRAS = {"cmaes": "cmaes", "gp": "torch"}


def requeue(study: optuna.Study, number: int) -> None:
    """Put a running trial of an in-memory study back to waiting, its parameters kept."""
    (trial_id,) = (trial._trial_id for trial in study.trials if trial.number == number)
    storage = study._storage
    trial = copy.copy(storage._get_trial(trial_id))
    trial.state = optuna.trial.TrialState.WAITING
    storage._set_trial(trial_id, trial)


SAMPLERS = [
    "tpe",
    "random",
    "grid",
    "brute-force",
    "qmc",
    "nsga2",
    *(
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                importlib.util.find_spec(package) is None,
                reason=f"{name} needs the package {package}, which is an extra",
            ),
        )
        for name, package in EXTRAS.items()
    ),
]
samplers = pytest.mark.parametrize("sampler", SAMPLERS)


@samplers
def test_fills_exactly_the_waiting_slots_in_order(space: SearchSpace, sampler: str) -> None:
    proposals = drain(create(space, sampler=sampler, slots=12))
    assert [proposal.number for proposal in proposals] == list(range(12))


@samplers
def test_values_lie_in_the_space_and_are_plain(space: SearchSpace, sampler: str) -> None:
    for proposal in drain(create(space, sampler=sampler)):
        values = dict(proposal.values)
        space.check(values)
        assert {type(value) for value in values.values()} <= {bool, int, float, str}


@samplers
def test_inactive_parameters_are_absent(space: SearchSpace, sampler: str) -> None:
    proposals = drain(create(space, sampler=sampler))
    assert {p.values["dense_layers"] for p in proposals} == {1, 2}
    for proposal in proposals:
        assert ("units_2" in proposal.values) == (proposal.values["dense_layers"] == 2)
        assert f"learning_rate_{proposal.values['optimizer']}" in proposal.values
        assert len([name for name in proposal.values if name.startswith("learning_rate")]) == 1


@samplers
@pytest.mark.parametrize("seed", [0, 1])
def test_same_seed_gives_same_proposals(space: SearchSpace, sampler: str, seed: int) -> None:
    first = drain(create(space, sampler=sampler, seed=seed, slots=25))
    second = drain(create(space, sampler=sampler, seed=seed, slots=25))
    assert first == second


@samplers
def test_other_seeds_give_other_proposals(space: SearchSpace, sampler: str) -> None:
    zero, one = (drain(create(space, sampler=sampler, seed=seed)) for seed in (0, 1))
    assert [p.values for p in zero] != [p.values for p in one]


@samplers
def test_failures_in_a_row_are_survived(space: SearchSpace, sampler: str) -> None:
    engine = create(space, sampler=sampler, slots=15)
    for _ in range(10):
        proposal = engine.ask()
        assert proposal is not None
        engine.tell(proposal, None)
    assert len(drain(engine)) == 5


@samplers
def test_engine_made_again_goes_on_as_if_never_gone(space: SearchSpace, sampler: str) -> None:
    whole = drain(create(space, sampler=sampler, seed=3, slots=24))
    study = waiting_study(24)
    parts = []
    for _ in range(4):
        engine = create(space, sampler=sampler, seed=3, study=study)
        for _ in range(6):
            proposal = engine.ask()
            assert proposal is not None
            engine.tell(proposal, score_of(proposal))
            parts.append(proposal)
    assert parts == whole


def test_tpe_proposes_what_the_stock_one_would(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def propose() -> list[list[Proposal]]:
        """Two trials at a time, some of them beyond a limit."""
        engine = create(space, sampler="tpe", pruner="halving", seed=5, slots=40)
        rounds = []
        while (first := engine.ask()) is not None and (second := engine.ask()) is not None:
            for proposal in (first, second):
                engine.constrain(proposal, {"params": int(proposal.values["units_1"]) / 32 - 1})
                engine.report(proposal, 1, score_of(proposal))
                engine.tell(proposal, score_of(proposal))
            rounds.append([first, second])
        return rounds

    ours = propose()
    monkeypatch.setattr(
        "mnist_search.engines._samplers.SharingTPESampler",
        lambda *, seed, known: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True),
    )
    assert propose() == ours


def test_tpe_learns(space: SearchSpace) -> None:
    proposals = drain(create(space, sampler="tpe", slots=60))
    late = [proposal.values["units_1"] for proposal in proposals[30:]]
    assert late.count(64) > len(late) / 2


def test_derived_seeds_differ_by_label_and_seed() -> None:
    seeds = {derive_seed(s, label, n) for s in (0, 1) for label in "ab" for n in range(50)}
    assert len(seeds) == 200


@pytest.mark.parametrize("sampler", ["grid", "brute-force"])
def test_finite_space_is_walked_once_and_then_ends(space: SearchSpace, sampler: str) -> None:
    study = waiting_study(60)
    engine = create(space, sampler=sampler, study=study)
    proposals = drain(engine)
    assert len(proposals) == space.size() == 48
    assert len({frozenset(proposal.values.items()) for proposal in proposals}) == 48
    assert engine.ask() is None
    assert create(space, sampler=sampler, study=study).ask() is None
    assert [trial.state.name for trial in study.trials].count("WAITING") == 12


@pytest.mark.parametrize("sampler", ["grid", "brute-force"])
def test_given_points_are_not_walked_again(space: SearchSpace, sampler: str) -> None:
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial(space.defaults())
    for _ in range(59):
        study.enqueue_trial({})
    proposals = drain(create(space, sampler=sampler, study=study))
    assert proposals[0].values == space.defaults()
    assert len({frozenset(proposal.values.items()) for proposal in proposals}) == 48


@pytest.mark.parametrize("sampler", ["grid", "brute-force"])
def test_trials_at_once_share_the_points(space: SearchSpace, sampler: str) -> None:
    engine = create(space, sampler=sampler, slots=60)
    running = []
    while (proposal := engine.ask()) is not None:
        running.append(proposal)
    assert len({frozenset(proposal.values.items()) for proposal in running}) == 48
    for proposal in running:
        engine.tell(proposal, 0.5)
    assert engine.ask() is None


@pytest.mark.parametrize("sampler", ["grid", "brute-force"])
def test_space_without_end_is_refused_in_one_sentence(space_file: Path, sampler: str) -> None:
    with pytest.raises(UsageError) as caught:
        create(find_space(str(space_file)), sampler=sampler)
    assert "learning_rate_adam" in caught.value.message
    assert caught.value.hint is not None
    assert "step or choices" in caught.value.hint


@pytest.mark.parametrize(("sampler", "package"), EXTRAS.items())
def test_missing_package_is_one_hint(
    space: SearchSpace, sampler: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "mnist_search.engines.checks.importlib.util.find_spec",
        lambda name: None if name == package else find(name),
    )
    with pytest.raises(UsageError, match=f"{sampler} needs the package {package}") as caught:
        create(space, sampler=sampler)
    assert caught.value.hint == f"pip install 'mnist-search[{sampler}]'"


@samplers
def test_not_a_number_is_a_failure(space: SearchSpace, sampler: str) -> None:
    study = waiting_study(3)
    engine = create(space, sampler=sampler, study=study)
    for score in (math.nan, 0.5, 0.4):
        proposal = engine.ask()
        assert proposal is not None
        engine.tell(proposal, score)
    assert study.best_trial.number == 1
    assert study.trials[0].state.name == "FAIL"


@samplers
def test_slot_given_back_keeps_its_values_and_changes_no_other(
    space: SearchSpace, sampler: str
) -> None:
    whole = drain(create(space, sampler=sampler, seed=3, slots=16))
    study = waiting_study(16)
    engine = create(space, sampler=sampler, seed=3, study=study)
    parts = []
    for number in range(16):
        proposal = engine.ask()
        assert proposal is not None
        if number == 9:
            engine.forget(proposal)
            requeue(study, 9)
            engine = create(space, sampler=sampler, seed=3, study=study)
            proposal = engine.ask()
            assert proposal is not None
        engine.tell(proposal, score_of(proposal))
        parts.append(proposal)
    assert parts == whole


def test_quasi_random_points_lie_evenly_in_every_parameter(space: SearchSpace) -> None:
    proposals = drain(create(space, sampler="qmc", slots=32))
    units = [proposal.values["units_1"] for proposal in proposals]
    assert {units.count(value) for value in (16, 32, 64)} <= {10, 11}
    rates = [p.values["learning_rate_sgd"] for p in proposals if p.values["optimizer"] == "sgd"]
    assert len(rates) == 16
    assert sum(float(rate) < 1e-2 for rate in rates) in (7, 8, 9)


@samplers
def test_settled_trials_need_no_run(space: SearchSpace, sampler: str) -> None:
    study = waiting_study(4)
    engine = create(space, sampler=sampler, pruner="halving", study=study)
    outcomes = [(0.9, False), (0.4, True), (None, True), (None, False)]
    for score, stopped in outcomes:
        proposal = engine.ask()
        assert proposal is not None
        reports = [] if score is None else [(1, 0.3), (4, score)]
        engine.settle(proposal, reports=reports, score=score, stopped=stopped)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "PRUNED", "FAIL"]
    assert [trial.value for trial in study.trials] == [0.9, 0.4, None, None]
    assert engine.ask() is None


def share_over_limit(space: SearchSpace, *, told: bool) -> float:
    """Search where more units score better, but more than 32 are too many; judge late trials."""
    engine = create(space, slots=60)
    over = []
    while (proposal := engine.ask()) is not None:
        units = int(proposal.values["units_1"])
        if told:
            engine.constrain(proposal, {"params": units / 32 - 1})
        engine.tell(proposal, score_of(proposal))
        over.append(units > 32)
    return sum(over[20:]) / 40


def test_tpe_learns_where_the_limit_lies(space: SearchSpace) -> None:
    assert share_over_limit(space, told=False) > 0.5
    assert share_over_limit(space, told=True) < 0.3


def test_constraints_are_stored_and_given_back_slots_keep_them(space: SearchSpace) -> None:
    study = waiting_study(1)
    engine = create(space, study=study)
    for _ in range(2):
        proposal = engine.ask()
        assert proposal is not None
        engine.constrain(proposal, {"params": 0.5, "flops": -0.25})
        engine.forget(proposal)
        requeue(study, 0)
    assert study.trials[0].constraints == {"params": 0.5, "flops": -0.25}
