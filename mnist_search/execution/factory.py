"""Which executor a command gets, how many workers, and which number format."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from mnist_search.choices import Precision, PrecisionChoice
from mnist_search.errors import UsageError
from mnist_search.execution.base import Executor
from mnist_search.specs import Environment, measure_capacity

TRAINER_VARIABLE = "MNIST_SEARCH_TRAINER"


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
    worker holds more. `MNIST_SEARCH_TRAINER` in `environ` is this project's own seam for tests, as
    hyperfine has its mock executor: the dotted name of a module that the workers import in the
    place of `mnist_search.training`, or `module:function`, which is called with `workers` and
    returns another executor.

    Raises:
        UsageError: fewer than one worker or thread.
    """
    # Imported here: a report reads studies, and needs no worker.
    from mnist_search.execution.local import TRAINER, LocalExecutor

    trainer = environ.get(TRAINER_VARIABLE, TRAINER)
    module, _, function = trainer.partition(":")
    if function:
        build: Callable[[int], Executor] = getattr(importlib.import_module(module), function)
        return build(workers)
    executor = LocalExecutor(
        workers,
        threads=threads,
        trainer=trainer,
        log_folder=log_folder,
        memory_limit_bytes=memory_limit_bytes,
    )
    executor.start()
    return executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How many workers; `reason` is None where a number was asked for."""

    count: int
    reason: str | None = None


def resolve_workers(text: str) -> Workers:
    """Return the workers that a number or `auto` asks for.

    `auto` is what the cores and the memory of this machine, or of its container, carry.

    Raises:
        UsageError: neither `auto` nor a whole number of at least 1.
    """
    if text.strip().lower() == "auto":
        capacity = measure_capacity()
        return Workers(count=capacity.workers, reason=capacity.reason)
    try:
        workers = int(text)
    except ValueError:
        workers = 0
    if workers < 1:
        raise UsageError(f"workers must be auto or a whole number of at least 1, got {text!r}")
    return Workers(count=workers)


def resolve_precision(choice: PrecisionChoice, here: Environment) -> Precision:
    """Return what a choice comes to on a machine.

    `auto` is bfloat16 where the processor multiplies in it, else float32: elsewhere bfloat16 is
    slower. A graphics card plays no part, since workers may not have TensorFlow's support for it.
    """
    match choice:
        case "auto":
            return "bfloat16" if here.fast_bfloat16 else "float32"
        case "float32" | "bfloat16":
            return choice
        case _:
            assert_never(choice)
