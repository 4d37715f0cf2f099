"""Importance of parameters, on searches where it is known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import optuna
import pytest

from mnist_search.analysis.importance import (
    PERMUTATIONS,
    parameter_effects,
    parameter_importances,
)
from mnist_search.spaces import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    SearchSpace,
)
from mnist_search.specs import Record, RunResult, Score

SPACE = SearchSpace(
    name="s",
    family="mlp",
    parameters=(
        ChoiceParameter("optimizer", choices=("adam", "sgd")),
        FloatParameter(
            "momentum",
            low=0.0,
            high=1.0,
            conditions=(Condition("optimizer", choices=("sgd",)),),
        ),
        FloatParameter("rate", low=1e-4, high=1e-1, log=True),
        IntParameter("layers", low=1, high=3),
    ),
)
Values = dict[str, float | int | str]


def trials(count: int, accuracy: Callable[[Values], float], *, pruned: int = 0) -> list[Record]:
    found = []
    for number in range(count):
        draw = random.Random(number)
        values: Values = {
            "optimizer": draw.choice(["adam", "sgd"]),
            "rate": 10 ** draw.uniform(-4, -1),
            "layers": draw.randint(1, 3),
        }
        if values["optimizer"] == "sgd":
            values["momentum"] = draw.random()
        is_pruned = number < pruned
        right = round(10_000 * accuracy(values))
        found.append(
            Record(
                study="s",
                number=number,
                kind="trial",
                state="pruned" if is_pruned else "complete",
                values=values,
                result=RunResult(
                    status="pruned" if is_pruned else "complete",
                    config_id="0",
                    seed=0,
                    validation=None if is_pruned else Score(correct=right, total=10_000),
                    reports=((1, right / 10_000),),
                ),
            )
        )
    return found


def by_rate(values: Values) -> float:
    return 0.99 - 0.1 * abs(math.log10(float(values["rate"])) + 2)


def by_momentum(values: Values) -> float:
    return float(values.get("momentum", 0.0)) / 2


def test_what_decides_comes_first_and_shares_sum_to_one() -> None:
    found = parameter_importances(trials(60, by_rate), SPACE)
    assert found is not None
    assert found.shares[0].parameter == "rate"
    assert found.shares[0].rank == 1
    assert found.shares[0].share > 0.5
    assert sum(share.share for share in found.shares) == pytest.approx(1)
    assert {share.parameter for share in found.shares} == {p.name for p in SPACE.parameters}
    assert (found.top, found.trials, found.complete) == (6, 60, 60)


def test_conditional_parameters_count_and_say_how_many_trials_had_them() -> None:
    found = parameter_importances(trials(80, by_momentum), SPACE)
    assert found is not None
    (momentum,) = [share for share in found.shares if share.parameter == "momentum"]
    assert momentum.share == max(share.share for share in found.shares)
    assert 20 < momentum.trials < 60
    assert momentum.of == 80


def test_stopped_trials_are_not_among_the_best_whatever_they_had_reached() -> None:
    # The stopped ones are the best by their last accuracy, if that counted.
    records = trials(40, by_rate, pruned=20)
    better = [
        record.model_copy(
            update={"result": record.result.model_copy(update={"reports": ((1, 1.0),)})}
        )
        if record.state == "pruned" and record.result is not None
        else record
        for record in records
    ]
    first, second = parameter_importances(records, SPACE), parameter_importances(better, SPACE)
    assert first is not None
    assert first == second
    assert (first.trials, first.complete) == (40, 20)


def test_too_few_or_all_alike_say_nothing() -> None:
    assert parameter_importances(trials(9, by_rate), SPACE) is None
    assert parameter_importances(trials(30, lambda values: 0.5), SPACE) is None


def test_optunas_verbosity_stays_as_it_was() -> None:
    before = optuna.logging.get_verbosity()
    parameter_importances(trials(12, by_rate), SPACE)
    assert optuna.logging.get_verbosity() == before


def test_noise_alone_shows_large_shares_and_gets_no_rank() -> None:
    def nothing(values: Values) -> float:
        return random.Random(str(sorted(values.items()))).random()

    found = parameter_importances(trials(40, nothing), SPACE, permutations=PERMUTATIONS)
    assert found is not None
    # Four parameters share one out among them, whatever the results.
    assert max(share.share for share in found.shares) > 0.25
    assert [share.parameter for share in found.shares if share.rank is not None] == []
    assert all(share.noise is not None and share.noise >= share.share for share in found.shares)
    # Without permutations the largest share has the first rank.
    plain = parameter_importances(trials(40, nothing), SPACE)
    assert plain is not None
    assert max(plain.shares, key=lambda share: share.share).rank == 1


def test_what_decides_is_beyond_its_noise() -> None:
    found = parameter_importances(trials(60, by_rate), SPACE, permutations=PERMUTATIONS)
    assert found is not None
    (rate,) = [share for share in found.shares if share.parameter == "rate"]
    assert rate.noise is not None
    assert rate.share > rate.noise > 0
    assert rate.rank == 1
    again = parameter_importances(trials(60, by_rate), SPACE, permutations=PERMUTATIONS)
    assert found == again


def test_a_parameter_that_few_trials_had_has_no_rank_and_stands_below_its_parent() -> None:
    records = trials(80, by_momentum)
    found = parameter_importances(records, SPACE)
    assert found is not None
    names = [share.parameter for share in found.shares]
    assert names.index("momentum") == names.index("optimizer") + 1
    assert next(share for share in found.shares if share.parameter == "momentum").rank == 1
    adam = [r for r in records if r.values and r.values["optimizer"] == "adam"]
    sgd = [r for r in records if r.values and r.values["optimizer"] == "sgd"]
    few = parameter_importances([*adam, *sgd[:9]], SPACE)
    assert few is not None
    assert next(share for share in few.shares if share.parameter == "momentum").rank is None


def test_effects_count_the_best_trials_of_each_value() -> None:
    records = trials(60, by_rate)
    effects = parameter_effects(records, SPACE, independent=True)
    rates = [effect for effect in effects if effect.parameter == "rate"]
    assert [effect.trials for effect in rates] == [20, 20, 20]
    # The best rate is a hundredth: in the upper two thirds of 0.0001 to 0.1.
    assert rates[0].best == 0
    assert sum(effect.best for effect in rates) == 6
    for effect in effects:
        assert effect.low is not None
        assert effect.high is not None
        assert effect.low <= effect.share <= effect.high
    # Equal numbers are never on two sides of a cut.
    assert [effect.level for effect in effects if effect.parameter == "layers"] == ["1", "2", "3"]
    choices = [effect.level for effect in effects if effect.parameter == "optimizer"]
    assert choices == ["adam", "sgd"]
    assert sum(effect.trials for effect in effects if effect.parameter == "momentum") < 60


def test_a_sampler_that_learns_has_no_intervals() -> None:
    effects = parameter_effects(trials(60, by_rate), SPACE, independent=False)
    assert {(effect.low, effect.high) for effect in effects} == {(None, None)}
    assert parameter_effects(trials(9, by_rate), SPACE, independent=True) == []
