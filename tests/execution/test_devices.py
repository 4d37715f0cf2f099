"""Which GPUs there are, who sees which, and that whoever is to see none does not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.errors import UsageError
from mnist_search.execution import (
    ClusterOptions,
    Executor,
    Finished,
    Reported,
    Workers,
    create_executor,
    devices,
    find_gpus,
    gpu_is_there,
    resolve_workers,
)
from mnist_search.execution.devices import deal_gpus
from mnist_search.specs import Device
from tests.execution.driving import MakeJob
from tests.support import gpus

TWO = {"0": Device(kind="gpu", name="a"), "1": Device(kind="gpu", name="b")}


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let a program tell of two GPUs."""
    monkeypatch.setenv(devices.PROBE_VARIABLE, "tests.support.gpus")
    monkeypatch.setenv(gpus.VARIABLE, "8.0,7.5")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    devices._ask.cache_clear()
    yield monkeypatch
    devices._ask.cache_clear()


def test_gpus_are_found_by_their_numbers_for_cuda(probe: pytest.MonkeyPatch) -> None:
    found = find_gpus(os.environ)
    assert list(found) == ["0", "1"]
    assert found["1"] == Device(kind="gpu", name="made-up GPU 1", compute_capability=(7, 5))
    probe.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-8ad3")
    assert list(find_gpus(os.environ)) == ["5", "GPU-8ad3"]


def test_gpus_are_asked_for_once(probe: pytest.MonkeyPatch) -> None:
    first = find_gpus(os.environ)
    probe.setenv(gpus.VARIABLE, "broken")
    assert find_gpus(os.environ) == first


@pytest.mark.parametrize(
    ("told", "message", "hint"),
    [
        ("", "a GPU is there, but TensorFlow finds no CUDA libraries", "mnist-search[gpu]"),
        ("broken", "TensorFlow did not tell whether it can use it", "doctor"),
    ],
)
def test_a_gpu_that_cannot_be_used_is_told(
    probe: pytest.MonkeyPatch, told: str, message: str, hint: str
) -> None:
    probe.setenv(gpus.VARIABLE, told)
    with pytest.raises(UsageError, match=message) as caught:
        find_gpus(os.environ)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(("hidden", "told"), [(None, "has none"), ("", "hides"), ("-1", "hides")])
def test_a_machine_without_gpu_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: str | None, told: str
) -> None:
    monkeypatch.setattr("subprocess.run", None)
    environ = {"PATH": ""} if hidden is None else {"PATH": "", "CUDA_VISIBLE_DEVICES": hidden}
    if hidden is not None:
        environ[devices.PROBE_VARIABLE] = "tests.support.gpus"
    assert not gpu_is_there(environ, tmp_path)
    with pytest.raises(UsageError, match=f"no GPU can be used: .*{told}"):
        find_gpus(environ, tmp_path)


def test_gpus_are_seen_by_their_files_or_by_their_program(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidiactl").touch()
    assert not gpu_is_there({"PATH": ""}, tmp_path)
    (tmp_path / "dev/nvidia0").touch()
    assert gpu_is_there({"PATH": ""}, tmp_path)
    program = tmp_path / "nvidia-smi"
    program.touch(mode=0o755)
    assert gpu_is_there({"PATH": str(tmp_path)}, tmp_path / "bare")


@pytest.mark.slow
def test_tensorflow_is_asked_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_search.execution.devices.gpu_is_there", lambda *_: True)
    devices._ask.cache_clear()
    try:
        with pytest.raises(UsageError, match="no CUDA libraries"):
            find_gpus({"CUDA_VISIBLE_DEVICES": ""})
    finally:
        devices._ask.cache_clear()


def test_gpus_are_dealt_out_in_turns_and_told_how_many_share_one() -> None:
    dealt = deal_gpus(3, ["5", "7"])
    assert [each["CUDA_VISIBLE_DEVICES"] for each in dealt] == ["5", "7", "5"]
    assert [each["MNIST_SEARCH_GPU_WORKERS"] for each in dealt] == ["2", "1", "2"]
    assert all(each["TF_FORCE_GPU_ALLOW_GROWTH"] == "true" for each in dealt)
    assert deal_gpus(2, []) == [{"CUDA_VISIBLE_DEVICES": ""}] * 2


@pytest.mark.parametrize(
    ("per_gpu", "count", "reason"), [(1, 2, "2 GPUs"), (3, 6, "2 GPUs, 3 workers on each")]
)
def test_auto_is_a_worker_for_each_gpu_or_as_many_as_share_one(
    per_gpu: int, count: int, reason: str
) -> None:
    workers = resolve_workers("auto", gpus=TWO, per_gpu=per_gpu)
    assert (workers.count, workers.reason, workers.gpus) == (count, reason, TWO)
    assert resolve_workers(str(count), gpus=TWO, per_gpu=per_gpu).count == count
    with pytest.raises(UsageError, match=f"at most {count} on 2 GPUs, got {count + 1}") as caught:
        resolve_workers(str(count + 1), gpus=TWO, per_gpu=per_gpu)
    assert f"--workers-per-gpu {per_gpu + 1} " in str(caught.value.hint)


def used_by(executor: Executor, make_job: MakeJob, jobs: int) -> Mapping[int, Device]:
    """Return the device that each slot's worker trained on."""
    found: dict[int, Device] = {}
    with closing(executor):
        while executor.free < jobs:
            assert executor.poll(1.0) == []
        for number in range(jobs):
            executor.submit(make_job(number=number))
        while len(found) < jobs:
            for event in executor.poll(1.0):
                if isinstance(event, Finished):
                    assert event.result.environment is not None
                    found[event.worker] = event.result.environment.device
                elif isinstance(event, Reported):
                    executor.answer(event.number, stop=False)
    return found


def test_each_worker_sees_its_own_gpu_or_none(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    environ = {"MNIST_SEARCH_TRAINER": "tests.support.surrogate"}
    workers = Workers(count=3, gpus={"5": TWO["0"], "7": TWO["1"]})
    found = used_by(create_executor(workers, environ=environ), make_job, 3)
    assert {slot: (gpu.name, gpu.workers) for slot, gpu in found.items()} == {
        0: ("made-up GPU 5", 2),
        1: ("made-up GPU 7", 1),
        2: ("made-up GPU 5", 2),
    }
    assert used_by(create_executor(Workers(count=1), environ=environ), make_job, 1)[0].kind == "cpu"


@pytest.mark.cluster
def test_an_actor_gives_its_worker_the_gpu_of_ray_or_none(make_job: MakeJob) -> None:
    from tests.support.clusters import add_node, ray_cluster

    def used(connection: Connection, gpus: float) -> Device:
        executor = ClusterExecutor(
            1,
            connection=connection,
            worker_gpus=gpus,
            trainer="tests.support.surrogate",
            # Here they are hidden, which says nothing of other machines.
            variables=os.environ,
        )
        return used_by(executor, make_job, 1)[0]

    with ray_cluster(nodes=0) as cluster:
        from mnist_search.execution.cluster import ClusterExecutor
        from mnist_search.execution.connection import Connection

        add_node(cluster, gpus=1)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
        shared = used(Connection(cluster.address), 0.5)
        assert (shared.kind, shared.name, shared.workers) == ("gpu", "made-up GPU 0", 2)
        assert used(Connection(cluster.address), 0).kind == "cpu"
        asked = ClusterOptions(address=cluster.address)
        reason = "what fits into 1 machine, without --device gpu for 1 GPU"
        assert resolve_workers("auto", asked).reason == reason
        asked = ClusterOptions(address=cluster.address, worker_gpus=0.5)
        assert resolve_workers("auto", asked).reason == "what fits into 1 machine"


def test_without_gpus_the_variable_of_the_caller_does_not_reach_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    given: list[Mapping[str, str]] = []

    def refuse(words: list[str], *, env: Mapping[str, str], **_: object) -> None:
        given.append(env)
        raise OSError(24, "not now")

    monkeypatch.setattr("subprocess.Popen", refuse)
    for given_gpus, seen in (({}, ""), ({"0": TWO["0"]}, "0")):
        with pytest.raises(Exception, match="not now"):
            create_executor(Workers(count=1, gpus=given_gpus), environ={})
        assert given[-1]["CUDA_VISIBLE_DEVICES"] == seen
