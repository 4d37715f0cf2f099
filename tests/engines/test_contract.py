"""What every engine promises, whatever it wraps."""

from __future__ import annotations

import dataclasses
import math
import resource
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from mnist_search.engines import (
    PastTrial,
    Proposal,
    PrunerName,
    check_sampler,
    create_engine,
)
from mnist_search.errors import UsageError
from mnist_search.spaces import SearchSpace, Value, find_space
from tests.engines.driving import (
    KINDS,
    STEPS,
    Kind,
    ask,
    create,
    kinds,
    live,
    many,
    point,
    score_of,
)

# Those that never try a point twice: they end when every point was tried.
exhausting = pytest.mark.parametrize(
    "kind",
    [
        param
        for param in KINDS
        if param.values[0][1] in ("grid", "brute-force") or param.values[0][0] == "keras-tuner"
    ],
)
# Binary fractions hold none of these steps; the last range ends at 0.55.
STEPPED = """
family = "mlp"

[parameters.dense_layers]
type = "int"
low = 1
high = 1

[parameters.units]
type = "int"
low = 32
high = 100
step = 30

[parameters.dense_dropout]
type = "float"
low = 0.0
high = 0.6
step = 0.1

[parameters.learning_rate]
type = "float"
low = 0.1
high = 0.6
step = 0.15
"""

SMALL = """
family = "mlp"

[parameters.dense_layers]
type = "int"
low = 1
high = 2

[parameters.units]
type = "int"
low = 32
high = 64
step = 32
per = "dense"

[parameters.dense_dropout]
type = "float"
low = 0.1
high = 0.3
step = 0.1
"""


def pruner_of(kind: Kind) -> PrunerName:
    return "none" if kind[1] == "hyperband" else "halving"


@kinds
def test_numbers_are_consecutive(space: SearchSpace, kind: Kind) -> None:
    assert [trial.number for trial in live(create(space, kind), 12)] == list(range(12))


@kinds
def test_values_are_plain_points_of_the_space(space: SearchSpace, kind: Kind) -> None:
    trials = live(create(space, kind), many(kind))
    assert {trial.values["dense_layers"] for trial in trials} == {1, 2} or kind[1] == "grid"
    for trial in trials:
        space.check(dict(trial.values))
        assert {type(value) for value in trial.values.values()} <= {bool, int, float, str}
        assert ("units_2" in trial.values) == (trial.values["dense_layers"] == 2)
        assert f"learning_rate_{trial.values['optimizer']}" in trial.values
        assert len([name for name in trial.values if name.startswith("learning_rate")]) == 1


@kinds
@pytest.mark.parametrize("seed", [0, 1])
def test_same_seed_gives_same_proposals(space: SearchSpace, kind: Kind, seed: int) -> None:
    first, second = (
        live(create(space, kind, pruner=pruner_of(kind), seed=seed), many(kind)) for _ in range(2)
    )
    assert first == second


@kinds
def test_other_seeds_give_other_proposals(space: SearchSpace, kind: Kind) -> None:
    zero, one = (live(create(space, kind, seed=seed), 10) for seed in (0, 1))
    same = [trial.values for trial in zero] == [trial.values for trial in one]
    # Keras Tuner's grid has one order.
    assert same == (kind == ("keras-tuner", "grid"))


@kinds
def test_failures_in_a_row_are_survived(space: SearchSpace, kind: Kind) -> None:
    engine = create(space, kind)
    assert len(live(engine, 10, score=lambda _: None)) == 10
    assert len(live(engine, 5)) == 5


@kinds
@pytest.mark.parametrize("score", [math.nan, None])
def test_what_failed_is_no_score(space: SearchSpace, kind: Kind, score: float | None) -> None:
    def run(score: float | None) -> list[Mapping[str, Value]]:
        engine = create(space, kind)
        values = []
        for number in range(many(kind) - 1):
            proposal = ask(engine)
            engine.tell(proposal.number, score if number < 3 else score_of(proposal.values))
            values.append(proposal.values)
        return values

    assert run(score) == run(None)


@kinds
def test_engine_made_again_goes_on_as_if_never_gone(space: SearchSpace, kind: Kind) -> None:
    whole = live(create(space, kind, pruner=pruner_of(kind), seed=3), many(kind))
    for cut in (1, 9, 11):
        begun = whole[:cut]
        again = create(space, kind, pruner=pruner_of(kind), seed=3, past=begun)
        assert [*begun, *live(again, many(kind) - cut)] == whole
    states = {trial.state for trial in whole}
    assert states == ({"complete"} if kind[1] == "hyperband" else {"complete", "pruned"})


def interrupted(
    space: SearchSpace, kind: Kind, pruner: PrunerName, *, again: str
) -> list[PastTrial]:
    """Live all trials, of which number 9 first comes to nothing, but with excellent reports."""
    engine = create(space, kind, pruner=pruner, seed=3)
    begun = live(engine, 9)
    proposal = ask(engine)
    reports = [(step, 0.99 + step / 10_000) for step in STEPS[:-1]]
    for step, value in reports:
        assert not engine.report(proposal.number, step, value)
    if again == "released":
        engine.release(proposal.number)
        return [*begun, *live(engine, many(kind) - 9)]
    past = PastTrial(
        number=9,
        values=proposal.values,
        state="waiting" if again == "restored" else "failed",
        reports=reports,
        memo=proposal.memo,
    )
    engine = create(space, kind, pruner=pruner, seed=3, past=[*begun, past])
    return [*begun, *live(engine, many(kind) - 9)]


@kinds
@pytest.mark.parametrize("again", ["released", "restored"])
def test_second_life_is_judged_by_its_own_reports(
    space: SearchSpace, kind: Kind, again: str
) -> None:
    whole = live(create(space, kind, pruner=pruner_of(kind), seed=3), many(kind))
    assert interrupted(space, kind, pruner_of(kind), again=again) == whole


@pytest.mark.parametrize("pruner", ["halving", "median", "percentile", "hyperband", "patient"])
@pytest.mark.parametrize("again", ["released", "restored"])
def test_second_life_under_every_pruner(space: SearchSpace, pruner: PrunerName, again: str) -> None:
    whole = live(create(space, ("optuna", "random"), pruner=pruner, seed=3), 24)
    assert interrupted(space, ("optuna", "random"), pruner, again=again) == whole


@pytest.mark.parametrize("pruner", ["halving", "hyperband"])
def test_reports_of_an_earlier_life_would_have_been_seen(
    space: SearchSpace, pruner: PrunerName
) -> None:
    # Judged beside reports that stay, as those of a trial that failed do, others are stopped.
    def stopped(trials: list[PastTrial]) -> list[int]:
        return [trial.number for trial in trials if trial.state == "pruned" and trial.number > 9]

    whole = live(create(space, ("optuna", "random"), pruner=pruner, seed=3), 24)
    failed = interrupted(space, ("optuna", "random"), pruner, again="failed")
    assert stopped(failed)[: len(stopped(whole))] != stopped(whole)


@kinds
def test_trials_given_back_come_again_whenever_they_began(space: SearchSpace, kind: Kind) -> None:
    engine = create(space, kind, pruner=pruner_of(kind))
    running = [ask(engine) for _ in range(5)]
    for number in (3, 0, 1):
        engine.report(number, 1, 0.5)
        engine.release(number)
    assert [ask(engine) for _ in range(3)] == [running[0], running[1], running[3]]
    assert ask(engine).number == 5
    for number in range(6):
        engine.tell(number, 0.5)
    assert [trial.number for trial in live(engine, 3)] == [6, 7, 8]


@kinds
def test_interrupted_trials_come_first_then_given_points(space: SearchSpace, kind: Kind) -> None:
    begun = live(create(space, kind, first=[space.defaults()]), 6)
    past = [
        dataclasses.replace(trial, state="waiting") if trial.number in (2, 4) else trial
        for trial in begun
    ]
    given = {**space.defaults(), "units_1": 64, "dense_layers": 1}
    given.pop("units_2", None)
    # Of the first seven there are six; the eighth has one value, and the sampler adds the others.
    first = [space.defaults()] * 6 + [given, {"units_1": 16}]
    engine = create(space, kind, first=first, past=past)
    asked = [ask(engine) for _ in range(5)]
    assert [proposal.number for proposal in asked] == [2, 4, 6, 7, 8]
    assert [asked[0].values, asked[1].values] == [begun[2].values, begun[4].values]
    assert asked[2].values == given
    assert asked[3].values["units_1"] == 16
    for proposal in asked:
        space.check(dict(proposal.values))


@kinds
def test_a_proposal_depends_on_its_number_alone(space: SearchSpace, kind: Kind) -> None:
    # Whether trials were given as the first points or proposed before makes no difference.
    whole = live(create(space, kind, seed=3), 8)
    given = create(space, kind, seed=3, first=[trial.values for trial in whole[:5]])
    if kind[1] in ("nsga2", "hyperband"):
        # Given points belong to no generation, and to no bracket.
        assert [trial.values for trial in live(given, 5)] == [t.values for t in whole[:5]]
    else:
        assert [trial.values for trial in live(given, 8)] == [t.values for t in whole]


@kinds
def test_trials_that_need_no_run_are_settled(space: SearchSpace, kind: Kind) -> None:
    engine = create(space, kind, pruner=pruner_of(kind))
    outcomes = [(0.9, False), (0.4, True), (None, True), (None, False)]
    for score, stopped in outcomes:
        proposal = ask(engine)
        engine.constrain(proposal.number, {"params": -0.5, "flops": 0.1 if stopped else 0.0})
        reports = [] if score is None else [(1, 0.3), (4, score)]
        engine.settle(proposal.number, reports=reports, score=score, stopped=stopped)
    assert len(live(engine, 8)) == 8


@pytest.mark.parametrize("pruner", ["halving", "hyperband"])
@pytest.mark.parametrize("made_again", [False, True])
def test_no_pruner_judges_by_what_was_not_trained(
    space: SearchSpace, pruner: PrunerName, made_again: bool
) -> None:
    def is_stopped(trained: bool) -> bool:
        """Say whether any of 12 fair trials is stopped after 8 that were excellent."""
        engine = create(space, ("optuna", "random"), pruner=pruner, epochs=2)
        past = []
        for _ in range(8):
            number, values = ask(engine).number, {}
            reports = [(1, 0.9), (4, 0.9), (8, 0.9)]
            if trained:
                for report in reports:
                    engine.report(number, *report)
                engine.tell(number, 0.9)
            else:
                engine.settle(number, reports=reports, score=0.9, stopped=False)
            past.append(
                PastTrial(
                    number=number,
                    values=values,
                    state="complete",
                    score=0.9,
                    reports=reports,
                    trained=trained,
                )
            )
        if made_again:
            nothing = SearchSpace(name="none", family=space.family, parameters=())
            engine = create(nothing, ("optuna", "random"), pruner=pruner, epochs=2, past=past)
        return any(
            engine.report(ask(engine).number, step, 0.5 + number / 100)
            for number in range(12)
            for step in (1,)
        )

    assert is_stopped(trained=True)
    assert not is_stopped(trained=False)


@pytest.fixture
def stepped(tmp_path: Path) -> SearchSpace:
    path = tmp_path / "stepped.toml"
    path.write_text(STEPPED)
    return find_space(str(path))


DECLARED = {
    "dense_layers": {1},
    "units": {32, 62, 92},
    "dense_dropout": {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6},
    "learning_rate": {0.1, 0.25, 0.4, 0.55},
}


def normalised(
    space: SearchSpace, trials: Sequence[PastTrial | Proposal]
) -> list[dict[str, Value]]:
    return [
        {
            parameter.name: parameter.normalise(trial.values[parameter.name])
            for parameter in space.parameters
        }
        for trial in trials
    ]


@kinds
def test_reachable_values_are_the_declared_ones(stepped: SearchSpace, kind: Kind) -> None:
    learns = kind[1] in ("tpe", "gp", "bayesian")
    engine = create(stepped, kind, epochs=1, seed=1)
    trials = live(engine, 15 if learns else 84, score=lambda values: float(values["units"]) / 100)
    reached: dict[str, set[Value]] = {name: set() for name in DECLARED}
    for values in normalised(stepped, trials):
        for name, value in values.items():
            reached[name].add(value)
    if learns:
        # These may stay away from some that score badly; the tops score no worse than others.
        assert all(reached[name] <= values for name, values in DECLARED.items())
        assert all(max(values) in reached[name] for name, values in DECLARED.items())
    else:
        assert reached == DECLARED


@pytest.fixture
def small(tmp_path: Path) -> SearchSpace:
    """Eighteen points, most of which have one parameter more than the others."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return find_space(str(path))


@exhausting
def test_end_comes_when_every_point_was_tried(small: SearchSpace, kind: Kind) -> None:
    engine = create(small, kind, first=[small.defaults()])
    trials = live(engine)
    assert len({point(trial) for trial in trials}) == small.size() == 18
    assert len(trials) == 18 or kind[1] == "hyperband"
    assert engine.ask() is None
    assert create(small, kind, past=trials).ask() is None
    assert trials[0].values == small.defaults()
    fresh = [trial for trial in trials if "tuner/trial_id" not in (trial.memo or {})]
    assert len({point(trial) for trial in fresh}) == len(fresh) == 18


@exhausting
def test_trials_at_once_share_the_points(small: SearchSpace, kind: Kind) -> None:
    engine = create(small, kind)
    running = [ask(engine) for _ in range(18)]
    assert len({point(proposal) for proposal in running}) == 18
    assert engine.ask() is None
    for proposal in running:
        engine.tell(proposal.number, 0.5)
    if kind[1] != "hyperband":
        assert engine.ask() is None


FINE = """
family = "mlp"

[parameters.dense_dropout]
type = "float"
low = 0.0
high = 0.5
step = 1e-7

[parameters.optimizer]
type = "choice"
choices = ["adam", "sgd"]

[parameters.learning_rate_adam]
type = "float"
low = 0.0001
high = 0.1
step = 1e-7
when = { optimizer = "adam" }
"""


@pytest.fixture
def few_bytes(kind: Kind) -> Iterator[None]:
    """Let this process have no more than 2 GiB beyond what it has, but not one of TensorFlow's."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = Path("/proc/self/statm")
    if kind[0] == "optuna" and used.exists():
        most = int(used.read_text().split()[0]) * resource.getpagesize() + 2**31
        resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def fine(tmp_path: Path, step: str) -> SearchSpace:
    path = tmp_path / "fine.toml"
    path.write_text(FINE.replace("1e-7", step))
    return find_space(str(path))


@kinds
def test_no_list_of_a_space_too_fine_to_list(tmp_path: Path, kind: Kind, few_bytes: None) -> None:
    space = fine(tmp_path, "1e-7")
    if kind in (("keras-tuner", "grid"), ("optuna", "gp")):
        with pytest.raises(UsageError, match="has 5,000,001") as caught:
            check_sampler(*kind, space)
        assert "larger step" in str(caught.value.hint)
        return

    def score(values: Mapping[str, Value]) -> float:
        return float(values["dense_dropout"])

    trials = live(create(space, kind, seed=2), 12, score=score)
    assert len({point(trial) for trial in trials}) > 9
    for trial in trials:
        space.check(dict(trial.values))
    again = create(space, kind, seed=2, past=trials[:9])
    assert [*trials[:9], *live(again, 3, score=score)] == trials


@kinds
def test_steps_finer_than_floats_are_refused(tmp_path: Path, kind: Kind, few_bytes: None) -> None:
    with pytest.raises(UsageError, match="dense_dropout of space fine has 500,000,000,001"):
        create_engine(
            fine(tmp_path, "1e-12"),
            engine=kind[0],
            sampler=kind[1],
            pruner=pruner_of(kind),
            seed=0,
            epochs=1,
        )
