"""One word of a family's vocabulary, with the bounds and choices that the specs give it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import Any, Literal

from mnist_search.spaces.parameters import Condition, Level, Value
from mnist_search.spaces.wording import must_be_one_of, show
from mnist_search.specs import Frozen

Kind = Literal["bool", "int", "float", "text"]

_KINDS: dict[str, Kind] = {
    "boolean": "bool",
    "integer": "int",
    "number": "float",
    "string": "text",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a word of the vocabulary means, what it allows, what it is by default.

    A setting of level block, conv or dense may be given once for all layers (`filters`), for a
    block (`filters_2`) or for a layer (`filters_2_1`); the most specific one counts.
    `needs` are the conditions without which the setting has no effect.
    """

    name: str
    kind: Kind
    doc: str
    default: Value | None
    _: KW_ONLY
    level: Level = "model"
    low: float | None = None
    high: float | None = None
    low_included: bool = True
    high_included: bool = True
    choices: tuple[str, ...] = ()
    needs: tuple[Condition, ...] = ()

    @property
    def rule(self) -> str:
        """Return what a value must be."""
        match self.kind:
            case "bool":
                return "must be true or false"
            case "text":
                return f"must be one of {', '.join(self.choices)}"
            case "int" | "float":
                bounds = []
                if self.low is not None:
                    bounds.append(f"{'>=' if self.low_included else '>'} {self.low:g}")
                if self.high is not None:
                    bounds.append(f"{'<=' if self.high_included else '<'} {self.high:g}")
                noun = "a whole number" if self.kind == "int" else "a finite number"
                return " ".join(["must be", noun, " and ".join(bounds)]).strip()

    def read(self, raw: object) -> Value | None:
        """Return the value in this setting's type, None if it is not allowed."""
        match self.kind:
            case "bool":
                return raw if isinstance(raw, bool) else None
            case "text":
                return raw if isinstance(raw, str) and raw in self.choices else None
            case "int":
                return raw if type(raw) is int and self._inside(raw) else None
            case "float":
                if isinstance(raw, bool) or not isinstance(raw, int | float):
                    return None
                # An int too large for a float is outside every range; nan fails the comparisons.
                if not -1e300 < raw < 1e300 or not self._inside(raw):
                    return None
                return float(raw)

    def problem(self, raw: object) -> str | None:
        """Return what is wrong with a value, None if it is allowed."""
        if self.read(raw) is not None:
            return None
        if self.kind == "text":
            return must_be_one_of(self.choices, raw)
        return f"{self.rule}, got {show(raw)}"

    def _inside(self, number: float) -> bool:
        above = self.low is None or number > self.low or (number == self.low and self.low_included)
        below = (
            self.high is None or number < self.high or (number == self.high and self.high_included)
        )
        return above and below


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
    low, high = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    choices = tuple(choice for choice in schema.get("enum", ()) if choice not in omit)
    chosen = next(it for it in (default, off, schema.get("default")) if it is not None)
    return Setting(
        name or field,
        _KINDS[schema["type"]],
        doc,
        chosen,
        level=level,
        low=schema.get("minimum", low),
        high=schema.get("maximum", high),
        low_included=low is None or off == low,
        high_included=high is None,
        choices=(*choices, off) if isinstance(off, str) else choices,
        needs=needs,
    )


@cache
def _schema(spec: type[Frozen]) -> dict[str, Any]:
    return spec.model_json_schema()
