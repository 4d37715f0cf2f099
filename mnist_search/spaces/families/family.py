"""What a family of models is: its settings, and functions from values to a RunConfig and back."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from mnist_search.errors import SpaceError
from mnist_search.spaces.families.setting import Setting
from mnist_search.spaces.parameters import Level, Value
from mnist_search.spaces.wording import did_you_mean, printable
from mnist_search.specs import ModelFamily, RunConfig
from mnist_search.specs.training import OptimizerName

Index = tuple[int | str, ...]
OPTIMIZERS: tuple[OptimizerName, ...] = get_args(OptimizerName)

# A stack of n convolutions without pooling can be cut into blocks in 2**(n-1) ways.
MOST_READINGS = 4096

_LAYER = re.compile(r"(?P<base>.+?)_(?P<index>[1-9]\d{0,2}(?:_[1-9]\d{0,2})?)")
_INDEXES: dict[Level, tuple[int, ...]] = {"block": (1,), "conv": (1, 2), "dense": (1,)}


class Chosen:
    """Values by their most specific name, else the family's default."""

    def __init__(self, family: Family, values: Mapping[str, Value]) -> None:
        self._family = family
        self._values = values

    def get(self, name: str, *index: int | str) -> Any:
        """Return the value of a setting for a layer, None where the default is none either."""
        for length in range(len(index), -1, -1):
            key = join(name, index[:length])
            if key in self._values:
                return self._values[key]
        return self._family.settings[name].default


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A vocabulary and the two directions between its values and a RunConfig.

    `make` turns values and a number of epochs into a configuration. `read` yields every way to
    say a configuration's model and recipe in the vocabulary, layer by layer, plainest first;
    nothing if it cannot be said.
    """

    name: ModelFamily
    settings: Mapping[str, Setting]
    make: Callable[[Chosen, int], RunConfig]
    read: Callable[[RunConfig], Iterator[dict[str, Value]]]

    def resolve(self, name: str) -> tuple[Setting, Index] | None:
        """Split a name like `filters_2_1` into its setting and layer; None if there is no such."""
        if name in self.settings:
            return self.settings[name], ()
        base, _, suffix = name.rpartition("_")
        setting = self.settings.get(base)
        if setting is not None and setting.level == "optimizer" and suffix in OPTIMIZERS:
            return setting, (suffix,)
        match = _LAYER.fullmatch(name)
        setting = self.settings.get(match["base"]) if match else None
        if match is None or setting is None:
            return None
        index: Index = tuple(int(part) for part in match["index"].split("_"))
        return (setting, index) if len(index) in _INDEXES.get(setting.level, ()) else None

    def problems(self, values: Mapping[str, Value]) -> tuple[str, ...]:
        """Return what is wrong with values, one sentence each."""
        problems = []
        for name, value in values.items():
            resolved = self.resolve(name)
            if resolved is None:
                hint = did_you_mean(name, self.settings)
                problems.append(f"{printable(name)}: no setting of the family {self.name}{hint}")
            elif (problem := resolved[0].problem(value)) is not None:
                problems.append(f"{name}: {problem}")
        return tuple(problems)

    def build(self, values: Mapping[str, Value], epochs: int) -> RunConfig:
        """Return the held-out configuration of these values; raises SpaceError for wrong ones."""
        problems = self.problems(values)
        if problems:
            raise SpaceError(problems)
        return self.make(Chosen(self, values), epochs)

    def readings(self, config: RunConfig) -> Iterator[dict[str, Value]]:
        """Yield every way to say the configuration that builds exactly it, plainest first."""
        plain = held_out(config)
        for values in itertools.islice(self.read(plain), MOST_READINGS):
            if not self.problems(values) and self.build(values, plain.training.epochs) == plain:
                yield values

    def values(self, config: RunConfig) -> dict[str, Value]:
        """Return the plainest values, layer by layer, that build the held-out configuration.

        Raises ValueError for a configuration that the family cannot say.
        """
        for values in self.readings(config):
            return values
        raise ValueError(f"the family {self.name} has no values for the model {config.model!r}")


def join(name: str, index: Index) -> str:
    """Return the name of a setting for a layer, `filters_2_1`."""
    return "_".join([name, *map(str, index)])


def held_out(config: RunConfig) -> RunConfig:
    """Return the same model and recipe under the search's protocol, on all training images."""
    training = config.training.model_copy(update={"train_images": None})
    return RunConfig(model=config.model, training=training)
