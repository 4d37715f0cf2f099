"""A configuration with single choices changed, everything else as it was.

Besides the settings of its family a configuration has the words of `WORDS`, which mean one thing
for every network: `depth` is the number of hidden dense layers of a perceptron, of blocks of a
convolutional network; `width` a factor for the units and filters of all layers; `batch_norm` where
batch normalization stands; `dropout` the rate wherever there is dropout, and where there is none,
after every hidden dense layer (in a network without one, after every block).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.errors import SpaceError, UsageError
from mnist_search.spaces.families import Family, Setting, get_family
from mnist_search.spaces.parameters import Value, same
from mnist_search.spaces.wording import did_you_mean, printable
from mnist_search.specs import ModelFamily, RunConfig
from mnist_search.specs.shapes import UnbuildableError, measure

WORDS = ("depth", "width", "activation", "batch_norm", "dropout", "optimizer")
# Values of a range without a step.
STEPS = 5
# These decide which layers there are, and what else there is to be set.
_FIRST = ("depth", "blocks", "convs", "dense_layers", "optimizer")
_DEPTH = {"mlp": "dense_layers", "cnn": "blocks"}
_FACTOR = Setting("width", "float", "factor", 1.0, bounds=((">=", 1 / 64), ("<=", 64)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A configuration of which single choices can be changed; `reading` has it layer by layer."""

    family: Family
    reading: Mapping[str, Value]

    @classmethod
    def of(cls, config: RunConfig, family: ModelFamily) -> Variable:
        """Return a configuration as its family says it; raises UsageError where it cannot."""
        found = get_family(family)
        reading = next(iter(found.readings(config)), None)
        if reading is None:
            raise UsageError(f"the family {family} has no words for this network")
        return cls(family=found, reading=reading)

    def setting(self, name: str) -> Setting:
        """Return what a name allows; raises UsageError for one that this family does not have."""
        depth = _DEPTH.get(self.family.name)
        networks = depth is not None
        match name:
            case "depth" if depth is not None:
                return self.family.settings[depth]
            case "width" if networks:
                return _FACTOR
            case "batch_norm" if networks:
                return self.family.settings[self._norms[0]]
            case "dropout" if networks:
                return self.family.settings["dense_dropout"]
        found = self.family.setting(name)
        if found is None:
            known = [*(WORDS if networks else ()), *self.family.settings]
            raise UsageError(
                f"{printable(name)}: no hyperparameter of the family {self.family.name}"
                f"{did_you_mean(name, known)}",
                hint=f"there are {', '.join(dict.fromkeys(known))}",
            )
        return found

    def own(self, name: str) -> Value:
        """Return the value that the configuration has; `532/384` where layers differ in it."""
        match name:
            case "width":
                return 1.0
            case "depth":
                return self.reading[_DEPTH[self.family.name]]
            case "batch_norm":
                values = [self.reading.get(norm, "none") for norm in self._norms]
                # Dense layers have no place after a pooling.
                whole = self._norms_of(values[0])
                return values[0] if self._same_norms(whole) else _joined(values)
            case "dropout":
                return _joined([self.reading[key] for key in self._dropouts(self.reading)]) or 0.0
        found = self._keys(self.reading, name)
        if found:
            return _joined([self.reading[key] for key in found])
        default = self.setting(name).default
        return "-" if default is None else default

    def change(self, changes: Mapping[str, Value]) -> RunConfig:
        """Return the held-out configuration with these values; its own ones change nothing.

        New layers are like the last one of their kind. Another optimizer comes with its own
        documented learning rate and other constants.

        Raises:
            SpaceError: a value is not allowed.
            UnbuildableError: there is no such network.
        """
        values = dict(self.reading)
        names = [name for name in changes if not same(changes[name], self.own(name))]
        names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
        for name in names:
            self._set(values, name, changes[name])
        config = self.family.build(values, int(values["epochs"]))
        measure(config.model)
        return config

    def read(self, name: str, given: Sequence[object]) -> list[Value]:
        """Return values of a name in its type, without repetitions; raises UsageError."""
        setting = self.setting(name)
        found: dict[Value, None] = {}
        for raw in given:
            own = self.own(name)
            value = own if raw == own else setting.read(raw)
            if value is None:
                raise UsageError(f"{printable(name)}: {setting.problem(raw)}")
            found[value] = None
        return list(found)

    @property
    def _norms(self) -> tuple[str, ...]:
        return ("conv_norm", "dense_norm") if self.family.name == "cnn" else ("dense_norm",)

    def _norms_of(self, place: Value) -> dict[str, Value]:
        return {
            norm: place if place in self.family.settings[norm].choices else "none"
            for norm in self._norms
        }

    def _same_norms(self, wanted: Mapping[str, Value]) -> bool:
        # Where there are no dense layers, their normalization is nowhere.
        return all(self.reading.get(norm, place) == place for norm, place in wanted.items())

    def _keys(self, values: Mapping[str, Value], name: str) -> list[str]:
        """Return the keys of values that a name covers: `units` also covers `units_2`."""
        resolved = self.family.resolve(name)
        assert resolved is not None
        setting, index = resolved
        if setting.level == "optimizer":
            # `learning_rate_adam` is the learning rate, while the optimizer is adam.
            index = () if index in ((), (values["optimizer"],)) else index
        return [
            key
            for key in values
            if (found := self.family.resolve(key)) is not None
            and found[0] is setting
            and found[1][: len(index)] == index
        ]

    def _dropouts(self, values: Mapping[str, Value]) -> list[str]:
        """Return the keys of the dropout rates that `dropout` is about."""
        every = [key for key in values if key.startswith(("dense_dropout", "conv_dropout"))]
        dense = [key for key in every if key.startswith("dense")]
        return [key for key in every if values[key]] or dense or every

    def _set(self, values: dict[str, Value], name: str, value: Value) -> None:
        match name:
            case "depth":
                self._set(values, _DEPTH[self.family.name], value)
                return
            case "batch_norm":
                values.update(self._norms_of(value))
                return
            case "dropout":
                values.update(dict.fromkeys(self._dropouts(values), value))
                return
            case "width":
                widths = [name for name in ("filters", "units") if name in self.family.settings]
                for key in (key for name in widths for key in self._keys(values, name)):
                    values[key] = max(1, round(float(values[key]) * float(value)))
                return
            case "blocks" | "convs" | "dense_layers":
                self._like_the_last(values)
            case "optimizer":
                for key in list(values):
                    setting = self.setting(key)
                    needs = {need.parameter for need in setting.needs}
                    if setting.level == "optimizer" or "optimizer" in needs:
                        del values[key]
        for key in self._keys(values, name):
            del values[key]
        values[name] = value

    def _like_the_last(self, values: dict[str, Value]) -> None:
        """Give the values of the last layer to all layers that have none of their own."""
        for key, value in list(values.items()):
            resolved = self.family.resolve(key)
            if resolved is not None and resolved[1] and resolved[0].level != "optimizer":
                values[resolved[0].name] = value


def buildable(variable: Variable, changes: Mapping[str, Value]) -> RunConfig | str:
    """Return the configuration with these changes, or why there is none."""
    try:
        return variable.change(changes)
    except (SpaceError, UnbuildableError) as error:
        return str(error)


def parse_choice(variable: Variable, text: str) -> tuple[str, list[Value]]:
    """Return the name and the values of `NAME=VALUE,VALUE` or `NAME=LOW:HIGH[:STEP]`.

    A range without a step has five values, evenly spaced, in the logarithm where HIGH is ten times
    LOW or more. Raises UsageError for anything else.
    """
    name, sign, rest = text.partition("=")
    name = name.strip().replace("-", "_")
    if not sign or not rest:
        raise UsageError(f"--set must be NAME=VALUE,VALUE or NAME=LOW:HIGH[:STEP], got {text!r}")
    setting = variable.setting(name)
    words = [word.strip() for word in rest.split(",")]
    if len(words) == 1 and ":" in words[0] and setting.kind in ("int", "float"):
        return name, variable.read(name, _range(name, words[0], whole=setting.kind == "int"))
    return name, variable.read(name, [_typed(word, setting) for word in words])


def _typed(word: str, setting: Setting) -> object:
    if setting.kind == "bool":
        return {"true": True, "yes": True, "false": False, "no": False}.get(word.lower(), word)
    if setting.kind == "text":
        return word
    number = _number(word)
    whole = number is not None and number.is_integer() and setting.kind == "int"
    return word if number is None else int(number) if whole else number


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _range(name: str, word: str, *, whole: bool) -> list[object]:
    numbers = [_number(part) for part in word.split(":")]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or len(known) not in (2, 3) or known[0] >= known[1]:
        raise UsageError(f"{name}: a range must be LOW:HIGH or LOW:HIGH:STEP, got {word!r}")
    low, high, *rest = known
    if rest:
        if rest[0] <= 0 or (high - low) / rest[0] > 1000:
            raise UsageError(f"{name}: the step of a range must be above 0, and not tiny: {word!r}")
        count = math.floor((high - low) / rest[0] + 1e-9)
        found = [low + step * rest[0] for step in range(count + 1)]
    elif low > 0 and high >= 10 * low:
        found = [low * (high / low) ** (step / (STEPS - 1)) for step in range(STEPS)]
    else:
        found = [low + (high - low) * step / (STEPS - 1) for step in range(STEPS)]
    return [round(value) if whole else float(f"{value:.10g}") for value in found]


def _joined(values: Sequence[Value]) -> Value:
    """Return the one value of all layers, else all of them as `532/384`."""
    if values and all(same(value, values[0]) for value in values):
        return values[0]
    return "/".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in values)
