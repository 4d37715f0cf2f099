"""Jobs on a Ray cluster: each slot is an actor that hosts a local executor with one worker.

Only the coordinator writes. An actor has at most one call outstanding, which returns when
something has happened to its job; nothing is ever asked of it meanwhile, so it runs its calls in
its main thread. Whatever else is to end a job ends its actor, and another takes its place.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_search.errors import MnistSearchError, ResourceError, UsageError
from mnist_search.execution._actor import (
    ActorSlot,
    SentImages,
    check_versions,
    store_weights,
)
from mnist_search.execution._agent import Agent, AgentFacts, Heard, compared_versions, passed_on
from mnist_search.execution.base import (
    Event,
    Finished,
    Notice,
    Reported,
    Started,
    failed_result,
)
from mnist_search.execution.connection import Connection, Node
from mnist_search.execution.local import START_FAILURES, TRAINER
from mnist_search.specs import Failure, Job

# How often the connection is looked at.
LOOK_SECONDS = 1.0
# Without room for any worker: when that is said, and when it is given up. An autoscaler needs
# minutes for a machine.
SAY_SECONDS, ROOM_SECONDS = 10.0, 600.0
# So many messages a second, of all slots together, say how far jobs are.
STEPS_A_SECOND = 50


class ClusterExecutor:
    """Runs one job per actor. A slot is free once its actor is there.

    A job whose actor is lost before a worker took it up goes to another slot. Not for use by
    several threads at once.
    """

    def __init__(
        self,
        workers: int,
        *,
        connection: Connection,
        grows: bool = False,
        worker_cpus: float = 1,
        worker_gpus: float = 0,
        trainer: str = TRAINER,
        memory_limit_bytes: int | None = None,
        variables: Mapping[str, str],
        room_seconds: float = ROOM_SECONDS,
    ) -> None:
        """Ask the cluster for `workers` actors; with `grows` for more when machines join.

        `variables` are set for the workers; the connection is closed with the executor.

        Raises:
            UsageError: fewer than one worker.
        """
        if workers < 1:
            raise UsageError(f"workers must be at least 1, got {workers}")
        import ray

        self._ray = ray
        self._connection = connection
        self._grows = grows
        self._cpus, self._gpus = worker_cpus, worker_gpus
        self._threads = max(1, int(worker_cpus))
        self._options = {
            "trainer": trainer,
            "threads": self._threads,
            "gpus": worker_gpus,
            "memory_limit_bytes": memory_limit_bytes,
            "variables": passed_on(variables),
            "step_seconds": max(1.0, workers / STEPS_A_SECOND),
        }
        self._room_seconds = room_seconds
        self._versions = compared_versions()
        self._images = SentImages()
        # Jobs that no actor has yet.
        self._waiting: deque[Job] = deque()
        self._events: list[Event] = []
        self._error: MnistSearchError | None = None
        self._closed = False
        self._next_look = 0.0
        # Since when some workers, and all of them, have no room.
        self._crowded_since = self._empty_since = time.monotonic()
        self._said = False
        self._slots: list[ActorSlot] = []
        for _ in range(workers):
            self._add_slot()

    @property
    def slots(self) -> int:
        """Return how many jobs can run at once when all actors are there."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """Return how many jobs can be submitted now."""
        idle = sum(slot.has_room and slot.job is None for slot in self._slots)
        return max(0, idle - len(self._waiting))

    def submit(self, job: Job) -> None:
        """Start a job in a free slot.

        Raises:
            ValueError: no slot is free, or a job of that number is running.
        """
        self._check()
        if self._find(job.number) is not None or any(
            job.number == one.number for one in self._waiting
        ):
            raise ValueError(f"job {job.number} is already running")
        if self.free == 0:
            raise ValueError(f"job {job.number} needs a free slot, all {self.slots} are busy")
        self._waiting.append(job)
        self._dispatch()

    def poll(self, timeout_seconds: float) -> list[Event]:
        """Return what has happened, waiting at most that long for something to happen.

        Raises:
            ClusterError: the head is lost.
            ResourceError: the cluster has had no room for any worker for long.
            UsageError: a machine of the cluster has other versions or other images.
            MnistSearchError: several actors in a row died before they were there.
        """
        self._check()
        deadline = time.monotonic() + timeout_seconds
        try:
            while True:
                now = time.monotonic()
                if now >= self._next_look:
                    self._look(now)
                self._end_doomed()
                self._dispatch()
                until = now if self._events else min(deadline, self._next_look)
                for slot in self._answered(max(0.0, until - now)):
                    self._hear(slot)
                if self._events or time.monotonic() >= deadline:
                    events = self._events.copy()
                    self._events.clear()
                    return events
        except MnistSearchError as error:
            self._error = error
            raise

    def answer(self, number: int, *, stop: bool) -> None:
        """Answer a `Reported`; nothing happens if that job is over by now."""
        slot = self._find(number)
        if slot is not None and slot.reporting:
            slot.answer(stop=stop)

    def kill(self, number: int, failure: Failure) -> None:
        """End a job at once; the next `poll` tells. Nothing happens if it is over by now."""
        slot = self._find(number)
        if slot is not None and slot.failure is None:
            slot.failure = failure
        for job in self._waiting:
            if job.number == number:
                self._waiting.remove(job)
                self._finish(job, failure, worker=0)
                return

    def close(self) -> None:
        """End all actors; running jobs are abandoned without an event."""
        if self._closed:
            return
        self._closed = True
        self._events.clear()
        self._connection.close()

    def _check(self) -> None:
        if self._closed:
            raise RuntimeError("the executor is closed")
        if self._error is not None:
            raise self._error

    def _create(self) -> Any:
        actor = self._ray.remote(Agent)
        wanted = {"num_cpus": self._cpus, "num_gpus": self._gpus, "max_restarts": 0}
        return actor.options(**wanted, scheduling_strategy="SPREAD").remote(**self._options)

    def _add_slot(self) -> None:
        self._slots.append(ActorSlot(len(self._slots), self._create))

    def _find(self, number: int) -> ActorSlot | None:
        for slot in self._slots:
            if slot.job is not None and slot.job.number == number:
                return slot
        return None

    def _look(self, now: float) -> None:
        """See to what no actor tells: the head, the room, and machines that joined."""
        self._next_look = now + LOOK_SECONDS
        self._connection.check()
        # While nobody else uses it.
        fitting = sum(node.fitting(self._cpus, self._gpus) for node in self._connection.nodes)
        while self._grows and fitting > self.slots:
            self._add_slot()
        crowded = sum(not slot.has_room for slot in self._slots)
        if crowded < self.slots:
            self._empty_since = now
        if not crowded:
            self._crowded_since, self._said = now, False
        if now - self._empty_since > self._room_seconds:
            raise ResourceError(
                f"the cluster had no room for a worker for {self._room_seconds:g} s: "
                f"{self._describe_room()}",
                hint="`ray status` says what uses it; --worker-cpus and --worker-gpus ask for less",
            )
        if now - self._crowded_since > SAY_SECONDS and not self._said:
            self._said = True
            text = f"{crowded} of {self.slots} workers wait for room in the cluster"
            self._events.append(Notice(text=f"{text}: {self._describe_room()}"))

    def _describe_room(self) -> str:
        nodes = self._connection.nodes
        needed = Node(cpus=self._cpus, gpus=self._gpus)
        offered = Node(cpus=sum(one.cpus for one in nodes), gpus=sum(one.gpus for one in nodes))
        return f"each needs {needed}; all that the cluster has, for everybody, is {offered}"

    def _end_doomed(self) -> None:
        for slot in self._slots:
            if slot.failure is not None and slot.job is not None:
                job, failure = slot.job, slot.failure
                slot.replace()
                self._finish(job, failure, worker=slot.number)

    def _dispatch(self) -> None:
        """Give waiting jobs to actors that are there and have none."""
        for slot in self._slots:
            if not self._waiting:
                return
            if slot.facts is None or slot.job is not None:
                continue
            job = self._waiting.popleft()
            slot.run(job, self._images.of(job.dataset))

    def _answered(self, timeout_seconds: float) -> list[ActorSlot]:
        """Wait until a call returns; return the slots of all that have."""
        calls = {slot.call: slot for slot in self._slots if slot.call is not None}
        if not calls:
            time.sleep(timeout_seconds)
            return []
        waited = list(calls)
        done, _ = self._ray.wait(waited, timeout=timeout_seconds)
        if done:
            done, _ = self._ray.wait(waited, num_returns=len(waited), timeout=0)
        return [calls[call] for call in done]

    def _hear(self, slot: ActorSlot) -> None:
        call, slot.call = slot.call, None
        try:
            heard: AgentFacts | Heard = self._ray.get(call)
        except self._ray.exceptions.RayTaskError as error:
            raise self._explain(slot, error) from error
        except self._ray.exceptions.RayError as error:
            self._on_lost(slot, error)
            return
        if isinstance(heard, AgentFacts):
            check_versions(self._versions, heard)
            slot.facts, slot.has_room, slot.start_failures = heard, True, 0
            return
        for event in heard.events:
            self._on_event(slot, event, heard.weights)
        if slot.job is not None and not slot.reporting:
            slot.listen()

    def _on_event(self, slot: ActorSlot, event: Event, weights: bytes | None) -> None:
        match event:
            case Started():
                slot.started = True
            case Reported():
                slot.reporting = True
            case Finished(result=result):
                assert slot.job is not None, "only a job can finish"
                if slot.job.weights_path is not None and result.weights_sha256 is not None:
                    stored = store_weights(weights, Path(slot.job.weights_path))
                    checksum = result.weights_sha256 if stored else None
                    result = result.model_copy(update={"weights_sha256": checksum})
                    event = replace(event, result=result)
                slot.job = None
        if not isinstance(event, Notice):
            event = replace(event, worker=slot.number)
        self._events.append(event)

    def _on_lost(self, slot: ActorSlot, error: Exception) -> None:
        """Replace an actor that is gone; its job fails if it had begun, else it moves on."""
        job, started, facts = slot.job, slot.started, slot.facts
        if facts is None:
            slot.start_failures += 1
            if slot.start_failures >= START_FAILURES:
                raise MnistSearchError(
                    f"no worker could be started in slot {slot.number} of the cluster, "
                    f"{START_FAILURES} in a row died: {_last_line(error)}"
                )
        slot.replace()
        slot.has_room = False
        if job is None:
            return
        if not started:
            self._waiting.appendleft(job)
            return
        name = "?" if facts is None else facts.node
        failure = Failure(kind="worker-died", message=f"the machine {name} was lost")
        self._finish(job, failure, worker=slot.number, lost=True)

    def _finish(self, job: Job, failure: Failure, *, worker: int, lost: bool = False) -> None:
        result = failed_result(job, failure, threads=self._threads)
        self._events.append(
            Finished(
                number=job.number,
                worker=worker,
                result=result,
                killed="machine" if lost else None,
            )
        )

    def _explain(self, slot: ActorSlot, error: Any) -> MnistSearchError:
        """Return what an exception in an actor means to the user."""
        name = None if slot.facts is None else slot.facts.node
        cause = error.cause
        if isinstance(cause, MnistSearchError):
            where = "a machine of the cluster" if name is None else f"the machine {name}"
            return UsageError(f"{where}: {cause.message}", hint=cause.hint)
        if isinstance(cause, OSError):
            return ResourceError(f"{name or 'a machine of the cluster'}: {cause}")
        raise error


def _last_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1].strip()
