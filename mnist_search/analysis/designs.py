"""Which combinations of values are trained, and which of them say what a value does.

Around a configuration, one hyperparameter at a time; a full table; or a fractional two-level
design (Box & Hunter 1961, "The 2^(k-p) fractional factorial designs", Technometrics 3): columns of
a Hadamard matrix with an odd number of factors of two in their number, so that no main effect is
mixed up with an interaction of two hyperparameters (resolution IV).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES
from mnist_search.spaces.families.family import OPTIMIZERS
from mnist_search.spaces.parameters import Value, same
from mnist_search.spaces.varying import WORDS, Variable
from mnist_search.specs import Dropout, Network

Kind = Literal["one at a time", "full table", "screening"]
Point = Mapping[str, Value]
Choices = Mapping[str, Sequence[Value]]
MOST_CELLS = 100
_WIDTHS = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Points to train: each has a value for every hyperparameter of `own`, the model's values.

    The first point is the model itself, but in a screening, where `choices` has two values each.
    """

    kind: Kind
    own: Point
    choices: Choices
    points: tuple[Point, ...]

    def base(self, name: str) -> Value:
        """Return the value that the others of a hyperparameter are set against.

        That is the model's own; in a table without it, the first one.
        """
        own, values = self.own[name], self.choices[name]
        there = self.kind == "one at a time" or any(same(own, value) for value in values)
        return own if there else values[0]

    def others(self, name: str) -> list[Value]:
        """Return the values that are set against the base."""
        return [value for value in self.choices[name] if not same(value, self.base(name))]

    def difference(self, name: str, value: Value) -> dict[int, float]:
        """Return weights of points whose sum is what a value does, against the base."""
        if self.kind == "screening":
            half = 2 / max(1, len(self.points))
            return {
                place: half if same(point[name], value) else -half
                for place, point in enumerate(self.points)
            }
        return _mean(self._corners({name: value}))

    def base_networks(self, name: str) -> dict[int, float]:
        """Return equal weights of the points that the values of a hyperparameter are against."""
        places = [
            place
            for place, point in enumerate(self.points)
            if same(point[name], self.base(name)) and self._is_compared(point)
        ]
        return dict.fromkeys(places, 1 / max(1, len(places)))

    def _is_compared(self, point: Point) -> bool:
        """Say whether a point is in the table; one at a time, whether it is the model itself."""
        if self.kind == "one at a time":
            return _key(point) == _key(self.own)
        return all(
            any(same(value, one) for one in self.choices[name]) for name, value in point.items()
        )

    def interaction(self, one: str, value: Value, two: str, other: Value) -> dict[int, float]:
        """Return weights of how much more `value` does where the second is `other`."""
        return _mean(self._corners({one: value, two: other}))

    def pairs(self) -> Iterator[tuple[str, Value, str, Value]]:
        """Yield the interactions of two that a full table shows, each once."""
        if self.kind == "full table":
            for one, two in itertools.combinations(self.choices, 2):
                for value, other in itertools.product(self.others(one), self.others(two)):
                    yield one, value, two, other

    def _corners(self, changed: Point) -> Iterator[dict[int, float]]:
        """Yield the signed points of every set that agrees in all that is not changed."""
        places = {_key(point): place for place, point in enumerate(self.points)}
        for point in self.points:
            if any(not same(point[name], value) for name, value in changed.items()):
                continue
            corners: dict[int, float] = {}
            for kept in itertools.product((True, False), repeat=len(changed)):
                at = dict(point)
                for name, keep in zip(changed, kept, strict=True):
                    at[name] = at[name] if keep else self.base(name)
                if _key(at) not in places:
                    break
                corners[places[_key(at)]] = 1.0 if kept.count(False) % 2 == 0 else -1.0
            else:
                yield corners


def documented_choices(variable: Variable) -> dict[str, Sequence[Value]]:
    """Return the six choices that this program is about, each with its usual values.

    Depth and dropout have those of the documents, width half and twice as much, activation,
    placement of batch normalization and optimizer all that there are.
    """
    family = variable.family.name
    if family == "linear":
        raise UsageError(
            "a linear classifier has no depth, width, activation, batch normalization or dropout",
            hint="name what to vary: --set penalty=none,l1,l2 --set alpha=1e-5:1e-3",
        )
    documented = [reference for reference in REFERENCES if reference.family == family]
    depths = {
        Variable.of(reference.run_config("held-out"), family).own("depth")
        for reference in documented
    }
    rates = {
        layer.rate
        for reference in documented
        if isinstance(reference.model, Network)
        for layer in reference.model.layers
        if isinstance(layer, Dropout)
    }
    usual: dict[str, Sequence[Value]] = {
        "depth": sorted(depths, key=float),
        "width": _WIDTHS,
        "activation": variable.setting("activation").choices,
        "batch_norm": variable.setting("batch_norm").choices,
        "dropout": [0.0, *sorted(rates)],
        "optimizer": OPTIMIZERS,
    }
    return {name: usual[name] for name in WORDS}


def make_design(variable: Variable, choices: Choices, kind: Kind) -> Design:
    """Return the points of a design around a configuration.

    Raises:
        UsageError: a hyperparameter has too few or too many values for it.
    """
    own = {name: variable.own(name) for name in choices}
    points: list[Point]
    match kind:
        case "one at a time":
            points = [own, *(own | {name: value} for name in choices for value in choices[name])]
        case "full table":
            choices = {name: _crossed(own[name], values) for name, values in choices.items()}
            points = [own, *_table(choices)]
        case "screening":
            choices = {name: _two(name, own[name], values) for name, values in choices.items()}
            points = list(_fraction(choices))
    distinct = {_key(point): point for point in points}
    return Design(kind=kind, own=own, choices=choices, points=tuple(distinct.values()))


def without(design: Design, lacks: Callable[[Point], bool]) -> Design:
    """Return a design without the points that cannot be had."""
    kept = tuple(point for point in design.points if not lacks(point))
    return Design(kind=design.kind, own=design.own, choices=design.choices, points=kept)


def _table(choices: Choices) -> Iterator[Point]:
    cells = 1
    for values in choices.values():
        cells *= len(values)
    if len(choices) < 2 or cells > MOST_CELLS:
        told = " x ".join(str(len(values)) for values in choices.values())
        raise UsageError(
            f"a full table must cross two hyperparameters or more in at most {MOST_CELLS} "
            f"networks, got {told} = {cells}",
            hint="name them with --set; --screen takes many hyperparameters of two values each",
        )
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def _crossed(own: Value, values: Sequence[Value]) -> Sequence[Value]:
    """Return the values of a hyperparameter; where one is named, it is against its own."""
    return [own, *values] if len(values) == 1 and not same(values[0], own) else values


def _two(name: str, own: Value, values: Sequence[Value]) -> tuple[Value, Value]:
    found = _crossed(own, values)
    if len(found) != 2:
        raise UsageError(
            f"{name}: a screening needs two values of each hyperparameter, got {len(found)}",
            hint=f"--set {name}=A,B, or one value, to be set against the model's own",
        )
    return found[0], found[1]


def _fraction(choices: Choices) -> Iterator[Point]:
    """Yield the runs: the least power of two that has twice as many as hyperparameters."""
    from scipy.linalg import hadamard

    if len(choices) < 2:
        raise UsageError("a screening needs two hyperparameters or more", hint="name them by --set")
    runs = 1 << (2 * len(choices) - 1).bit_length()
    # First the columns of single factors, then those of three, and so on.
    odd = [column for column in range(runs) if column.bit_count() % 2 == 1]
    odd.sort(key=lambda column: (column.bit_count(), column))
    for row in hadamard(runs):
        yield {
            name: values[0] if row[column] > 0 else values[1]
            for (name, values), column in zip(choices.items(), odd, strict=False)
        }


def _mean(sets: Iterator[dict[int, float]]) -> dict[int, float]:
    found = list(sets)
    weights: dict[int, float] = {}
    for corners in found:
        for place, sign in corners.items():
            weights[place] = weights.get(place, 0.0) + sign / len(found)
    return weights


def _key(point: Point) -> tuple[tuple[str, object], ...]:
    # 0.30000000000000004 and 0.3 are one value, true and 1 are two.
    return tuple(
        (name, f"{value:.9g}" if isinstance(value, float) else (type(value), value))
        for name, value in point.items()
    )
