"""Declared parameters to concrete ones: layers counted, conditions resolved, an order found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from mnist_search.spaces.families.family import (
    DEPTHS,
    OPTIMIZERS,
    Family,
    Index,
    Setting,
    join,
    most_specific,
)
from mnist_search.spaces.parameters import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Level,
    Parameter,
    Value,
)
from mnist_search.spaces.wording import did_you_mean, printable, show

Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A table `[parameters.NAME]`; `template` is None where its range is wrong."""

    name: str
    setting: Setting
    index: Index
    per: Level | None
    template: Parameter | None
    when: Mapping[str, object]


class _NeverHoldsError(Exception):
    """A condition cannot be met at any point of the space; the message says why."""


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
        self._searched: dict[str, tuple[Declared, Index]] = {}
        depths = [it for it in declared.values() if it.setting.name in DEPTHS.values()]
        self._depth_is_wrong = any(depth.template is None for depth in depths)
        for depth in depths:
            if depth.when:
                report(f"{depth.name}.when", "must not be given, a depth is always needed")
        # Depths first: how many layers there are decides what `per` means for the others.
        others = (it for it in declared.values() if it.setting.name not in DEPTHS.values())
        for declaration in (*depths, *others):
            for index in self._indexes(declaration):
                name = join(declaration.setting.name, index)
                if name in self._searched:
                    report(name, f"is searched twice, by {declaration.name}, too")
                elif name in fixed:
                    report(name, f"is searched and fixed, got {show(fixed[name])} in fixed")
                else:
                    self._searched[name] = declaration, index

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the concrete parameters, each after those that its conditions name.

        The order depends on the family's settings alone, not on the file's.
        """
        found: dict[str, Parameter] = {}
        for name, (declared, index) in self._searched.items():
            try:
                conditions = _merge(self._conditions(declared, index))
            except _NeverHoldsError as error:
                self._report(name, f"has no effect at any point, {error}")
                continue
            if declared.template is not None:
                found[name] = replace(
                    declared.template, name=name, conditions=conditions, per=declared.per
                )
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
            except _NeverHoldsError as error:
                self._report(f"fixed.{name}", f"has no effect at any point, {error}")

    def _decider(self, name: str, index: Index = ()) -> Parameter | Value | None:
        """Return what decides a setting of a layer: a parameter, or else a value.

        None where it is not known, for the parameter's range is wrong.
        """
        key = most_specific(name, index, {*self._searched, *self._fixed})
        if key is None:
            setting = self._family.settings.get(name)
            return None if setting is None else setting.default
        if key not in self._searched:
            return self._fixed[key]
        template = self._searched[key][0].template
        return None if template is None else replace(template, name=key)

    def _most(self, depth: str, index: Index = ()) -> int:
        match self._decider(depth, index):
            case IntParameter(high=most) | int(most):
                return most
            case ChoiceParameter(choices=choices):
                return max(int(choice) for choice in choices)
            case _:
                return 0

    def _indexes(self, declared: Declared) -> Iterator[Index]:
        if declared.per is None:
            yield declared.index
            return
        # One convolution per block is a plain default; numbers of blocks and dense layers are not.
        depth = DEPTHS["dense" if declared.per == "dense" else "block"]
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
        given = map(self._family.setting, (*self._declared, *self._fixed))
        return any(setting is not None and setting.name == depth for setting in given)

    def _conditions(self, declared: Declared, index: Index) -> Iterator[Condition]:
        setting = declared.setting
        yield from self._layer_conditions(setting.level, index)
        for need in setting.needs:
            yield from self._require(need)
        if setting.level == "optimizer" and not index:
            named = {name for name in OPTIMIZERS if self._has(join(setting.name, (name,)))}
            others = tuple(name for name in OPTIMIZERS if name not in named)
            yield from self._require(Condition("optimizer", choices=others))
        for name, wanted in declared.when.items():
            yield from self._when(declared, index, name, wanted)

    def _has(self, name: str) -> bool:
        return name in self._searched or name in self._fixed

    def _layer_conditions(self, level: str, index: Index) -> Iterator[Condition]:
        if level in DEPTHS:
            depth = DEPTHS["dense" if level == "dense" else "block"]
            yield from self._require(Condition(depth, at_least=int(index[0]) if index else 1))
        if len(index) == 2:
            yield from self._require(Condition("convs", at_least=int(index[1])), index[:1])
        if level == "optimizer" and index:
            yield from self._require(Condition("optimizer", choices=index))

    def _require(self, need: Condition, index: Index = ()) -> Iterator[Condition]:
        """Yield the condition on what decides the needed setting; nothing if it always holds."""
        match self._decider(need.parameter, index):
            case None:
                return
            case IntParameter() | FloatParameter() | ChoiceParameter() as parameter:
                choices = [parameter.value(place) for place in range(parameter.count or 0)]
                allowed = tuple(choice for choice in choices if need.allows(choice))
                if not allowed and need.at_least is not None:
                    raise _NeverHoldsError(f"{parameter.name} is at most {max(choices)}")
                if not allowed:
                    wanted = " or ".join(show(choice) for choice in need.choices or ())
                    raise _NeverHoldsError(f"{parameter.name} is never {wanted}")
                if len(allowed) < len(choices) or not self._always_active(parameter.name):
                    listed = None if need.at_least is not None else allowed
                    yield Condition(parameter.name, choices=listed, at_least=need.at_least)
            case value:
                if not need.allows(value):
                    raise _NeverHoldsError(f"{need.parameter} is always {show(value)}")

    def _always_active(self, name: str) -> bool:
        declared, index = self._searched[name]
        if declared.when or declared.setting.needs:
            return False
        return not list(self._layer_conditions(declared.setting.level, index))

    def _when(
        self, declared: Declared, index: Index, name: str, wanted: object
    ) -> Iterator[Condition]:
        key = f"{declared.name}.when.{printable(name)}"
        target = self._target(declared, index, name)
        resolved = None if target is None else self._family.resolve(target)
        if target is None or resolved is None:
            if not self._depth_is_wrong:
                self._report(key, self._why_not(name))
            return
        template = self._searched[target][0].template if target in self._searched else None
        items = wanted if isinstance(wanted, list) else [wanted]
        values: list[Value] = []
        for item in items:
            value = resolved[0].read(item)
            if value is None or not (template is None or template.contains(value)):
                self._report(key, f"must be a value that {target} can have, got {show(item)}")
            else:
                values.append(value)
        if not items:
            self._report(key, "must be a value or a list of values, got []")
        elif isinstance(template, FloatParameter) and template.count is None:
            self._report(key, f"must not ask for exact values of {target}, which has no step")
        elif values:
            condition = Condition(target, choices=tuple(values))
            if target not in self._fixed:
                yield condition
            elif not condition.holds(self._fixed):
                raise _NeverHoldsError(f"{target} is fixed to {show(self._fixed[target])}")

    def _target(self, declared: Declared, index: Index, name: str) -> str | None:
        """Return the parameter or fixed value that a `when` means, for this layer."""
        other = self._declared.get(name)
        if other is None or other.per is None:
            return name if self._has(name) else None
        # `when = { pool = "max" }` in a parameter per block means the same block's pool.
        length = 2 if other.per == "conv" else 1
        levels = {"dense"} if other.per == "dense" else {"block", "conv"}
        target = join(name, index[:length])
        fits = len(index) >= length and declared.setting.level in levels
        return target if fits and self._has(target) else None

    def _why_not(self, name: str) -> str:
        other = self._declared.get(name)
        if other is not None and other.per is not None:
            example = join(name, (1, 1) if other.per == "conv" else (1,))
            return f"must name one layer, as {example}, got one parameter per {other.per}"
        known = (*self._searched, *self._declared, *self._fixed)
        return f"must name a parameter or fixed value of this file{did_you_mean(name, known)}"

    def _sort(self, found: dict[str, Parameter]) -> tuple[Parameter, ...]:
        places = {name: place for place, name in enumerate(self._family.settings)}

        def rank(name: str) -> tuple[int, tuple[str, ...]]:
            declared, index = self._searched[name]
            return places[declared.setting.name], tuple(f"{part:>3}" for part in index)

        waiting = sorted(found, key=rank)
        placed: list[Parameter] = []
        while waiting:
            for name in waiting:
                if not {it.parameter for it in found[name].conditions} & set(waiting):
                    placed.append(found[name])
                    waiting.remove(name)
                    break
            else:
                problem = f"must not run in a circle, got {', '.join(waiting)}"
                self._report(f"{waiting[0]}.when", problem)
                break
        return tuple(placed)


def _merge(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Make one condition of those on the same parameter."""
    merged: dict[str, Condition] = {}
    for condition in conditions:
        before = merged.get(condition.parameter)
        merged[condition.parameter] = condition if before is None else _both(before, condition)
    return tuple(merged.values())


def _both(one: Condition, other: Condition) -> Condition:
    if one.choices is None and other.choices is None:
        return replace(one, at_least=max(one.at_least or 0, other.at_least or 0))
    if one.choices is None:
        one, other = other, one
    left = tuple(choice for choice in one.choices or () if other.allows(choice))
    if not left:
        raise _NeverHoldsError(f"its conditions on {one.parameter} exclude each other")
    return replace(one, choices=left)
