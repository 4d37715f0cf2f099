"""What a search engine is to the rest of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from mnist_search.spaces import Value

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
