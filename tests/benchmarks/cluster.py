"""What a Ray cluster costs, and how many workers one coordinator can serve.

    python tests/benchmarks/cluster.py --output reports/performance/cluster.json

Starts a cluster on this machine. Workers of 2 to 1,000 slots are simulated: each slot is a place in
one of a few actors, whose training is an instant made-up result, and the rest is what `run` does.
What counts there is the processor time of the coordinator for a trial, since the trials per second
of a few cores say little of a cluster. Against that, one real worker of the cluster and one of
this machine take turns: what a trial costs them, a report and its answer, and a start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import cache, partial
from pathlib import Path
from typing import Any

import harness

from mnist_search.datasets import resolve
from mnist_search.execution import Executor, Finished, Reported
from mnist_search.execution._agent import AgentFacts, Heard, compared_versions
from mnist_search.execution.cluster import ClusterExecutor
from mnist_search.execution.connection import Connection
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import Adam, Dense, Flatten, Job, Network, RunConfig, Training
from tests.support.clusters import add_node, ray_cluster, workers_of_nodes
from tests.support.fake import FakeExecutor
from tests.support.surrogate import run_job

ADDRESS, ACTORS = "BENCHMARK_CLUSTER", 2
TRAINER = "tests.support.surrogate"
MIB = 2**20
SETTLE_SECONDS = 10.0


class Places:
    """Many slots in one actor; each runs its job a step further when it is asked."""

    def __init__(self) -> None:
        self._places: dict[int, FakeExecutor] = {}

    def begin(self, place: int) -> AgentFacts:
        self._places[place] = FakeExecutor(1, run_job)
        return AgentFacts(node="?", versions=compared_versions())

    def run(self, place: int, job: Job, images: Any) -> Heard:
        self._places[place].submit(job)
        return self.listen(place)

    def answer(self, place: int, number: int, stop: bool) -> Heard:
        self._places[place].answer(number, stop=stop)
        return self.listen(place)

    def listen(self, place: int) -> Heard:
        return Heard(events=self._places[place].poll(0.0))


class Place:
    """Stands for an actor: `place.run.remote(...)` asks the one that it is in."""

    def __init__(self, actor: Any, number: int) -> None:
        self._actor, self._number = actor, number

    def __getattr__(self, method: str) -> Any:
        return Bound(getattr(self._actor, method), self._number)


class Bound:
    """A method of an actor whose first argument is known."""

    def __init__(self, method: Any, number: int) -> None:
        self._method, self._number = method, number

    def remote(self, *arguments: Any) -> Any:
        return self._method.remote(self._number, *arguments)


class ManyPlaces(ClusterExecutor):
    """The executor of a cluster, but for its actors."""

    _actors: list[Any] | None = None
    _count = 0

    def _create(self) -> Any:
        if self._actors is None:
            self._actors = [self._ray.remote(Places).remote() for _ in range(ACTORS)]
        self._count += 1
        return Place(self._actors[self._count % ACTORS], self._count)


def simulated(workers: int) -> Executor:
    """Be what MNIST_SEARCH_TRAINER names for `run`."""
    return ManyPlaces(workers, connection=Connection(os.environ[ADDRESS]), variables={})


def main() -> None:
    """Measure, and write all of it."""
    parser = harness.arguments(__doc__ or "")
    parser.set_defaults(repeats=3)
    parser.add_argument("--slots", nargs="+", type=int, default=[2, 64, 256, 1000])
    parser.add_argument("--samplers", nargs="+", default=["random", "tpe"])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=200)
    options = parser.parse_args()
    # For the actors, which import this very module.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(harness.ROOT), str(harness.FOLDER)])
    with ray_cluster(nodes=1) as cluster:
        first = held_mib()
        add_node(cluster)
        node = held_mib() - first
        scale, costs = measure(options, cluster.address)
    harness.write(
        options.output,
        "cluster",
        trials=options.trials,
        actors=ACTORS,
        rows=[
            {"slots": slots, "sampler": sampler, "cpu_ms": harness.spread([c for c, _ in found])}
            | {"trials_per_second": harness.spread([rate for _, rate in found])}
            for (slots, sampler), found in scale.items()
        ],
        costs=[
            {"worker": worker, "what": what, "ms": harness.spread(found)}
            for (worker, what), found in costs.items()
        ],
        memory_mib={"head": round(first - node), "node": round(node)},
    )


def held_mib() -> float:
    """Return what all processes of the cluster hold once they have settled."""
    time.sleep(SETTLE_SECONDS)
    return sum(each.memory_info().rss for each in workers_of_nodes("ray")) / MIB


def measure(options: argparse.Namespace, address: str) -> tuple[dict[Any, Any], dict[Any, Any]]:
    scale: dict[tuple[int, str], list[tuple[float, float]]] = {}
    costs: dict[tuple[str, str], list[float]] = {}
    for number in range(1, options.repeats + 1):
        for sampler in options.samplers:
            for slots in options.slots:
                found = search(address, sampler, slots, options.trials)
                scale.setdefault((slots, sampler), []).append(found)
                harness.say(f"{slots} slots, {sampler}: {found[0]:.1f} ms, {found[1]:.1f} a second")
        for worker in ("local", "cluster"):
            for what, ms in cost_of(worker, address, options.jobs).items():
                costs.setdefault((worker, what), []).append(ms)
                harness.say(f"{worker}, {what}: {ms:.2f} ms")
        harness.say(f"round {number} done")
    return scale, costs


def search(address: str, sampler: str, slots: int, trials: int) -> tuple[float, float]:
    """Return the coordinator's ms of processor time a trial, and trials per second."""
    few, many = (_search(address, sampler, slots, count) for count in (1, trials))
    cpu, seconds = (late - early for early, late in zip(few, many, strict=True))
    return 1000 * cpu / (trials - 1), (trials - 1) / seconds


def _search(address: str, sampler: str, slots: int, trials: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as home:
        command = harness.tool(
            Path(home),
            *("run", "--space", "mlp", "--sampler", sampler, "--dataset", "digits", "-q"),
            *("--trials", str(trials), "--workers", str(slots)),
        )
        environment = harness.child_environment() | {
            ADDRESS: address,
            "MNIST_SEARCH_TRAINER": "tests.benchmarks.cluster:simulated",
        }
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise RuntimeError("the search failed")
        return used.ru_utime + used.ru_stime, time.perf_counter() - started


def cost_of(worker: str, address: str, jobs: int) -> dict[str, float]:
    """Return the ms of a start, of a job and of a report with its answer."""
    started = time.perf_counter()
    executor: Executor
    if worker == "local":
        executor = LocalExecutor(1, threads=1, trainer=TRAINER)
    else:
        connection = Connection(address)
        executor = ClusterExecutor(1, connection=connection, trainer=TRAINER, variables={})
        while executor.free == 0:
            executor.poll(1.0)
    try:
        run_one(executor, job(0, epochs=1))
        ready = time.perf_counter()
        for number in range(1, jobs + 1):
            run_one(executor, job(number, epochs=1))
        short = time.perf_counter()
        run_one(executor, job(jobs + 1, epochs=jobs))
        end = time.perf_counter()
    finally:
        executor.close()
    return {
        "start": 1000 * (ready - started),
        "job of one report": 1000 * (short - ready) / jobs,
        "report and answer": 1000 * (end - short) / jobs,
    }


def run_one(executor: Executor, job: Job) -> None:
    executor.submit(job)
    while True:
        for event in executor.poll(10.0):
            if isinstance(event, Reported):
                executor.answer(event.number, stop=False)
            elif isinstance(event, Finished):
                return


# Reading the images again for every job would take longer than the job.
dataset = cache(partial(resolve, "digits", environ={}))


def job(number: int, *, epochs: int) -> Job:
    network = Network(layers=(Flatten(), Dense(units=32)))
    training = Training(optimizer=Adam(), batch_size=128, epochs=epochs)
    config = RunConfig(model=network, training=training)
    return Job(number=number, config=config, seed=0, dataset=dataset())


if __name__ == "__main__":
    sys.exit(main())
