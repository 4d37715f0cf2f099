"""Which parameters a search's result hung on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from mnist_search.analysis.order import known
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import Record

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

# Below that the best ones are too few to have anything in common.
FEWEST_TRIALS = 10
_TOP_SHARE = 0.1
_FEWEST_TOP_TRIALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """The share that a parameter has in reaching the best trials; all shares sum to one.

    `trials` of the `of` trials that finished had the parameter: one that is asked under a
    condition only is missing in the others.
    """

    parameter: str
    share: float
    trials: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Importances:
    """Shares, the largest first, and how many of the trials were the best ones."""

    shares: tuple[Importance, ...]
    top: int
    trials: int
    complete: int


def parameter_importances(records: Sequence[Record], space: SearchSpace) -> Importances | None:
    """Return PED-ANOVA importances for reaching the best trials, conditional parameters too.

    The best ones are a tenth of the trials, but at least four. Trials that the pruner stopped
    count as worse than all complete ones: that is what they were stopped for, and PED-ANOVA asks
    for nothing but who is among the best. None for fewer than ten trials, or where all of them
    are equally good. Computed by Optuna's evaluator; sources: arXiv:2304.10255 and, for
    conditional parameters, arXiv:2601.20800.
    """
    import optuna
    from optuna.trial import TrialState, create_trial

    judged = _judged(records)
    values = [value for _, value in judged]
    if len(judged) < FEWEST_TRIALS or min(values) == max(values):
        return None
    distributions = {parameter.name: _distribution(parameter) for parameter in space.parameters}
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
    finally:
        optuna.logging.set_verbosity(verbosity)
    asked = [set(_chosen(record, distributions)) for record, _ in judged]
    shares = [
        Importance(
            parameter=name,
            share=share,
            trials=sum(name in names for names in asked),
            of=len(judged),
        )
        for name, share in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    complete = sum(record.state == "complete" for record, _ in judged)
    return Importances(shares=tuple(shares), top=top, trials=len(judged), complete=complete)


def _judged(records: Sequence[Record]) -> list[tuple[Record, float]]:
    """Return the trials that finished, each with its accuracy; stopped ones less one."""
    judged = []
    for record in records:
        accuracy = None if record.result is None else known(record.result.last_accuracy)
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


def _distribution(parameter: Parameter) -> BaseDistribution:
    from optuna import distributions

    match parameter:
        case IntParameter(low=low, high=high, log=log, step=step):
            return distributions.IntDistribution(low, high, log=log, step=step)
        case FloatParameter(low=low, high=high, log=log, step=step):
            return distributions.FloatDistribution(low, high, log=log, step=step)
        case ChoiceParameter(choices=choices):
            return distributions.CategoricalDistribution(choices)
        case _:
            assert_never(parameter)
