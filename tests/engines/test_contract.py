"""What every engine promises, whatever it wraps."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from mnist_search.engines import Engine, Proposal, create_engine, rung_steps
from mnist_search.spaces import SearchSpace, find_space
from mnist_search.specs import derive_seed

EPOCHS = 2


def create(
    space: SearchSpace,
    *,
    sampler: str = "tpe",
    pruner: str = "none",
    seed: int = 0,
    slots: int = 20,
    study: optuna.Study | None = None,
) -> Engine:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if study is None:
        study = optuna.create_study(direction="maximize")
        for _ in range(slots):
            study.enqueue_trial({})
    return create_engine(study, space, sampler=sampler, pruner=pruner, seed=seed, epochs=EPOCHS)


def score_of(proposal: Proposal) -> float:
    return 0.5 + int(proposal.values["units_1"]) / 200


def drain(engine: Engine, limit: int = 1000) -> list[Proposal]:
    proposals = []
    while (proposal := engine.ask()) is not None and len(proposals) < limit:
        proposals.append(proposal)
        engine.tell(proposal, score_of(proposal))
    return proposals


@pytest.fixture
def space(space_file: Path) -> SearchSpace:
    return find_space(str(space_file))


samplers = pytest.mark.parametrize("sampler", ["tpe", "random"])


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
    study = optuna.create_study(direction="maximize")
    for _ in range(24):
        study.enqueue_trial({})
    parts = []
    for _ in range(4):
        engine = create(space, sampler=sampler, seed=3, study=study)
        for _ in range(6):
            proposal = engine.ask()
            assert proposal is not None
            engine.tell(proposal, score_of(proposal))
            parts.append(proposal)
    assert parts == whole


def test_tpe_learns(space: SearchSpace) -> None:
    proposals = drain(create(space, sampler="tpe", slots=60))
    late = [proposal.values["units_1"] for proposal in proposals[30:]]
    assert late.count(64) > len(late) / 2


def test_halving_stops_the_worse_half_and_never_the_end(space: SearchSpace) -> None:
    engine = create(space, pruner="halving", slots=16)
    stopped = 0
    for index in range(16):
        proposal = engine.ask()
        assert proposal is not None
        accuracy = 0.9 - index / 100
        for step in range(1, 4 * EPOCHS + 1):
            if engine.report(proposal, step, accuracy):
                assert step in rung_steps("halving", epochs=EPOCHS)
                stopped += 1
                break
        engine.tell(proposal, accuracy)
    assert stopped >= 8


def test_stopped_trials_are_pruned_in_the_study(space: SearchSpace) -> None:
    study = optuna.create_study(direction="maximize")
    for _ in range(6):
        study.enqueue_trial({})
    engine = create(space, pruner="halving", study=study)
    told = []
    for index in range(6):
        proposal = engine.ask()
        assert proposal is not None
        stopped = engine.report(proposal, 1, 0.9 - index / 10)
        engine.tell(proposal, 0.9 - index / 10)
        told.append("PRUNED" if stopped else "COMPLETE")
    assert [trial.state.name for trial in study.trials] == told
    assert "PRUNED" in told


def test_no_pruner_stops_nothing(space: SearchSpace) -> None:
    engine = create(space, pruner="none", slots=8)
    for index in range(8):
        proposal = engine.ask()
        assert proposal is not None
        assert not engine.report(proposal, 1, 1 - index / 10)
        engine.tell(proposal, 1 - index / 10)


def test_rungs_grow_from_a_quarter_epoch_and_end_before_the_last_step() -> None:
    assert rung_steps("halving", epochs=1) == (1,)
    assert rung_steps("halving", epochs=8) == (1, 4, 16)
    assert rung_steps("median", epochs=6) == (1, 2, 4, 8, 16)
    assert rung_steps("none", epochs=6) == ()


def test_derived_seeds_differ_by_label_and_seed() -> None:
    seeds = {derive_seed(s, label, n) for s in (0, 1) for label in "ab" for n in range(50)}
    assert len(seeds) == 200
