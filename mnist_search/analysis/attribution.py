"""Which hyperparameter brought how much: the steps from a trial to a reference, compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, Field

from mnist_search.analysis.comparison import Difference
from mnist_search.analysis.effects import (
    MeasuredRuns,
    ValidationImages,
    compare_measured,
    measure_config,
)
from mnist_search.analysis.importance import Importances
from mnist_search.analysis.nearest import EPOCHS, Change, Comparison, Reading, build_reading
from mnist_search.errors import SpaceError
from mnist_search.spaces import SearchSpace, get_family
from mnist_search.specs import RunConfig, RunKey, RunResult
from mnist_search.specs.shapes import UnbuildableError, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkStep:
    """A configuration on the way, and the changes that were undone to get there; none at first."""

    # Version 0.1 wrote `knobs` in the studies of explanations.
    changes: Annotated[tuple[str, ...], Field(validation_alias=AliasChoices("changes", "knobs"))]
    ours: str
    theirs: str
    config: RunConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What the trial's values of a step's hyperparameters bring against the reference's.

    Accuracies are fractions of the validation images; `gain` is the accuracy before the step
    less that after it, both means over the common seeds; its p-value is corrected for the number
    of steps (Holm), that of the total is its own. `seconds` are those of the fit that the trial's
    value costs more. Unknown is None. The first step is the trial itself, the total has no
    configuration of its own.
    """

    changes: tuple[str, ...]
    ours: str
    theirs: str
    accuracy: float | None
    fit_seconds: float | None
    gain: Difference | None
    seconds: float | None
    seeds: tuple[int, ...]


def order_changes(
    comparison: Comparison, importances: Importances | None, space: SearchSpace
) -> list[Change]:
    """Return the changes in the order in which they are undone: what mattered most first.

    That is the share in reaching the best trials of the search (PED-ANOVA), the largest of a
    change's settings; changes that the search says nothing about follow by their distance. The
    epochs come last, so that the steps before train no longer than the trial.
    """
    family = get_family(space.family)
    shares: dict[str, float] = {}
    for one in () if importances is None else importances.shares:
        resolved = family.resolve(one.parameter)
        if resolved is not None:
            name = resolved[0].name
            shares[name] = max(one.share, shares.get(name, 0.0))

    def share(change: Change) -> float:
        return max((shares.get(name, 0.0) for name in change.settings), default=0.0)

    return sorted(
        comparison.changes,
        key=lambda change: (change.name == EPOCHS, -share(change), -change.distance, change.name),
    )


def walk_back(
    config: RunConfig, comparison: Comparison, changes: Sequence[Change]
) -> list[WalkStep]:
    """Return the steps from a configuration to its reference, each of which can be built.

    A change that would leave a network that cannot be built waits for the next one that does not;
    where every single one would, all that are left are turned together.
    """
    reading = dict(comparison.reading)
    steps = [
        WalkStep(changes=(), ours="", theirs="", config=build_reading(comparison.family, reading))
    ]
    assert steps[0].config.config_id == config.config_id
    left = list(changes)
    while left:
        chosen, reached = _next_step(comparison, reading, left)
        left = [change for change in left if change not in chosen]
        for change in chosen:
            reading.update(change.moved)
        if reached.config_id == steps[-1].config.config_id:
            continue
        steps.append(
            WalkStep(
                changes=tuple(change.name for change in chosen),
                ours=", ".join(change.ours for change in chosen),
                theirs=", ".join(change.theirs for change in chosen),
                config=reached,
            )
        )
    return steps


def attribute(
    steps: Sequence[WalkStep],
    results: Mapping[RunKey, RunResult],
    seeds: Sequence[int],
    validated_on: ValidationImages | None = None,
) -> tuple[list[Gain], Gain]:
    """Return the gain of each step and that of all of them, over the seeds that all have.

    `results` are complete runs by (config_id, seed). The gains of the steps add up to the total.
    """
    validated = {key for key, result in results.items() if result.validation is not None}
    common = tuple(
        seed for seed in seeds if all((step.config.config_id, seed) in validated for step in steps)
    )
    measured = [
        measure_config(
            step.config, [results[step.config.config_id, seed] for seed in common], validated_on
        )
        for step in steps
    ]
    last = len(steps) - 1
    moves: list[Difference | None] = [None] * len(steps)
    total = None
    if common:
        pairs = [{place - 1: 1.0, place: -1.0} for place in range(1, len(steps))]
        moves[1:], _ = compare_measured(measured, pairs)
        (total,), _ = compare_measured(measured, [{0: 1.0, last: -1.0}])
    gains = [
        _gain(step, measured, move, common, before=max(0, place - 1), after=place)
        for place, (step, move) in enumerate(zip(steps, moves, strict=True))
    ]
    whole = WalkStep(changes=(), ours="", theirs="", config=steps[-1].config)
    return gains, _gain(whole, measured, total, common, before=0, after=last)


def _gain(
    step: WalkStep,
    measured: Sequence[MeasuredRuns],
    gain: Difference | None,
    seeds: tuple[int, ...],
    *,
    before: int,
    after: int,
) -> Gain:
    contender = measured[after].contender
    earlier, later = measured[before].fit_seconds, measured[after].fit_seconds
    moved = before != after
    return Gain(
        changes=step.changes,
        ours=step.ours,
        theirs=step.theirs,
        accuracy=None if contender is None else contender.estimate.accuracy,
        fit_seconds=later,
        gain=gain,
        seconds=earlier - later if moved and earlier is not None and later is not None else None,
        seeds=seeds,
    )


def _next_step(
    comparison: Comparison, reading: Reading, left: Sequence[Change]
) -> tuple[list[Change], RunConfig]:
    for change in left:
        reached = _build(comparison, reading, [change])
        if reached is not None:
            return [change], reached
    # All that are left make the reference, which can be built.
    return list(left), comparison.reference.run_config("held-out")


def _build(comparison: Comparison, reading: Reading, changes: Sequence[Change]) -> RunConfig | None:
    turned = dict(reading)
    for change in changes:
        turned.update(change.moved)
    try:
        config = build_reading(comparison.family, turned)
        measure(config.model)
    except (SpaceError, UnbuildableError):
        return None
    return config
