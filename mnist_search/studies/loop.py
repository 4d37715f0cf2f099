"""The one loop that searches and benchmarks share: claim, submit, listen, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, assert_never

from mnist_search.errors import ResourceError
from mnist_search.execution import Executor, Finished, Notice, Reported, Started, Stepped
from mnist_search.specs import Failure, RunResult
from mnist_search.studies.progress import Assignment, Progress

POLL_SECONDS = 0.2
# A round that takes longer was spent on a slow disk, or stopped by a user: while the coordinator
# does not listen, its trials wait for it, and that does not count as their time.
ROUND_SECONDS = 2 * POLL_SECONDS
# After one Ctrl-C running trials may still finish, this long; then they are given back.
GRACE_SECONDS = 8.0
MAX_FAILURES_IN_A_ROW = 10
# How often a run is tried again, by what was killed: a process may have asked for too much memory,
# but a machine that is lost is rarely lost because of the run.
RERUNS = {"process": 1, "machine": 3}

Ending = Literal["done", "time budget", "interrupted", "failing"]


class Work(Protocol):
    """Where assignments come from and where their results go."""

    def claim(self) -> Assignment | None:
        """Claim the next trial; None when none is left; `ResourceError`: no room for another."""

    def report(self, assignment: Assignment, step: int, accuracy: float) -> bool:
        """Note an intermediate accuracy; True: stop there."""

    def finish(self, assignment: Assignment, result: RunResult, *, worker: int) -> None:
        """Write the result and close the trial."""

    def release(self, assignment: Assignment) -> None:
        """Give the trial back, unfinished."""


class Interrupt:
    """How urgently the user wants to stop: 0 not, 1 finish or give back, 2 now."""

    def __init__(self) -> None:
        """Start with no wish to stop."""
        self.level = 0
        self.exit_code = 130

    def request(self, *, exit_code: int, level: int | None = None) -> None:
        """Ask to stop, more urgently each time."""
        self.exit_code = exit_code
        self.level = self.level + 1 if level is None else max(level, self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop early; None: never. `grace_seconds` is for running trials after one Ctrl-C."""

    time_budget_seconds: float | None = None
    trial_timeout_seconds: float | None = None
    grace_seconds: float = GRACE_SECONDS


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How a session went."""

    ending: Ending = "done"
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    given_back: int = 0
    first_failure: Failure | None = None


@dataclass(slots=True, kw_only=True)
class _Running:
    assignment: Assignment
    started: bool = False
    seconds: float = 0.0
    timed_out: bool = False


@dataclass(slots=True, kw_only=True)
class _Session:
    work: Work
    executor: Executor
    progress: Progress
    outcome: Outcome = field(default_factory=Outcome)
    running: dict[int, _Running] = field(default_factory=dict)
    failures_in_a_row: int = 0
    reruns: Counter[tuple[int, str]] = field(default_factory=Counter)
    no_room: ResourceError | None = None


def run_loop(
    work: Work,
    executor: Executor,
    *,
    progress: Progress,
    interrupt: Interrupt,
    limits: Limits,
    clock: Callable[[], float],
    poll_seconds: float = POLL_SECONDS,
) -> Outcome:
    """Run trials until none is left, a limit is met or the user stops; return how it went.

    Limits are noticed within `poll_seconds`.

    Raises:
        ResourceError: there was no room for another trial; those that ran were finished.
    """
    session = _Session(work=work, executor=executor, progress=progress)
    outcome = session.outcome
    longest_round = ROUND_SECONDS * (poll_seconds / POLL_SECONDS)
    begun = clock()
    interrupted_at: float | None = None
    before = begun
    while True:
        now = clock()
        round_seconds, before = min(now - before, longest_round), now
        if limits.trial_timeout_seconds is not None:
            _kill_overdue(session, limits.trial_timeout_seconds, round_seconds)
        budget = limits.time_budget_seconds
        # Read once: a signal may come at any time, and one round must agree with itself.
        urgency = interrupt.level
        if urgency > 0:
            if interrupted_at is None:
                interrupted_at = now
                progress.note(
                    f"stopping: running trials may finish for {limits.grace_seconds:g} s; "
                    "again to stop now"
                )
            outcome.ending = "interrupted"
        elif budget is not None and now - begun >= budget:
            outcome.ending = "time budget"
        elif session.failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            outcome.ending = "failing"
        # A worker may need a moment to get free, so that nothing runs and yet more is to come.
        more = (
            outcome.ending == "done"
            and session.no_room is None
            and _fill(session, until=clock() + poll_seconds, clock=clock)
        )
        if not session.running and not more:
            if session.no_room is not None and outcome.ending == "done":
                raise session.no_room
            return outcome
        if (
            outcome.ending == "time budget"
            or urgency > 1
            or (interrupted_at is not None and now - interrupted_at >= limits.grace_seconds)
        ):
            _give_back(session)
            return outcome
        for event in executor.poll(0.0 if more and executor.free > 0 else poll_seconds):
            match event:
                case Started():
                    _on_started(session, event)
                case Stepped():
                    running = session.running[event.number]
                    progress.stepped(running.assignment, event.step)
                case Reported():
                    _on_reported(session, event)
                case Finished():
                    _on_finished(session, event)
                case Notice():
                    progress.note(event.text)
                case _:
                    assert_never(event)


def _fill(session: _Session, *, until: float, clock: Callable[[], float]) -> bool:
    """Claim for every free worker; return whether there may be more to claim.

    From `until` on the rest waits for the next round: while the loop claims for hundreds of
    workers, those that run must not wait for it.
    """
    while session.executor.free > 0:
        try:
            assignment = session.work.claim()
        except ResourceError as error:
            # What is running may still end well: it needs little room from here on.
            session.no_room = error
            return False
        if assignment is None:
            return False
        session.running[assignment.number] = _Running(assignment=assignment)
        session.executor.submit(assignment.job)
        if clock() >= until:
            break
    return True


def _on_started(session: _Session, event: Started) -> None:
    running = session.running[event.number]
    running.started = True
    session.progress.started(running.assignment, event.worker)


def _on_reported(session: _Session, event: Reported) -> None:
    running = session.running[event.number]
    stop = session.work.report(running.assignment, event.step, event.accuracy)
    session.executor.answer(event.number, stop=stop)
    session.progress.reported(running.assignment, event.step, event.accuracy)


def _on_finished(session: _Session, event: Finished) -> None:
    assignment = session.running.pop(event.number).assignment
    result = event.result
    if event.killed is not None:
        session.reruns[event.number, event.killed] += 1
        if session.reruns[event.number, event.killed] <= RERUNS[event.killed]:
            session.work.release(assignment)
            what = "worker was killed, so it runs again, once"
            if event.killed == "machine":
                what = "machine was lost, so it runs again"
            session.progress.note(f"{assignment.name}: its {what}")
            return
    session.work.finish(assignment, result, worker=event.worker)
    outcome = session.outcome
    match result.status:
        case "complete":
            outcome.complete += 1
        case "pruned":
            outcome.pruned += 1
        case "failed":
            outcome.failed += 1
            if outcome.first_failure is None:
                outcome.first_failure = result.failure
        case _:
            assert_never(result.status)
    if result.status == "failed":
        session.failures_in_a_row += 1
    elif outcome.complete > 0:
        # Before the first complete trial, one that was stopped early proves nothing: all that
        # get further may be failing.
        session.failures_in_a_row = 0
    session.progress.finished(assignment, result, event.worker)


def _kill_overdue(session: _Session, seconds: float, round_seconds: float) -> None:
    for running in session.running.values():
        if not running.started or running.timed_out:
            continue
        running.seconds += round_seconds
        if running.seconds < seconds:
            continue
        running.timed_out = True
        failure = Failure(kind="timeout", message=f"ran longer than {seconds:g} s")
        session.executor.kill(running.assignment.number, failure)


def _give_back(session: _Session) -> None:
    for running in session.running.values():
        session.work.release(running.assignment)
        session.outcome.given_back += 1
    session.running.clear()
