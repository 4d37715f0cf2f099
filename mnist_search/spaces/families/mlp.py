"""Multilayer perceptrons: Flatten, then hidden dense layers."""

from __future__ import annotations

from collections.abc import Iterator

from mnist_search.spaces.families.family import Chosen, Family
from mnist_search.spaces.families.layers import (
    NETWORK_SETTINGS,
    dense_settings,
    make_dense,
    make_initializer,
    read_dense,
    read_shared,
)
from mnist_search.spaces.families.recipe import RECIPE_SETTINGS, make_training, read_training
from mnist_search.spaces.parameters import Value
from mnist_search.specs import Flatten, Network, RunConfig

_NORMS = ("none", "after-activation", "before-activation", "before-head")
_STDDEV = "init_stddev"


def _make(chosen: Chosen, epochs: int) -> RunConfig:
    network = Network(
        layers=(Flatten(), *make_dense(chosen, _STDDEV)),
        output_initializer=make_initializer(chosen, "output_initializer", "output_stddev"),
    )
    return RunConfig(model=network, training=make_training(chosen, epochs))


def _read(config: RunConfig) -> Iterator[dict[str, Value]]:
    if not isinstance(config.model, Network) or config.model.layers[:1] != (Flatten(),):
        return
    rest = read_shared(config.model) | read_training(config.training)
    for dense in read_dense(config.model.layers[1:], _NORMS, _STDDEV):
        yield {**dense, **rest}


MLP = Family(
    name="mlp",
    settings={
        setting.name: setting
        for setting in (
            *dense_settings(depth=2, norms=_NORMS, stddev=_STDDEV),
            *NETWORK_SETTINGS,
            *RECIPE_SETTINGS,
        )
    },
    make=_make,
    read=_read,
)
