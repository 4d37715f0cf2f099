"""Where pruners judge a trial, and whom they stop."""

from __future__ import annotations

from dataclasses import replace

import optuna
import pytest

from mnist_search.engines import Engine, PastTrial, PrunerName, rung_steps
from mnist_search.engines.pruners import create_pruner
from mnist_search.spaces import ChoiceParameter, SearchSpace
from tests.engines.driving import EPOCHS, STEPS, ask, create

PRUNERS = ("halving", "median", "percentile", "hyperband", "patient")


def test_halving_stops_all_that_grow_worse_and_never_the_end(space: SearchSpace) -> None:
    engine = create(space, pruner="halving")
    stopped = 0
    for index in range(16):
        number, accuracy = ask(engine).number, 0.9 - index / 100
        for step in range(1, 4 * EPOCHS + 1):
            if engine.report(number, step, accuracy):
                assert step in rung_steps("halving", epochs=EPOCHS)
                stopped += 1
                break
        engine.tell(number, accuracy)
    assert stopped == 15


@pytest.mark.parametrize("looks", [(1,), (1, 4)])
def test_halving_lets_the_best_third_go_on(space: SearchSpace, looks: tuple[int, ...]) -> None:
    engine = create(space, pruner="halving")
    stopped = []
    # Of five, the best goes on; of six, the best two.
    for index, accuracy in enumerate((0.1, 0.2, 0.3, 0.4, 0.35, 0.36)):
        number = ask(engine).number
        for look in looks[:-1]:
            assert not engine.report(number, look, 0.1 + index / 10)
        stopped.append(engine.report(number, looks[-1], accuracy))
        engine.tell(number, accuracy)
    assert stopped == [*[False] * 4, True, False]


def test_no_pruner_stops_nothing(space: SearchSpace) -> None:
    engine = create(space, pruner="none")
    for index in range(8):
        number = ask(engine).number
        assert not engine.report(number, 1, 1 - index / 10)
        engine.tell(number, 1 - index / 10)


def test_rungs_grow_from_a_quarter_epoch_and_end_before_the_last_step() -> None:
    assert rung_steps("halving", epochs=1) == (1,)
    assert rung_steps("halving", epochs=8) == (1, 4)
    assert rung_steps("halving", epochs=31) == (1, 4)
    assert rung_steps("halving", epochs=32) == (1, 4, 16)
    assert rung_steps("hyperband", epochs=8) == (1, 4, 16)
    assert rung_steps("median", epochs=6) == (1, 2, 4, 8, 16)
    assert rung_steps("percentile", epochs=6) == rung_steps("median", epochs=6)
    assert rung_steps("none", epochs=6) == ()


def test_patience_is_counted_in_epochs() -> None:
    assert rung_steps("patient", epochs=4) == (4, 8, 12)


@pytest.mark.parametrize("pruner", PRUNERS)
def test_every_pruner_stops_the_worst_and_spares_the_best(
    space: SearchSpace, pruner: PrunerName
) -> None:
    stopped = run_with_pruner(create(space, pruner=pruner), pruner)
    assert sum(stopped) >= 6
    assert not any(stopped[:5]) or pruner in ("halving", "hyperband")
    assert not stopped[20]


def run_with_pruner(engine: Engine, pruner: PrunerName) -> list[bool]:
    """Run 40 trials of which number 20 is the best; return which of them were stopped."""
    stopped = []
    for _ in range(40):
        number = ask(engine).number
        level = 0.99 if number == 20 else 0.9 - (7 * number % 40) / 100
        accuracy, stop = 0.0, False
        for step in STEPS:
            # The better ones get better until the end, the others get worse after an epoch.
            slope = step if level > 0.8 or step <= 4 else 8 - step
            accuracy = level + slope / 10_000
            stop = engine.report(number, step, accuracy)
            assert not stop or step in rung_steps(pruner, epochs=EPOCHS)
            if stop:
                break
        engine.tell(number, accuracy)
        stopped.append(stop)
    return stopped


@pytest.mark.parametrize("pruner", PRUNERS)
def test_engine_judges_as_optuna_does(space: SearchSpace, pruner: PrunerName) -> None:
    engine = create(space, ("optuna", "random"), pruner=pruner, seed=7)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Hyperband draws brackets from the name of the study, for which an engine has its seed.
    study = optuna.create_study(
        study_name="7", pruner=create_pruner(pruner, epochs=EPOCHS), direction="maximize"
    )
    for index in range(40):
        number, trial = ask(engine).number, study.ask()
        accuracy = 0.9 - (7 * index % 40) / 100
        for step in STEPS:
            trial.report(accuracy - step / 1000, step)
            stop = step in rung_steps(pruner, epochs=EPOCHS) and trial.should_prune()
            assert engine.report(number, step, accuracy - step / 1000) == stop
            if stop:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, accuracy)
        engine.tell(number, accuracy)
    assert any(trial.state.name == "PRUNED" for trial in study.trials)


@pytest.mark.parametrize("pruner", PRUNERS)
@pytest.mark.parametrize("restored", [False, True])
def test_a_trial_of_fewer_epochs_is_not_judged_and_judges_nobody(
    space: SearchSpace, pruner: PrunerName, restored: bool
) -> None:
    """While its schedule ends, it shows more than longer trials that are on their way."""
    short = replace(space, parameters=(*space.parameters, ChoiceParameter("epochs", (1, 2, 8))))
    points = [{**space.defaults(), "epochs": epochs} for epochs in (*[1, 2] * 4, 8)]
    steps = [1, 2, 4]
    engine = create(short, pruner=pruner, first=points)
    for index in range(8):
        number = ask(engine).number
        accuracy = 0.95 - index / 100
        assert not any(engine.report(number, step, accuracy) for step in steps)
        engine.tell(number, accuracy)
    if restored:
        reports = [[(step, 0.95 - index / 100) for step in steps] for index in range(8)]
        past = [
            PastTrial(number=i, values=points[i], state="complete", reports=r, score=r[0][1])
            for i, r in enumerate(reports)
        ]
        engine = create(short, pruner=pruner, first=points, past=past)
    long = ask(engine)
    assert long.values["epochs"] == 8
    assert not any(engine.report(long.number, step, 0.5) for step in steps)


def test_a_whole_training_is_the_longest_of_a_space(space: SearchSpace) -> None:
    """Where no trial trains all the epochs of a search, its longest are judged."""
    short = replace(space, parameters=(*space.parameters, ChoiceParameter("epochs", (1, 4))))
    engine = create(short, pruner="halving")
    stopped: dict[int, list[bool]] = {1: [], 4: []}
    for index in range(16):
        trial = ask(engine)
        stop = engine.report(trial.number, 1, 0.9 - index / 100)
        stopped[int(trial.values["epochs"])].append(stop)
        engine.tell(trial.number, 0.9)
    assert any(stopped[4])
    assert stopped[1]
    assert not any(stopped[1])


@pytest.mark.parametrize("restored", [False, True])
def test_what_a_search_begins_with_trains_to_its_end_and_judges_others(
    space: SearchSpace, restored: bool
) -> None:
    first = [space.defaults()] * 4
    engine = create(space, pruner="halving", first=first)
    if restored:
        past = [
            PastTrial(
                number=index,
                values=space.defaults(),
                state="complete",
                reports=[(1, 0.9 - index / 100), (4, 0.95)],
                score=0.95,
            )
            for index in range(3)
        ]
        engine = create(space, pruner="halving", first=first, past=past)
    for index in range(3 if restored else 0, 4):
        number = ask(engine).number
        assert not any(engine.report(number, step, 0.9 - index / 100) for step in (1, 4))
        engine.tell(number, 0.95)
    later = ask(engine).number
    assert engine.report(later, 1, 0.88)
