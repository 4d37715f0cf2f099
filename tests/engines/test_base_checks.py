"""What is said against a search before it is created."""

from __future__ import annotations

import importlib.util
import typing
from pathlib import Path

import pytest

from mnist_search.engines import (
    SamplerName,
    check_objectives,
    check_pruner,
    check_sampler,
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


def test_hyperband_ends_trials_itself() -> None:
    check_pruner("hyperband", "none")
    with pytest.raises(UsageError, match="--pruner must be none, got halving"):
        check_pruner("hyperband", "halving")


def test_one_objective_only_for_some() -> None:
    with pytest.raises(UsageError, match="sampler gp has one objective") as caught:
        check_objectives("optuna", "gp", "none", BOTH)
    assert "nsga2" in str(caught.value.hint)
    with pytest.raises(UsageError, match="--pruner must be none, got median"):
        check_objectives("optuna", "nsga2", "median", BOTH)
    with pytest.raises(UsageError, match="keras-tuner has one objective"):
        check_objectives("keras-tuner", "random", "none", BOTH)
    check_objectives("optuna", "nsga2", "none", BOTH)
    check_objectives("optuna", "gp", "halving", BOTH[:1])


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
