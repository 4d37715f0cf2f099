"""Which combinations of values are trained, and which of them say what a value does."""

from __future__ import annotations

import itertools

import pytest

from mnist_search.analysis.designs import (
    MOST_CELLS,
    Design,
    documented_choices,
    make_design,
    without,
)
from mnist_search.errors import UsageError
from mnist_search.references import get_reference
from mnist_search.spaces.varying import WORDS, Variable

CHOICES = {"activation": ["relu", "gelu", "tanh"], "dropout": [0.2, 0.5]}


def variable(name: str = "cnn-simple") -> Variable:
    reference = get_reference(name)
    return Variable.of(reference.run_config("held-out"), reference.family)


def weighed(design: Design, weights: dict[int, float]) -> dict[tuple[object, ...], float]:
    return {tuple(design.points[place].values()): weight for place, weight in weights.items()}


def test_one_at_a_time_is_a_star_around_the_model() -> None:
    design = make_design(variable(), CHOICES, "one at a time")
    assert [tuple(point.values()) for point in design.points] == [
        ("relu", 0.2), ("gelu", 0.2), ("tanh", 0.2), ("relu", 0.5),
    ]  # fmt: skip
    assert weighed(design, design.difference("activation", "tanh")) == {
        ("tanh", 0.2): 1.0,
        ("relu", 0.2): -1.0,
    }
    assert weighed(design, design.base_networks("dropout")) == {("relu", 0.2): 1.0}
    assert list(design.pairs()) == []


def test_values_that_are_not_the_models_are_set_against_it_all_the_same() -> None:
    design = make_design(variable(), {"activation": ["tanh"]}, "one at a time")
    assert [tuple(point.values()) for point in design.points] == [("relu",), ("tanh",)]
    assert design.base("activation") == "relu"
    assert design.others("activation") == ["tanh"]


def test_a_full_table_has_means_over_the_others_and_interactions() -> None:
    design = make_design(variable(), CHOICES, "full table")
    assert len(design.points) == 6
    assert weighed(design, design.difference("activation", "gelu")) == {
        ("gelu", 0.2): 0.5, ("relu", 0.2): -0.5, ("gelu", 0.5): 0.5, ("relu", 0.5): -0.5,
    }  # fmt: skip
    assert list(design.pairs()) == [
        ("activation", "gelu", "dropout", 0.5),
        ("activation", "tanh", "dropout", 0.5),
    ]
    assert weighed(design, design.interaction("activation", "gelu", "dropout", 0.5)) == {
        ("gelu", 0.5): 1.0, ("relu", 0.5): -1.0, ("gelu", 0.2): -1.0, ("relu", 0.2): 1.0,
    }  # fmt: skip


def test_what_lacks_its_partner_is_left_out_of_a_mean() -> None:
    design = make_design(variable(), CHOICES, "full table")
    kept = without(design, lambda point: tuple(point.values()) == ("gelu", 0.5))
    assert weighed(kept, kept.difference("activation", "gelu")) == {
        ("gelu", 0.2): 1.0,
        ("relu", 0.2): -1.0,
    }
    assert kept.interaction("activation", "gelu", "dropout", 0.5) == {}


def test_a_table_does_not_count_the_model_outside_of_it() -> None:
    choices = {"activation": ["gelu", "relu"], "dropout": [0.0, 0.5]}
    design = make_design(variable(), choices, "full table")
    assert len(design.points) == 5
    assert len(design.base_networks("activation")) == 2


def test_a_table_that_is_too_large_names_the_bound() -> None:
    choices = {f"units_{n}": [16, 32, 64] for n in range(1, 6)}
    with pytest.raises(UsageError, match=rf"at most {MOST_CELLS} networks, got 3 x 3 .* = 243"):
        make_design(variable(), choices, "full table")
    with pytest.raises(UsageError, match="two hyperparameters or more"):
        make_design(variable(), {"dropout": [0.0, 0.5]}, "full table")


@pytest.mark.parametrize("count", range(2, 9))
def test_a_screening_is_balanced_and_mixes_no_main_effect_with_an_interaction(count: int) -> None:
    names = [
        "activation", "dropout", "width", "optimizer", "batch_norm", "epochs", "kernel", "units",
    ][:count]  # fmt: skip
    values = {
        "activation": ["gelu"], "dropout": [0.5], "width": [2.0], "optimizer": ["sgd"],
        "batch_norm": ["before-activation"], "epochs": [2, 8], "kernel": [3, 5], "units": [64],
    }  # fmt: skip
    design = make_design(variable(), {name: values[name] for name in names}, "screening")
    runs = len(design.points)
    assert runs == {2: 4, 3: 8, 4: 8}.get(count, 16)
    assert len({tuple(point.values()) for point in design.points}) == runs
    signs = {
        name: [1 if point[name] == design.choices[name][0] else -1 for point in design.points]
        for name in names
    }
    for name in names:
        assert sum(signs[name]) == 0
        weights = design.difference(name, design.choices[name][1])
        assert sum(weights.values()) == pytest.approx(0)
        assert sum(weight for weight in weights.values() if weight > 0) == pytest.approx(1)
    for one, two in itertools.combinations(names, 2):
        assert sum(a * b for a, b in zip(signs[one], signs[two], strict=True)) == 0
    for one, two, three in itertools.permutations(names, 3):
        product = zip(signs[one], signs[two], signs[three], strict=True)
        assert sum(a * b * c for a, b, c in product) == 0


def test_a_screening_needs_two_values_of_each() -> None:
    with pytest.raises(UsageError, match="activation: a screening needs two values"):
        make_design(variable(), CHOICES, "screening")
    with pytest.raises(UsageError, match="two hyperparameters or more"):
        make_design(variable(), {"dropout": [0.5]}, "screening")


@pytest.mark.parametrize("name", ["cnn-simple", "mlp-drop-2"])
def test_the_six_choices_have_their_documented_values(name: str) -> None:
    found = documented_choices(variable(name))
    assert tuple(found) == WORDS
    for word in WORDS:
        own = variable(name).own(word)
        assert own in found[word], word
    assert found["dropout"][0] == 0.0
    assert set(found["depth"]) >= ({1, 2} if name == "cnn-simple" else {1, 2, 3, 5})


def test_a_linear_classifier_has_none_of_them() -> None:
    with pytest.raises(UsageError, match="linear classifier"):
        documented_choices(variable("logistic"))
