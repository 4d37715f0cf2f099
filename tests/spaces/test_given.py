"""Points that a space file gives for the first trials."""

from __future__ import annotations

import pytest

from mnist_search.spaces import SearchSpace
from tests.spaces.conftest import Load, Problems
from tests.spaces.texts import BLOCKS, CNN, DEPTH, choice, floats, ints

TEXT = (
    CNN
    + BLOCKS
    + DEPTH
    + choice("filters", "[8, 16]", 'per = "conv"')
    + ints("units", 32, 256, 'per = "dense"')
    + choice("optimizer", '["adam", "sgd"]')
    + floats("learning_rate_adam", 0.0001, 0.01, "log = true")
    + floats("learning_rate_sgd", 0.01, 0.5, "log = true")
    + floats("dense_dropout", 0.0, 0.5, "step = 0.25")
    + "[fixed]\nbatch_size = 64\n"
)


def first(*lines: str) -> str:
    return "[[first]]\n" + "\n".join(lines) + "\n"


def test_a_point_has_its_values_and_else_the_defaults(load: Load) -> None:
    space = load(
        TEXT
        + first('name = "small"', "blocks = 2", "filters = 8", "filters_2 = 16")
        + first('name = "steep.1"', 'optimizer = "sgd"', "learning_rate = 0.1", "dense_layers = 0")
    )
    assert list(space.first) == ["small", "steep.1"]
    small, steep = space.first.values()
    assert small == {**space.defaults(), "blocks": 2, "filters_1_1": 8, "filters_2_1": 16}
    assert (steep["learning_rate_sgd"], steep["filters_1_1"]) == (0.1, 16)
    assert "units_1" not in steep
    for values in space.first.values():
        space.check(values)


def test_first_points_are_no_part_of_what_a_space_is(load: Load) -> None:
    plain = load(TEXT)
    space = load(TEXT + first('name = "a"', "blocks = 1"))
    assert plain.first == {}
    assert space.space_id == plain.space_id
    assert SearchSpace.from_json(space.to_json()) == space


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "first.1.name: must be at most 64 letters"),
        (["name = 3"], "first.1.name: must be at most 64 letters"),
        (['name = "a b"'], "first.1.name: must be at most 64 letters"),
        (['name = "a"', "blocs = 1"], "first.a.blocs: unknown parameter of the family cnn; did"),
        (['name = "a"', "blocks = 9"], "first.a.blocks: must be a whole number >= 1 and <= 8"),
        (['name = "a"', "blocks = 5"], "first.a.blocks: must be a whole number from 1 to 3, got 5"),
        (
            ["name = 'a'", "filters_2 = 9"],
            "first.a.filters_2: filters_2_1 must be one of 8, 16, got",
        ),
        (["name = 'a'", "dense_dropout = 0.3"], "first.a.dense_dropout: must be a float from 0 to"),
        (["name = 'a'", "momentum = 0.9"], "first.a.momentum: is not searched in this file"),
        (["name = 'a'", "batch_size = 9"], "first.a.batch_size: is fixed, to 64"),
        (["name = 'a'", "blocks = 1", "filters_2 = 8"], "first.a.filters_2: has no effect at this"),
        (["name = 'a'", "learning_rate_sgd = 0.1"], "first.a.learning_rate_sgd: has no effect at"),
    ],
)
def test_mistakes_are_told(problems: Problems, lines: list[str], told: str) -> None:
    found = problems(TEXT + first(*lines))
    assert len(found) == 1
    assert found[0].startswith(told)


def test_names_and_points_differ_and_networks_can_be_built(problems: Problems) -> None:
    text = TEXT.replace("[fixed]", choice("kernel", "[3, 11]") + '[fixed]\npadding = "valid"')
    assert problems(text + first('name = "a"') * 2) == [
        'first.2.name: must differ from those before it, got "a"',
        "first.a: must differ from the other points, it is a again",
    ]
    (deep,) = problems(text + first('name = "deep"', "blocks = 2", "kernel = 11"))
    assert deep.startswith("first.deep: must be a network that can be built, but layer")


def test_their_mistakes_are_told_with_those_of_the_rest(problems: Problems) -> None:
    found = problems(
        TEXT + "kernel = true\n" + first("name = 7", "blocs = 1") + first("blocks = true")
    )
    assert [problem.split(":")[0] for problem in found] == [
        "fixed.kernel",
        "first.1.name",
        "first.1.blocs",
        "first.2.name",
        "first.2.blocks",
    ]
    (not_tables,) = problems(TEXT.replace(CNN, CNN + "first = [1]\n"))
    assert not_tables.startswith("first: must be a list of tables, each as [[first]], got")
