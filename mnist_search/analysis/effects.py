"""What each value of a hyperparameter does: accuracy gained or lost, and what it costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mnist_search.analysis.comparison import Difference, contrast, corrected
from mnist_search.analysis.contenders import Contender, make_contender
from mnist_search.analysis.designs import Design, Point, without
from mnist_search.analysis.measurements import machine_of, mean
from mnist_search.analysis.spread import SeedSpread, pool_seed_spread
from mnist_search.analysis.statistics import Interval
from mnist_search.spaces.parameters import Value, same
from mnist_search.specs import Record, RunConfig, RunResult
from mnist_search.specs.shapes import measure

Weights = Mapping[int, float]


class ValidationImages(NamedTuple):
    """Which images runs of a study were validated on, and their labels, a byte each."""

    image_set: str
    labels: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRuns:
    """The runs of one configuration: `results` are the complete ones, one for each seed.

    `failure` is why there is none, where one failed.
    """

    config: RunConfig
    results: tuple[RunResult, ...]
    contender: Contender | None
    failure: str | None = None

    def cost(self, of: Callable[[RunResult], float | None]) -> float | None:
        """Return the mean of a cost over the runs of one machine, the one with the most."""
        machines = [machine_of(result) for result in self.results]
        if not machines:
            return None
        chosen = max(dict.fromkeys(machines), key=machines.count)
        known = zip(self.results, machines, strict=True)
        return mean(of(result) for result, machine in known if machine == chosen)

    @property
    def fit_seconds(self) -> float | None:
        """Return the mean seconds of a fit."""
        return self.cost(lambda result: result.timings.fit_seconds)

    @property
    def inference_us(self) -> float | None:
        """Return the mean microseconds of an answer, of 256 at once."""
        return self.cost(lambda result: result.timings.inference_us_batch_256)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectLevel:
    """One value of a hyperparameter, over all networks of the design that have it.

    `difference` is its accuracy less that of the base value, as fractions of the validation
    images, its p-value corrected (Holm) for all comparisons of the design. Ratios are those to
    the base value. `failure` says why there are no runs. Unknown is None.
    """

    value: Value
    is_base: bool
    runs: int
    networks: int
    accuracy: float | None
    interval: Interval | None
    difference: Difference | None
    fit_seconds: float | None
    seconds_ratio: float | None
    inference_us: float | None
    inference_ratio: float | None
    parameters: float | None
    collapsed: bool
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceEffect:
    """A hyperparameter and its values, the base first."""

    name: str
    levels: tuple[EffectLevel, ...]

    @property
    def size(self) -> float:
        """Return the largest difference that a value makes, 0 where none is known."""
        known = [level.difference.difference for level in self.levels if level.difference]
        return max(map(abs, known), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """How much more a value does, in points, where another hyperparameter has another value."""

    names: tuple[str, str]
    values: tuple[Value, Value]
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a design found, the largest effect first.

    `networks` are its points with their measurements, `missing` how many have no runs yet, and
    `contended` how many runs others disturbed; `machines` is how many they ran on.
    """

    design: Design
    effects: tuple[ChoiceEffect, ...]
    interactions: tuple[Interaction, ...]
    networks: tuple[tuple[Point, MeasuredRuns], ...]
    spread: SeedSpread | None
    missing: int
    contended: int
    machines: int


def measure_config(
    config: RunConfig,
    results: Sequence[RunResult],
    validated_on: ValidationImages | None,
    failure: str | None = None,
) -> MeasuredRuns:
    """Return what complete runs of one configuration measured on the validation images."""
    image_set, labels = (None, None) if validated_on is None else validated_on
    return MeasuredRuns(
        config=config,
        results=tuple(results),
        contender=make_contender(results, image_set, labels, on="validation"),
        failure=failure,
    )


def compare_measured(
    measured: Sequence[MeasuredRuns], weights: Sequence[Weights]
) -> tuple[list[Difference], SeedSpread | None]:
    """Return weighted sums of accuracies, corrected for their number, and the pooled spread.

    Weights are those of places in `measured`, all of which have runs.
    """
    contenders = [one.contender for one in measured]
    known = [one for one in contenders if one is not None]
    if not known:
        return [], None
    spread = pool_seed_spread(one.estimate for one in known)
    found = [_contrast(contenders, each, spread) for each in weights]
    return corrected(found), spread


def find_effects(
    design: Design,
    configs: Sequence[RunConfig],
    records: Sequence[Record],
    validated_on: ValidationImages | None = None,
) -> Effects:
    """Return what the values of a design do; `configs` are those of its points, in their order."""
    by_config: dict[str, list[Record]] = {}
    for record in records:
        if record.config is not None:
            by_config.setdefault(record.config.config_id, []).append(record)
    every = [
        _measure(config, by_config.get(config.config_id, ()), validated_on) for config in configs
    ]
    networks = tuple(zip(design.points, every, strict=True))
    lacking = [point for point, one in networks if one.contender is None]
    # What is not known of a fraction of a table cannot be made up by the rest.
    usable = not (design.kind == "screening" and lacking)
    known = without(design, lambda point: point in lacking or not usable)
    measured = [one for point, one in networks if point in known.points]
    levels = [
        (name, value, known.difference(name, value))
        for name in design.choices
        for value in known.others(name)
    ]
    crossed = [(names, known.interaction(*names)) for names in known.pairs()]
    sums = [*(weights for *_, weights in levels), *(weights for _, weights in crossed)]
    differs = [_differs(weights, measured) for weights in sums]
    compared, spread = compare_measured(measured, list(itertools.compress(sums, differs)))
    left = iter(compared)
    found = [next(left, None) if wanted else None for wanted in differs]
    by_name: dict[str, list[EffectLevel]] = {name: [] for name in design.choices}
    for name in design.choices:
        base = known.base_networks(name)
        by_name[name].append(_level(known.base(name), True, base, measured, None, spread, None))
    for (name, value, weights), difference in zip(levels, found, strict=False):
        failure = next(
            (one.failure for point, one in networks if same(point[name], value) and one.failure),
            None,
        )
        level = _level(value, False, weights, measured, difference, spread, failure)
        by_name[name].append(level)
    effects = [ChoiceEffect(name=name, levels=tuple(each)) for name, each in by_name.items()]
    interactions = [
        Interaction(names=(one, two), values=(value, other), difference=difference)
        for ((one, value, two, other), _), difference in zip(
            crossed, found[len(levels) :], strict=True
        )
        if difference is not None
    ]
    results = [result for one in every for result in one.results]
    return Effects(
        design=design,
        effects=tuple(sorted(effects, key=lambda effect: -effect.size)),
        interactions=tuple(sorted(interactions, key=lambda one: -abs(one.difference.difference))),
        networks=networks,
        spread=spread,
        missing=sum(one.contender is None and one.failure is None for one in every),
        contended=sum(bool(result.contended) for result in results),
        machines=len({machine_of(result) for result in results}),
    )


def _measure(
    config: RunConfig, records: Sequence[Record], validated_on: ValidationImages | None
) -> MeasuredRuns:
    complete = {
        record.seed: record.result
        for record in records
        if record.state == "complete" and record.result is not None
    }
    failures = [
        record.result.failure.message
        for record in records
        if record.state == "failed" and record.result is not None and record.result.failure
    ]
    why = failures[-1] if failures and not complete else None
    return measure_config(config, list(complete.values()), validated_on, why)


def _level(
    value: Value,
    is_base: bool,
    weights: Weights,
    measured: Sequence[MeasuredRuns],
    difference: Difference | None,
    spread: SeedSpread | None,
    failure: str | None,
) -> EffectLevel:
    there = {place: weight for place, weight in weights.items() if weight > 0}
    own = [measured[place] for place in there]
    contenders = [one.contender for one in measured]
    alone = None if spread is None or not there else _contrast(contenders, there, spread)
    seconds = [one.fit_seconds for one in measured]
    answers = [one.inference_us for one in measured]
    return EffectLevel(
        value=value,
        is_base=is_base,
        runs=sum(len(one.results) for one in own),
        networks=len(own),
        accuracy=None if alone is None else alone.difference,
        interval=None if alone is None else alone.interval,
        difference=difference,
        fit_seconds=mean(seconds[place] for place in there),
        seconds_ratio=None if is_base else _ratio(weights, seconds),
        inference_us=mean(answers[place] for place in there),
        inference_ratio=None if is_base else _ratio(weights, answers),
        parameters=mean(measure(one.config.model).parameters for one in own),
        collapsed=any(result.collapsed for one in own for result in one.results),
        failure=failure,
    )


def _ratio(weights: Weights, costs: Sequence[float | None]) -> float | None:
    """Return the geometric mean of the ratios of costs."""
    total = 0.0
    for place, weight in weights.items():
        cost = costs[place]
        if cost is None or cost <= 0:
            return None
        total += weight * math.log(cost)
    return math.exp(total) if weights else None


def _contrast(
    contenders: Sequence[Contender | None], weights: Weights, spread: SeedSpread
) -> Difference:
    weighted = [(weight, contenders[place]) for place, weight in weights.items()]
    return contrast([(weight, one) for weight, one in weighted if one is not None], spread)


def _differs(weights: Weights, measured: Sequence[MeasuredRuns]) -> bool:
    """Say whether other networks are added than are taken away."""
    totals: dict[str, float] = {}
    for place, weight in weights.items():
        key = measured[place].config.config_id
        totals[key] = totals.get(key, 0.0) + weight
    return any(abs(total) > 1e-9 for total in totals.values())
