"""What every engine promises where accuracy is to be high and a cost is to be low."""

from __future__ import annotations

import math
from pathlib import Path

import optuna
import pytest

from mnist_search.engines import (
    Engine,
    Proposal,
    check_objectives,
    create_engine,
    default_pruner,
    default_sampler,
    parse_objectives,
)
from mnist_search.errors import UsageError
from mnist_search.spaces import SearchSpace, find_space

BOTH = ("val_accuracy", "parameters")
samplers = pytest.mark.parametrize("sampler", ["nsga2", "tpe", "random", "qmc"])


@pytest.fixture
def space(space_file: Path) -> SearchSpace:
    return find_space(str(space_file))


def waiting_study(slots: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["maximize", "minimize"])
    for _ in range(slots):
        study.enqueue_trial({})
    return study


def create(
    space: SearchSpace,
    sampler: str,
    *,
    seed: int = 0,
    slots: int = 25,
    study: optuna.Study | None = None,
) -> Engine:
    used = waiting_study(slots) if study is None else study
    return create_engine(used, space, sampler=sampler, pruner="none", seed=seed, epochs=8)


def scores_of(proposal: Proposal) -> tuple[float, float]:
    units = int(proposal.values["units_1"])
    return 0.5 + units / 200, float(units * 100 + len(proposal.values))


def drain(engine: Engine, limit: int = 1000) -> list[Proposal]:
    proposals: list[Proposal] = []
    while len(proposals) < limit and (proposal := engine.ask()) is not None:
        proposals.append(proposal)
        assert not engine.report(proposal, 1, 0.5)
        engine.tell(proposal, scores_of(proposal))
    return proposals


@samplers
@pytest.mark.parametrize("seed", [0, 1])
def test_same_seed_gives_same_proposals(space: SearchSpace, sampler: str, seed: int) -> None:
    first, second = (drain(create(space, sampler, seed=seed)) for _ in range(2))
    assert first == second
    assert [proposal.number for proposal in first] == list(range(25))
    for proposal in first:
        space.check(dict(proposal.values))


@samplers
def test_seed_0_is_a_seed_like_others(space: SearchSpace, sampler: str) -> None:
    zero, one = (drain(create(space, sampler, seed=seed, slots=12)) for seed in (0, 1))
    assert [proposal.values for proposal in zero] != [proposal.values for proposal in one]


@samplers
def test_engine_made_again_goes_on_as_if_never_gone(space: SearchSpace, sampler: str) -> None:
    whole = drain(create(space, sampler, seed=3))
    study = waiting_study(25)
    parts: list[Proposal] = []
    while len(parts) < 25:
        parts += drain(create(space, sampler, seed=3, study=study), limit=5)
    assert parts == whole


@samplers
def test_ten_failures_in_a_row_are_survived(space: SearchSpace, sampler: str) -> None:
    engine = create(space, sampler, slots=15)
    for _ in range(10):
        proposal = engine.ask()
        assert proposal is not None
        engine.tell(proposal, None)
    assert len(drain(engine)) == 5


@samplers
def test_not_a_number_is_never_on_the_front(space: SearchSpace, sampler: str) -> None:
    study = waiting_study(4)
    engine = create(space, sampler, study=study)
    for scores in ((math.nan, 1.0), (0.99, math.nan), (0.5, 10.0), (0.4, 20.0)):
        proposal = engine.ask()
        assert proposal is not None
        engine.tell(proposal, scores)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "FAIL", "COMPLETE", "COMPLETE"]
    assert [trial.number for trial in study.best_trials] == [2]
    assert study.trials[2].values == [0.5, 10.0]


@samplers
def test_settled_trials_need_no_run(space: SearchSpace, sampler: str) -> None:
    study = waiting_study(14)
    engine = create(space, sampler, study=study)
    for score, stopped in (((0.9, 5.0), False), (None, True), (None, False)):
        proposal = engine.ask()
        assert proposal is not None
        engine.constrain(proposal, {"params": 0.5 if stopped else -0.5})
        engine.settle(proposal, reports=[(1, 0.3)], score=score, stopped=stopped)
    assert [trial.state.name for trial in study.trials[:3]] == ["COMPLETE", "PRUNED", "FAIL"]
    assert study.trials[0].values == [0.9, 5.0]
    # What was too large and what failed is in nobody's way.
    assert len(drain(engine)) == 11


def test_generations_are_as_small_as_our_searches(space: SearchSpace) -> None:
    study = waiting_study(35)
    drain(create(space, "nsga2", study=study))
    generations = [trial.system_attrs["NSGAIISampler:generation"] for trial in study.trials]
    assert generations == [0] * 10 + [1] * 10 + [2] * 10 + [3] * 5


@pytest.mark.parametrize("sampler", ["cmaes", "gp"])
def test_samplers_for_one_objective_are_refused(sampler: str) -> None:
    with pytest.raises(UsageError, match=f"sampler {sampler} has one objective") as caught:
        check_objectives("optuna", sampler, "none", BOTH)
    assert "nsga2" in str(caught.value.hint)


def test_pruners_and_other_engines_are_refused() -> None:
    with pytest.raises(UsageError, match="--pruner must be none, got median"):
        check_objectives("optuna", "nsga2", "median", BOTH)
    with pytest.raises(UsageError, match="keras-tuner has one objective"):
        check_objectives("keras-tuner", "random", "none", BOTH)
    check_objectives("optuna", "nsga2", "none", BOTH)
    check_objectives("optuna", "cmaes", "halving", BOTH[:1])


def test_defaults_follow_the_objectives() -> None:
    assert default_sampler("optuna", BOTH) == "nsga2"
    assert default_sampler("optuna") == "tpe"
    assert default_pruner("nsga2", BOTH) == "none"
    assert default_pruner("tpe") == "halving"


def test_objectives_are_read() -> None:
    assert parse_objectives("val_accuracy") == BOTH[:1]
    assert parse_objectives("val_accuracy, parameters") == BOTH


@pytest.mark.parametrize(
    "text", ["", "parameters", "parameters,val_accuracy", "val_accuracy,beauty", "val_accuracy,"]
)
def test_other_objectives_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--objective must be") as caught:
        parse_objectives(text)
    assert "inference_us" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["val_accuracy,parameters,inference_us"])
def test_more_than_one_cost_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="with one cost"):
        parse_objectives(text)
