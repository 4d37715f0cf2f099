"""Which parameters a search's result depended on, and how much of that noise alone would show."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
import statistics
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_search.analysis.order import accuracy_of
from mnist_search.analysis.statistics import wilson_interval
from mnist_search.spaces import ChoiceParameter, Parameter, SearchSpace, Value
from mnist_search.spaces.parameters import same
from mnist_search.specs import Record

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# Below that the best ones are too few to have anything in common.
FEWEST_TRIALS = 10
# Each costs as much as the importances themselves; 40 shares tell a 95th percentile.
PERMUTATIONS = 40
_TOP_SHARE = 0.1
_FEWEST_TOP_TRIALS = 4
_BAND = 0.95
_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """The share that a parameter has in reaching the best trials; all shares sum to one.

    `trials` of the `of` trials that finished had the parameter: one that is asked under a
    condition only is missing in the others, and `parent` is the parameter of that condition.
    `noise` is the share that noise alone would reach: when the results of the same trials are
    permuted at random, this parameter exceeds it in one of 20 cases, so that of many
    parameters some do. None where that was not asked. `rank` is the place among the parameters
    that show more than noise and that ten trials or more had, None for the others.
    """

    parameter: str
    share: float
    trials: int
    of: int
    parent: str | None = None
    noise: float | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Importances:
    """Shares, the largest first but conditional parameters below the one that they hang on.

    `top` of the `trials` that finished were the best ones, `complete` were trained to the end.
    """

    shares: tuple[Importance, ...]
    top: int
    trials: int
    complete: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How the trials did that had one value of a parameter, or values of one range.

    `best` of `trials` are among the best of the search, `share` is their share; `low` and `high`
    are its 95 % interval, None where the sampler looked at earlier results, so that its trials
    are no random ones. `median_accuracy` is that of the complete ones.
    """

    parameter: str
    level: str
    trials: int
    best: int
    share: float
    low: float | None
    high: float | None
    median_accuracy: float | None


def parameter_importances(
    records: Sequence[Record], space: SearchSpace, *, permutations: int = 0, seed: int = 0
) -> Importances | None:
    """Return PED-ANOVA importances for reaching the best trials, conditional parameters too.

    The best ones are a tenth of the trials, but at least four. Trials that the pruner stopped
    count as worse than all complete ones: that is what they were stopped for, and PED-ANOVA asks
    for nothing but who is among the best. None for fewer than ten trials, or where all of them
    are equally good. Computed by Optuna's evaluator; sources: arXiv:2304.10255 and, for
    conditional parameters, arXiv:2601.20800.
    With `permutations` each share comes with the one that noise alone would give.
    """
    import optuna
    from optuna.trial import TrialState, create_trial

    from mnist_search.engines.samplers import distribution_of

    judged = _judged(records)
    values = [value for _, value in judged]
    if len(judged) < FEWEST_TRIALS or min(values) == max(values):
        return None
    distributions = {parameter.name: distribution_of(parameter) for parameter in space.parameters}
    top = max(_FEWEST_TOP_TRIALS, round(_TOP_SHARE * len(judged)))
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            # A parameter that hardly any trial had is said to be so in `trials`.
            warnings.simplefilter("ignore")
            study = optuna.create_study(direction="maximize")
            for record, value in judged:
                chosen = _chosen(record, distributions)
                study.add_trial(
                    create_trial(
                        state=TrialState.COMPLETE,
                        value=value,
                        params=chosen,
                        distributions={name: distributions[name] for name in chosen},
                    )
                )
            evaluator = optuna.importance.PedAnovaImportanceEvaluator(
                target_quantile=top / len(judged)
            )
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
            by_chance: dict[str, list[float]] = {name: [] for name in found}
            rng = random.Random(seed)
            for _ in range(permutations):
                dealt = rng.sample(values, len(values))
                shares = optuna.importance.get_param_importances(
                    study, evaluator=evaluator, target=_dealer(dealt)
                )
                for name in by_chance:
                    by_chance[name].append(shares.get(name, 0.0))
    finally:
        optuna.logging.set_verbosity(verbosity)
    asked = [set(_chosen(record, distributions)) for record, _ in judged]
    parents = {
        parameter.name: parameter.conditions[0].parameter
        for parameter in space.parameters
        if parameter.conditions
    }
    importances = [
        Importance(
            parameter=name,
            share=share,
            trials=sum(name in names for names in asked),
            of=len(judged),
            parent=parents.get(name),
            noise=_noise(by_chance[name]) if permutations else None,
        )
        for name, share in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    complete = sum(record.state == "complete" for record, _ in judged)
    return Importances(
        shares=tuple(_below_parents(_ranked(importances))),
        top=top,
        trials=len(judged),
        complete=complete,
    )


def parameter_effects(
    records: Sequence[Record], space: SearchSpace, *, independent: bool
) -> list[Effect]:
    """Return for each value of each parameter how often its trials are among the best.

    Numbers are cut into thirds of the trials, equal ones together. `independent` says that trials
    were drawn without regard to earlier results (random, qmc, grid): only then has a share an
    interval (Wilson's). None of it is an effect of the parameter alone: other parameters may go
    along with it.
    Empty for fewer than ten trials.
    """
    judged = _judged(records)
    if len(judged) < FEWEST_TRIALS:
        return []
    top = max(_FEWEST_TOP_TRIALS, round(_TOP_SHARE * len(judged)))
    least = sorted((value for _, value in judged), reverse=True)[top - 1]
    effects = []
    for parameter in space.parameters:
        having = [
            (record.values[parameter.name], record, value)
            for record, value in judged
            if record.values is not None and parameter.name in record.values
        ]
        for level, members in _levels(parameter, having):
            best = sum(value >= least for _, value in members)
            interval = wilson_interval(best, len(members)) if independent else None
            complete = [value for record, value in members if record.state == "complete"]
            effects.append(
                Effect(
                    parameter=parameter.name,
                    level=level,
                    trials=len(members),
                    best=best,
                    share=best / len(members),
                    low=None if interval is None else interval.low,
                    high=None if interval is None else interval.high,
                    median_accuracy=statistics.median(complete) if complete else None,
                )
            )
    return effects


def _levels(
    parameter: Parameter, having: Sequence[tuple[Value, Record, float]]
) -> list[tuple[str, list[tuple[Record, float]]]]:
    """Return the trials of each choice, or of each third of the numbers, those that have any."""
    if isinstance(parameter, ChoiceParameter):
        groups = [
            (str(choice), [(record, value) for own, record, value in having if same(own, choice)])
            for choice in parameter.choices
        ]
        return [(level, members) for level, members in groups if members]
    # Equal numbers stay together, so that a third may be larger than the others.
    thirds: list[list[tuple[Value, Record, float]]] = []
    before = 0
    for _, alike in itertools.groupby(sorted(having, key=_number_of), key=_number_of):
        members = list(alike)
        middle = before + len(members) / 2
        if len(thirds) <= middle * _PARTS / len(having):
            thirds.append([])
        thirds[-1] += members
        before += len(members)
    levels = []
    for part in thirds:
        low, high = part[0][0], part[-1][0]
        level = _number(low) if low == high else f"{_number(low)} to {_number(high)}"
        levels.append((level, [(record, value) for _, record, value in part]))
    return levels


def _number_of(trial: tuple[Value, Record, float]) -> float:
    return float(trial[0])


def _number(value: Value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _ranked(importances: Sequence[Importance]) -> list[Importance]:
    """Fill in the ranks; the largest shares come first."""
    ranked, rank = [], 0
    for one in importances:
        counts = one.trials >= FEWEST_TRIALS and (one.noise is None or one.share > one.noise)
        rank += counts
        ranked.append(dataclasses.replace(one, rank=rank if counts else None))
    return ranked


def _below_parents(importances: Sequence[Importance]) -> list[Importance]:
    """Put conditional parameters below the one that they hang on."""
    names = {one.parameter for one in importances}
    ordered: list[Importance] = []

    def put(parent: str | None) -> None:
        for one in importances:
            if (one.parent if one.parent in names else None) == parent:
                ordered.append(one)
                put(one.parameter)

    put(None)
    return ordered


def _dealer(dealt: Sequence[float]) -> Callable[[FrozenTrial], float]:
    return lambda trial: dealt[trial.number]


def _noise(shares: Sequence[float]) -> float:
    """Return up to which share is noise: the results as they are count as one permutation more.

    Each parameter for itself. A band that none of them exceeds in 19 of 20 cases reaches a share
    of 1 on 60 trials and four parameters, and would never say anything.
    """
    ordered = sorted(shares)
    return ordered[min(len(ordered), math.ceil(_BAND * (len(ordered) + 1))) - 1]


def _judged(records: Sequence[Record]) -> list[tuple[Record, float]]:
    """Return the trials that finished, each with its accuracy; stopped ones less one."""
    judged = []
    for record in records:
        accuracy = accuracy_of(record)
        if record.kind != "trial" or not record.values or accuracy is None:
            continue
        if record.state == "complete":
            judged.append((record, accuracy))
        elif record.state == "pruned":
            judged.append((record, accuracy - 1.0))
    return judged


def _chosen(record: Record, known_names: Mapping[str, object]) -> dict[str, Value]:
    values = {} if record.values is None else record.values
    return {name: value for name, value in values.items() if name in known_names}
