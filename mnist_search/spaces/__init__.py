"""What may be searched: parameters, space files, and families that turn values into RunConfigs."""

from mnist_search.spaces.families import FAMILIES, Family, Setting, get_family
from mnist_search.spaces.files import list_spaces
from mnist_search.spaces.loader import find_space, load_space
from mnist_search.spaces.parameters import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
    Value,
)
from mnist_search.spaces.space import SearchSpace

__all__ = [
    "FAMILIES",
    "ChoiceParameter",
    "Condition",
    "Family",
    "FloatParameter",
    "IntParameter",
    "Parameter",
    "SearchSpace",
    "Setting",
    "Value",
    "find_space",
    "get_family",
    "list_spaces",
    "load_space",
]
