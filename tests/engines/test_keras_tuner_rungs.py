"""Keras Tuner's hyperband: which trials go on from which, and that a new oracle knows it too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest

from mnist_search.engines import (
    Engine,
    Proposal,
    check_pruner,
    check_sampler,
    create_engine,
    default_pruner,
)
from mnist_search.errors import UsageError
from mnist_search.spaces import SearchSpace, find_space
from mnist_search.specs.rung import RUNG

EPOCHS = 9
# Of nine epochs: 9 trials of 1, 3 of 3, 1 of 9; then 5 of 3, 2 of 9; then 3 of 9.
ROUND = 23


@pytest.fixture
def space(space_file: Path) -> SearchSpace:
    return find_space(str(space_file))


def create(study: optuna.Study, space: SearchSpace, seed: int = 0) -> Engine:
    return create_engine(
        study,
        space,
        engine="keras-tuner",
        sampler="hyperband",
        pruner="none",
        seed=seed,
        epochs=EPOCHS,
    )


def waiting(slots: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize")
    for _ in range(slots):
        study.enqueue_trial({})
    return study


def score_of(proposal: Proposal) -> float:
    # No order of the numbers, no two alike.
    assert proposal.rung is not None
    luck = (proposal.number * 7919) % 101 / 1000
    return 0.8 + luck / 10 + proposal.rung.epochs / 1000


def ask(engine: Engine) -> Proposal:
    proposal = engine.ask()
    assert proposal is not None
    return proposal


def drain(engine: Engine, trials: int) -> list[Proposal]:
    proposals = []
    for _ in range(trials):
        proposals.append(ask(engine))
        engine.tell(proposals[-1], score_of(proposals[-1]))
    return proposals


@pytest.mark.slow
def test_the_best_of_a_round_go_on_with_their_own_values(space: SearchSpace) -> None:
    study = waiting(2 * ROUND)
    engine = create(study, space)
    proposals = drain(engine, 2 * ROUND)
    assert engine.ask() is None
    engine.close()
    assert [proposal.number for proposal in proposals] == list(range(2 * ROUND))
    rungs = {}
    for proposal in proposals:
        space.check(dict(proposal.values))
        assert {type(value) for value in proposal.values.values()} <= {bool, int, float, str}
        assert not any("/" in name for name in proposal.values)
        assert proposal.rung is not None
        assert proposal.rung.values == proposal.values
        rungs[proposal.number] = proposal.rung
    sizes = Counter((r.bracket, r.round, r.initial_epoch, r.epochs) for r in rungs.values())
    assert sizes == {
        (0, 0, 0, 1): 9,
        (0, 1, 1, 3): 3,
        (0, 2, 3, 9): 1,
        (1, 0, 0, 3): 5,
        (1, 1, 3, 9): 2,
        (2, 0, 0, 9): 3,
        (3, 0, 0, 1): 9,
        (3, 1, 1, 3): 3,
        (3, 2, 3, 9): 1,
        (4, 0, 0, 3): 5,
        (4, 1, 3, 9): 2,
        (5, 0, 0, 9): 3,
    }
    by_number = {proposal.number: proposal for proposal in proposals}
    for number, rung in rungs.items():
        if rung.continues is None:
            assert rung.initial_epoch == rung.round == 0
            continue
        parent = rungs[rung.continues]
        assert (parent.bracket, parent.round + 1) == (rung.bracket, rung.round)
        assert parent.epochs == rung.initial_epoch
        assert by_number[number].values == by_number[rung.continues].values
    for bracket in (0, 3):
        members = [n for n, r in rungs.items() if (r.bracket, r.round) == (bracket, 0)]
        best = sorted(members, key=lambda n: -score_of(by_number[n]))[:3]
        gone_on = [r.continues for r in rungs.values() if (r.bracket, r.round) == (bracket, 1)]
        # Keras Tuner does not wait for the whole round where the rest cannot change the choice.
        assert sorted(best) == sorted(number for number in gone_on if number is not None)
    roots = [frozenset(p.values.items()) for p in proposals if rungs[p.number].continues is None]
    assert len(set(roots)) == len(roots)


@pytest.mark.slow
@pytest.mark.parametrize("cuts", [(1, 9, 11, 13, 20), (5, 12, 30)])
def test_an_oracle_made_again_goes_on_as_if_never_gone(
    space: SearchSpace, cuts: Sequence[int]
) -> None:
    first = create(waiting(40), space, seed=5)
    whole = drain(first, 40)
    first.close()
    study, parts = waiting(40), []
    for begin, end in zip((0, *cuts), (*cuts, 40), strict=True):
        engine = create(study, space, seed=5)
        parts += drain(engine, end - begin)
        engine.close()
    assert parts == whole


@pytest.mark.slow
def test_failed_trials_are_not_gone_on_from(space: SearchSpace) -> None:
    study = waiting(30)
    engine = create(study, space)
    for _ in range(12):
        engine.tell(ask(engine), None)
    rungs = []
    while (proposal := engine.ask()) is not None:
        rungs.append(proposal.rung)
        engine.tell(proposal, float("nan") if proposal.number == 12 else score_of(proposal))
    engine.close()
    assert len(rungs) == 18
    assert study.best_trial.number > 12
    assert all(r is not None and (r.continues is None or r.continues > 12) for r in rungs)


@pytest.mark.slow
def test_trials_at_once_begin_brackets_early_and_none_goes_on_twice(space: SearchSpace) -> None:
    study = waiting(40)
    engine = create(study, space)
    running: list[Proposal] = []
    rungs = []
    for _ in range(40):
        running.append(ask(engine))
        rungs.append(running[-1].rung)
        if len(running) == 4:
            # Out of order.
            done = running.pop(1)
            engine.tell(done, score_of(done))
    engine.close()
    parents = [rung.continues for rung in rungs if rung is not None and rung.continues is not None]
    assert len(parents) == len(set(parents)) > 3


class Asked:
    """Stands in for the process: answers as planned and remembers what it was told."""

    def __init__(self, answers: Sequence[Mapping[str, Any] | None]) -> None:
        self.answers = list(answers)
        self.told: list[list[Mapping[str, Any]]] = []

    def propose(self, number: int, *, seed: int, trials: Sequence[Mapping[str, Any]]) -> Any:
        self.told.append(list(trials))
        return self.answers.pop(0)

    def close(self) -> None:
        pass


POINT = {
    "dense_layers": 1,
    "units_1": 32,
    "dense_dropout": 0.25,
    "optimizer": "sgd",
    "learning_rate_sgd": 0.0123456789012345678,
}
BEGIN = {
    "tuner/bracket": 0,
    "tuner/round": 0,
    "tuner/initial_epoch": 0,
    "tuner/epochs": 3,
    "tuner/promotes": 1,
}
GO_ON = {
    "tuner/bracket": 0,
    "tuner/round": 1,
    "tuner/initial_epoch": 3,
    "tuner/epochs": 9,
    "tuner/promotes": 0,
    "tuner/trial_id": "0",
}


def test_a_slot_keeps_its_rung_wherever_its_owner_dies(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked([POINT | BEGIN, POINT | GO_ON])
    monkeypatch.setattr("mnist_search.engines._keras_tuner.OracleProcess", lambda *_: asked)
    study = waiting(2)
    engine = create(study, space)
    engine.tell(ask(engine), 0.9)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(optuna.Study, "ask", die)
        with pytest.raises(KeyboardInterrupt):
            engine.ask()
    assert study.trials[1].state.name == "WAITING"
    assert study.trials[1].user_attrs[RUNG]["continues"] == 0
    # The one made again must not even ask for it.
    proposal = ask(create(study, space))
    assert proposal.rung is not None
    assert (proposal.number, proposal.rung.continues, proposal.rung.epochs) == (1, 0, 9)
    assert proposal.values == study.trials[0].params == POINT
    assert len(asked.told) == 2


def test_a_slot_that_is_given_back_stays_in_its_bracket(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked([POINT | BEGIN, POINT | GO_ON])
    monkeypatch.setattr("mnist_search.engines._keras_tuner.OracleProcess", lambda *_: asked)
    study = optuna.create_study(direction="maximize")
    plain = create(waiting(1), space)
    rung = ask(plain).rung
    assert rung is not None
    # As the ledger leaves it: waiting again, with its rung and its values.
    study.enqueue_trial(dict(POINT), user_attrs={RUNG: rung.model_dump(mode="json")})
    study.enqueue_trial({})
    engine = create(study, space)
    first, second = ask(engine), ask(engine)
    assert first.rung == rung
    assert second.rung is not None
    assert [(change["number"], change["state"]) for change in asked.told[-1]] == [(0, "running")]
    assert asked.told[-1][0]["rung"] == rung.model_dump(mode="json")


def test_given_values_train_all_epochs_beside_the_brackets(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked([None])
    monkeypatch.setattr("mnist_search.engines._keras_tuner.OracleProcess", lambda *_: asked)
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial(space.defaults())
    study.enqueue_trial({})
    engine = create(study, space)
    assert ask(engine).rung is None
    assert engine.ask() is None
    assert study.trials[1].state.name == "WAITING"
    assert RUNG not in study.trials[1].user_attrs


def test_another_pruner_is_refused_in_one_sentence() -> None:
    assert default_pruner("hyperband") == "none"
    assert default_pruner("tpe") == "halving"
    check_pruner("hyperband", "none")
    check_pruner("tpe", "hyperband")
    with pytest.raises(UsageError, match="--pruner must be none, got halving"):
        check_pruner("hyperband", "halving")


def test_linear_classifiers_are_refused_in_one_sentence() -> None:
    with pytest.raises(UsageError, match="space linear has linear classifiers"):
        check_sampler("keras-tuner", "hyperband", find_space("linear"))
