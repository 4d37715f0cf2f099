"""What the executor of a cluster is made of, without a cluster."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from mnist_search.commands.context import Context, TrainingOptions
from mnist_search.commands.workers import count_workers
from mnist_search.errors import ClusterError, UsageError
from mnist_search.execution import ClusterOptions, Workers
from mnist_search.execution._actor import check_versions, store_weights
from mnist_search.execution._agent import AgentFacts, compared_versions, passed_on
from mnist_search.execution.connection import Connection, Node


@pytest.mark.parametrize(
    ("cpus", "gpus", "fitting"),
    [(1, 0, 16), (3, 0, 5), (17, 0, 0), (1, 1, 2), (4, 0.5, 4), (1, 0.1, 16), (9, 1, 1)],
)
def test_as_many_workers_as_fit_into_a_machine(cpus: int, gpus: float, fitting: int) -> None:
    assert Node(cpus=16.0, gpus=2.0).fitting(cpus, gpus) == fitting


def test_machine_is_told_in_words() -> None:
    assert str(Node(cpus=1.0, gpus=0.0)) == "1 CPU"
    assert str(Node(cpus=16.0, gpus=0.5)) == "16 CPUs and 0.5 GPUs"


def test_machine_with_other_versions_is_named() -> None:
    wanted = compared_versions()
    assert {"Python", "numpy", "tensorflow"} <= set(wanted)
    check_versions(wanted, facts(wanted))
    other = {**wanted, "Python": "3.9"}
    del other["numpy"]
    with pytest.raises(UsageError) as refused:
        check_versions(wanted, facts(other))
    assert refused.value.message == (
        f"the machine node7 of the cluster has Python 3.9 instead of {wanted['Python']}, "
        f"numpy missing instead of {wanted['numpy']}"
    )


def facts(versions: dict[str, str]) -> AgentFacts:
    return AgentFacts(node="node7", versions=dict(reversed(versions.items())))


def test_weights_are_written_as_a_whole_and_are_no_reason_to_fail(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "artifacts" / "run-1.weights.npz"
    assert store_weights(b"some", path)
    assert path.read_bytes() == b"some"
    assert not store_weights(None, path)
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        assert not store_weights(b"some", tmp_path / "file" / "run-1.weights.npz")
    assert "are not stored" in caplog.text


def test_workers_have_the_settings_of_the_coordinator_and_no_more() -> None:
    # Ray says which GPUs a worker sees.
    others = {"HOME": "/home/me", "CUDA_VISIBLE_DEVICES": "0"}
    environ = {"TF_ENABLE_ONEDNN_OPTS": "0", "MNIST_SEARCH_TRAINER": "x"}
    assert passed_on(environ | others) == environ


def test_threads_of_a_worker_are_its_cpus() -> None:
    assert Workers(count=3, cluster=ClusterOptions(address="auto", worker_cpus=4)).threads == 4


@pytest.mark.parametrize("options", [{"worker_cpus": 2}, {"worker_gpus": 1.0}])
def test_what_only_a_cluster_has_needs_one(options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="need --cluster"):
        count_workers(TrainingOptions(**options), Context.of_this_process())


@pytest.mark.parametrize("address", ["alpha", "alpha:", ":6379", "alpha:0", "alpha:99999"])
def test_no_address_is_refused(address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(UsageError, match="must be auto or HOST:PORT"):
        Connection(address)


def test_dead_address_is_told_at_once() -> None:
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        Connection("127.0.0.1:1")


def test_missing_ray_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="needs Ray, which is not installed") as refused:
        Connection("auto")
    assert refused.value.hint == "pip install 'mnist-search[cluster]'"


@pytest.mark.parametrize(("between_seconds", "lost"), [(1.0, True), (90.0, False)])
def test_silence_counts_only_while_somebody_listens(
    monkeypatch: pytest.MonkeyPatch, between_seconds: float, lost: bool
) -> None:
    pytest.importorskip("ray")
    now = [0.0]
    made = "mnist_search.execution.connection"
    monkeypatch.setattr(f"{made}.time.monotonic", lambda: now[0])
    monkeypatch.setattr(f"{made}._connect", lambda address: address)
    monkeypatch.setattr(f"{made}._read_nodes", lambda: ())
    monkeypatch.setattr(f"{made}.threading.Thread.start", lambda _: None)
    connection = Connection("head:6379")
    for _ in range(42):
        if lost and now[0] >= 41.0:
            with pytest.raises(ClusterError, match="has not answered for 41 s"):
                connection.check()
            return
        connection.check()
        now[0] += between_seconds
    assert not lost
