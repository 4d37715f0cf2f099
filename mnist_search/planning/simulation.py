"""A search without training: its own loop, work and ledger, on workers that are simulated.

The workers take the time that networks are expected to take, on a clock of their own. So limits,
duplicates, networks that are too large, time-outs, time budgets, several objectives and pruning
are decided here by the code that decides them in a search.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field

from mnist_search.engines import PrunerName, SamplerName
from mnist_search.execution import Event, Finished, Reported, Started
from mnist_search.execution.base import failed_result
from mnist_search.planning.costs import Images, Rates
from mnist_search.planning.survey import Plan
from mnist_search.planning.world import DIGITS, Course, World
from mnist_search.specs import QUARTERS, Failure, Job, RunResult, Score, Timings
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.loop import (
    POLL_SECONDS,
    Interrupt,
    Limits,
    Outcome,
    run_loop,
)
from mnist_search.studies.opening import ledger_in_memory
from mnist_search.studies.progress import Assignment, Progress
from mnist_search.studies.search import SearchWork
from mnist_search.studies.spec import SearchSpec

# A limit that is noticed late by this part of it is noticed soon enough. To poll as often as a
# search does would take minutes where the search takes days.
LIMIT_PART = 0.01
# Trials from whose pace the rest of a larger search follows.
TAIL_TRIALS = 40
# Samplers that would need a package, another process or minutes, and who proposes for them.
_PROXIES: dict[SamplerName, SamplerName] = {"bayesian": "tpe", "gp": "tpe", "hyperband": "random"}


@dataclass(slots=True)
class VirtualClock:
    """The seconds since the start of a simulation; whoever waits sets them."""

    seconds: float = 0.0

    def __call__(self) -> float:
        """Return the seconds so far."""
        return self.seconds


# What happens to a job, each after so many seconds; after a report it is sent whether to stop.
Life = Generator[tuple[float, Event], bool | None, None]


@dataclass(slots=True, kw_only=True)
class _Slot:
    """A worker that is there from `ready` on, its job, and what happens to that next.

    The order decides among what is due at once. A job without an `event` waits for an answer.
    """

    number: int
    ready: float
    job: Job | None = None
    life: Life | None = None
    event: Event | None = None
    due: tuple[float, int] = (0.0, 0)


class SimulatedExecutor:
    """Runs jobs for as long as their networks are expected to take, on a clock of its own."""

    def __init__(
        self,
        slots: int,
        course_of: Callable[[Job], Course | None],
        rates: Rates,
        images: Images,
        *,
        clock: VirtualClock,
    ) -> None:
        """Start `slots` workers; `course_of` returns how a job's network does, None if invalid."""
        self._course_of = course_of
        self._rates = rates
        self._images = images
        self._clock = clock
        ready = clock.seconds + rates.startup
        self._slots = [_Slot(number=number, ready=ready) for number in range(slots)]
        self._order = itertools.count()

    @property
    def slots(self) -> int:
        """Return how many jobs can run at once."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """Return how many jobs can be submitted now."""
        return sum(slot.job is None for slot in self._slots)

    def submit(self, job: Job) -> None:
        """Start a job in the free slot whose worker is ready first."""
        free = [slot for slot in self._slots if slot.job is None]
        slot = min(free, key=lambda slot: slot.ready)
        slot.job, slot.life = job, self._live(job, slot)
        self._go_on(slot)

    def poll(self, timeout_seconds: float) -> list[Event]:
        """Let time pass until something happens, at most that long."""
        until = self._clock.seconds + timeout_seconds
        slot = min(
            (slot for slot in self._slots if slot.event is not None),
            key=lambda slot: slot.due,
            default=None,
        )
        if slot is None or slot.due[0] > until:
            self._clock.seconds = until
            return []
        self._clock.seconds = slot.due[0]
        event, slot.event = slot.event, None
        assert event is not None
        if isinstance(event, Started):
            self._go_on(slot)
        elif isinstance(event, Finished):
            slot.job = None
        return [event]

    def answer(self, number: int, *, stop: bool) -> None:
        """Answer a `Reported`: go on, or stop there."""
        slot = self._find(number)
        if slot is not None and slot.event is None:
            self._go_on(slot, stop=stop)

    def kill(self, number: int, failure: Failure) -> None:
        """End a job at once; another worker has to start in its place."""
        slot = self._find(number)
        if slot is not None and slot.job is not None:
            slot.ready = self._clock.seconds + self._rates.startup
            result = failed_result(slot.job, failure, threads=None)
            ended = Finished(number=number, worker=slot.number, result=result)
            self._plan(slot, 0.0, ended)

    def close(self) -> None:
        """Abandon all jobs without an event."""
        for slot in self._slots:
            slot.job = slot.event = None

    def _find(self, number: int) -> _Slot | None:
        for slot in self._slots:
            if slot.job is not None and slot.job.number == number:
                return slot
        return None

    def _go_on(self, slot: _Slot, *, stop: bool | None = None) -> None:
        assert slot.life is not None, "only a job goes on"
        self._plan(slot, *slot.life.send(stop))

    def _plan(self, slot: _Slot, delay: float, event: Event) -> None:
        slot.event, slot.due = event, (self._clock.seconds + delay, next(self._order))

    def _live(self, job: Job, slot: _Slot) -> Life:
        number, worker, rates = job.number, slot.number, self._rates
        course = self._course_of(job)
        wait = max(0.0, slot.ready - self._clock.seconds)
        yield wait, Started(number=number, worker=worker)
        if course is None:
            failure = Failure(kind="unbuildable", message="the network is invalid")
            result = failed_result(job, failure, threads=None)
            yield 0.0, Finished(number=number, worker=worker, result=result)
            return
        workload, slowness = course.workload, course.slowness(rates.error)
        epochs = job.config.training.epochs
        reports: list[tuple[int, float]] = []
        fit_seconds, stopped = 0.0, False
        # A trial reports after each epoch, whether or not it is judged there.
        steps = {*job.rungs, *range(QUARTERS, QUARTERS * epochs, QUARTERS)}
        for step, part in rates.segments(workload, self._images, epochs=epochs, rungs=steps):
            fit_seconds += part * slowness
            accuracy = course.accuracy(step)
            reports.append((step, accuracy))
            report = Reported(number=number, worker=worker, step=step, accuracy=accuracy)
            stopped = bool((yield part * slowness, report))
            if stopped:
                break
        answer_seconds = rates.answer_share * rates.image_seconds(workload) * slowness
        total = 10**DIGITS
        result = RunResult(
            status="pruned" if stopped else "complete",
            config_id=job.config.config_id,
            seed=job.seed,
            validation=None if stopped else Score(correct=round(accuracy * total), total=total),
            reports=tuple(reports),
            parameters=workload.parameters,
            flops=workload.flops,
            timings=Timings(fit_seconds=fit_seconds, inference_us_batch_256=1e6 * answer_seconds),
            precision=job.precision,
        )
        yield rates.overhead, Finished(number=number, worker=worker, result=result)


@dataclass(slots=True, kw_only=True)
class Simulation(Progress):
    """What came of a simulated search, which it watches.

    `endings` are the seconds at which its trials ended, those with the numbers `skipped` without
    training. `steps` are the quarters of an epoch that each trial has trained. So many trials are
    `left` as were not simulated, and would follow.
    """

    clock: VirtualClock
    ledger: Ledger
    outcome: Outcome = field(default_factory=Outcome)
    endings: list[float] = field(default_factory=list)
    steps: dict[int, int] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    left: int = 0

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return self.endings[-1] if self.endings else 0.0

    @property
    def pace(self) -> float:
        """Return the seconds from one of the last trials' end to the next."""
        tail = self.endings[-TAIL_TRIALS:]
        return (tail[-1] - tail[0]) / (len(tail) - 1) if len(tail) > 1 else 0.0

    def reported(self, assignment: Assignment, step: int, accuracy: float) -> None:
        """Note how far a trial got."""
        self.steps[assignment.number] = step

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        """Note when a trial ended."""
        self.endings.append(self.clock())
        self.steps.setdefault(assignment.number, 0)
        if worker is None:
            self.skipped.add(assignment.number)


def proxy_sampler(search: SearchSpec) -> SamplerName:
    """Return the sampler that is simulated in the place of a search's."""
    if search.engine == "keras-tuner" and search.sampler == "grid":
        return "random"
    return _PROXIES.get(search.sampler, search.sampler)


def proxy_pruner(search: SearchSpec) -> PrunerName:
    """Return the pruner to simulate: it has the brackets of a sampler hyperband."""
    return "hyperband" if search.sampler == "hyperband" else search.pruner


def simulate(
    plan: Plan,
    world: World,
    rates: Rates,
    *,
    trials: int,
    seed: int,
    time_budget_seconds: float | None = None,
    clock: VirtualClock | None = None,
) -> Simulation:
    """Simulate so many trials of a search once."""
    proxy = {
        "engine": "optuna",
        "sampler": proxy_sampler(plan.search),
        "pruner": proxy_pruner(plan.search),
        "seed": seed,
    }
    spec = plan.spec.model_copy(update={"search": plan.search.model_copy(update=proxy)})
    clock = VirtualClock() if clock is None else clock
    ledger = ledger_in_memory(spec, first=plan.first)
    found, study = Simulation(clock=clock, ledger=ledger), ledger.study

    def course_of(job: Job) -> Course | None:
        values = study.get_trials(deepcopy=False)[job.number].params
        return world.course(values, job.config)

    interrupt = Interrupt()
    limits = Limits(
        time_budget_seconds=time_budget_seconds, trial_timeout_seconds=plan.trial_timeout_seconds
    )
    given = [each for each in (time_budget_seconds, plan.trial_timeout_seconds) if each is not None]
    executor = SimulatedExecutor(plan.workers, course_of, rates, plan.images, clock=clock)
    work = SearchWork(
        ledger, [], trials=trials, progress=found, interrupt=interrupt, clock=clock, shelf=None
    )
    with closing(work), closing(executor):
        found.outcome = run_loop(
            work,
            executor,
            progress=found,
            interrupt=interrupt,
            limits=limits,
            clock=clock,
            poll_seconds=max(POLL_SECONDS, LIMIT_PART * min(given, default=math.inf)),
        )
    if found.outcome.ending == "done" and not work.exhausted:
        found.left = plan.trials - len(found.endings)
    return found
