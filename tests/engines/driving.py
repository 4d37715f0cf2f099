"""Engines driven by hand: no study, no training, one trial at a time."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from mnist_search.engines import (
    Engine,
    EngineName,
    PastTrial,
    Proposal,
    PrunerName,
    SamplerName,
    create_engine,
)
from mnist_search.engines.keras_tuner import OracleProcess, OracleSamplers
from mnist_search.engines.optuna import OptunaEngine
from mnist_search.errors import MnistSearchError
from mnist_search.spaces import SearchSpace, Value
from mnist_search.specs import Objective, derive_seed

Kind = tuple[EngineName, SamplerName]

EPOCHS = 8
# Some are rungs of some pruner, some of none; the last one is the end of a trial.
STEPS = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32)
OPTUNA: list[SamplerName] = ["tpe", "random", "qmc", "grid", "brute-force", "nsga2", "gp"]
KERAS_TUNER: list[SamplerName] = ["random", "bayesian", "hyperband", "grid"]
_NEEDS_TORCH = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="gp needs the package torch, an extra"
)
KINDS = [
    *(
        pytest.param(("optuna", name), id=name, marks=[_NEEDS_TORCH] if name == "gp" else [])
        for name in OPTUNA
    ),
    *(
        pytest.param(("keras-tuner", name), id=f"kt-{name}", marks=pytest.mark.slow)
        for name in KERAS_TUNER
    ),
]


def many(kind: Kind) -> int:
    """Return enough trials to learn from; Keras Tuner's Gaussian process takes seconds for each."""
    return 12 if kind[1] == "bayesian" else 24


kinds = pytest.mark.parametrize("kind", KINDS)


class SharedProcess(OracleProcess):
    """Outlives the engines that use it in turn, so that TensorFlow is imported once."""

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """Ask; where the process died it does not stand in the way of the next test."""
        try:
            return super().ask(request)
        except MnistSearchError:
            self.end()
            raise

    def close(self) -> None:
        """Stay."""

    def end(self) -> None:
        """End the process, if there is one."""
        super().close()


shared_process = SharedProcess()


def create(
    space: SearchSpace,
    kind: Kind = ("optuna", "tpe"),
    *,
    pruner: PrunerName = "none",
    seed: int = 0,
    epochs: int = EPOCHS,
    objectives: Sequence[Objective] = ("val_accuracy",),
    first: Sequence[Mapping[str, Value]] = (),
    past: Sequence[PastTrial] = (),
) -> Engine:
    """Return an engine; all of Keras Tuner's share one process."""
    engine, sampler = kind
    if engine == "optuna":
        return create_engine(
            space,
            sampler=sampler,
            pruner=pruner,
            seed=seed,
            epochs=epochs,
            objectives=objectives,
            first=first,
            past=past,
        )
    oracle = OracleSamplers(sampler, space, seed=seed, epochs=epochs, process=shared_process)
    return OptunaEngine(
        space, samplers=oracle, pruner=pruner, seed=seed, epochs=epochs, first=first, past=past
    )


def score_of(values: Mapping[str, Value]) -> float:
    return 0.5 + int(values["units_1"]) / 200


def live(
    engine: Engine,
    trials: int = 1000,
    *,
    score: Callable[[Mapping[str, Value]], float | None] = score_of,
) -> list[PastTrial]:
    """Let an engine have its way for so many trials, and return what a later one is told.

    A trial's accuracy is its score and some luck of its number; after an epoch the better ones
    get better and the others worse.
    """
    lived: list[PastTrial] = []
    while len(lived) < trials and (proposal := engine.ask()) is not None:
        lived.append(live_once(engine, proposal, score(proposal.values)))
    return lived


def live_once(engine: Engine, proposal: Proposal, score: float | None) -> PastTrial:
    number, reports, stopped = proposal.number, [], False
    if score is not None:
        level = score + derive_seed(0, "luck", number) % 100 / 1000
        for step in STEPS:
            slope = step if level > 0.75 or step <= 4 else 8 - step
            reports.append((step, level + slope / 10_000))
            stopped = engine.report(number, *reports[-1])
            if stopped:
                break
    last = reports[-1][1] if reports else None
    engine.tell(number, last)
    state = "failed" if last is None else "pruned" if stopped else "complete"
    return PastTrial(
        number=number,
        values=proposal.values,
        state=state,
        score=last,
        reports=reports,
        memo=proposal.memo,
    )


def ask(engine: Engine) -> Proposal:
    proposal = engine.ask()
    assert proposal is not None
    return proposal


def point(trial: PastTrial | Proposal) -> frozenset[tuple[str, Value]]:
    return frozenset(trial.values.items())
