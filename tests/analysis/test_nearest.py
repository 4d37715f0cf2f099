"""The nearest reference, and the changes in which it differs."""

from __future__ import annotations

import pytest

from mnist_search.analysis.nearest import Change, Comparison, build_reading, nearest_reference
from mnist_search.references import REFERENCES, Reference, get_reference
from mnist_search.spaces import SearchSpace, Value, find_space
from mnist_search.specs import Adam, RunConfig


@pytest.fixture(scope="module")
def cnn() -> SearchSpace:
    return find_space("cnn")


def compare(space: SearchSpace, config: RunConfig, name: str) -> Comparison:
    found = nearest_reference(config, space, [get_reference(name)])
    assert found is not None
    return found


def changed(space: SearchSpace, name: str, **values: Value) -> RunConfig:
    """Return a reference's point with some values changed."""
    reference = get_reference(name)
    point = space.locate(reference.run_config("held-out"))
    assert point is not None
    epochs = reference.config.training.epochs
    return space.config({**point, **values}, epochs=epochs)


def change(found: Comparison, name: str) -> Change:
    (one,) = [change for change in found.changes if change.name == name]
    return one


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)
def test_a_reference_is_its_own_nearest(reference: Reference) -> None:
    space = find_space(reference.family)
    same = [
        other.name
        for other in REFERENCES
        if other.run_config("held-out") == reference.run_config("held-out")
    ]
    # Points of the space come first, so that the others must be asked about alone.
    located = space.locate(reference.run_config("held-out")) is not None
    asked = REFERENCES if located else [reference]
    found = nearest_reference(reference.run_config("held-out"), space, asked)
    assert found is not None
    assert found.located == located
    assert found.reference.name in same
    assert (found.distance, found.changes) == (0.0, ())


def test_one_change_is_one_change_told_in_words(cnn: SearchSpace) -> None:
    found = compare(cnn, changed(cnn, "cnn-simple", activation="gelu"), "cnn-simple")
    (one,) = found.changes
    assert (one.name, one.ours, one.theirs, one.distance) == ("activation", "gelu", "relu", 1.0)
    assert one.moved == {"activation": "relu"}


def test_numbers_count_by_their_ratio_and_shares_by_their_difference(cnn: SearchSpace) -> None:
    config = changed(cnn, "cnn-simple", batch_size=50, dense_dropout=0.4)
    found = compare(cnn, config, "cnn-simple")
    assert change(found, "batch_size").distance == pytest.approx(0.5)
    assert change(found, "dense_dropout").distance == pytest.approx(0.4)
    assert found.distance == pytest.approx(0.9)
    nearer = compare(cnn, changed(cnn, "cnn-simple", batch_size=150), "cnn-simple")
    assert nearer.distance < found.distance


def test_what_hangs_on_the_optimizer_turns_with_it(cnn: SearchSpace) -> None:
    reference = get_reference("cnn-simple")
    point = cnn.locate(reference.run_config("held-out"))
    assert point is not None
    values = {name: value for name, value in point.items() if name != "learning_rate_adam"}
    values |= {"optimizer": "sgd", "learning_rate_sgd": 0.1, "momentum": 0.9, "nesterov": True}
    config = cnn.config(values, epochs=reference.config.training.epochs)
    (one,) = compare(cnn, config, "cnn-simple").changes
    assert one.name == "optimizer"
    assert set(one.settings) > {"optimizer", "learning_rate", "momentum", "nesterov", "beta_1"}
    assert one.ours == "sgd, learning rate 0.1, momentum 0.9, nesterov yes"
    assert one.theirs == "adam, learning rate 0.001"
    assert {"optimizer": "adam", "learning_rate": 0.001}.items() <= one.moved.items()
    assert one.distance == 1.0


def test_moments_of_adam_are_told_where_they_differ(cnn: SearchSpace) -> None:
    config = get_reference("cnn-simple").run_config("held-out")
    quick = Adam(learning_rate=0.001, beta_1=0.8)
    training = config.training.model_copy(update={"optimizer": quick})
    found = compare(cnn, config.model_copy(update={"training": training}), "cnn-simple")
    (one,) = found.changes
    assert (one.ours, one.theirs, one.moved) == ("0.8", "0.9", {"beta_1": 0.9})


def test_layers_of_one_alone_turn_with_the_depth(cnn: SearchSpace) -> None:
    defaults = cnn.config(cnn.defaults(), epochs=8)
    found = compare(cnn, defaults, "cnn-simple")
    depth = change(found, "depth")
    assert "blocks" in depth.settings
    assert "blocks" in depth.ours
    # What both have is a change of its own, what only one has is not.
    assert all("_2" not in name for one in found.changes for name in one.moved if "_" in name)


def test_layers_that_are_alike_are_told_once(cnn: SearchSpace) -> None:
    config = changed(cnn, "cnn-double-32", conv_dropout_1=0.1, dense_norm="after-activation")
    found = compare(cnn, config, "cnn-double-32")
    assert {one.name: (one.ours, one.theirs) for one in found.changes} == {
        "dense_norm": ("after-activation", "none"),
        "conv_dropout": ("0.1/0.25", "0.25"),
    }
    assert change(found, "conv_dropout").distance == pytest.approx(0.075)


def test_every_reading_builds_its_configuration(cnn: SearchSpace) -> None:
    config = changed(cnn, "cnn-double-32", batch_size=64)
    found = nearest_reference(config, cnn, REFERENCES)
    assert found is not None
    assert build_reading("cnn", found.reading) == config


def test_points_of_the_space_come_first_and_other_kinds_never(cnn: SearchSpace) -> None:
    config = cnn.config(cnn.defaults(), epochs=8)
    found = nearest_reference(config, cnn, REFERENCES)
    assert found is not None
    assert found.located
    mlps = [reference for reference in REFERENCES if reference.family == "mlp"]
    assert nearest_reference(config, cnn, mlps) is None
    narrow = SearchSpace(name="one", family="cnn", parameters=())
    outside = nearest_reference(narrow.config({}, epochs=8), narrow, REFERENCES)
    assert outside is not None
    assert not outside.located


def test_augmentation_is_told_by_its_value(cnn: SearchSpace) -> None:
    (one,) = compare(cnn, changed(cnn, "cnn-simple", augmentation=True), "cnn-simple").changes
    assert (one.name, one.ours, one.theirs) == ("augmentation", "yes", "no")
