"""A search without training: its own loop, work and ledger, on workers that are simulated.

The workers take the time that networks are expected to take, on a clock of their own. So limits,
duplicates, networks that are too large, time-outs, time budgets, several objectives and pruning
are decided here by the code that decides them in a search.
"""

from __future__ import annotations

import heapq
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
from mnist_search.studies.progress import Assignment, SilentProgress
from mnist_search.studies.search import SearchWork
from mnist_search.studies.spec import SearchSpec

# A limit that is noticed late by this part of it is noticed soon enough. To poll as often as a
# search does would take minutes where the search takes days.
LIMIT_PART = 0.01
# Samplers that would need a package, another process or minutes, and who proposes for them.
_PROXIES: dict[SamplerName, SamplerName] = {"bayesian": "tpe", "gp": "tpe", "hyperband": "random"}


@dataclass(slots=True)
class VirtualClock:
    """The seconds since the start of a simulation; whoever waits sets them."""

    seconds: float = 0.0

    def __call__(self) -> float:
        """Return the seconds so far."""
        return self.seconds


@dataclass(slots=True, kw_only=True)
class _Simulated:
    """A job in a slot; its life yields (seconds until it happens, event) and is sent answers."""

    job: Job
    slot: int
    life: Generator[tuple[float, Event], bool, None]
    over: bool = False


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
        self._ready = [clock.seconds + rates.startup] * slots
        self._slots: list[_Simulated | None] = [None] * slots
        # What is to happen: when, in which order of what happens at once, to which job.
        self._agenda: list[tuple[float, int, _Simulated, Event]] = []
        self._order = itertools.count()

    @property
    def slots(self) -> int:
        """Return how many jobs can run at once."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """Return how many jobs can be submitted now."""
        return self._slots.count(None)

    def submit(self, job: Job) -> None:
        """Start a job in the free slot whose worker is ready first."""
        free = [slot for slot, running in enumerate(self._slots) if running is None]
        slot = min(free, key=self._ready.__getitem__)
        running = _Simulated(job=job, slot=slot, life=self._live(job, slot))
        self._slots[slot] = running
        self._plan(running, next(running.life))

    def poll(self, timeout_seconds: float) -> list[Event]:
        """Let time pass until something happens, at most that long."""
        while self._agenda and self._agenda[0][2].over:
            heapq.heappop(self._agenda)
        until = self._clock.seconds + timeout_seconds
        if not self._agenda or self._agenda[0][0] > until:
            self._clock.seconds = until
            return []
        due, _, running, event = heapq.heappop(self._agenda)
        self._clock.seconds = due
        if isinstance(event, Started):
            self._plan(running, next(running.life))
        elif isinstance(event, Finished):
            self._slots[running.slot] = None
        return [event]

    def answer(self, number: int, *, stop: bool) -> None:
        """Answer a `Reported`: go on, or stop there."""
        running = self._find(number)
        if running is not None:
            self._plan(running, running.life.send(stop))

    def kill(self, number: int, failure: Failure) -> None:
        """End a job at once; another worker has to start in its place."""
        killed = self._find(number)
        if killed is None:
            return
        killed.over = True
        self._ready[killed.slot] = self._clock.seconds + self._rates.startup
        result = failed_result(killed.job, failure, threads=None)
        end = _Simulated(job=killed.job, slot=killed.slot, life=killed.life)
        self._slots[killed.slot] = end
        self._plan(end, (0.0, Finished(number=number, worker=killed.slot, result=result)))

    def close(self) -> None:
        """Abandon all jobs without an event."""
        self._agenda.clear()
        self._slots = [None] * self.slots

    def _find(self, number: int) -> _Simulated | None:
        for running in self._slots:
            if running is not None and running.job.number == number:
                return running
        return None

    def _plan(self, running: _Simulated, what: tuple[float, Event]) -> None:
        delay, event = what
        entry = (self._clock.seconds + delay, next(self._order), running, event)
        heapq.heappush(self._agenda, entry)

    def _live(self, job: Job, slot: int) -> Generator[tuple[float, Event], bool, None]:
        """Yield what happens to a job, after how many seconds; is sent whether to stop."""
        number, rates, course = job.number, self._rates, self._course_of(job)
        wait = max(0.0, self._ready[slot] - self._clock.seconds)
        yield wait, Started(number=number, worker=slot)
        if course is None:
            failure = Failure(kind="unbuildable", message="the network is invalid")
            result = failed_result(job, failure, threads=None)
            yield 0.0, Finished(number=number, worker=slot, result=result)
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
            report = Reported(number=number, worker=slot, step=step, accuracy=accuracy)
            stopped = yield part * slowness, report
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
        yield rates.overhead, Finished(number=number, worker=slot, result=result)


@dataclass(slots=True, kw_only=True)
class Simulation(SilentProgress):
    """What came of a simulated search, which it watches.

    `endings` are the seconds at which its trials ended, those with the numbers `skipped` without
    training. `steps` are the quarters of an epoch that each trial has trained.
    `exhausted` says that the sampler had no more to propose.
    """

    clock: VirtualClock
    ledger: Ledger
    outcome: Outcome = field(default_factory=Outcome)
    endings: list[float] = field(default_factory=list)
    steps: dict[int, int] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    exhausted: bool = False

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return self.endings[-1] if self.endings else 0.0

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
    found.exhausted = work.exhausted
    return found
