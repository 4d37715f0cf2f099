"""A search without training: its own loop, work and ledger, on workers that are simulated.

So limits, duplicates, networks that are too large, time-outs, time budgets, several objectives and
pruning are decided here by the code that decides them in a search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from mnist_search.engines import PrunerName, create_engine, rung_steps
from mnist_search.planning.costs import Rates
from mnist_search.planning.executor import SimulatedExecutor, VirtualClock
from mnist_search.planning.survey import Plan
from mnist_search.planning.world import Course, World
from mnist_search.spaces import SearchSpace, Value
from mnist_search.specs import Job, RunConfig, RunResult
from mnist_search.studies.loop import (
    POLL_SECONDS,
    Assignment,
    Interrupt,
    Limits,
    Outcome,
    Work,
    run_loop,
)
from mnist_search.studies.opening import ledger_in_memory
from mnist_search.studies.search import SearchWork
from mnist_search.studies.spec import SearchSpec

# A limit that is noticed late by this part of it is noticed soon enough. To poll as often as a
# search does would take minutes where the search takes days.
LIMIT_PART = 0.01


@dataclass(slots=True, kw_only=True)
class Simulation:
    """What came of a simulated search; a `Progress` that nobody sees.

    `endings` are the seconds at which its trials ended, those with the numbers `skipped` without
    training. `steps` are the quarters of an epoch that each trial has trained.
    `exhausted` says that the sampler had no more to propose.
    """

    clock: VirtualClock
    outcome: Outcome = field(default_factory=Outcome)
    values: list[dict[str, Value]] = field(default_factory=list)
    endings: list[float] = field(default_factory=list)
    steps: dict[int, int] = field(default_factory=dict)
    messages: dict[int, str | None] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    exhausted: bool = False

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return self.endings[-1] if self.endings else 0.0

    def started(self, number: int, worker: int, label: str, epochs: int) -> None:
        """Go on."""

    def reported(self, number: int, worker: int, step: int, accuracy: float) -> None:
        """Note how far a trial got."""
        self.steps[number] = step

    def finished(
        self,
        number: int,
        worker: int | None,
        label: str,
        status: str,
        accuracy: float | None,
        seconds: float | None,
        message: str | None,
    ) -> None:
        """Note when a trial ended."""
        self.endings.append(self.clock())
        self.steps.setdefault(number, 0)
        self.messages[number] = message
        if worker is None:
            self.skipped.add(number)

    def note(self, text: str) -> None:
        """Go on."""


def simulate(
    plan: Plan,
    search: SearchSpec,
    world: World,
    rates: Rates,
    *,
    trials: int,
    time_budget_seconds: float | None = None,
    clock: VirtualClock | None = None,
) -> Simulation:
    """Search in a plan's way, but as `search` says, until so many trials are over."""
    found = Simulation(clock=VirtualClock() if clock is None else clock)
    ledger = ledger_in_memory(plan.spec.model_copy(update={"search": search}), first=plan.first)
    study, interrupt = ledger.study, Interrupt()

    def course_of(job: Job) -> Course | None:
        values = study.get_trials(deepcopy=False)[job.number].params
        return world.course(values, job.config)

    work = SearchWork(
        ledger,
        [],
        trials=trials,
        progress=found,
        interrupt=interrupt,
        clock=found.clock,
        shelf=None,
    )
    with closing(work):
        _run(plan, work, course_of, rates, found, interrupt, time_budget_seconds)
    found.exhausted = work.exhausted
    found.values = [trial.params for trial in study.get_trials(deepcopy=False)]
    return found


def replay(
    plan: Plan,
    recorded: Simulation,
    configs: Sequence[RunConfig],
    world: World,
    rates: Rates,
    *,
    pruner: PrunerName,
    epochs: int,
) -> Simulation:
    """Let the trials of a simulation run again, as `configs` say, under another pruner.

    With a search's own work and ledger each would take five times as long.
    """
    found = Simulation(clock=VirtualClock(), values=recorded.values)
    work = _Replay(plan, recorded, configs, pruner=pruner, epochs=epochs)

    def course_of(job: Job) -> Course | None:
        return world.course(recorded.values[job.number], job.config)

    with closing(work):
        _run(plan, work, course_of, rates, found, Interrupt(), None)
    found.exhausted = recorded.exhausted
    return found


class _Replay:
    """The trials of a simulation; those that were not trained are not trained again."""

    def __init__(
        self,
        plan: Plan,
        recorded: Simulation,
        configs: Sequence[RunConfig],
        *,
        pruner: PrunerName,
        epochs: int,
    ) -> None:
        search = plan.search
        nothing = SearchSpace(name="replay", family=search.space.family, parameters=())
        self._rungs = rung_steps(pruner, epochs=epochs)
        self._engine = create_engine(
            nothing, sampler="random", pruner=pruner, seed=search.seed, epochs=epochs
        )
        training = {"epochs": epochs}
        self._jobs = (
            Job(
                number=number,
                config=config.model_copy(
                    update={"training": config.training.model_copy(update=training)}
                ),
                seed=search.seed,
                dataset=plan.spec.dataset,
                rungs=self._rungs,
            )
            for number, config in enumerate(configs)
            if number not in recorded.skipped
        )
        self._numbers: dict[int, int] = {}

    def claim(self) -> Assignment | None:
        job = next(self._jobs, None)
        if job is None:
            return None
        proposal = self._engine.ask()
        assert proposal is not None, "a sampler of random points has always more"
        self._numbers[job.number] = proposal.number
        return Assignment(job=job, label="")

    def report(self, assignment: Assignment, step: int, accuracy: float) -> bool:
        number = self._numbers[assignment.number]
        return step in self._rungs and self._engine.report(number, step, accuracy)

    def finish(self, assignment: Assignment, result: RunResult, *, worker: int) -> None:
        self._engine.tell(self._numbers[assignment.number], result.last_accuracy)

    def release(self, assignment: Assignment) -> None:
        self._engine.release(self._numbers[assignment.number])

    def close(self) -> None:
        self._engine.close()


def _run(
    plan: Plan,
    work: Work,
    course_of: Callable[[Job], Course | None],
    rates: Rates,
    found: Simulation,
    interrupt: Interrupt,
    time_budget_seconds: float | None,
) -> None:
    limits = Limits(
        time_budget_seconds=time_budget_seconds, trial_timeout_seconds=plan.trial_timeout_seconds
    )
    given = [each for each in (time_budget_seconds, plan.trial_timeout_seconds) if each is not None]
    executor = SimulatedExecutor(plan.workers, course_of, rates, plan.images, clock=found.clock)
    with closing(executor):
        found.outcome = run_loop(
            work,
            executor,
            progress=found,
            interrupt=interrupt,
            limits=limits,
            clock=found.clock,
            poll_seconds=max(POLL_SECONDS, LIMIT_PART * min(given, default=math.inf)),
        )
