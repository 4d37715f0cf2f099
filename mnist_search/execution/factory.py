"""Which executor a command gets, and how many workers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mnist_search.errors import UsageError
from mnist_search.execution.base import Executor
from mnist_search.specs import available_cores

TRAINER_VARIABLE = "MNIST_SEARCH_TRAINER"
INLINE = "surrogate-inline"


def create_executor(
    workers: int,
    *,
    threads: int | None = None,
    log_folder: Path | None = None,
    memory_limit_bytes: int | None = None,
    environ: Mapping[str, str],
) -> Executor:
    """Return an executor with `workers` slots whose workers are starting already.

    `threads` is for each worker, None shares the cores out; `memory_limit_bytes` ends a job whose
    worker holds more. `MNIST_SEARCH_TRAINER` in `environ`
    is this project's own seam for tests, as hyperfine has its mock executor: the dotted name of
    another trainer for the workers (`mnist_search.execution.surrogate` needs no TensorFlow), or
    `surrogate-inline` for that one without any process.

    Raises:
        UsageError: fewer than one worker or thread.
    """
    # Imported here: a report reads studies, and needs no worker.
    from mnist_search.execution.local import TRAINER, LocalExecutor

    trainer = environ.get(TRAINER_VARIABLE, TRAINER)
    if trainer == INLINE:
        from mnist_search.execution.fake import FakeExecutor
        from mnist_search.execution.surrogate import surrogate_trainer

        return FakeExecutor(workers, surrogate_trainer)
    executor = LocalExecutor(
        workers,
        threads=threads,
        trainer=trainer,
        log_folder=log_folder,
        memory_limit_bytes=memory_limit_bytes,
    )
    executor.start()
    return executor


def resolve_workers(text: str) -> int:
    """Return the number of workers that `auto` (one per available core) or a number asks for.

    Raises:
        UsageError: neither `auto` nor a whole number of at least 1.
    """
    if text.strip().lower() == "auto":
        return available_cores()
    try:
        workers = int(text)
    except ValueError:
        workers = 0
    if workers < 1:
        raise UsageError(f"workers must be auto or a whole number of at least 1, got {text!r}")
    return workers
