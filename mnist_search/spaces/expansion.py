"""Declared parameters to concrete ones: layers counted, conditions resolved, an order found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mnist_search.spaces.conditions import NeverHoldsError, merge_conditions
from mnist_search.spaces.declarations import Declared, Report
from mnist_search.spaces.families.family import OPTIMIZERS, Family, Index
from mnist_search.spaces.parameters import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
    Value,
)
from mnist_search.spaces.wording import did_you_mean, printable, show

_DEPTHS = {"block": "blocks", "conv": "convs", "dense": "dense_layers"}


@dataclass(frozen=True, slots=True)
class _Searched:
    """A setting of a layer is decided by a parameter."""

    name: str
    template: Parameter


class Expansion:
    """The declared parameters and fixed values of a file, as one family understands them."""

    def __init__(
        self,
        family: Family,
        declared: Mapping[str, Declared],
        fixed: Mapping[str, Value],
        report: Report,
    ) -> None:
        self._family = family
        self._fixed = fixed
        self._report = report
        self._declared = declared
        self._concrete: dict[str, tuple[Declared, Index]] = {}
        # Depths first: how many layers there are decides what `per` means for the others.
        order = sorted(declared.values(), key=lambda d: d.setting.name not in _DEPTHS.values())
        self._depth_is_wrong = any(
            d.template is None for d in order if d.setting.name in _DEPTHS.values()
        )
        for declaration in order:
            if declaration.when and declaration.setting.name in _DEPTHS.values():
                report(f"{declaration.name}.when", "must not be given, a depth is always needed")
            for index in self._indexes(declaration):
                name = _join(declaration.setting.name, index)
                if name in self._concrete:
                    report(name, f"is searched twice, by {declaration.name}, too")
                elif name in fixed:
                    report(name, f"is searched and fixed, got {show(fixed[name])} in fixed")
                else:
                    self._concrete[name] = declaration, index

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the concrete parameters, each after those that its conditions name.

        The order depends on the family's settings alone, not on the file's.
        """
        found: dict[str, Parameter] = {}
        for name, (declared, index) in self._concrete.items():
            try:
                conditions = merge_conditions(list(self._conditions(declared, index)))
            except NeverHoldsError as error:
                self._report(name, f"has no effect at any point, {error}")
                continue
            parameter = declared.concrete(name, conditions)
            if parameter is not None:
                found[name] = parameter
        return self._sort(found)

    def check_fixed(self) -> None:
        """Report fixed values of layers that never exist."""
        for name in self._fixed:
            resolved = self._family.resolve(name)
            if resolved is None:
                continue
            setting, index = resolved
            try:
                list(self._layer_conditions(setting.level, index))
                if setting.level == "optimizer" and index:
                    list(self._require(Condition("optimizer", choices=(str(index[0]),))))
            except NeverHoldsError as error:
                self._report(f"fixed.{name}", f"has no effect at any point, {error}")

    def _source(self, name: str, index: Index = ()) -> _Searched | Value | None:
        """Return what decides a setting of a layer: a parameter, or else a value."""
        for length in range(len(index), -1, -1):
            key = _join(name, index[:length])
            if key in self._concrete:
                template = self._concrete[key][0].template
                return None if template is None else _Searched(key, template)
            if key in self._fixed:
                return self._fixed[key]
        setting = self._family.settings.get(name)
        return None if setting is None else setting.default

    def _most(self, depth: str, index: Index = ()) -> int:
        source = self._source(depth, index)
        match source:
            case _Searched(template=IntParameter(high=high)):
                return high
            case _Searched(template=ChoiceParameter(choices=choices)):
                return max(int(choice) for choice in choices)
            case int():
                return source
            case _:
                return 0

    def _indexes(self, declared: Declared) -> Iterator[Index]:
        if declared.per is None:
            yield declared.index
            return
        # One convolution per block is a plain default; numbers of blocks and dense layers are not.
        depth = _DEPTHS["dense" if declared.per == "dense" else "block"]
        if not self._is_given(depth):
            rule = f'"{declared.per}" needs the number of layers: add {depth}'
            self._report(f"{declared.name}.per", f"{rule} to parameters or fixed, got neither")
            return
        for layer in range(1, self._most(depth) + 1):
            if declared.per == "conv":
                for place in range(1, self._most("convs", (layer,)) + 1):
                    yield layer, place
            else:
                yield (layer,)

    def _is_given(self, depth: str) -> bool:
        given = [self._family.resolve(name) for name in (*self._declared, *self._fixed)]
        return any(found is not None and found[0].name == depth for found in given)

    def _conditions(self, declared: Declared, index: Index) -> Iterator[Condition]:
        setting = declared.setting
        yield from self._layer_conditions(setting.level, index)
        for need in setting.needs:
            yield from self._require(need)
        if setting.level == "optimizer":
            others = tuple(
                name
                for name in OPTIMIZERS
                if (name,) == index or (not index and not self._has(_join(setting.name, (name,))))
            )
            yield from self._require(Condition("optimizer", choices=others))
        for name, wanted in declared.when.items():
            yield from self._when(declared, index, name, wanted)

    def _has(self, name: str) -> bool:
        return name in self._concrete or name in self._fixed

    def _layer_conditions(self, level: str, index: Index) -> Iterator[Condition]:
        match level:
            case "block" | "conv":
                yield from self._require(
                    Condition("blocks", at_least=int(index[0]) if index else 1)
                )
                if len(index) == 2:
                    need = Condition("convs", at_least=int(index[1]))
                    yield from self._require(need, index[:1])
            case "dense":
                least = int(index[0]) if index else 1
                yield from self._require(Condition("dense_layers", at_least=least))

    def _require(self, need: Condition, index: Index = ()) -> Iterator[Condition]:
        """Yield the condition on what decides the needed setting; nothing if it always holds."""
        source = self._source(need.parameter, index)
        if source is None:
            return
        if not isinstance(source, _Searched):
            if not need.allows(source):
                raise NeverHoldsError(f"{need.parameter} is always {show(source)}")
            return
        choices = _finite(source.template)
        allowed = tuple(choice for choice in choices if need.allows(choice))
        if not allowed:
            if need.at_least is not None:
                raise NeverHoldsError(f"{source.name} is at most {max(choices)}")
            wanted = " or ".join(show(choice) for choice in need.choices or ())
            raise NeverHoldsError(f"{source.name} is never {wanted}")
        if len(allowed) == len(choices) and self._always_active(source.name):
            return
        if need.at_least is not None:
            yield Condition(source.name, at_least=need.at_least)
        else:
            yield Condition(source.name, choices=allowed)

    def _always_active(self, name: str) -> bool:
        declared, index = self._concrete[name]
        if declared.when or declared.setting.needs:
            return False
        return not list(self._layer_conditions(declared.setting.level, index))

    def _when(
        self, declared: Declared, index: Index, name: str, wanted: object
    ) -> Iterator[Condition]:
        key = f"{declared.name}.when.{printable(name)}"
        target = self._target(declared, index, name)
        if target is None:
            if not self._depth_is_wrong:
                self._report(key, self._why_not(name))
            return
        resolved = self._family.resolve(target)
        source = self._concrete[target][0].template if target in self._concrete else None
        items = wanted if isinstance(wanted, list) else [wanted]
        values: list[Value] = []
        for item in items:
            value = None if resolved is None else resolved[0].read(item)
            if value is None or not (source is None or source.contains(value)):
                self._report(key, f"must be a value that {target} can have, got {show(item)}")
            else:
                values.append(value)
        if not items:
            self._report(key, "must be a value or a list of values, got []")
        elif isinstance(source, FloatParameter) and source.count is None:
            self._report(key, f"must not ask for exact values of {target}, which has no step")
        elif target in self._fixed:
            if values and not Condition(target, choices=tuple(values)).holds(self._fixed):
                raise NeverHoldsError(f"{target} is fixed to {show(self._fixed[target])}")
        elif values:
            yield Condition(target, choices=tuple(values))

    def _target(self, declared: Declared, index: Index, name: str) -> str | None:
        """Return the parameter or fixed value that a `when` means, for this layer."""
        other = self._declared.get(name)
        if other is None or other.per is None:
            return name if self._has(name) else None
        # `when = { pool = "max" }` in a parameter per block means the same block's pool.
        length = 2 if other.per == "conv" else 1
        kinds = {"dense"} if other.per == "dense" else {"block", "conv"}
        concrete = _join(name, index[:length])
        fits = len(index) >= length and declared.setting.level in kinds
        return concrete if fits and self._has(concrete) else None

    def _why_not(self, name: str) -> str:
        other = self._declared.get(name)
        if other is not None and other.per is not None:
            example = _join(name, (1, 1) if other.per == "conv" else (1,))
            return f"must name one layer, as {example}, got one parameter per {other.per}"
        known = (*self._concrete, *self._declared, *self._fixed)
        return f"must name a parameter or fixed value of this file{did_you_mean(name, known)}"

    def _sort(self, found: dict[str, Parameter]) -> tuple[Parameter, ...]:
        places = {name: place for place, name in enumerate(self._family.settings)}

        def rank(name: str) -> tuple[int, tuple[str, ...]]:
            declared, index = self._concrete[name]
            return places[declared.setting.name], tuple(f"{part:>3}" for part in index)

        waiting = sorted(found, key=rank)
        placed: dict[str, Parameter] = {}
        while waiting:
            for name in waiting:
                asked = {condition.parameter for condition in found[name].conditions}
                if not asked & set(waiting):
                    placed[name] = found[name]
                    waiting.remove(name)
                    break
            else:
                names = ", ".join(waiting)
                self._report(f"{waiting[0]}.when", f"must not run in a circle, got {names}")
                break
        return tuple(placed.values())


def _join(name: str, index: Index) -> str:
    return "_".join([name, *map(str, index)])


def _finite(template: Parameter) -> tuple[Value, ...]:
    match template:
        case ChoiceParameter(choices=choices):
            return choices
        case IntParameter(low=low, high=high, step=step):
            return tuple(range(low, high + 1, step))
        case FloatParameter():
            raise AssertionError("no setting needs a float")
