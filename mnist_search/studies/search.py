"""A search: slots filled by an engine, run by an executor, written to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mnist_search.analysis import describe
from mnist_search.analysis.objectives import values_of
from mnist_search.engines import (
    Engine,
    Proposal,
    check_objectives,
    check_pruner,
    check_sampler,
    create_engine,
    rung_steps,
)
from mnist_search.errors import UsageError
from mnist_search.execution import Executor
from mnist_search.references import Reference
from mnist_search.spaces import Value
from mnist_search.specs import Job, RunConfig, RunResult, derive_seed
from mnist_search.specs.shapes import measure
from mnist_search.studies.artifacts import WeightShelf, decide_kept
from mnist_search.studies.foregone import Memory, SizeLimits, size_of, too_large
from mnist_search.studies.home import has_study
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.loop import (
    Assignment,
    Interrupt,
    Limits,
    Outcome,
    Progress,
    run_loop,
)
from mnist_search.studies.opening import StudyExistsError, create_ledger, open_ledger
from mnist_search.studies.spec import SearchSpec, StudySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """What a session left behind: slots of the study by state, and how the session ended."""

    outcome: Outcome
    total: int
    finished: int
    waiting: int

    @property
    def exhausted(self) -> bool:
        """Say whether slots wait for which the sampler had nothing left to try."""
        return self.outcome.ending == "done" and self.waiting > 0


def open_search(
    folder: Path, spec: StudySpec, *, slots: int, references: Sequence[Reference] = ()
) -> Ledger:
    """Create the study or open the one that is there.

    `references` that are points of the space become the first trials of a new study, the smallest
    network first, so that something is soon known to judge the larger ones by. Then comes the
    point of the family's defaults: a sound network to measure the others by, for the sampler and
    the pruner as much as for the reader. Raises `UsageError` where the study that is there is
    about something else, or the sampler cannot search the space.
    """
    if has_study(folder):
        ledger = open_ledger(folder)
        differences = ledger.spec.differences(spec)
        if differences:
            ledger.close()
            told = ", ".join(f"{what} {here}, not {there}" for what, here, there in differences)
            raise UsageError(
                f"study {ledger.spec.name} was made with {told}",
                hint="--new starts another study beside it, --study NAME names one",
            )
        ledger.take_data_from(spec)
        return ledger
    search = _search(spec)
    check_sampler(search.engine, search.sampler, search.space)
    check_pruner(search.sampler, search.pruner)
    check_objectives(search.engine, search.sampler, search.pruner, search.objectives)
    points: list[tuple[str | None, dict[str, Value]]] = [
        (reference.name, values)
        for reference in sorted(references, key=lambda one: measure(one.config.model).flops)
        if (values := search.space.locate(reference.run_config("held-out"))) is not None
    ]
    points.append((None, search.space.defaults()))
    try:
        return create_ledger(folder, spec, slots=slots, proposals=points[:slots])
    except StudyExistsError:
        # Another process was quicker: now it is there.
        return open_search(folder, spec, slots=slots)


def run_search(
    ledger: Ledger,
    create_executor: Callable[[], Executor],
    *,
    trials: int,
    progress: Progress,
    interrupt: Interrupt,
    limits: Limits,
    clock: Callable[[], float],
    keep_models: int | None = None,
) -> SearchSummary:
    """Bring a study to `trials` finished slots; the caller holds `ledger.exclusive()`.

    The weights of the best `keep_models` trials stay; None: as many as so far, three at first.
    """
    given_back, closed = ledger.recover()
    if given_back or closed:
        progress.note(f"resumed: {given_back} interrupted trials run again, {closed} were done")
    ledger.add_slots(trials)
    kept = decide_kept(ledger.study, keep_models)
    work = _SearchWork(ledger, progress, interrupt, clock, keep_models=kept)
    outcome = Outcome()
    with closing(work):
        if "waiting" in ledger.states():
            with closing(create_executor()) as executor:
                outcome = run_loop(
                    work,
                    executor,
                    progress=progress,
                    interrupt=interrupt,
                    limits=limits,
                    clock=clock,
                )
            work.save_seconds()
            if interrupt.level > 0 and outcome.ending == "done" and not work.exhausted:
                outcome.ending = "interrupted"
    states = ledger.states()
    waiting = states.count("waiting")
    return SearchSummary(
        outcome=outcome, total=len(states), finished=len(states) - waiting, waiting=waiting
    )


class _SearchWork:
    def __init__(
        self,
        ledger: Ledger,
        progress: Progress,
        interrupt: Interrupt,
        clock: Callable[[], float],
        *,
        keep_models: int,
    ) -> None:
        search = _search(ledger.spec)
        records = ledger.records()
        self._progress = progress
        self._interrupt = interrupt
        self._limits = SizeLimits(params=search.max_params, flops=search.max_flops)
        self._memory = Memory(records)
        self.exhausted = False
        self._ledger = ledger
        self._search = search
        self._engine: Engine = create_engine(
            ledger.study,
            search.space,
            engine=search.engine,
            sampler=search.sampler,
            pruner=search.pruner,
            seed=search.seed,
            epochs=search.epochs,
        )
        self._rungs = rung_steps(search.pruner, epochs=search.epochs)
        self._shelf = WeightShelf(ledger.folder, records, keep=keep_models)
        self._proposals: dict[int, Proposal] = {}
        self._clock = clock
        self._begun = clock()
        self._seconds_before = ledger.seconds_used()

    def claim(self) -> Assignment | None:
        # Trials that need no training are closed here and now, so that a claim is always a run.
        while True:
            self._ledger.check_room()
            proposal = self._engine.ask()
            if proposal is None:
                self.exhausted = True
                return None
            self.exhausted = False
            config, seed = self._plan(proposal)
            result = self._foregone(proposal, config, seed)
            if result is None:
                return self._assign(proposal, config, seed)
            self._settle(proposal, config, result)
            if self._interrupt.level > 0:
                return None

    def _plan(self, proposal: Proposal) -> tuple[RunConfig, int]:
        """Return what a proposal trains, from the first epoch, and its seed."""
        search, rung = self._search, proposal.rung
        epochs = search.epochs if rung is None else rung.epochs
        config = search.space.config(proposal.values, epochs=epochs)
        return config, derive_seed(search.seed, "training", proposal.number)

    def _assign(self, proposal: Proposal, config: RunConfig, seed: int) -> Assignment:
        self._ledger.begin(proposal.number, config, seed=seed)
        self._proposals[proposal.number] = proposal
        job = Job(
            number=proposal.number,
            config=config,
            seed=seed,
            dataset=self._ledger.spec.dataset,
            rungs=self._rungs,
            precision=self._ledger.spec.precision,
            weights_path=self._shelf.place(proposal.number),
        )
        return Assignment(job=job, label=describe(config))

    def _foregone(self, proposal: Proposal, config: RunConfig, seed: int) -> RunResult | None:
        """Return the result of a trial that need not be trained, None for all others."""
        size = size_of(config)
        if size is not None:
            self._engine.constrain(proposal, self._limits.excess(size))
            message = self._limits.verdict(size)
            if message is not None:
                precision = self._ledger.spec.precision
                return too_large(config, size, seed=seed, precision=precision, message=message)
        return self._memory.recall(config)

    def _settle(self, proposal: Proposal, config: RunConfig, result: RunResult) -> None:
        number, accuracy = proposal.number, result.last_accuracy
        self._ledger.begin(number, config, seed=result.seed)
        self._ledger.record(number, result, worker=None)
        stopped = result.status == "pruned"
        values = values_of(result, self._search.objectives)
        self._engine.settle(proposal, reports=result.reports, score=values, stopped=stopped)
        if result.failure is None:
            message = f"as trial {result.duplicate_of}, not trained again"
        else:
            message = f"{result.failure.kind}: {result.failure.message}"
        self._progress.finished(
            number, None, describe(config), result.status, accuracy, None, message
        )

    def report(self, assignment: Assignment, step: int, accuracy: float) -> bool:
        return self._engine.report(self._proposals[assignment.number], step, accuracy)

    def finish(self, assignment: Assignment, result: RunResult, *, worker: int) -> None:
        proposal = self._proposals.pop(assignment.number)
        self._ledger.record(proposal.number, result, worker=worker)
        self._engine.tell(proposal, values_of(result, self._search.objectives))
        self._shelf.put(proposal.number, result)
        self._memory.note(proposal.number, result)
        self.save_seconds()

    def release(self, assignment: Assignment) -> None:
        self._engine.forget(self._proposals.pop(assignment.number))
        self._ledger.release(assignment.number)

    def close(self) -> None:
        self._engine.close()

    def save_seconds(self) -> None:
        self._ledger.set_seconds_used(self._seconds_before + self._clock() - self._begun)


def _search(spec: StudySpec) -> SearchSpec:
    if spec.search is None:
        raise UsageError(
            f"study {spec.name} is a benchmark of references, not a search",
            hint="choose another --study",
        )
    return spec.search
