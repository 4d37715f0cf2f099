"""What a run changed in the recipe of its reference."""

from __future__ import annotations

import pytest

from mnist_search.analysis.baselines import is_own_recipe, recipe_changes
from mnist_search.references import REFERENCES, Reference, get_reference
from mnist_search.specs import Adadelta, Augmentation, Protocol, RunConfig

PLAIN = get_reference("cnn-plain")
SIMPLE = get_reference("cnn-simple")
AUGMENTED = get_reference("cnn-double-32-augmented")


def changed(reference: Reference, **training: object) -> RunConfig:
    recipe = reference.config.training.model_copy(update=training)
    return reference.config.model_copy(update={"training": recipe})


@pytest.mark.parametrize("protocol", ["documented", "corrected", "held-out", "confirm"])
def test_a_reference_has_no_changes_under_any_protocol(protocol: Protocol) -> None:
    for reference in REFERENCES:
        config = reference.run_config(protocol)
        assert recipe_changes(reference, config) == ()
        assert is_own_recipe(reference, config)


def test_each_difference_has_a_phrase() -> None:
    slow = changed(PLAIN, optimizer=Adadelta(learning_rate=0.001))
    assert recipe_changes(PLAIN, slow) == ("learning_rate 0.001",)
    rho = changed(PLAIN, optimizer=Adadelta(learning_rate=0.5, rho=0.9))
    assert recipe_changes(PLAIN, rho) == ("learning_rate 0.5", "rho 0.9")
    other = changed(SIMPLE, optimizer=Adadelta(), batch_size=64)
    assert recipe_changes(SIMPLE, other) == ("optimizer adadelta", "batch_size 64")
    model = SIMPLE.config.model_copy(update={"model": PLAIN.config.model})
    assert recipe_changes(SIMPLE, model) == ("another model",)
    assert recipe_changes(AUGMENTED, changed(AUGMENTED, augmentation=None)) == ("not augmented",)
    more = Augmentation(rotation_degrees=20)
    assert recipe_changes(AUGMENTED, changed(AUGMENTED, augmentation=more)) == (
        "other augmentation",
    )
    assert recipe_changes(SIMPLE, changed(SIMPLE, augmentation=more)) == ("augmented",)


def test_test_pixels_are_compared_with_those_of_the_protocol() -> None:
    raw = SIMPLE.config.model_copy(update={"raw_test_pixels": True})
    assert recipe_changes(SIMPLE, raw) == ("raw test pixels",)
    scaled = PLAIN.config.model_copy(update={"raw_test_pixels": False})
    assert recipe_changes(PLAIN, scaled) == ("scaled test pixels",)


def test_less_effort_is_the_same_recipe_but_not_the_whole_of_it() -> None:
    short = changed(SIMPLE, epochs=1, train_images=4_000)
    assert recipe_changes(SIMPLE, short) == ()
    assert not is_own_recipe(SIMPLE, short)
