"""`SearchSpace`: what may be tried, and the way from values to a RunConfig and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from mnist_search.errors import SpaceError
from mnist_search.spaces.families import EPOCHS, FAMILIES, get_family, held_out
from mnist_search.spaces.families.family import most_specific
from mnist_search.spaces.parameters import ChoiceParameter, Parameter, Value, range_rule
from mnist_search.spaces.points import Points
from mnist_search.spaces.wording import did_you_mean, printable, show
from mnist_search.specs import ModelFamily, RunConfig
from mnist_search.specs.shapes import UnbuildableError, measure


@dataclass(frozen=True)
class SearchSpace:
    """A family's settings, each of them searched, fixed or left at the family's default.

    `parameters` are concrete (`filters_1_1`, not `filters` per convolution), and a parameter comes
    after those that its conditions name. `first` are the points that a search begins with,
    by their names. `source` says where the space came from.
    Raises ValueError for repeated names and for conditions on what does not come before.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    name: str
    family: ModelFamily
    parameters: tuple[Annotated[Parameter, Field(discriminator="type")], ...]
    fixed: Mapping[str, Value] = field(default_factory=dict)
    first: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    description: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(self.parameters))
        object.__setattr__(self, "fixed", dict(self.fixed))
        object.__setattr__(self, "first", {name: dict(it) for name, it in self.first.items()})
        if self.family not in FAMILIES:
            raise ValueError(f"family must be one of {', '.join(FAMILIES)}, got {self.family!r}")
        names: set[str] = set(self.fixed)
        for parameter in self.parameters:
            if parameter.name in names:
                raise ValueError(f"{parameter.name}: is searched or fixed twice")
            for condition in parameter.conditions:
                if condition.parameter not in names - set(self.fixed):
                    raise ValueError(
                        f"{parameter.name}: its condition names {condition.parameter}, "
                        "which is not a parameter before it"
                    )
            names.add(parameter.name)

    def __hash__(self) -> int:
        return hash(self.space_id)

    @property
    def space_id(self) -> str:
        """Return 16 hex digits: the hash of family, parameters and fixed values alone."""
        content = _JSON.dump_python(self, mode="json", include={"family", "parameters", "fixed"})
        content["parameters"].sort(key=lambda parameter: str(parameter["name"]))
        text = json.dumps(content, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def active(self, values: Mapping[str, Value]) -> Iterator[Parameter]:
        """Yield the active parameters; each is decided on when the one before has its value.

        So an engine fills a dictionary while it iterates over `space.active(values)`.
        """
        return (parameter for parameter in self.parameters if parameter.is_active(values))

    def defaults(self) -> dict[str, Value]:
        """Return the point of the family's defaults, moved into the ranges where it is outside."""
        return self.point({})

    def point(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Return the point that has the given values, and elsewhere the family's defaults.

        A name such as `filters` is for all layers for which nothing more particular is given.
        """
        values: dict[str, Value] = {}
        for parameter in self.active(values):
            name, setting = parameter.name, get_family(self.family).setting(parameter.name)
            key = self.given_as(parameter, given)
            default = parameter.nearest(None if setting is None else setting.default)
            values[name] = default if key is None else parameter.normalise(given[key])
        return values

    def given_as(self, parameter: Parameter, given: Collection[str]) -> str | None:
        """Return the name by which a value of a parameter is given, None where it is not."""
        resolved = get_family(self.family).resolve(parameter.name)
        return None if resolved is None else most_specific(resolved[0].name, resolved[1], given)

    @cached_property
    def points(self) -> Points:
        """Return the distinct points by their numbers."""
        return Points(self.parameters)

    def size(self) -> int | None:
        """Return the number of distinct points, None if an active float has no step."""
        return self.points.size

    def check(self, values: Mapping[str, Value]) -> None:
        """Raise SpaceError unless exactly the active parameters have values in their ranges."""
        problems = []
        known = {parameter.name for parameter in self.parameters}
        for name in values:
            if name not in known:
                hint = did_you_mean(name, known)
                problems.append(f"{printable(name)}: is no parameter of this space{hint}")
        for parameter in self.parameters:
            name, given = parameter.name, parameter.name in values
            if parameter.is_active(values) and not given:
                problems.append(f"{name}: is active and needs a value, got none")
            elif given and not parameter.is_active(values):
                problems.append(f"{name}: is not active here, got {show(values[name])}")
            elif given and not parameter.contains(values[name]):
                problems.append(f"{name}: {range_rule(parameter)}, got {show(values[name])}")
        if problems:
            raise SpaceError(tuple(f"space {self.name}: {problem}" for problem in problems))

    def epochs(self, values: Mapping[str, Value], *, most: int) -> int:
        """Return for how many epochs a trial at these values trains, at most `most`."""
        return min(int(values.get(EPOCHS.name, self.fixed.get(EPOCHS.name, most))), most)

    def most_epochs(self) -> int | None:
        """Return for how many epochs a trial trains at most, None where the search alone says."""
        for parameter in self.parameters:
            if parameter.name == EPOCHS.name:
                return max(map(int, _edges(parameter)))
        most = self.fixed.get(EPOCHS.name)
        return None if most is None else int(most)

    def config(self, values: Mapping[str, Value], *, epochs: int) -> RunConfig:
        """Return the held-out configuration at these values, which trains at most `epochs`.

        Raises SpaceError for values that are no point of the space.
        """
        self.check(values)
        searched = {
            parameter.name: parameter.normalise(values[parameter.name])
            for parameter in self.active(values)
        }
        return get_family(self.family).build({**self.fixed, **searched}, epochs)

    def locate(self, config: RunConfig) -> dict[str, Value] | None:
        """Return values at which the space makes this model and recipe, None if nowhere.

        Epochs, protocol, train_images and raw_test_pixels play no part. Where several points make
        the same configuration it is one of them.
        """
        wanted, family = held_out(config), get_family(self.family)
        for reading in family.readings(config):
            for values in self._fill(reading, {}, 0):
                settings = {**self.fixed, **values, EPOCHS.name: wanted.training.epochs}
                if family.build(settings, wanted.training.epochs) == wanted:
                    return values
        return None

    def _fill(
        self, reading: Mapping[str, Value], values: dict[str, Value], at: int
    ) -> Iterator[dict[str, Value]]:
        """Yield points whose parameters from `at` on take their values from the reading."""
        while at < len(self.parameters) and not self.parameters[at].is_active(values):
            at += 1
        if at == len(self.parameters):
            yield values
            return
        parameter = self.parameters[at]
        for value in self._options(parameter, reading):
            yield from self._fill(reading, {**values, parameter.name: value}, at + 1)

    def _options(self, parameter: Parameter, reading: Mapping[str, Value]) -> list[Value]:
        """Return the values that the reading leaves to a parameter, any one if it has no effect."""
        family = get_family(self.family)
        resolved = family.resolve(parameter.name)
        if resolved is None:
            return []
        setting, index = resolved
        if setting is EPOCHS:
            return [parameter.nearest(reading[EPOCHS.name])]
        if setting.level == "optimizer":
            concerns = not index or index == (reading["optimizer"],)
            read = [reading[setting.name]] if concerns else []
        else:
            others = ((family.resolve(name), value) for name, value in reading.items())
            read = [
                value
                for other, value in others
                if other is not None and other[0] is setting and other[1][: len(index)] == index
            ]
        if read:
            return [value for value in dict.fromkeys(read) if parameter.contains(value)]
        default = setting.default
        usual = default is not None and parameter.contains(default)
        return [default if default is not None and usual else parameter.value(0)]

    def misfit(self, *, roomy: bool) -> str | None:
        """Return why some number of blocks leaves no pixels for every layer; None: all do.

        `roomy` takes the choices that leave the most pixels, so that no trial can be built; else
        those that leave the fewest, and only the trials there fail.
        """
        if self.family != "cnn":
            return None
        blocks = {p.name: p for p in self.parameters}.get("blocks")
        for number in [None] if blocks is None else _edges(blocks):
            values: dict[str, Value] = {}
            for parameter in self.active(values):
                value = number if parameter is blocks else None
                if value is None:
                    value = self._extreme(parameter, roomy)
                values[parameter.name] = value
            try:
                measure(self.config(values, epochs=1).model)
            except UnbuildableError as error:
                start = "" if number is None else f"{number} blocks "
                return f"{start}must leave pixels for every layer, but {error}"
        return None

    def _extreme(self, parameter: Parameter, roomy: bool) -> Value:
        setting, values = get_family(self.family).setting(parameter.name), _edges(parameter)
        match None if setting is None else setting.name:
            case "kernel" | "stride" | "convs":
                return min(values) if roomy else max(values)
            case "padding" | "pool":
                return min(values, key=lambda value: (value in ("same", "none")) != roomy)
            case _:
                return values[0]

    def to_json(self) -> str:
        """Return the space as JSON, for a study to remember it by."""
        return _JSON.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> SearchSpace:
        """Return the space of a `to_json`; raises ValueError for anything else."""
        try:
            return _JSON.validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"is no search space in JSON, {place}: {first['msg']}") from None


def _edges(parameter: Parameter) -> list[Value]:
    if isinstance(parameter, ChoiceParameter):
        return list(parameter.choices)
    return [parameter.low, parameter.high]


_JSON: TypeAdapter[SearchSpace] = TypeAdapter(SearchSpace)
