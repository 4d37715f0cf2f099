"""Searching a space."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Unpack

from mnist_search.analysis import Leaderboard
from mnist_search.analysis.words import plural
from mnist_search.commands.context import Context, TrainingOptions
from mnist_search.commands.report import board_of
from mnist_search.commands.searching import (
    TARGET,
    SearchCall,
    choose_study,
    choose_target,
)
from mnist_search.commands.training import Trainer, seconds_left
from mnist_search.specs import Record
from mnist_search.studies import (
    Outcome,
    SearchSummary,
    StudySpec,
    run_search,
    stored_weights,
)
from mnist_search.studies.spec import search_of
from mnist_search.studies.trials import best_first


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """All trials of a study after a session, how many there are of what, and the ending."""

    spec: StudySpec
    home: Path
    records: Sequence[Record]
    summary: SearchSummary

    @property
    def study(self) -> str:
        """Return the name of the study."""
        return self.spec.name

    @property
    def outcome(self) -> Outcome:
        """Return how the session went."""
        return self.summary.outcome

    @property
    def finished(self) -> bool:
        """Say whether there is nothing left to try."""
        over = self.summary.exhausted or not self.summary.waiting
        return self.outcome.ending == "done" and over

    def board(self, *, top: int | None = None) -> Leaderboard:
        """Return the trials ranked beside the references, the first `top` rows, None: all."""
        return board_of(self.records, top=top)


def search(
    space: str | None = None,
    *,
    trials: int | None = None,
    time_budget_seconds: float | None = None,
    keep_models: int | None = None,
    context: Context | None = None,
    **settings: Unpack[SearchCall],
) -> SearchResult:
    """Search a space, or go on with a search until it has `trials` trials, 50 by default.

    `space` is the name or the file of a search space. What is not given is as the study has it
    where it is resumed, else as the command `run` has it by default.

    Raises:
        UsageError: something is wrong with the settings, or the study was made with others.
    """
    context = Context.of_this_process() if context is None else context
    chosen = choose_study(space, settings, context)
    found = search_of(chosen.spec)
    linear = found.space.family == "linear"
    trainer = Trainer.of(TrainingOptions.of(settings), context, linear=linear)
    with closing(chosen.open()) as ledger:
        target = choose_target(trials, ledger)
        with trainer.session(ledger) as (progress, interrupt):
            budget = seconds_left(time_budget_seconds, ledger)
            what = f"search {found.space.name} · {found.engine} {found.sampler}, {found.pruner}"
            done = sum(state not in ("waiting", "running") for state in ledger.states())
            ledger.set_attribute(TARGET, target)
            trainer.begin(
                progress,
                ledger,
                what=what,
                total=max(target, done),
                done=done,
                noun="trial",
                budget_seconds=budget,
            )
            summary = run_search(
                ledger,
                partial(trainer.start_executor, ledger.folder),
                trials=target,
                progress=progress,
                interrupt=interrupt,
                limits=trainer.limits(budget),
                clock=context.clock,
                keep_models=keep_models,
            )
        records = ledger.records()
    _tell_held(records, target, context)
    if keep_models is not None:
        _tell_unkept(records, chosen.folder, keep_models, context)
    return SearchResult(spec=chosen.spec, home=chosen.home, records=records, summary=summary)


def _tell_held(records: Sequence[Record], target: int, context: Context) -> None:
    """Say what a study holds that was asked to have fewer trials."""
    waiting = sum(record.state == "waiting" for record in records)
    finished = len(records) - waiting
    if len(records) <= target or finished < target:
        return
    rest = f", and {waiting} interrupted, for which a larger one is needed" if waiting else ""
    context.notice(f"--trials {target}: the study holds {finished} finished trials{rest}")


def _tell_unkept(records: Sequence[Record], folder: Path, keep: int, context: Context) -> None:
    """Say of how many of the best trials the weights are gone that were asked to be kept."""
    trained = [
        record
        for record in best_first(records)
        if record.result is not None and record.result.duplicate_of is None
    ][:keep]
    gone = sum(stored_weights(folder, record) is None for record in trained)
    if gone:
        context.notice(
            f"--keep-models {keep}: of {plural(len(trained), 'trial')} the weights of {gone} "
            "were not kept when they were trained"
        )
