"""The far end of a slot of a cluster: one worker of the local executor, inside a Ray actor.

A plain class that runs one call at a time, so that Ray calls it in the main thread of its process
and the worker dies with that process, however it ends. Memory limits, logs, threads and the ending
of process groups are those of one machine, because they are the same code.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_search.datasets import load_full
from mnist_search.execution.base import Event, Finished, Stepped
from mnist_search.execution.devices import HIDDEN, VISIBLE, gpu_variables
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import DatasetRef, Job, describe_environment
from mnist_search.writing import replacing

POLL_SECONDS = 0.5
# What the coordinator's environment has of these is set for the workers of other machines too.
PASSED_ON = ("MNIST_SEARCH_", "TF_", "XLA_", "KERAS_")
# Packages that a result depends on.
COMPARED = ("mnist-search", "tensorflow", "keras", "scikit-learn", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """Where an agent is, and what it runs."""

    node: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What has happened to the job of an agent, and the file of weights that it left."""

    events: Sequence[Event]
    weights: bytes | None = None


class Agent:
    """Runs one job after the other in a worker process of its node."""

    def __init__(
        self,
        *,
        trainer: str,
        threads: int,
        gpus: float,
        memory_limit_bytes: int | None,
        variables: Mapping[str, str],
        step_seconds: float,
    ) -> None:
        """Set the environment of the worker; `step_seconds` apart it tells how far it is."""
        os.environ.update(variables)
        self._step_seconds = step_seconds
        self._folder = _own_folder()
        self._executor = LocalExecutor(
            1,
            threads=threads,
            devices=[_device(gpus)],
            trainer=trainer,
            log_folder=self._folder,
            memory_limit_bytes=memory_limit_bytes,
        )
        self._weights_path: Path | None = None
        self._step: Stepped | None = None
        self._told = 0.0

    def begin(self) -> AgentFacts:
        """Start the worker, and say where this is."""
        self._executor.start()
        return AgentFacts(node=socket.gethostname(), versions=compared_versions())

    def run(self, job: Job, images: Sequence[Any]) -> Heard:
        """Start a job and say what happens first; `images` holds a reference to their file.

        Raises:
            DataError: the images of this node are not those of the job.
        """
        changes: dict[str, Any] = {"dataset": _here(job.dataset, images)}
        self._weights_path = None
        if job.weights_path is not None:
            self._weights_path = self._folder / Path(job.weights_path).name
            changes["weights_path"] = str(self._weights_path)
        self._step, self._told = None, time.monotonic()
        self._executor.submit(job.model_copy(update=changes))
        return self.listen()

    def answer(self, number: int, stop: bool) -> Heard:
        """Answer a report, and say what happens next."""
        self._executor.answer(number, stop=stop)
        return self.listen()

    def listen(self) -> Heard:
        """Wait for something to happen to the job."""
        while True:
            events: list[Event] = []
            for event in self._executor.poll(POLL_SECONDS):
                if isinstance(event, Stepped):
                    self._step = event
                else:
                    events.append(event)
            now = time.monotonic()
            if self._step is not None and now - self._told >= self._step_seconds:
                events.insert(0, self._step)
                self._step, self._told = None, now
            if events:
                return Heard(events=events, weights=self._weights_of(events[-1]))

    def _weights_of(self, event: Event) -> bytes | None:
        path = self._weights_path
        if not isinstance(event, Finished) or path is None or not path.exists():
            return None
        content = path.read_bytes()
        path.unlink()
        return content


def _device(gpus: float) -> Mapping[str, str]:
    """Return what the worker has in its environment: the GPU that Ray has given, or none."""
    if not gpus:
        return HIDDEN
    return gpu_variables(os.environ.get(VISIBLE, ""), max(1, round(1 / gpus)))


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that workers of other machines are to have as well."""
    return {name: value for name, value in environ.items() if name.startswith(PASSED_ON)}


def compared_versions() -> dict[str, str]:
    """Return the versions that must be the same everywhere."""
    here = describe_environment()
    python = ".".join(here.python.split(".")[:2])
    return {"Python": python} | {
        name: version for name, version in here.packages.items() if name in COMPARED
    }


_checked: dict[str, DatasetRef] = {}


def _here(dataset: DatasetRef, images: Sequence[Any]) -> DatasetRef:
    """Return where the images of a job are on this node, once they are known to be the same.

    Raises:
        DataError: they are not.
    """
    if dataset.digest not in _checked:
        if dataset.path is not None:
            path = _data_folder() / f"{dataset.digest}.npz"
            if not path.exists():
                import ray

                [reference] = images
                with replacing(path) as temporary:
                    temporary.write_bytes(ray.get(reference))
            dataset = dataset.model_copy(update={"path": str(path)})
        load_full(dataset)
        _checked[dataset.digest] = dataset
    return _checked[dataset.digest]


def _data_folder() -> Path:
    """Return where the agents of this node share the images that were sent."""
    folder = Path(tempfile.gettempdir()) / f"mnist-search-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


def _own_folder() -> Path:
    """Return an empty folder for the log and the weights of this process's worker.

    Ray kills an agent without a word, so those of agents that are gone are removed here.
    """
    import psutil

    agents = _data_folder() / "agents"
    agents.mkdir(exist_ok=True)
    for folder in agents.iterdir():
        if not psutil.pid_exists(int(folder.name)) or folder.name == str(os.getpid()):
            shutil.rmtree(folder, ignore_errors=True)
    own = agents / str(os.getpid())
    own.mkdir()
    return own
