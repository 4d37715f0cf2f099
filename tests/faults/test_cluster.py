"""A search on a Ray cluster that is struck: nothing is lost, nothing done twice, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.faults.striking import WORKER, WORKERS, check_values, wait_for
from tests.processes import is_alive
from tests.support.clusters import ROOT, add_node, ray_cluster, workers_of_nodes

pytestmark = pytest.mark.cluster
Until = Callable[..., None]
FEW, TRIALS, MANY = 3, 6, 30
ODD_CPUS = "9"
STRANGER_SECONDS = 25.0
SHORT = ("--epochs", "3", "--pruner", "none")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with ray_cluster(nodes=2) as started:
        yield started


@pytest.fixture
def until() -> Until:
    """Wait for a condition, without looking so often that the cluster has no time left."""

    def seldom(condition: Callable[[], bool], *process: subprocess.Popen[bytes]) -> None:
        def look() -> bool:
            time.sleep(0.1)
            return condition()

        wait_for(look, *process)

    return seldom


@pytest.fixture
def start(command_line: Any, cluster: Any) -> Callable[..., subprocess.Popen[bytes]]:
    def begin(*more: str, trials: int = TRIALS, **how: Any) -> subprocess.Popen[bytes]:
        words = command_line.search(trials, "--cluster", cluster.address, *SHORT, *more)
        process: subprocess.Popen[bytes] = command_line.start(words, trainer=WORKERS, **how)
        return process

    return begin


def test_one_worker_does_what_one_of_this_machine_does(command_line: Any, start: Any) -> None:
    pruned = ("--workers", "1", *SHORT, "--pruner", "halving")
    local = command_line.search(TRIALS, *pruned, "--study", "local")
    assert command_line.run(local, trainer=WORKERS).code == 0
    ended = command_line.end(start(*pruned))
    assert ended.code == 0, ended.err
    there = command_line.study
    here = type(there)(path=there.path.parent.parent / "local" / "journal.log")
    there.whole(TRIALS)
    assert (there.states(), there.params(), there.values()) == (
        here.states(),
        here.params(),
        here.values(),
    )
    assert [trial.reports for trial in there.trials()] == [trial.reports for trial in here.trials()]


def lose_a_node(command_line: Any, cluster: Any, start: Any, until: Until, **how: Any) -> Any:
    """Kill a node in the middle of a search, let another join, and wait for the end."""
    # Long enough that the node is gone before its trial ends.
    process = start("--workers", "auto", trials=FEW, seconds=1.0, **how)
    until(lambda: running_on_all(command_line, 2), process)
    victim = next(node for node in cluster.list_all_nodes() if not node.head)
    cluster.remove_node(victim, allow_graceful=False)
    add_node(cluster)
    return command_line.end(process)


def running_on_all(command_line: Any, count: int) -> bool:
    study = command_line.study
    if not study.path.exists():
        return False
    running = [trial for trial in study.trials() if trial.state == "RUNNING" and trial.reports]
    return len(running) == count


def test_lost_node_costs_no_trial_and_a_new_one_helps(
    command_line: Any, cluster: Any, start: Any, until: Until
) -> None:
    ended = lose_a_node(command_line, cluster, start, until)
    assert ended.code == 0, ended.err
    assert "its machine was lost, so it runs again" in ended.err
    command_line.study.whole(FEW)
    assert set(command_line.study.states().values()) == {"COMPLETE"}
    check_values(command_line)
    # Ray's daemons complain of what happened, and not among the rows.
    json.loads(ended.out)


def test_control_without_a_second_attempt(
    command_line: Any, cluster: Any, start: Any, until: Until
) -> None:
    sabotage = "import mnist_search.studies.loop as loop\nloop.RERUNS['machine'] = 0\n"
    lose_a_node(command_line, cluster, start, until, sabotage=sabotage)
    command_line.study.whole(FEW)
    assert "FAIL" in command_line.study.states().values()


def test_killed_training_process_runs_again_once(
    command_line: Any, start: Any, until: Until
) -> None:
    process = start("--workers", "1", seconds=0.3, trials=2)
    until(lambda: running_on_all(command_line, 1), process)
    [worker] = workers_of_nodes(WORKER)
    worker.kill()
    ended = command_line.end(process)
    assert ended.code == 0, ended.err
    assert "its worker was killed, so it runs again, once" in ended.err
    command_line.study.whole(2)
    assert set(command_line.study.states().values()) == {"COMPLETE"}


def strike_the_agent(command_line: Any, start: Any, until: Until, **how: Any) -> Any:
    process = start("--workers", "1", seconds=0.3, trials=2, **how)
    until(lambda: running_on_all(command_line, 1), process)
    [agent] = workers_of_nodes("ray::Agent")
    agent.kill()
    return command_line.end(process)


def test_killed_agent_costs_no_trial_and_stdout_stays_clean(
    command_line: Any, start: Any, until: Until
) -> None:
    ended = strike_the_agent(command_line, start, until)
    assert ended.code == 0, ended.err
    command_line.study.whole(2)
    assert set(command_line.study.states().values()) == {"COMPLETE"}
    json.loads(ended.out)


def test_control_ray_writes_among_the_rows(command_line: Any, start: Any, until: Until) -> None:
    sabotage = (
        "import sys\n"
        "if 'mnist_search' in ' '.join(sys.orig_argv):\n"
        "    import ray\n"
        "    init = ray.init\n"
        "    def talkative(**how):\n"
        "        ray._private.worker._worker_logs_enabled = True\n"
        "        return init(**how)\n"
        "    ray.init = talkative\n"
    )
    ended = strike_the_agent(command_line, start, until, sabotage=sabotage)
    with pytest.raises(json.JSONDecodeError):
        json.loads(ended.out)


def test_coordinator_killed_again_and_again_ends_at_n(
    command_line: Any, start: Any, until: Until
) -> None:
    for _ in range(3):
        process = start("--workers", "2", trials=MANY, seconds=0.1)
        done = over(command_line)
        until(lambda done=done: over(command_line) > done and workers_of_nodes(WORKER), process)
        # What loses its parent is no child of the nodes any more.
        there = [*workers_of_nodes(WORKER), *workers_of_nodes("ray::Agent")]
        process.kill()
        process.communicate()
        until(lambda there=there: not any(is_alive(one.pid) for one in there))
        assert not workers_of_nodes("ray::Agent")
    assert over(command_line) < MANY
    ended = command_line.end(start("--workers", "2", trials=MANY))
    assert ended.code == 0, ended.err
    command_line.study.whole(MANY)
    check_values(command_line)


def over(command_line: Any) -> int:
    study = command_line.study
    if not study.path.exists():
        return 0
    return sum(state not in ("RUNNING", "WAITING") for state in study.states().values())


def test_sigterm_gives_the_running_trials_back(command_line: Any, start: Any, until: Until) -> None:
    process = start("--workers", "1", seconds=0.5)
    until(lambda: running_on_all(command_line, 1), process)
    process.terminate()
    ended = command_line.end(process)
    assert ended.code == 128 + signal.SIGTERM, ended.err
    assert "WAITING" in command_line.study.states().values()


NO_PATIENCE = """
import sys
if "mnist_search" in " ".join(sys.orig_argv):
    import mnist_search.execution.cluster as cluster
    cluster.SAY_SECONDS = 1.0
    cluster.ClusterExecutor.__init__.__kwdefaults__["room_seconds"] = 3.0
"""


def test_no_room_is_said_and_then_given_up(command_line: Any, start: Any) -> None:
    ended = command_line.end(start("--worker-cpus", "64", sabotage=NO_PATIENCE))
    assert "1 of 1 workers wait for room in the cluster: each needs 64 CPUs" in ended.err
    ended.refused(6, "the cluster had no room for a worker for 3 s")


def test_no_cluster_is_told_within_seconds(command_line: Any, tmp_path: Path) -> None:
    began = time.monotonic()
    words = command_line.search(1, "--cluster", "127.0.0.1:1")
    command_line.run(words, trainer=WORKERS).refused(4, "no Ray cluster answers at 127.0.0.1:1")
    # Ray itself waits for minutes.
    assert time.monotonic() - began < 60
    assert not command_line.study.path.parent.exists()


# Programs that listen at a port that they tell, and are no Ray. At all addresses of this machine:
# Ray puts another one in the place of 127.0.0.1.
STRANGERS = {
    "http": """
from http.server import HTTPServer, SimpleHTTPRequestHandler
server = HTTPServer(("0.0.0.0", 0), SimpleHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
""",
    "silent": """
import socket, time
server = socket.create_server(("0.0.0.0", 0))
print(server.getsockname()[1], flush=True)
time.sleep(600)
""",
    "grpc": """
import concurrent.futures, grpc
server = grpc.server(concurrent.futures.ThreadPoolExecutor())
print(server.add_insecure_port("0.0.0.0:0"), flush=True)
server.start()
server.wait_for_termination()
""",
}


@contextmanager
def stranger(kind: str) -> Iterator[str]:
    """Return the address of a program that is no Ray."""
    words = [sys.executable, "-c", STRANGERS[kind]]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("http", "no Ray cluster answers at {}: another program does"),
        ("silent", "no Ray cluster answers at {}: timed out"),
        ("grpc", "the Ray cluster at {} cannot be used: "),
    ],
)
def test_what_is_no_ray_is_told_within_seconds(command_line: Any, kind: str, why: str) -> None:
    # Of what speaks as it does Ray asks twenty times, a second apart.
    once = {"RAY_gcs_server_port_wait_time_s": "1"}
    with stranger(kind) as address:
        words = command_line.search(1, "--cluster", address)
        process = command_line.start(words, trainer=WORKERS, environ=once)
        # Ray itself waits for minutes.
        process.wait(STRANGER_SECONDS)
    command_line.end(process).refused(4, why.format(address))
    assert not command_line.study.path.parent.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_control_ray_waits_for_what_is_no_ray(command_line: Any) -> None:
    sabotage = (
        "import sys\n"
        "if 'mnist_search' in ' '.join(sys.orig_argv):\n"
        "    import mnist_search.execution.connection as connection\n"
        "    connection._check_answer = lambda *_: None\n"
    )
    with stranger("http") as address:
        words = command_line.search(1, "--cluster", address)
        process = command_line.start(words, trainer=WORKERS, sabotage=sabotage)
        # Refused, it ends after one or two.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(15.0)
        process.kill()
        command_line.end(process)


@pytest.fixture
def odd_node(cluster: Any, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Let a larger node join, which another environment makes different from the others."""
    added = []

    def join(**variables: str) -> None:
        added.append(add_node(cluster, cpus=int(ODD_CPUS), variables=variables))

    yield join
    for node in added:
        cluster.remove_node(node)


def test_other_versions_are_refused_by_name(
    command_line: Any, start: Any, odd_node: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "numpy-0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.1\n")
    odd_node(PYTHONPATH=os.pathsep.join([str(other.parent), str(ROOT)]))
    ended = command_line.end(start("--workers", "1", "--worker-cpus", ODD_CPUS))
    here = metadata.version("numpy")
    name = os.uname().nodename
    ended.refused(2, f"machine {name} of the cluster has numpy 0.1 instead of {here}")


def test_other_images_are_refused_by_name(
    command_line: Any, start: Any, odd_node: Any, tmp_path: Path
) -> None:
    from mnist_search.datasets import resolve, save_data

    digits = resolve("digits", environ={})
    held = tmp_path / "node" / f"mnist-search-{os.getuid()}"
    held.mkdir(parents=True)
    command_line.dataset = str(tmp_path / "images.npz")
    save_data(digits, Path(command_line.dataset))
    # Under the name of those, but with the first image changed.
    import numpy as np

    with np.load(command_line.dataset) as arrays:
        parts = dict(arrays)
    parts["x_train"][0] = 255 - parts["x_train"][0]
    np.savez(held / f"{digits.digest}.npz", **parts)
    odd_node(TMPDIR=str(held.parent))
    ended = command_line.end(
        start("--workers", "1", "--worker-cpus", ODD_CPUS, "--dataset", command_line.dataset)
    )
    ended.refused(2, f"the machine {os.uname().nodename}: ", "are not those of this study")


SOON = """
import sys
if "mnist_search" in " ".join(sys.orig_argv):
    from mnist_search.execution.connection import Connection
    Connection.__init__.__kwdefaults__["patience_seconds"] = 6.0
"""
# How long Ray's own processes wait for their head, a minute as a rule.
RAYS_PATIENCE = {"RAY_gcs_rpc_server_reconnect_timeout_s": "5"}


def test_lost_head_ends_the_search_and_leaves_the_study_whole(
    command_line: Any, start: Any, cluster: Any, until: Until
) -> None:
    process = start("--workers", "1", trials=MANY, seconds=0.3, sabotage=SOON)
    until(lambda: over(command_line) > 0, process)
    cluster.head_node.kill_gcs_server()
    command_line.end(process).refused(4, "has not answered for")
    local = command_line.search(MANY, "--workers", "1", *SHORT)
    assert command_line.run(local, trainer=WORKERS).code == 0
    command_line.study.whole(MANY)
    check_values(command_line)


def test_control_ray_ends_a_process_that_waits_for_its_head(
    command_line: Any, until: Until
) -> None:
    patient = SOON.replace("6.0", "1000.0")
    with ray_cluster(nodes=1) as own:
        words = [*command_line.search(40, "--workers", "1", *SHORT), "--cluster", own.address]
        process = command_line.start(
            words, trainer=WORKERS, seconds=0.3, sabotage=patient, environ=RAYS_PATIENCE
        )
        until(lambda: over(command_line) > 0, process)
        own.head_node.kill_gcs_server()
        ended = command_line.end(process)
    assert ended.code != 4
    assert "error: " not in ended.err
