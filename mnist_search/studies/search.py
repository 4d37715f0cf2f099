"""A search: an engine proposes, an executor trains, the ledger writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_search.analysis import describe
from mnist_search.engines import (
    Engine,
    PastTrial,
    Proposal,
    check_search,
    create_engine,
    rung_steps,
)
from mnist_search.execution import Executor
from mnist_search.references import Reference
from mnist_search.spaces import SearchSpace
from mnist_search.specs import Job, Record, RunResult, derive_seed
from mnist_search.specs.result import OF_SPACE
from mnist_search.specs.shapes import measure
from mnist_search.studies.artifacts import WeightShelf, decide_kept
from mnist_search.studies.folder import has_study
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.loop import Interrupt, Limits, Outcome, run_loop
from mnist_search.studies.old_studies import check_going_on
from mnist_search.studies.opening import ensure_ledger
from mnist_search.studies.progress import Assignment, Progress
from mnist_search.studies.skipping import Memory, excess, is_trained, too_large
from mnist_search.studies.spec import (
    REVISION,
    REVISIONS,
    FirstPoint,
    StudySpec,
    origin_of,
    search_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """What a session left behind: trials of the study by state, and how the session ended."""

    outcome: Outcome
    total: int
    finished: int
    waiting: int

    @property
    def exhausted(self) -> bool:
        """Say whether trials are left for which the sampler had nothing to try."""
        return self.outcome.ending == "done" and self.waiting > 0


def open_search(
    folder: Path,
    spec: StudySpec,
    *,
    first: Sequence[FirstPoint] | None = None,
) -> Ledger:
    """Create the study or open the one that is there.

    `first` are what the first trials of a new study try, None: what `choose_first` says.

    Raises:
        UsageError: the study that is there is about something else, or was made with what there
            is no more; or the sampler cannot search the space.
    """
    search = search_of(spec)
    if not has_study(folder):
        check_search(search.engine, search.sampler, search.pruner, search.objectives, search.space)
        first = choose_first(search.space) if first is None else first
    hint = "--new starts another study beside it, --study NAME names one"
    ledger = ensure_ledger(folder, spec, first=first or (), hint=hint)
    check_going_on(ledger.spec, ledger.revisions())
    return ledger


def choose_first(
    space: SearchSpace, references: Sequence[Reference] = (), *, own: bool = True
) -> list[FirstPoint]:
    """Return what the first trials of a search try.

    That is the references that are points of the space, the smallest network first, so that
    something is soon known to judge the larger ones by. Then, unless not `own`, come the first
    points of the space, where it has none that of the family's defaults: sound networks to
    measure the others by, for the sampler and the pruner as much as for the reader.
    """
    first: list[FirstPoint] = [
        (reference.name, values)
        for reference in sorted(references, key=lambda one: measure(one.config.model).flops)
        if (values := space.locate(reference.run_config("held-out"))) is not None
    ]
    if not own:
        return first
    if not space.first:
        return [*first, (None, space.defaults())]
    return [*first, *((f"{OF_SPACE}{name}", dict(it)) for name, it in space.first.items())]


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
    """Bring a study to `trials` finished trials; the caller holds `ledger.exclusive()`.

    Interrupted trials beyond that number go on waiting.

    The weights of the best `keep_models` trials stay; None: as many as so far, three at first.
    """
    given_back, closed = ledger.recover()
    if given_back or closed:
        progress.note(f"resumed: {given_back} trials were interrupted, {closed} were done")
    _note_revisions(ledger, progress)
    records = ledger.records()
    outcome = Outcome()
    # What a crash left behind, or is to be kept no more, goes also where nothing is to be done.
    shelf = WeightShelf(ledger.folder, records, keep=decide_kept(ledger, keep_models))
    if sum(record.state != "waiting" for record in records) < trials:
        work = SearchWork(
            ledger,
            records,
            trials=trials,
            progress=progress,
            interrupt=interrupt,
            clock=clock,
            shelf=shelf,
        )
        with closing(work), closing(create_executor()) as executor:
            outcome = run_loop(
                work, executor, progress=progress, interrupt=interrupt, limits=limits, clock=clock
            )
            work.save_seconds()
            if interrupt.level > 0 and outcome.ending == "done" and not work.exhausted:
                outcome.ending = "interrupted"
    states = ledger.states()
    finished = len(states) - states.count("waiting")
    total = max(trials, finished)
    return SearchSummary(outcome=outcome, total=total, finished=finished, waiting=total - finished)


class SearchWork:
    """The trials of a search, for the loop."""

    def __init__(
        self,
        ledger: Ledger,
        records: Sequence[Record],
        *,
        trials: int,
        progress: Progress,
        interrupt: Interrupt,
        clock: Callable[[], float],
        shelf: WeightShelf | None,
    ) -> None:
        """Go on with `records`, all that the ledger has, up to `trials` in total.

        Without a shelf no weights are stored.
        """
        from mnist_search.engines.samplers import distribution_of

        self.exhausted = False
        self._ledger = ledger
        self._trials = trials
        self._progress = progress
        self._interrupt = interrupt
        self._shelf = shelf
        self._search = search = search_of(ledger.spec)
        self._memory = Memory(records)
        self._first = ledger.first_points()
        self._distributions = {each.name: distribution_of(each) for each in search.space.parameters}
        self._rungs = rung_steps(search.pruner, epochs=search.epochs)
        self._count = len(records)
        self._waiting = {record.number for record in records if record.state == "waiting"}
        memos = ledger.memos()
        self._engine: Engine = create_engine(
            search.space,
            engine=search.engine,
            sampler=search.sampler,
            pruner=search.pruner,
            seed=search.seed,
            epochs=search.epochs,
            objectives=search.objectives,
            first=[values for _, values in self._first],
            past=[self._past(record, memos.get(record.number)) for record in records],
        )
        self.save_seconds = ledger.timed(clock)

    def claim(self) -> Assignment | None:
        """Open the next trial that is to be trained; those that need not are closed at once."""
        while self._count - len(self._waiting) < self._trials:
            self._ledger.check_room()
            proposal = self._engine.ask()
            self.exhausted = proposal is None
            if proposal is None:
                return None
            assignment = self._open(proposal)
            result = self._skip(assignment.job)
            if result is None:
                return assignment
            self._settle(assignment, result)
            if self._interrupt.level > 0:
                return None
        return None

    def report(self, assignment: Assignment, step: int, accuracy: float) -> bool:
        """Note an intermediate accuracy; True: stop there."""
        self._ledger.report(assignment.number, step, accuracy)
        return self._engine.report(assignment.number, step, accuracy)

    def finish(self, assignment: Assignment, result: RunResult, *, worker: int) -> None:
        """Write the result; the engine learns from what is written."""
        number = assignment.number
        self._ledger.close_trial(number, result, worker=worker)
        self._engine.tell(number, result.objective_values(self._search.objectives))
        if self._shelf is not None:
            self._shelf.put(number, result)
        self._memory.note(number, result)
        self.save_seconds()

    def release(self, assignment: Assignment) -> None:
        """Give the trial back; it is the next to be claimed."""
        self._engine.release(assignment.number)
        self._ledger.give_back(assignment.number)
        self._waiting.add(assignment.number)

    def close(self) -> None:
        """Let go of what the engine holds."""
        self._engine.close()

    def _open(self, proposal: Proposal) -> Assignment:
        search, number = self._search, proposal.number
        epochs = search.epochs if proposal.epochs is None else proposal.epochs
        config = search.space.config(proposal.values, epochs=epochs)
        seed = derive_seed(search.seed, "training", number)
        known = self._first[number][0] if number < len(self._first) else None
        origin = origin_of(known)
        self._ledger.open_trial(
            number,
            config=config,
            seed=seed,
            values=proposal.values,
            distributions=self._distributions,
            reference=known if origin is None else None,
            origin=origin,
            memo=proposal.memo,
        )
        self._waiting.discard(number)
        self._count = max(self._count, number + 1)
        job = Job(
            number=number,
            config=config,
            seed=seed,
            dataset=self._ledger.spec.dataset,
            rungs=self._rungs,
            precision=self._ledger.spec.precision,
            weights_path=None if self._shelf is None else self._shelf.place(number),
        )
        label = describe(config)
        label = label if origin is None else f"{label}, from {origin}"
        return Assignment(job=job, name=f"trial {number}", label=label)

    def _skip(self, job: Job) -> RunResult | None:
        """Return the result of a trial that need not be trained, None for all others."""
        self._engine.constrain(job.number, excess(self._search, job.config))
        return too_large(self._search, job) or self._memory.recall(job.config)

    def _settle(self, assignment: Assignment, result: RunResult) -> None:
        number = assignment.number
        self._ledger.close_trial(number, result, worker=None)
        self._engine.settle(
            number,
            reports=result.reports,
            score=result.objective_values(self._search.objectives),
            stopped=result.status == "pruned",
        )
        self._progress.finished(assignment, result, None)

    def _past(self, record: Record, memo: Mapping[str, Any] | None) -> PastTrial:
        result, state = record.result, record.state
        assert state != "running", "recovery comes before"
        closed = None if state in ("waiting", "failed") else result
        return PastTrial(
            number=record.number,
            values={} if record.values is None else record.values,
            state=state,
            score=None if closed is None else closed.objective_values(self._search.objectives),
            reports=() if state == "waiting" or result is None else result.reports,
            excess={} if record.config is None else excess(self._search, record.config),
            trained=result is None or is_trained(result),
            memo=memo,
        )


def _note_revisions(ledger: Ledger, progress: Progress) -> None:
    """Say once that a study goes on under other rules than it was begun under."""
    stored = ledger.revisions()
    if stored == REVISIONS:
        return
    if ledger.count() > 0:
        changed = ", ".join(rule for rule in REVISIONS if stored[rule] != REVISIONS[rule])
        progress.note(
            f"an earlier version began this study, under other rules ({changed}): "
            "trials of then and of now are not quite alike"
        )
    ledger.set_attribute(REVISION, dict(REVISIONS))
