"""The loop: every claim ends once, limits hold, a wish to stop is heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest

from mnist_search.execution import Event, Finished, Notice
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Dense,
    Failure,
    Flatten,
    Job,
    Network,
    RunConfig,
    RunResult,
    Score,
    Training,
)
from mnist_search.studies.loop import (
    MAX_FAILURES_IN_A_ROW,
    Interrupt,
    Limits,
    Outcome,
    run_loop,
)
from mnist_search.studies.progress import Assignment, Progress
from tests.support.fake import FakeExecutor

Report = Callable[[int, float], bool]
CONFIG = RunConfig(
    model=Network(layers=(Flatten(), Dense(units=8))),
    training=Training(optimizer=Adam(), batch_size=8, epochs=2),
)
DATASET = DatasetRef(name="made-up", digest="0" * 16, train_images=60, test_images=10)


def answer(job: Job, status: str, correct: int = 9) -> RunResult:
    return RunResult(
        status=status,
        config_id=job.config.config_id,
        seed=job.seed,
        validation=Score(correct=correct, total=10) if status == "complete" else None,
        reports=((1, correct / 10),),
        failure=Failure(kind="error", message="boom") if status == "failed" else None,
    )


def train(job: Job, report: Report) -> RunResult:
    for step in (1, 4, 8):
        if report(step, 0.1 * step):
            return answer(job, "pruned")
    return answer(job, "complete")


@dataclass
class Slots:
    total: int
    stop_odd: bool = False
    claimed: list[int] = field(default_factory=list)
    finished: dict[int, RunResult] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    reports: list[tuple[int, int]] = field(default_factory=list)

    def claim(self) -> Assignment | None:
        if len(self.claimed) == self.total:
            return None
        number = len(self.claimed)
        self.claimed.append(number)
        return Assignment(job=Job(number=number, config=CONFIG, seed=1, dataset=DATASET), name="x")

    def report(self, assignment: Assignment, step: int, accuracy: float) -> bool:
        self.reports.append((assignment.number, step))
        return self.stop_odd and assignment.number % 2 == 1

    def finish(self, assignment: Assignment, result: RunResult, *, worker: int) -> None:
        assert assignment.number not in self.finished
        self.finished[assignment.number] = result

    def release(self, assignment: Assignment) -> None:
        self.released.append(assignment.number)


@dataclass
class Watcher(Progress):
    notes: list[str] = field(default_factory=list)
    ended: list[tuple[int, str]] = field(default_factory=list)

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        self.ended.append((assignment.number, result.status))

    def note(self, text: str) -> None:
        self.notes.append(text)


class Clock:
    """A clock that moves on by one second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def run(
    work: Slots,
    trainer: Callable[[Job, Report], RunResult] = train,
    *,
    slots: int = 2,
    interrupt: Interrupt | None = None,
    limits: Limits | None = None,
) -> Outcome:
    return run_loop(
        work,
        FakeExecutor(slots, trainer),
        progress=Watcher(),
        interrupt=Interrupt() if interrupt is None else interrupt,
        limits=Limits() if limits is None else limits,
        clock=Clock(),
    )


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_every_claim_is_finished_once(slots: int) -> None:
    work = Slots(7)
    outcome = run(work, slots=slots)
    assert sorted(work.finished) == work.claimed == list(range(7))
    assert (outcome.ending, outcome.complete, work.released) == ("done", 7, [])


def test_slot_that_gets_free_late_ends_nothing() -> None:
    class Slow(FakeExecutor):
        """Says for one look after a job that its slot is not free yet."""

        busy = False

        @property
        def free(self) -> int:
            return 0 if self.busy else super().free

        def poll(self, timeout_seconds: float) -> list[Event]:
            events = super().poll(timeout_seconds)
            self.busy = any(isinstance(event, Finished) for event in events)
            return events

    work = Slots(5)
    outcome = run_loop(
        work,
        Slow(2, train),
        progress=Watcher(),
        interrupt=Interrupt(),
        limits=Limits(),
        clock=Clock(),
    )
    assert (outcome.ending, outcome.complete) == ("done", 5)


def test_stop_answers_reach_the_trainer() -> None:
    work = Slots(4, stop_odd=True)
    outcome = run(work)
    assert (outcome.complete, outcome.pruned) == (2, 2)
    assert {n: r.status for n, r in work.finished.items()} == {
        0: "complete",
        1: "pruned",
        2: "complete",
        3: "pruned",
    }


def test_failures_do_not_stop_the_study() -> None:
    def sometimes(job: Job, report: Report) -> RunResult:
        return answer(job, "failed" if job.number % 2 else "complete")

    outcome = run(Slots(20), sometimes)
    assert (outcome.ending, outcome.complete, outcome.failed) == ("done", 10, 10)


def test_many_failures_in_a_row_do() -> None:
    work = Slots(100)
    outcome = run(work, lambda job, report: answer(job, "failed"), slots=1)
    assert outcome.ending == "failing"
    assert len(work.finished) == MAX_FAILURES_IN_A_ROW
    assert outcome.first_failure == Failure(kind="error", message="boom")


def test_trainer_that_raises_is_a_failed_trial() -> None:
    def explode(job: Job, report: Report) -> RunResult:
        raise RuntimeError("unexpected")

    work = Slots(1)
    outcome = run(work, explode)
    assert outcome.failed == 1
    assert work.finished[0].failure is not None
    assert "unexpected" in work.finished[0].failure.message


def test_time_budget_gives_running_trials_back() -> None:
    work = Slots(1000)
    outcome = run(work, limits=Limits(time_budget_seconds=40))
    assert outcome.ending == "time budget"
    assert 0 < len(work.finished) < 1000
    assert sorted([*work.finished, *work.released]) == work.claimed


def test_overdue_trial_is_killed_and_says_so() -> None:
    work = Slots(1)
    outcome = run(work, limits=Limits(trial_timeout_seconds=0.3))
    assert outcome.failed == 1
    failure = work.finished[0].failure
    assert failure is not None
    assert failure.kind == "timeout"


def test_second_wish_to_stop_gives_back_at_once() -> None:
    interrupt = Interrupt()
    interrupt.request(exit_code=130)
    interrupt.request(exit_code=130)
    work = Slots(5)
    assert run(work, interrupt=interrupt).ending == "interrupted"
    assert work.claimed == []


def test_wish_to_stop_that_comes_while_slots_are_filled_is_told_as_one() -> None:
    interrupt = Interrupt()

    class Struck(Slots):
        def claim(self) -> Assignment | None:
            interrupt.request(exit_code=143, level=2)
            return super().claim()

    work = Struck(5)
    assert run(work, interrupt=interrupt).ending == "interrupted"
    assert sorted([*work.finished, *work.released]) == work.claimed


def test_first_wish_to_stop_lets_running_trials_finish_and_claims_no_more() -> None:
    interrupt = Interrupt()
    work = Slots(50)

    def then_stop(job: Job, report: Report) -> RunResult:
        interrupt.request(exit_code=130, level=1)
        return answer(job, "complete")

    outcome = run(work, then_stop, interrupt=interrupt)
    assert outcome.ending == "interrupted"
    assert sorted([*work.finished, *work.released]) == work.claimed
    assert len(work.claimed) < 50


@dataclass
class Again(Slots):
    """Claims first what was given back."""

    def claim(self) -> Assignment | None:
        if self.released and self.released[-1] in self.claimed:
            number = self.released[-1]
            self.claimed.remove(number)
            job = Job(number=number, config=CONFIG, seed=1, dataset=DATASET)
            self.claimed.append(number)
            self.released.append(-1)
            return Assignment(job=job, name="x")
        return super().claim()


class Lossy(FakeExecutor):
    """Every job ends as one whose process or machine was lost."""

    def __init__(self, killed: Literal["process", "machine"]) -> None:
        super().__init__(1, lambda job, report: answer(job, "failed"))
        self._killed = killed

    def poll(self, timeout_seconds: float) -> list[Event]:
        events = super().poll(timeout_seconds)
        return [
            replace(one, killed=self._killed) if isinstance(one, Finished) else one
            for one in events
        ]


@pytest.mark.parametrize(("killed", "times"), [("process", 1), ("machine", 3)])
def test_lost_job_runs_again_so_often_and_then_fails(
    killed: Literal["process", "machine"], times: int
) -> None:
    work, watcher = Again(1), Watcher()
    outcome = run_loop(
        work,
        Lossy(killed),
        progress=watcher,
        interrupt=Interrupt(),
        limits=Limits(),
        clock=lambda: 0.0,
    )
    assert [number for number in work.released if number == 0] == [0] * times
    assert (outcome.failed, work.finished[0].status) == (1, "failed")
    assert len(watcher.notes) == times


@pytest.mark.parametrize(("claim_seconds", "most"), [(0.0, 40), (0.06, 4), (1.0, 1)])
def test_loop_listens_while_it_claims_for_many_workers(claim_seconds: float, most: int) -> None:
    now, claimed, at_once = [0.0], [0], [0]

    class Slow(Slots):
        def claim(self) -> Assignment | None:
            now[0] += claim_seconds
            return super().claim()

    class Listening(FakeExecutor):
        def submit(self, job: Job) -> None:
            super().submit(job)
            claimed[0] += 1

        def poll(self, timeout_seconds: float) -> list[Event]:
            at_once[0] = max(at_once[0], claimed[0])
            # While more is to be claimed nobody waits.
            assert timeout_seconds == 0.0 or self.free == 0 or len(work.claimed) == 40
            claimed[0] = 0
            return super().poll(timeout_seconds)

    work = Slow(40)
    run_loop(
        work,
        Listening(40, train),
        progress=Watcher(),
        interrupt=Interrupt(),
        limits=Limits(),
        clock=lambda: now[0],
    )
    assert (at_once[0], len(work.finished)) == (most, 40)


def test_what_the_executor_says_is_told() -> None:
    class Talkative(FakeExecutor):
        def poll(self, timeout_seconds: float) -> list[Event]:
            return [Notice(text="no room"), *super().poll(timeout_seconds)]

    watcher = Watcher()
    run_loop(
        Slots(1),
        Talkative(1, train),
        progress=watcher,
        interrupt=Interrupt(),
        limits=Limits(),
        clock=Clock(),
    )
    assert "no room" in watcher.notes
