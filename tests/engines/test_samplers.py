"""What single samplers are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.engines.samplers import Walk
from mnist_search.spaces import SearchSpace, find_space
from mnist_search.specs import derive_seed
from tests.engines.driving import Kind, create, live, score_of

CONDITIONS = """
family = "cnn"

[parameters.blocks]
type = "int"
low = 1
high = 3

[parameters.conv_dropout]
type = "float"
low = 0.1
high = 0.4
step = 0.1
per = "block"

[parameters.optimizer]
type = "choice"
choices = ["adam", "sgd", "rmsprop"]

[parameters.momentum]
type = "float"
low = 0.8
high = 0.9
step = 0.05
when = { optimizer = ["sgd"] }
"""


@pytest.fixture
def conditional(tmp_path: Path) -> SearchSpace:
    path = tmp_path / "conditional.toml"
    path.write_text(CONDITIONS)
    return find_space(str(path))


def test_walk_visits_every_point_once(conditional: SearchSpace) -> None:
    walk = Walk(conditional, seed=5)
    assert walk.size == conditional.size() == (4 + 16 + 64) * (1 + 3 + 1)
    points = [walk.point(place) for place in range(walk.size)]
    assert len({frozenset(values.items()) for values in points}) == walk.size
    for values in points:
        conditional.check(values)
        assert not walk.tried(values)
        walk.note(values)
        assert walk.tried(values)
    assert walk.untried(0) is None
    assert walk.random_untried(3) is None


def test_walk_finds_the_last_point_from_anywhere(conditional: SearchSpace) -> None:
    walk = Walk(conditional, seed=5)
    for place in range(walk.size):
        if place != 100:
            walk.note(walk.point(place))
    assert walk.untried(7) == 100
    assert walk.untried(walk.size - 1) == 100 + walk.size
    assert walk.random_untried(3) == walk.point(100)


@pytest.mark.parametrize("kind", [("optuna", "brute-force")])
def test_brute_force_is_random(space: SearchSpace, kind: Kind) -> None:
    # In the order of the numbers, half of the first points would be among the first ones.
    numbers = [trial.values["dense_dropout"] for trial in live(create(space, kind), 24)]
    assert len(set(numbers[:6])) > 1
    assert {trial.values["optimizer"] for trial in live(create(space, kind), 6)} == {"adam", "sgd"}


@pytest.mark.parametrize("kind", [("optuna", "qmc")])
def test_quasi_random_points_lie_evenly_in_every_parameter(space: SearchSpace, kind: Kind) -> None:
    trials = live(create(space, kind), 32)
    units = [trial.values["units_1"] for trial in trials]
    assert {units.count(value) for value in (16, 32, 64)} <= {10, 11}
    rates = [t.values["learning_rate_sgd"] for t in trials if t.values["optimizer"] == "sgd"]
    assert len(rates) == 16
    assert sum(float(rate) < 1e-2 for rate in rates) in (7, 8, 9)


def test_tpe_learns(space: SearchSpace) -> None:
    late = [trial.values["units_1"] for trial in live(create(space), 60)[30:]]
    assert late.count(64) > len(late) / 2


def share_over_limit(space: SearchSpace, *, told: bool) -> float:
    """Search where more units score better, but more than 32 are too many; judge late trials."""
    engine = create(space)
    over = []
    while len(over) < 60 and (proposal := engine.ask()) is not None:
        units = int(proposal.values["units_1"])
        if told:
            engine.constrain(proposal.number, {"params": units / 32 - 1})
        engine.tell(proposal.number, score_of(proposal.values))
        over.append(units > 32)
    return sum(over[20:]) / 40


def test_tpe_learns_where_the_limit_lies(space: SearchSpace) -> None:
    assert share_over_limit(space, told=False) > 0.5
    assert share_over_limit(space, told=True) < 0.3


def test_derived_seeds_differ_by_label_and_seed() -> None:
    seeds = {derive_seed(s, label, n) for s in (0, 1) for label in "ab" for n in range(50)}
    assert len(seeds) == 200
