"""What commands take: from the world outside, and from their command line."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mnist_search.cli._options import Format
    from mnist_search.engines import EngineName, PrunerName, SamplerName
    from mnist_search.execution import PrecisionChoice
    from mnist_search.specs import Protocol
    from mnist_search.studies import Invocation
    from mnist_search.studies.benchmark import TestPixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a command takes from the world outside."""

    environ: Mapping[str, str]
    stderr: TextIO
    clock: Callable[[], float]
    now: Callable[[], float]
    typed: Sequence[str]

    @classmethod
    def of_this_process(cls, typed: Sequence[str]) -> Surroundings:
        """Return the real ones; `typed` are the words of the command line."""
        from mnist_search.studies.owner import utc_seconds

        return cls(
            environ=os.environ,
            stderr=sys.stderr,
            clock=time.monotonic,
            now=utc_seconds,
            typed=typed,
        )

    def invocation(self) -> Invocation:
        """Return what is stored about this call."""
        from mnist_search import __version__
        from mnist_search.specs import describe_environment
        from mnist_search.studies import describe_invocation

        machine = describe_environment().machine_id
        return describe_invocation(self.typed, self.environ, version=__version__, machine=machine)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The options of `plan`, which are those of `run` that say what it searches and with what."""

    space: str
    trials: int
    engine: EngineName
    objective: str
    sampler: SamplerName | None
    pruner: PrunerName | None
    epochs: int
    seed: int
    max_params: int | None
    max_flops: int | None
    workers: str
    time_budget_seconds: float | None
    trial_timeout_seconds: float | None
    memory_limit_bytes: int | None
    with_references: bool
    dataset: str
    precision: PrecisionChoice
    format: Format
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions(PlanOptions):
    """The options of `run`."""

    study: str | None
    new: bool
    resume: bool
    keep_models: int | None
    confirm: int | None
    confirm_seeds: int
    confirm_references: Sequence[str]
    home: Path | None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkOptions:
    """The options of `bench`."""

    names: Sequence[str]
    quick: bool
    protocol: Protocol
    repeats: int
    study: str | None
    seed: int
    workers: str
    trial_timeout_seconds: float | None
    memory_limit_bytes: int | None
    dataset: str
    precision: PrecisionChoice
    home: Path | None
    format: Format
    quiet: bool
    learning_rate: float | None = None
    test_pixels: TestPixels = "as-documented"

    @property
    def purpose(self) -> str:
        """Return what the runs are for: runs of changed recipes have a study of their own."""
        changed = self.learning_rate is not None or self.test_pixels != "as-documented"
        return "changed" if changed else "quick" if self.quick else "bench"
