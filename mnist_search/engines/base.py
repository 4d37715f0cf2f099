"""What a search engine is to the rest of the project, and what can be said against a search."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

from mnist_search.choices import EngineName, PrunerName, SamplerName
from mnist_search.errors import UsageError
from mnist_search.spaces import FloatParameter, SearchSpace, Value
from mnist_search.specs import Objective

# A score is an accuracy, or (accuracy, cost) in a search with two objectives.
Score = float | Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTrial:
    """What an engine is told of a trial of an earlier session.

    A waiting trial was interrupted: it is proposed again with the values that it had. `reports`
    are (step, accuracy) pairs in the order of the steps, in quarters of an epoch; `excess` is the
    share by which each limit is exceeded. A trial that was not `trained` (a duplicate, or too
    large) was judged by no pruner. `memo` is what came with the proposal.
    """

    number: int
    values: Mapping[str, Value]
    state: Literal["waiting", "complete", "pruned", "failed"]
    score: Score | None = None
    reports: Sequence[tuple[int, float]] = ()
    excess: Mapping[str, float] = field(default_factory=dict)
    trained: bool = True
    memo: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Values to try in the trial of that number; inactive parameters are absent.

    `epochs` is set where the trial is worth fewer epochs than the search's, None: all of them.
    `memo` is plain JSON that the engine wants back with the trial in a later session.
    """

    number: int
    values: Mapping[str, Value]
    epochs: int | None = None
    memo: Mapping[str, Any] | None = None


class Engine(Protocol):
    """Proposes values from a space and learns from their scores; higher is better.

    A search with two objectives scores by (accuracy, cost); of the cost lower is better, and no
    trial is stopped early. A proposal depends on the seed, the trial's number and what is known of
    other trials, never on how many random numbers were drawn before.
    """

    def ask(self) -> Proposal | None:
        """Return the next trial, None when there is nothing left to try.

        Interrupted trials come first, the lowest number first, then the points that the search
        was given to begin with, then what the sampler proposes. None may change with the next
        trial that ends, as long as one runs.
        """

    def report(self, number: int, step: int, value: float) -> bool:
        """Note an accuracy after so many quarters of an epoch; True: stop this trial."""

    def tell(self, number: int, score: Score | None) -> None:
        """Close a trial with its score (the last report's, if it was stopped).

        None and NaN, also among several: it failed.
        """

    def settle(
        self,
        number: int,
        *,
        reports: Sequence[tuple[int, float]],
        score: Score | None,
        stopped: bool,
    ) -> None:
        """Close a trial that is not trained, because what would come out of it is known."""

    def constrain(self, number: int, excess: Mapping[str, float]) -> None:
        """Say by which share of each limit a trial exceeds it; above 0 it is infeasible."""

    def release(self, number: int) -> None:
        """Take back a trial that was interrupted: the next `ask` returns it again."""

    def close(self) -> None:
        """Let go of processes that the engine holds."""


SAMPLERS: dict[EngineName, tuple[SamplerName, ...]] = {
    "optuna": ("tpe", "random", "qmc", "grid", "brute-force", "nsga2", "gp"),
    "keras-tuner": ("bayesian", "random", "hyperband", "grid"),
}
# Samplers that need a package which is not installed with the rest.
_PACKAGES: dict[SamplerName, str] = {"gp": "torch"}
_LEARNING: tuple[SamplerName, ...] = ("tpe", "nsga2", "gp", "bayesian")
_EXHAUSTIVE: tuple[SamplerName, ...] = ("grid", "brute-force")
# Optuna's Gaussian process and Keras Tuner's grid list the values of a parameter.
MOST_LISTED = 100_000
# Of more, Optuna takes the rounding of some floats for values between two steps.
MOST_STEPS = 10_000_000
ACCURACY: Objective = "val_accuracy"
# The others learn from one number.
_FOR_TWO: tuple[SamplerName, ...] = ("nsga2", "tpe", "random", "qmc", "grid", "brute-force")


def parse_objectives(text: str) -> tuple[Objective, ...]:
    """Return the objectives that `val_accuracy` or `val_accuracy,COST` names, accuracy first.

    Raises:
        UsageError: it names something else, accuracy not at all, or more than one cost.
    """
    costs = [name for name in get_args(Objective) if name != ACCURACY]
    named = [part.strip() for part in text.split(",")]
    if named[0] != ACCURACY or len(named) > 2 or not set(named[1:]) <= set(costs):
        raise UsageError(
            f"--objective must be {ACCURACY} or {ACCURACY},COST with one cost, got {text!r}",
            hint=f"the costs are {', '.join(costs)}",
        )
    return (ACCURACY, *(cost for cost in costs if cost in named))


def default_sampler(
    engine: EngineName, objectives: Sequence[Objective] = (ACCURACY,)
) -> SamplerName:
    """Return the sampler of an engine that learns, with two objectives as Optuna would."""
    return SAMPLERS[engine][0] if len(objectives) == 1 or engine != "optuna" else "nsga2"


def learns(sampler: SamplerName) -> bool:
    """Say whether what a sampler proposes depends on the scores so far."""
    return sampler in _LEARNING


def default_pruner(
    sampler: SamplerName, objectives: Sequence[Objective] = (ACCURACY,)
) -> PrunerName:
    """Return the pruner that goes with a sampler."""
    return "none" if sampler == "hyperband" or len(objectives) > 1 else "halving"


def check_search(
    engine: EngineName,
    sampler: SamplerName,
    pruner: PrunerName,
    objectives: Sequence[Objective],
    space: SearchSpace,
) -> None:
    """Raise UsageError where engine, sampler, pruner, objectives and space do not go together."""
    check_sampler(engine, sampler, space)
    if sampler == "hyperband" and pruner != "none":
        raise UsageError(
            f"sampler hyperband ends trials at rungs of its own, so that --pruner must be none, "
            f"got {pruner}",
            hint="leave --pruner out",
        )
    if len(objectives) == 1:
        return
    for name, able, hint in (
        (f"engine {engine}", engine == "optuna", "--engine optuna has samplers for two"),
        (
            f"sampler {sampler}",
            sampler in _FOR_TWO,
            f"with two, --sampler may be {', '.join(_FOR_TWO)}",
        ),
    ):
        if not able:
            raise UsageError(f"{name} has one objective, got {','.join(objectives)}", hint=hint)
    if pruner != "none":
        raise UsageError(
            f"with two objectives no trial is stopped early, so that --pruner must be none, "
            f"got {pruner}",
            hint="leave --pruner out",
        )


def check_sampler(engine: EngineName, sampler: SamplerName, space: SearchSpace) -> None:
    """Raise UsageError where the engine has no such sampler, or it cannot search the space."""
    if sampler not in SAMPLERS[engine]:
        others = [name for name, samplers in SAMPLERS.items() if sampler in samplers]
        elsewhere = "".join(f"; --engine {name} has {sampler}" for name in others)
        raise UsageError(
            f"engine {engine} has no sampler {sampler}",
            hint=f"it has {', '.join(SAMPLERS[engine])}{elsewhere}",
        )
    _check_counts(engine, sampler, space)
    if sampler == "hyperband" and space.family == "linear":
        raise UsageError(
            f"sampler hyperband trains for fewer epochs, but space {space.name} has linear "
            "classifiers, which are fitted at once",
            hint="choose another --sampler",
        )
    if engine == "keras-tuner":
        # Of a float without step its grid takes ten values.
        return
    package = _PACKAGES.get(sampler)
    if package is not None and importlib.util.find_spec(package) is None:
        raise UsageError(
            f"sampler {sampler} needs the package {package}, which is not installed",
            hint=f"pip install 'mnist-search[{sampler}]'",
        )
    if sampler not in _EXHAUSTIVE:
        return
    for parameter in space.parameters:
        if parameter.count is None:
            raise UsageError(
                f"sampler {sampler} needs a finite space, but {parameter.name} of space "
                f"{space.name} is a float without step",
                hint=f"give {parameter.name} a step or choices, or choose another --sampler",
            )


def _check_counts(engine: EngineName, sampler: SamplerName, space: SearchSpace) -> None:
    lists = sampler == "gp" or (engine == "keras-tuner" and sampler == "grid")
    for parameter in space.parameters:
        most = MOST_LISTED if lists else MOST_STEPS
        # Integers are exact, however many there are.
        counts = lists or isinstance(parameter, FloatParameter)
        if counts and parameter.count is not None and parameter.count > most:
            raise UsageError(
                f"sampler {sampler} takes at most {most:,} values of a parameter with steps, but "
                f"{parameter.name} of space {space.name} has {parameter.count:,}",
                hint=f"give {parameter.name} a larger step, or none",
            )
