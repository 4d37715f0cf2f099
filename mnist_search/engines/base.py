"""What a search engine is to the rest of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from mnist_search.spaces import Value

SamplerName = Literal["tpe", "random"]
PrunerName = Literal["halving", "median", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A claimed slot of a study and the values to try in it; inactive parameters are absent."""

    number: int
    values: Mapping[str, Value]


class Engine(Protocol):
    """Proposes values from a space and learns from their scores; higher is better."""

    def ask(self) -> Proposal | None:
        """Claim the next waiting slot and fill it; None when there is nothing left to try."""

    def report(self, proposal: Proposal, step: int, value: float) -> bool:
        """Note an intermediate score, step in quarters of an epoch; True: stop this trial."""

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Close a trial with its score (the last report's, if it was stopped); None: it failed."""

    def forget(self, proposal: Proposal) -> None:
        """Drop a claimed proposal that is given back unfinished."""
