"""What is said against a search before it is created."""

from __future__ import annotations

import importlib.util
import typing
from pathlib import Path

import pytest

from mnist_search.engines import (
    SamplerName,
    check_sampler,
    check_search,
    create_engine,
    default_pruner,
    default_sampler,
    learns,
    parse_objectives,
)
from mnist_search.engines.base import SAMPLERS
from mnist_search.errors import UsageError
from mnist_search.spaces import find_space
from tests.engines.driving import create

BOTH = ("val_accuracy", "parameters")


def test_every_sampler_is_some_engine_s() -> None:
    assert {name for names in SAMPLERS.values() for name in names} == {
        *typing.get_args(SamplerName)
    }


def test_sampler_of_another_engine_is_refused(space_file: Path) -> None:
    with pytest.raises(UsageError, match="engine optuna has no sampler bayesian") as caught:
        create_engine(
            find_space(str(space_file)), sampler="bayesian", pruner="none", seed=0, epochs=1
        )
    assert "tpe" in str(caught.value.hint)


@pytest.mark.parametrize("sampler", ["grid", "brute-force"])
def test_space_without_end_is_refused_in_one_sentence(
    space_file: Path, sampler: SamplerName
) -> None:
    with pytest.raises(UsageError) as caught:
        create(find_space(str(space_file)), ("optuna", sampler))
    assert "learning_rate_adam" in caught.value.message
    assert caught.value.hint is not None
    assert "step or choices" in caught.value.hint


def test_missing_package_is_one_hint(space_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else find(name)
    )
    with pytest.raises(UsageError, match="gp needs the package torch") as caught:
        check_sampler("optuna", "gp", find_space(str(space_file)))
    assert caught.value.hint == "pip install 'mnist-search[gp]'"


def test_hyperband_ends_trials_itself(space_file: Path) -> None:
    space = find_space(str(space_file))
    check_search("keras-tuner", "hyperband", "none", BOTH[:1], space)
    with pytest.raises(UsageError, match="--pruner must be none, got halving"):
        check_search("keras-tuner", "hyperband", "halving", BOTH[:1], space)


def test_one_objective_only_for_some(space_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    space = find_space(str(space_file))
    with pytest.raises(UsageError, match="sampler gp has one objective") as caught:
        check_search("optuna", "gp", "none", BOTH, space)
    assert "nsga2" in str(caught.value.hint)
    with pytest.raises(UsageError, match="--pruner must be none, got median"):
        check_search("optuna", "nsga2", "median", BOTH, space)
    with pytest.raises(UsageError, match="keras-tuner has one objective"):
        check_search("keras-tuner", "random", "none", BOTH, space)
    check_search("optuna", "nsga2", "none", BOTH, space)
    check_search("optuna", "gp", "halving", BOTH[:1], space)


def test_defaults_follow_the_objectives() -> None:
    assert default_sampler("optuna", BOTH) == "nsga2"
    assert default_sampler("optuna") == "tpe"
    assert default_sampler("keras-tuner") == "bayesian"
    assert default_pruner("nsga2", BOTH) == "none"
    assert default_pruner("hyperband") == "none"
    assert default_pruner("tpe") == "halving"


def test_learning_samplers_are_named() -> None:
    names = typing.get_args(SamplerName)
    assert [name for name in names if learns(name)] == ["tpe", "nsga2", "gp", "bayesian"]


def test_objectives_are_read() -> None:
    assert parse_objectives("val_accuracy") == BOTH[:1]
    assert parse_objectives("val_accuracy, parameters") == BOTH


@pytest.mark.parametrize(
    "text", ["", "parameters", "parameters,val_accuracy", "val_accuracy,beauty", "val_accuracy,"]
)
def test_other_objectives_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--objective must be") as caught:
        parse_objectives(text)
    assert "inference_us" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["val_accuracy,parameters,inference_us"])
def test_more_than_one_cost_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="with one cost"):
        parse_objectives(text)
