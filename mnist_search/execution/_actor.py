"""The coordinator's end of one actor, and of the files that go to it and come back."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mnist_search.datasets import save_data
from mnist_search.errors import UsageError
from mnist_search.execution._agent import AgentFacts
from mnist_search.specs import DatasetRef, Failure, Job
from mnist_search.writing import replacing

logger = logging.getLogger(__name__)


class ActorSlot:
    """An actor and what it is doing; it has one call outstanding at most, `call`.

    `facts` are None until it is there. `has_room`: since the last one was lost, the cluster has
    had room for another. `failure` is what its job is to end with.
    """

    def __init__(self, number: int, create: Callable[[], Any]) -> None:
        """Ask the cluster for the first actor; `create` makes one."""
        self.number = number
        self.has_room = False
        self.start_failures = 0
        self.call: Any = None
        self.facts: AgentFacts | None = None
        self.job: Job | None = None
        self.failure: Failure | None = None
        self._create = create
        self._launch()

    def run(self, job: Job, images: Sequence[Any]) -> None:
        """Start a job."""
        self.job, self.started = job, False
        self.call = self._agent.run.remote(job, images)

    def answer(self, *, stop: bool) -> None:
        """Answer the report of the job."""
        assert self.job is not None, "only a job can have reported"
        self.reporting = False
        self.call = self._agent.answer.remote(self.job.number, stop)

    def listen(self) -> None:
        """Ask what happens next."""
        self.call = self._agent.listen.remote()

    def replace(self) -> None:
        """Put another actor in the place of this one."""
        import ray

        # It may be alive and only cut off; then it must not go on.
        with contextlib.suppress(Exception):
            ray.kill(self._agent, no_restart=True)
        self._launch()

    def _launch(self) -> None:
        self.facts = self.job = self.failure = None
        self.started = self.reporting = False
        self._agent = self._create()
        self.call = self._agent.begin.remote()


class SentImages:
    """Images in the cluster's store, from which each machine takes them once."""

    def __init__(self) -> None:
        """Start with none."""
        self._references: dict[str, Any] = {}

    def of(self, dataset: DatasetRef) -> Sequence[Any]:
        """Return a reference to the file of the images; nothing if every machine has them."""
        import ray

        if dataset.path is None:
            return []
        if dataset.digest not in self._references:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "images.npz"
                save_data(dataset, path)
                self._references[dataset.digest] = ray.put(path.read_bytes())
        return [self._references[dataset.digest]]


def check_versions(wanted: Mapping[str, str], facts: AgentFacts) -> None:
    """Compare what a machine runs with what this one does.

    Raises:
        UsageError: it has other versions.
    """
    wrong = [
        f"{name} {facts.versions.get(name, 'missing')} instead of {version}"
        for name, version in wanted.items()
        if facts.versions.get(name) != version
    ]
    if wrong:
        raise UsageError(
            f"the machine {facts.node} of the cluster has {', '.join(wrong)}",
            hint="install the same versions everywhere: results would differ by machine",
        )


def store_weights(weights: bytes | None, path: Path) -> bool:
    """Write the weights of a run; a result is worth more than its weights."""
    if weights is None:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(weights)
    except OSError as error:
        logger.warning("the weights in %s are not stored: %s", path, error)
        return False
    return True
