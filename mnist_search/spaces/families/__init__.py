"""Families of models: the vocabulary of their settings, and values to RunConfig and back."""

from typing import assert_never, get_args

from mnist_search.spaces.families.cnn import CNN
from mnist_search.spaces.families.family import EPOCHS, Family, Index, Setting, held_out
from mnist_search.spaces.families.linear import LINEAR
from mnist_search.spaces.families.networks import MLP
from mnist_search.specs import ModelFamily

FAMILIES: tuple[ModelFamily, ...] = get_args(ModelFamily)


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


__all__ = ["EPOCHS", "FAMILIES", "Family", "Index", "Setting", "get_family", "held_out"]
