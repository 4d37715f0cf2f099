"""Single choices of a configuration changed, everything else as it was."""

from __future__ import annotations

import pytest

from mnist_search.errors import UsageError
from mnist_search.references import OURS, REFERENCES, Reference, get_reference
from mnist_search.spaces.varying import WORDS, Variable, buildable, parse_choice
from mnist_search.specs import Adadelta, Adam, RunConfig
from mnist_search.specs.shapes import UnbuildableError, summarize


def variable(name: str) -> Variable:
    reference = get_reference(name)
    return Variable.of(reference.run_config("held-out"), reference.family)


def layers(name: str, **changes: bool | float | str) -> str:
    return summarize(variable(name).change(changes).model)


@pytest.mark.parametrize("reference", [*REFERENCES, *OURS], ids=lambda each: each.name)
def test_its_own_values_change_nothing(reference: Reference) -> None:
    found = variable(reference.name)
    words = () if found.family.name == "linear" else WORDS
    own = {name: found.own(name) for name in (*words, *found.family.settings)}
    assert found.change(own) == reference.run_config("held-out")


def test_new_layers_are_like_the_last() -> None:
    assert layers("cnn-simple", depth=2) == (
        "C32(5x5 valid) MP DO.2 C32(5x5 valid) MP DO.2 Flatten D128"
    )
    assert layers("mlp-drop-2", depth=3) == "Flatten D532 BN DO.5 D384 BN DO.5 D384 BN DO.5"
    assert layers("mlp-drop-3", depth=1) == "Flatten D401 BN DO.5"
    assert layers("cnn-simple", convs=2) == "C32(5x5 valid) C32(5x5 valid) MP DO.2 Flatten D128"


def test_words_are_about_all_layers() -> None:
    assert layers("cnn-simple", width=2.0) == "C64(5x5 valid) MP DO.2 Flatten D256"
    assert layers("mlp-drop-2", width=0.5) == "Flatten D266 BN DO.5 D192 BN DO.5"
    # Where there is dropout it changes, where there is none it comes after the dense layers.
    assert layers("cnn-simple", dropout=0.5) == "C32(5x5 valid) MP DO.5 Flatten D128"
    assert layers("cnn-plain", dropout=0.5).endswith("MP Flatten D128 DO.5")
    assert layers("mlp-drop-2", dropout=0.0) == "Flatten D532 BN D384 BN"
    assert layers("cnn-simple", batch_norm="after-activation") == (
        "C32(5x5 valid) BN MP DO.2 Flatten D128 BN"
    )
    # A dense layer has no pooling that the norm could follow.
    assert layers("cnn-simple", batch_norm="after-pooling") == (
        "C32(5x5 valid) MP BN DO.2 Flatten D128"
    )


def test_settings_are_about_their_layers_alone() -> None:
    assert layers("mlp-drop-2", units_2=64) == "Flatten D532 BN DO.5 D64 BN DO.5"
    assert layers("mlp-drop-2", units=64) == "Flatten D64 BN DO.5 D64 BN DO.5"


def test_an_optimizer_brings_its_own_documented_rate() -> None:
    found = variable("mlp-drop-2")
    assert found.change({"optimizer": "adadelta"}).training.optimizer == Adadelta()
    slow = found.change({"learning_rate": 0.01})
    again = Variable.of(slow, "mlp")
    assert again.change({"optimizer": "adam"}) == slow
    assert again.change({"optimizer": "adadelta", "learning_rate": 0.5}).training.optimizer == (
        Adadelta(learning_rate=0.5)
    )
    assert isinstance(slow.training.optimizer, Adam)
    for epochs in (3, 300):
        assert found.change({"epochs": epochs}).training.epochs == epochs


def test_a_rate_of_one_optimizer_is_the_rate_while_it_is_the_one() -> None:
    """As parameters of spaces are called, which the page puts into a command."""
    found = variable("mlp-drop-2")
    assert found.own("learning_rate_adam") == found.own("learning_rate") == 1e-3
    assert found.change({"learning_rate_adam": 0.01}) == found.change({"learning_rate": 0.01})


def test_what_cannot_be_built_says_why() -> None:
    assert "5x5 kernel" in str(buildable(variable("cnn-simple"), {"depth": 3}))
    with pytest.raises(UnbuildableError):
        variable("cnn-simple").change({"depth": 3})
    assert isinstance(buildable(variable("cnn-simple"), {"depth": 2}), RunConfig)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("activation=relu, gelu", ["relu", "gelu"]),
        ("batch-norm=none", ["none"]),
        ("dropout=0,0.2,0.5,0.2", [0.0, 0.2, 0.5]),
        ("dropout=0:0.4:0.1", [0.0, 0.1, 0.2, 0.3, 0.4]),
        ("depth=1:3", [1, 2, 3]),
        ("learning_rate=1e-4:1e-2", [0.0001, 0.000316227766, 0.001, 0.00316227766, 0.01]),
        ("last_conv_bias=true,no", [True, False]),
    ],
)
def test_choices_are_read(text: str, values: list[object]) -> None:
    _, found = parse_choice(variable("cnn-simple"), text)
    assert found == pytest.approx(values) if isinstance(values[0], float) else found == values


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("activation", "must be NAME=VALUE"),
        ("activaton=relu", 'did you mean "activation"'),
        ("activation=rellu", 'did you mean "relu"'),
        ("dropout=2", "must be a finite number"),
        ("dropout=a:b", "a range must be LOW:HIGH"),
        ("dropout=0.5:0.1", "a range must be LOW:HIGH"),
        ("dropout=0:0.5:0", "the step of a range must be above 0"),
        ("depth=1.5", "must be a whole number"),
    ],
)
def test_mistakes_are_told_in_a_line(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_choice(variable("cnn-simple"), text)


def test_linear_classifiers_have_their_settings_alone() -> None:
    assert parse_choice(variable("logistic"), "alpha=1e-5,1e-3") == ("alpha", [1e-5, 1e-3])
    with pytest.raises(UsageError, match="no hyperparameter of the family linear"):
        variable("logistic").own("width") and variable("logistic").setting("width")
