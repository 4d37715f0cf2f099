"""Mistakes in space files, each told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.errors import SpaceError
from mnist_search.spaces import load_space
from tests.spaces.texts import BLOCKS, CNN, DEPTH, MLP, choice, floats, ints, table

Problems = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["family: must be one of mlp, cnn, linear, got none"]),
        (
            'family = "cn"\n',
            ['family: must be one of mlp, cnn, linear, got "cn"; did you mean "cnn"?'],
        ),
        ('familiy = "cnn"\n', ['familiy: unknown key; did you mean "family"?']),
        (CNN, ["parameters: must have at least one table [parameters.NAME], got none"]),
        (CNN + "parameters = 3\n", ["parameters: must be a table, got 3"]),
        (CNN + "fixed = []\n" + BLOCKS, ["fixed: must be a table, got []"]),
        ("description = 7\n" + CNN + BLOCKS, ["description: must be a text, got 7"]),
        (CNN + "parameters.blocks = 2\n", ["blocks: must be a table"]),
        (
            CNN + ints("block", 1, 2),
            ['block: unknown parameter of the family cnn; did you mean "blocks"?'],
        ),
        (
            CNN + table("blocks", "low = 1; high = 2"),
            ["blocks.type: must be one of int, float, choice, got none"],
        ),
        (CNN + table("blocks", 'type = "in"'), ['got "in"; did you mean "int"?']),
        (
            CNN + table("blocks", "type = [1]"),
            ["blocks.type: must be one of int, float, choice, got [1]"],
        ),
        (
            CNN + ints("blocks", 1, 2, "hihg = 3"),
            ['blocks.hihg: unknown key; did you mean "high"?'],
        ),
        (CNN + choice("blocks", "[1]", "log = true"), ["blocks.log: unknown key"]),
        (CNN + ints("blocks", 3, 1), ["blocks: low must be <= high, got low = 3, high = 1"]),
        (CNN + ints("blocks", "true", 1), ["blocks.low: must be a whole number, got true"]),
        (CNN + ints("blocks", '"1"', 1), ['blocks.low: must be a whole number, got "1"']),
        (CNN + ints("blocks", "1.0", 2), ["blocks.low: must be a whole number, got 1.0"]),
        (
            CNN + ints("blocks", "1979-05-27", 2),
            ["blocks.low: must be a whole number, got the date 1979"],
        ),
        (
            CNN + ints("blocks", 1, "0x" + "f" * 5000),
            ["blocks.high: must be a whole number, got an integer of 20000 bits"],
        ),
        (CNN + ints("blocks", 0, 2), ["blocks.low: must be a whole number >= 1 and <= 8, got 0"]),
        (CNN + floats("blocks", 1, 2), ['blocks.type: must be int or choice, got "float"']),
        (
            CNN + ints("filters", 8, 64, "log = true; step = 8"),
            ["filters: log = true and step exclude each other, got step = 8"],
        ),
        (CNN + ints("filters", 8, 64, "log = 1"), ["filters.log: must be true or false, got 1"]),
        (CNN + ints("filters", 8, 64, "step = 0"), ["filters: step must be > 0, got step = 0"]),
        (
            CNN + ints("filters", 8, 64, "step = 57"),
            ["filters: step must be <= high - low, got step = 57"],
        ),
        (CNN + ints("kernel", 0, 5), ["kernel.low: must be a whole number >= 1 and <= 28, got 0"]),
        (
            MLP + floats("learning_rate", 0, 1, "log = true"),
            ["learning_rate: low must be > 0 for log = true, got low = 0"],
        ),
        (
            MLP + floats("learning_rate", 0, 1),
            ["learning_rate.low: must be a finite number > 0, got 0"],
        ),
        (
            MLP + floats("learning_rate", "nan", "inf"),
            [
                "learning_rate.low: must be a finite number, got nan",
                "learning_rate.high: must be a finite number, got inf",
            ],
        ),
        (
            MLP + floats("learning_rate", 0.1, "1" + "0" * 400),
            ["learning_rate.high: must be a finite number, got an integer"],
        ),
        (
            MLP + floats("dense_dropout", 0, 1.5),
            ["dense_dropout.high: must be a finite number >= 0 and < 1, got 1.5"],
        ),
        (MLP + choice("activation", "[]"), ["activation.choices: must not be empty, got []"]),
        (MLP + choice("activation", '["relu", "rellu"]'), ['got "rellu"; did you mean "relu"?']),
        (
            MLP + choice("activation", '["relu", 1]'),
            ['activation.choices: must be of one type, got ["relu", 1]'],
        ),
        (
            MLP + choice("activation", '["relu", "relu"]'),
            ["activation.choices: must differ from each other"],
        ),
        (
            MLP + choice("dense_dropout", "[0, 0.0]"),
            ["dense_dropout.choices: must differ from each other, got [0, 0.0]"],
        ),
        (
            MLP + choice("units", "[true]"),
            ["units.choices: must be a whole number >= 1 and <= 65536, got true"],
        ),
        (
            MLP + choice("units", "7"),
            ["units.choices: must be a list of at most 1000 values, got 7"],
        ),
        (MLP + choice("units", "[[1], {}]"), ["units.choices: must be of one type"]),
        (
            MLP + choice("units", str(list(range(1, 1002)))),
            [
                "units.choices: must be a list of at most 1000 values, got "
                "[1, 2, 3, 4, 5, 6, 7, 8, and 993 more]"
            ],
        ),
        (
            MLP + ints("units", 1, 2, 'per = "block"') + DEPTH,
            ['units.per: must be dense, got "block"'],
        ),
        (
            MLP + ints("batch_size", 1, 2, 'per = "dense"'),
            ['batch_size.per: must not be given, batch_size has one value, got "dense"'],
        ),
        (
            MLP + ints("units_1", 1, 2, 'per = "dense"') + DEPTH,
            ['units_1.per: must not be given for one layer alone, got "dense"'],
        ),
        (MLP + ints("units", 1, 2, "per = 3") + DEPTH, ["units.per: must be dense, got 3"]),
        (
            MLP + ints("units", 1, 2, 'per = "dense"'),
            ['units.per: "dense" needs the number of layers: add dense_layers to'],
        ),
        (
            CNN + ints("convs", 1, 2) + ints("filters", 1, 2, 'per = "conv"'),
            ['filters.per: "conv" needs the number of layers: add blocks'],
        ),
        (
            MLP + DEPTH + ints("units_3", 1, 2),
            ["units_3: has no effect at any point, dense_layers is at most 2"],
        ),
        (MLP + DEPTH + "[fixed]\nunits_3 = 7\n", ["fixed.units_3: has no effect at any point"]),
        (
            MLP + DEPTH + "[fixed]\ndense_layers = 2\n",
            ["dense_layers: is searched and fixed, got 2 in fixed"],
        ),
        (
            MLP + DEPTH + ints("units", 1, 2, 'per = "dense"') + ints("units_2", 1, 2),
            ["units_2: is searched twice"],
        ),
        (
            MLP + DEPTH + '[fixed]\nbatch_norm = "x"\n',
            ["fixed.batch_norm: unknown parameter of the family mlp"],
        ),
        (
            MLP + DEPTH + '[fixed]\nactivation = "rellu"\n',
            ["fixed.activation: must be one of relu"],
        ),
        (
            MLP + DEPTH + "[fixed]\nbatch_size = true\n",
            ["fixed.batch_size: must be a whole number >= 1 and <= 65536, got true"],
        ),
        (MLP + DEPTH + "when = 3\n", ["dense_layers.when: must be a table"]),
        (
            MLP + DEPTH + "when = {}\n",
            ['dense_layers.when: must be a table like { optimizer = "sgd" }, got an empty table'],
        ),
        (
            MLP
            + ints("units", 1, 2, 'when = { optimiser = "sgd" }')
            + choice("optimizer", '["sgd"]'),
            [
                "units.when.optimiser: must name a parameter or fixed value of this file; did you "
                'mean "optimizer"?'
            ],
        ),
        (
            MLP
            + ints("units", 1, 2, 'when = { optimizer = ["sgd", "adam"] }')
            + choice("optimizer", '["sgd", "adamw"]'),
            ['units.when.optimizer: must be a value that optimizer can have, got "adam"'],
        ),
        (
            MLP + ints("units", 1, 2, "when = { optimizer = [] }") + choice("optimizer", '["sgd"]'),
            ["units.when.optimizer: must be a value or a list of values, got []"],
        ),
        (
            MLP
            + ints("units", 1, 2, "when = { dense_dropout = 0.1 }")
            + floats("dense_dropout", 0, 0.5),
            ["units.when.dense_dropout: must not ask for exact values of dense_dropout"],
        ),
        (
            MLP
            + DEPTH.rstrip()
            + '\nwhen = { optimizer = "sgd" }\n'
            + choice("optimizer", '["sgd"]'),
            ["dense_layers.when: must not be given"],
        ),
        (
            MLP
            + choice("optimizer", '["sgd", "adam"]', 'when = { schedule = "cosine" }')
            + choice("schedule", '["cosine", "constant"]', 'when = { optimizer = "sgd" }'),
            ["optimizer.when: must not run in a circle, got optimizer, schedule"],
        ),
        (
            MLP + choice("activation", '["relu"]', 'when = { activation = "relu" }'),
            ["activation.when: must not run in a circle, got activation"],
        ),
        (
            MLP
            + floats("momentum", 0, 0.5, 'when = { optimizer = "adam" }')
            + choice("optimizer", '["sgd", "adam"]'),
            ["momentum: has no effect at any point, its conditions on optimizer exclude"],
        ),
        (
            MLP
            + DEPTH
            + ints("units", 1, 9, 'per = "dense"')
            + choice("activation", '["relu"]', "when = { units = 3 }"),
            ["activation.when.units: must name one layer, as units_1, got one parameter per dense"],
        ),
        (
            MLP + floats("momentum", 0, 0.5),
            ['momentum: has no effect at any point, optimizer is always "adam"'],
        ),
        (
            MLP + floats("learning_rate_sgd", 0.1, 0.5) + choice("optimizer", '["adam"]'),
            ['learning_rate_sgd: has no effect at any point, optimizer is never "sgd"'],
        ),
        (
            CNN + ints("blocks", 1, 8),
            ["blocks: 8 blocks must leave pixels for every layer, but layer"],
        ),
        (MLP + f'[parameters."{"n" * 65}"]\n' + DEPTH, ["must be at most 64 characters"]),
        (
            MLP + '[parameters."un\\u001b[31mits"]\n' + DEPTH,
            ["un\\x1b[31mits: a name must be at most 64 characters without control characters"],
        ),
    ],
)
def test_mistakes_are_told(problems: Problems, text: str, expected: list[str]) -> None:
    found = problems(text + "\n" if text else "description = 'x'\n")
    for sentence in expected:
        assert any(sentence in problem for problem in found), found


def test_all_mistakes_are_told_at_once(problems: Problems) -> None:
    text = 'colour = "red"\nfamily = "cnn"\n' + ints("blocks", 3, 1) + ints("kernel", 0, 5)
    text += choice("activation", '["rellu"]') + floats("dense_dropout", 0.7, 1.5)
    text += choice("pool", '["max"]', 'per = "dense"') + "[fixed]\nbatch_size = 0\nblocks = 2\n"
    keys = [problem.split(":")[0] for problem in problems(text)]
    assert keys == [
        "colour",
        "blocks",
        "kernel.low",
        "activation.choices",
        "dense_dropout.high",
        "pool.per",
        "fixed.batch_size",
        "blocks",
    ]


def test_broken_depth_brings_no_mistakes_that_follow_from_it(problems: Problems) -> None:
    text = MLP + ints("dense_layers", 3, 1) + ints("units", 1, 2, 'per = "dense"')
    text += choice("activation", '["relu"]', "when = { units_1 = 2 }") + ints("units_9", 1, 2)
    assert problems(text) == ["dense_layers: low must be <= high, got low = 3, high = 1"]


def test_unknown_family_still_checks_ranges(problems: Problems) -> None:
    found = problems('family = "x"\n' + ints("anything", 3, 1) + choice("other", "[1, 1]"))
    assert [problem.split(":")[0] for problem in found] == ["family", "anything", "other.choices"]


@pytest.mark.parametrize("stem", ["a b", "n" * 65, "[red]", "é", "-f", "a\x1bb"])
def test_file_names_become_safe_names(tmp_path: Path, stem: str) -> None:
    path = tmp_path / f"{stem}.toml"
    path.write_text(MLP + DEPTH)
    with pytest.raises(SpaceError, match="file name: must be at most 64 letters"):
        load_space(path)
