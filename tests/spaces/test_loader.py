"""What the loader makes of space files that are right."""

from __future__ import annotations

from collections.abc import Callable

from mnist_search.spaces import ChoiceParameter, Condition, SearchSpace
from tests.spaces.texts import BLOCKS, CNN, DEPTH, MLP, choice, floats, ints

Load = Callable[[str], SearchSpace]
Problems = Callable[[str], list[str]]


def test_per_conv_gives_every_convolution_its_own_parameter(load: Load) -> None:
    text = CNN + BLOCKS + ints("convs", 1, 2) + choice("filters", "[16, 32]", 'per = "conv"')
    names = [p.name for p in load(text).parameters]
    layers = [f"filters_{i}_{j}" for i in (1, 2, 3) for j in (1, 2)]
    assert names == ["blocks", "convs", *layers]
    conditions = {p.name: p.conditions for p in load(text).parameters}
    assert conditions["filters_1_1"] == ()
    assert conditions["filters_1_2"] == (Condition("convs", at_least=2),)
    assert conditions["filters_3_2"] == (
        Condition("blocks", at_least=3),
        Condition("convs", at_least=2),
    )


def test_blocks_have_one_convolution_unless_said(load: Load) -> None:
    text = CNN + BLOCKS + choice("filters", "[16, 32]", 'per = "conv"')
    names = [p.name for p in load(text).parameters]
    assert names == ["blocks", "filters_1_1", "filters_2_1", "filters_3_1"]


def test_depth_per_block_counts_each_block(load: Load) -> None:
    text = CNN + BLOCKS + ints("convs_1", 1, 1) + ints("convs_3", 2, 3)
    text += "[fixed]\nconvs_2 = 2\n" + choice("kernel", "[3, 5]", 'per = "conv"')
    names = [p.name for p in load(text).parameters if p.name.startswith("kernel")]
    assert names == [
        f"kernel_{i}_{j}" for i, n in ((1, 1), (2, 2), (3, 3)) for j in range(1, n + 1)
    ]


def test_order_in_the_file_does_not_matter(load: Load) -> None:
    parts = [BLOCKS, choice("pool", '["max", "none"]', 'per = "block"'), DEPTH]
    forth, back = load(CNN + "".join(parts)), load(CNN + "".join(reversed(parts)))
    assert forth.parameters == back.parameters
    assert forth.space_id == back.space_id


def test_settings_without_effect_are_inactive_by_themselves(load: Load) -> None:
    text = MLP + choice("optimizer", '["adam", "sgd", "adamw"]') + floats("momentum", 0, 0.9)
    text += floats("learning_rate", 1e-4, 1e-2) + floats("learning_rate_sgd", 0.01, 0.1)
    conditions = {p.name: p.conditions for p in load(text).parameters}
    assert conditions["momentum"] == (Condition("optimizer", choices=("sgd",)),)
    assert conditions["learning_rate_sgd"] == (Condition("optimizer", choices=("sgd",)),)
    assert conditions["learning_rate"] == (Condition("optimizer", choices=("adam", "adamw")),)


def test_the_share_of_the_warm_up_is_searched_where_the_schedule_has_one(load: Load) -> None:
    text = MLP + choice("schedule", '["constant", "warm-up-linear"]')
    text += floats("warm_up_share", 0.0, 0.5)
    schedule, share = load(text).parameters
    assert (schedule.conditions, share.name) == ((), "warm_up_share")
    assert share.conditions == (Condition("schedule", choices=("warm-up-linear",)),)


def test_when_takes_values_lists_and_several_keys(load: Load) -> None:
    when = 'when = { blocks = [2, 3], pool = "max" }'
    text = CNN + BLOCKS + choice("pool", '["max", "none"]') + choice("kernel", "[3, 5]", when)
    (kernel,) = (p for p in load(text).parameters if p.name == "kernel")
    assert kernel.conditions == (
        Condition("blocks", choices=(2, 3)),
        Condition("pool", choices=("max",)),
    )


def test_when_names_the_same_layer(load: Load) -> None:
    text = CNN + BLOCKS + choice("pool", '["max", "none"]', 'per = "block"')
    text += floats("conv_dropout", 0, 0.5, 'per = "block"; when = { pool = "max" }')
    conditions = {p.name: p.conditions for p in load(text).parameters}
    assert Condition("pool_2", choices=("max",)) in conditions["conv_dropout_2"]


def test_when_on_a_fixed_value_is_decided_at_once(load: Load, problems: Problems) -> None:
    text = MLP + floats("momentum", 0, 0.9, 'when = { optimizer = "sgd" }')
    assert load(text + '[fixed]\noptimizer = "sgd"\n').parameters[0].conditions == ()
    assert problems(text + '[fixed]\noptimizer = "adam"\n') == [
        'momentum: has no effect at any point, optimizer is always "adam"'
    ]


def test_numbers_take_the_type_of_their_setting(load: Load) -> None:
    text = MLP + choice("dense_dropout", "[0, 0.25]") + "[fixed]\nlearning_rate = 1\n"
    space = load(text)
    assert space.parameters == (ChoiceParameter("dense_dropout", (0.0, 0.25)),)
    assert type(space.parameters[0].choices[0]) is float  # type: ignore[union-attr]
    assert type(space.fixed["learning_rate"]) is float


def test_description_is_one_clean_line(load: Load, problems: Problems) -> None:
    assert load('description = "two\\n lines"\n' + MLP + DEPTH).description == "two lines"
    assert "description" in problems('description = "\\u001b[31m"\n' + MLP + DEPTH)[0]
    assert "description" in problems(f'description = "{"x" * 501}"\n' + MLP + DEPTH)[0]
