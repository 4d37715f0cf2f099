"""`vary` as a Python function."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_search import draw_effects, vary
from mnist_search.errors import UsageError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")
    return tmp_path


def test_it_returns_what_each_value_does_and_a_chart_of_it() -> None:
    found = vary("cnn-simple", {"activation": ["relu", "gelu"]}, seeds=3, epochs=2)
    assert found.outcome.ending == "done"
    assert found.model == "cnn-simple"
    assert len(found.records) == 6
    (effect,) = found.effects.effects
    assert effect.name == "activation"
    relu, gelu = effect.levels
    assert relu.is_base
    assert gelu.difference is not None
    chart = draw_effects(found)
    assert chart is not None
    drawn = chart.to_dict()
    names = drawn["hconcat"][0]["layer"][2]["encoding"]["y"]["sort"]
    assert names == ["activation relu", "activation gelu"]


def test_values_are_typed_and_wrong_ones_refused() -> None:
    found = vary("mlp-drop-2", {"dropout": [0, 0.5]}, seeds=1, epochs=1)
    assert [level.value for level in found.effects.effects[0].levels] == [0.5, 0.0]
    with pytest.raises(UsageError, match="must be one of relu"):
        vary("cnn-simple", {"activation": ["rellu"]})
    with pytest.raises(UsageError, match="did you mean"):
        vary("cnn-simple", {"activaton": ["relu"]})


def test_the_model_itself_is_the_reference_in_the_ledger() -> None:
    found = vary("cnn-simple", {"dropout": [0.5]}, seeds=1)
    assert [record.reference for record in found.records] == ["cnn-simple", None]
    changed = vary("cnn-simple", {"dropout": [0.5]}, seeds=1, epochs=1)
    assert [record.reference for record in changed.records] == [None, None]


def test_all_held_out_images_measure() -> None:
    """Nothing is selected, so that none are put aside for that."""
    found = vary("cnn-simple", {"dropout": [0.5]}, seeds=1, epochs=1)
    results = [record.result for record in found.records]
    totals = {result.validation.total for result in results if result and result.validation}
    assert totals == {found.spec.dataset.train_images // 6}
    assert all(result is not None and result.selection is None for result in results)
