"""Families of models: the vocabulary of their settings, and values to RunConfig and back."""

from typing import assert_never

from mnist_search.spaces.families.cnn import CNN
from mnist_search.spaces.families.family import Family, Setting, held_out
from mnist_search.spaces.families.linear import LINEAR
from mnist_search.spaces.families.mlp import MLP
from mnist_search.specs import ModelFamily

FAMILIES: tuple[ModelFamily, ...] = ("mlp", "cnn", "linear")


def get_family(name: ModelFamily) -> Family:
    """Return a family by its name."""
    match name:
        case "mlp":
            return MLP
        case "cnn":
            return CNN
        case "linear":
            return LINEAR
        case _:
            assert_never(name)


__all__ = ["FAMILIES", "Family", "Setting", "get_family", "held_out"]
