"""A line of the ledger as the rest of the project reads it."""

from __future__ import annotations

from typing import Literal

from mnist_search.specs._frozen import Frozen
from mnist_search.specs.result import RunResult
from mnist_search.specs.run import DatasetRef, RunConfig

RunKey = tuple[str, int]
# What a search is about: accuracy, which is to be high, or also a cost, which is to be low.
Objective = Literal["val_accuracy", "train_seconds", "parameters", "inference_us"]
State = Literal["waiting", "running", "complete", "pruned", "failed"]


class Record(Frozen):
    """One slot of a study: a trial of a search, or one run of a reference.

    `reference` names the reference that the configuration is (a trial may be one too).
    `values` are the trial's parameters, None for a run that no space proposed. `confirms` is the
    number of the search's trial that this run trains again, None for all other runs. `objectives`
    are what the study is about: accuracy, or also a cost.
    """

    study: str
    number: int
    kind: Literal["trial", "reference"]
    state: State
    reference: str | None = None
    values: dict[str, bool | int | float | str] | None = None
    config: RunConfig | None = None
    seed: int | None = None
    result: RunResult | None = None
    dataset: DatasetRef | None = None
    started: float | None = None
    finished: float | None = None
    worker: int | None = None
    confirms: int | None = None
    objectives: tuple[Objective, ...] = ("val_accuracy",)

    @property
    def run_key(self) -> RunKey | None:
        """Return (config_id, seed), which two runs of the same thing share; None before it runs."""
        if self.config is None or self.seed is None:
            return None
        return self.config.config_id, self.seed
