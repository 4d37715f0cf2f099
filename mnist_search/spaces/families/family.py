"""What a family of models is: its settings, and functions from values to a RunConfig and back."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import Any, Literal, cast, get_args

from mnist_search.errors import SpaceError
from mnist_search.spaces.parameters import Condition, Level, Value
from mnist_search.spaces.wording import did_you_mean, must_be_one_of, printable, show
from mnist_search.specs import Frozen, ModelFamily, RunConfig, Training
from mnist_search.specs.training import OptimizerName

Index = tuple[int | str, ...]
Kind = Literal["bool", "int", "float", "text"]
# The settings that say how many layers of a level there are.
DEPTHS: dict[Level, str] = {"block": "blocks", "conv": "convs", "dense": "dense_layers"}
OPTIMIZERS: tuple[OptimizerName, ...] = get_args(OptimizerName)

# A stack of n convolutions without pooling can be cut into blocks in 2**(n-1) ways.
MOST_READINGS = 4096

_KINDS: dict[str, Kind] = {
    "boolean": "bool",
    "integer": "int",
    "number": "float",
    "string": "text",
}
_TYPES: dict[Kind, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "text": (str,),
}
# What a bound is called in a JSON schema, and in a rule.
_SIGNS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
_HOLDS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
_NUMBER = re.compile(r"[1-9]\d{0,2}")
_INDEXES: dict[Level, tuple[int, ...]] = {"block": (1,), "conv": (1, 2), "dense": (1,)}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a word of the vocabulary means, what it allows, what it is by default.

    A setting of level block, conv or dense may be given once for all layers (`filters`), for a
    block (`filters_2`) or for a layer (`filters_2_1`); the most specific one counts.
    `bounds` are such as (">=", 1); `needs` are the conditions without which the setting has no
    effect.
    """

    name: str
    kind: Kind
    doc: str
    default: Value | None
    _: KW_ONLY
    level: Level = "model"
    bounds: tuple[tuple[str, float], ...] = ()
    choices: tuple[str, ...] = ()
    needs: tuple[Condition, ...] = ()

    @property
    def high(self) -> float | None:
        """Return the upper bound of a number, None where there is none."""
        return next((number for sign, number in self.bounds if sign.startswith("<")), None)

    def read(self, raw: object) -> Value | None:
        """Return the value in this setting's type, None if it is not allowed."""
        if type(raw) not in _TYPES[self.kind]:
            return None
        if isinstance(raw, int | float) and self.kind != "bool":
            # An int too large for a float is outside every range; nan fails the comparisons.
            inside = -1e300 < raw < 1e300
            if not inside or not all(_HOLDS[sign](raw, number) for sign, number in self.bounds):
                return None
            return float(raw) if self.kind == "float" else raw
        return cast(Value, raw) if self.kind == "bool" or raw in self.choices else None

    def problem(self, raw: object) -> str | None:
        """Return what is wrong with a value, None if it is allowed."""
        if self.read(raw) is not None:
            return None
        match self.kind:
            case "text":
                return must_be_one_of(self.choices, raw)
            case "bool":
                rule = "true or false"
            case "int" | "float":
                noun = "a whole number" if self.kind == "int" else "a finite number"
                bounds = " and ".join(f"{sign} {number:g}" for sign, number in self.bounds)
                rule = f"{noun} {bounds}".strip()
        return f"must be {rule}, got {show(raw)}"


def setting_of(
    spec: type[Frozen],
    field: str,
    doc: str,
    *,
    name: str | None = None,
    default: Value | None = None,
    off: Value | None = None,
    omit: Collection[str] = (),
    level: Level = "model",
    needs: tuple[Condition, ...] = (),
) -> Setting:
    """Return the setting for a field of a spec, with the field's type, bounds, choices, default.

    `off` is the value that says that there is no such thing (no pooling, a dropout rate of 0); it
    is allowed beside the field's own and is the default. `omit` are choices that are left out.
    """
    schema = dict(_schema(spec)["properties"][field])
    for option in schema.get("anyOf", ()):
        schema |= option if option["type"] != "null" else {}
    choices = tuple(choice for choice in schema.get("enum", ()) if choice not in omit)
    chosen = next(it for it in (default, off, schema.get("default")) if it is not None)
    bounds = [(sign, schema[key]) for key, sign in _SIGNS.items() if key in schema]
    return Setting(
        name or field,
        _KINDS[schema["type"]],
        doc,
        chosen,
        level=level,
        bounds=tuple(
            (">=", low) if (sign, low) == (">", off) else (sign, low) for sign, low in bounds
        ),
        choices=(*choices, off) if isinstance(off, str) else choices,
        needs=needs,
    )


@cache
def _schema(spec: type[Frozen]) -> dict[str, Any]:
    return spec.model_json_schema()


# Of every family: a trial may train for less than the search does, by default it does not.
EPOCHS = setting_of(
    Training, "epochs", "epochs of a trial, at most those of the search", default=100_000
)


class Chosen:
    """Values by their most specific name, else the family's default."""

    def __init__(self, family: Family, values: Mapping[str, Value]) -> None:
        self._family = family
        self._values = values

    def get(self, name: str, *index: int | str) -> Any:
        """Return the value of a setting for a layer, None where the default is none either."""
        key = most_specific(name, index, self._values)
        return self._family.settings[name].default if key is None else self._values[key]


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
        for length in (1, 2):
            base, *suffix = name.rsplit("_", length)
            setting = self.settings.get(base)
            if setting is None:
                continue
            if setting.level == "optimizer" and suffix[0] in OPTIMIZERS:
                return setting, (suffix[0],)
            numbers = all(_NUMBER.fullmatch(part) for part in suffix)
            if numbers and len(suffix) in _INDEXES.get(setting.level, ()):
                return setting, tuple(int(part) for part in suffix)
        return None

    def setting(self, name: str) -> Setting | None:
        """Return the setting that a name like `filters_2_1` is of; None if there is no such."""
        resolved = self.resolve(name)
        return None if resolved is None else resolved[0]

    def build(self, values: Mapping[str, Value], epochs: int) -> RunConfig:
        """Return the held-out configuration of these values, which trains at most `epochs`.

        Raises SpaceError with one sentence for each value that is wrong.
        """
        problems = []
        for name, value in values.items():
            setting = self.setting(name)
            if setting is None:
                hint = did_you_mean(name, self.settings)
                problems.append(f"{printable(name)}: no setting of the family {self.name}{hint}")
            elif (problem := setting.problem(value)) is not None:
                problems.append(f"{name}: {problem}")
        if problems:
            raise SpaceError(tuple(problems))
        chosen = Chosen(self, values)
        return self.make(chosen, min(epochs, chosen.get(EPOCHS.name)))

    def readings(self, config: RunConfig) -> Iterator[dict[str, Value]]:
        """Yield every way to say the configuration that builds exactly it, plainest first."""
        plain = held_out(config)
        for values in itertools.islice(self.read(plain), MOST_READINGS):
            with suppress(SpaceError):
                if self.build(values, plain.training.epochs) == plain:
                    yield {**values, EPOCHS.name: plain.training.epochs}


def most_specific(name: str, index: Index, given: Container[str]) -> str | None:
    """Return the name by which a setting is given for a layer, or else for more than that."""
    names = (join(name, index[:length]) for length in range(len(index), -1, -1))
    return next((each for each in names if each in given), None)


def join(name: str, index: Index) -> str:
    """Return the name of a setting for a layer, `filters_2_1`."""
    return "_".join([name, *map(str, index)])


def held_out(config: RunConfig) -> RunConfig:
    """Return the same model and recipe under the search's protocol, on all training images."""
    training = config.training.model_copy(update={"train_images": None})
    return RunConfig(model=config.model, training=training)
