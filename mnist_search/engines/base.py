"""What a search engine is to the rest of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mnist_search.spaces import Value
from mnist_search.specs import Rung

EngineName = Literal["optuna", "keras-tuner"]
SamplerName = Literal[
    "tpe", "random", "grid", "brute-force", "qmc", "nsga2", "cmaes", "gp", "bayesian", "hyperband"
]
PrunerName = Literal["halving", "median", "percentile", "hyperband", "patient", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A claimed slot of a study and the values to try in it; inactive parameters are absent.

    `rung` says for how many epochs and what the trial goes on from, None: a whole trial.
    """

    number: int
    values: Mapping[str, Value]
    rung: Rung | None = None


class Engine(Protocol):
    """Proposes values from a space and learns from their scores; higher is better.

    A search with two objectives scores by (accuracy, cost); of the cost lower is better, and no
    trial is stopped early.
    """

    def ask(self) -> Proposal | None:
        """Claim the next waiting slot and fill it; None when there is nothing left to try.

        That is so when no slot waits, and when a sampler that never repeats itself has been
        everywhere: the slots then stay waiting.
        """

    def report(self, proposal: Proposal, step: int, value: float) -> bool:
        """Note an intermediate score, step in quarters of an epoch; True: stop this trial."""

    def tell(self, proposal: Proposal, score: float | Sequence[float] | None) -> None:
        """Close a trial with its score (the last report's, if it was stopped).

        None and NaN, also among several: it failed.
        """

    def constrain(self, proposal: Proposal, excess: Mapping[str, float]) -> None:
        """Say by which share of each limit a proposal exceeds it; above 0 it is infeasible."""

    def settle(
        self,
        proposal: Proposal,
        *,
        reports: Sequence[tuple[int, float]],
        score: float | Sequence[float] | None,
        stopped: bool,
    ) -> None:
        """Close a trial that is not run, because what would come out of it is known."""

    def forget(self, proposal: Proposal) -> None:
        """Drop a claimed proposal that is given back unfinished."""

    def close(self) -> None:
        """Let go of processes that the engine holds."""
