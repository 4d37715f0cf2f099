"""The 25 references: complete, consistent, and as the documents published them."""

from __future__ import annotations

import pytest

from mnist_search.errors import UsageError
from mnist_search.references import OURS, REFERENCES, get_reference, reference_names

# name, document, test accuracy, test loss to the published digits (None: not published).
PUBLISHED = [
    ("cnn-plain", "A", 0.9900, 0.15895),
    ("cnn-bn-dropout", "A", 0.8776, 1.95491),
    ("cnn-mnist-1", "B", 0.9932, 0.02270),
    ("cnn-mnist-2", "B", 0.9900, 0.02990),
    ("cnn-mnist-3", "B", 0.1135, 2.30115),
    ("cnn-mnist-4", "B", 0.9909, 0.02961),
    ("mlp-relu-2", "C", 0.9817, 0.09564),
    ("mlp-batch-2", "C", 0.9804, 0.09072),
    ("mlp-drop-2", "C", 0.9848, 0.05278),
    ("mlp-relu-3", "C", 0.9816, 0.09514),
    ("mlp-batch-3", "C", 0.9817, 0.08640),
    ("mlp-drop-3", "C", 0.9858, 0.05677),
    ("mlp-relu-5", "C", 0.9801, 0.09694),
    ("mlp-batch-5", "C", 0.9851, 0.06695),
    ("mlp-drop-5", "C", 0.9855, 0.05668),
    ("logistic", "D", 0.8987, None),
    ("logistic-l1", "D", 0.9070, None),
    ("logistic-l2", "D", 0.9152, None),
    ("dnn", "D", 0.9786, 0.15363),
    ("dnn-dropout", "D", 0.9829, 0.10326),
    ("cnn-double-32", "D", 0.9950, 0.01876),
    ("cnn-double-32-augmented", "D", 0.9938, 0.01901),
    ("mlp-784", "E", 0.9818, 0.0581),
    ("cnn-simple", "E", 0.9878, 0.0402),
    ("cnn-larger", "E", 0.9906, 0.0271),
]


def test_names_and_published_figures() -> None:
    assert [
        (
            reference.name,
            reference.document,
            reference.published.accuracy,
            None if reference.published.loss is None else round(reference.published.loss, 5),
        )
        for reference in REFERENCES
    ] == PUBLISHED


def test_names_are_found_again() -> None:
    assert len(REFERENCES) == 25
    assert set(reference_names()) == {each.name for each in (*REFERENCES, *OURS)}
    for reference in (*REFERENCES, *OURS):
        assert get_reference(reference.name) is reference


def test_unknown_name_brings_close_ones() -> None:
    with pytest.raises(UsageError, match="'CNN-plan'") as caught:
        get_reference("CNN-plan")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("did you mean cnn-plain")


def test_hopeless_name_brings_the_list() -> None:
    with pytest.raises(UsageError, match="zzzzzz") as caught:
        get_reference("zzzzzz")
    assert caught.value.hint == "`mnist-search references list` prints the names"


def test_configs_differ_except_for_what_differs_in_name_only() -> None:
    assert len({reference.config.config_id for reference in REFERENCES}) == 25
