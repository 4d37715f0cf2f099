"""Where pruners judge a trial, and whom they stop."""

from __future__ import annotations

import pytest

from mnist_search.engines import Engine, rung_steps
from mnist_search.spaces import SearchSpace
from tests.engines.driving import EPOCHS, create, waiting_study


def test_halving_stops_all_that_grow_worse_and_never_the_end(space: SearchSpace) -> None:
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
    assert stopped == 15


@pytest.mark.parametrize("looks", [(1,), (1, 4)])
def test_halving_lets_the_best_third_go_on(space: SearchSpace, looks: tuple[int, ...]) -> None:
    engine = create(space, pruner="halving", slots=16)
    stopped = []
    # Of five, the best goes on; of six, the best two.
    for index, accuracy in enumerate((0.1, 0.2, 0.3, 0.4, 0.35, 0.36)):
        proposal = engine.ask()
        assert proposal is not None
        for look in looks[:-1]:
            assert not engine.report(proposal, look, 0.1 + index / 10)
        stopped.append(engine.report(proposal, looks[-1], accuracy))
        engine.tell(proposal, accuracy)
    assert stopped == [*[False] * 4, True, False]


def test_stopped_trials_are_pruned_in_the_study(space: SearchSpace) -> None:
    study = waiting_study(6)
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
    assert rung_steps("halving", epochs=8) == (1, 4)
    assert rung_steps("halving", epochs=31) == (1, 4)
    assert rung_steps("halving", epochs=32) == (1, 4, 16)
    assert rung_steps("median", epochs=6) == (1, 2, 4, 8, 16)
    assert rung_steps("none", epochs=6) == ()


@pytest.mark.parametrize("pruner", ["halving", "median", "percentile", "hyperband", "patient"])
def test_every_pruner_stops_the_worst_and_spares_the_best(space: SearchSpace, pruner: str) -> None:
    stopped = run_with_pruner(create(space, pruner=pruner, slots=40), pruner, trials=40)
    assert sum(stopped) >= 6
    assert not any(stopped[:5]) or pruner in ("halving", "hyperband")
    assert not stopped[20]


@pytest.mark.parametrize("pruner", ["halving", "median", "percentile", "hyperband", "patient"])
def test_pruning_goes_on_as_if_never_gone(space: SearchSpace, pruner: str) -> None:
    whole = run_with_pruner(create(space, pruner=pruner, seed=2, slots=24), pruner, trials=24)
    study = waiting_study(24)
    parts: list[bool] = []
    for first in range(0, 24, 8):
        engine = create(space, pruner=pruner, seed=2, study=study)
        parts += run_with_pruner(engine, pruner, trials=8, first=first)
    assert parts == whole
    assert any(whole)


def run_with_pruner(engine: Engine, pruner: str, *, trials: int, first: int = 0) -> list[bool]:
    """Run trials whose number 20 is the best; return which of them were stopped."""
    stopped = []
    for number in range(first, first + trials):
        proposal = engine.ask()
        assert proposal is not None
        level = 0.99 if number == 20 else 0.9 - (7 * number % 40) / 100
        accuracy, stop = 0.0, False
        for step in (1, 2, 4, 8, 12, 16, 20, 24, 28, 32):
            # The better ones get better until the end, the others get worse after an epoch.
            slope = step if level > 0.8 or step <= 4 else 8 - step
            accuracy = level + slope / 10_000
            stop = engine.report(proposal, step, accuracy)
            assert not stop or step in rung_steps(pruner, epochs=EPOCHS)
            if stop:
                break
        engine.tell(proposal, accuracy)
        stopped.append(stop)
    return stopped


def test_patience_is_counted_in_epochs() -> None:
    assert rung_steps("patient", epochs=4) == (4, 8, 12)
    assert rung_steps("hyperband", epochs=8) == (1, 4, 16)
    assert rung_steps("percentile", epochs=6) == rung_steps("median", epochs=6)
