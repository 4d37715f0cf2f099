"""The way in: prepare a process once, then run jobs in it."""

from __future__ import annotations

import functools
import importlib
import itertools
import logging
import os
import re
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, assert_never

from mnist_search.errors import MnistSearchError
from mnist_search.execution.base import Report, describe_exception
from mnist_search.specs import Failure, Job, LinearClassifier, Network, RunResult, available_cores
from mnist_search.specs.environment import GPU_WORKERS
from mnist_search.specs.result import FailureKind
from mnist_search.specs.shapes import UnbuildableError
from mnist_search.training.evaluate import DivergedError
from mnist_search.training.recorder import Recorder
from mnist_search.training.weights import save_weights, weights_of

logger = logging.getLogger(__name__)

_PARAGRAPHS = re.compile(r"\n\s*\n")
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_FUNCTION_NODE = re.compile(r"\{\{function_node [^}]*\}\}")


# Keras imports them where they are installed, for functions that no trial calls. Linear classifiers
# need scikit-learn, and import it with the first of them.
_NEEDLESS = ("IPython", "matplotlib", "pandas", "sklearn")


@contextmanager
def hidden(packages: Collection[str]) -> Iterator[None]:
    """Let packages look as if they were not installed, unless they have been imported."""
    # For Python, None in the place of a module says that there is none.
    absent = dict.fromkeys(name for name in packages if name not in sys.modules)
    sys.modules.update(absent)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@functools.cache
def prepare() -> float:
    """Import what trains networks, once per process; return the seconds that it took.

    Whoever starts the process sets TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS and
    OMP_NUM_THREADS: the libraries read them when imported.
    """
    started = time.perf_counter()
    with hidden(_NEEDLESS):
        importlib.import_module("mnist_search.training.fit")
    if GPU_WORKERS in os.environ:
        # Better no worker than one whose times are those of another device.
        importlib.import_module("mnist_search.training.devices").used_device(os.environ)
    return time.perf_counter() - started


def run_job(job: Job, report: Report) -> RunResult:
    """Run one job to its end and forget the model.

    `report(step, accuracy)`, step in quarters of an epoch, answers True when the run must stop:
    its status is then `pruned`. About once a second it is told a step without accuracy (None).
    A run that fails is a result with a `Failure`, never an exception; KeyboardInterrupt and
    SystemExit pass through.
    """
    try:
        _, result = train(job, report)
    finally:
        from mnist_search.training.backend import free_memory

        free_memory()
    return result


def train(job: Job, report: Report) -> tuple[Any | None, RunResult]:
    """Run one job; return its trained model (None if it failed) beside the result.

    The model is a `keras.Model` that answers logits, or a fitted `SGDClassifier`. Both expect
    pixels / 255.
    """
    prepare()
    recorder = Recorder(job=job, report=report, threads=_threads(os.environ))
    try:
        model = _train(job, recorder)
    except Exception as error:
        return None, recorder.result(describe_failure(error))
    if job.weights_path is not None and not recorder.stopped:
        recorder.note(weights_sha256=_store_weights(model, job, Path(job.weights_path)))
    return model, recorder.result()


def _train(job: Job, recorder: Recorder) -> Any:
    match job.config.model:
        case Network() as network:
            from mnist_search.training.fit import train_network

            return train_network(job, network, recorder)
        case LinearClassifier() as classifier:
            from mnist_search.training.linear import train_linear

            return train_linear(job, classifier, recorder)
        case _:
            assert_never(job.config.model)


def _store_weights(model: Any, job: Job, path: Path) -> str | None:
    """Write the weights and return their checksum; a result is worth more than its weights."""
    try:
        return save_weights(weights_of(model, job.config.model), path)
    except OSError as error:
        logger.warning("the weights of run %d are not stored: %s", job.number, error)
        return None


def describe_failure(error: Exception) -> Failure:
    """Return what a run failed of: the sentence that says why, and the traceback."""
    name, cause = type(error).__name__, _cause(str(error))
    match error:
        case DivergedError() | UnbuildableError() | MemoryError() | MnistSearchError() if cause:
            message = cause
        case _:
            message = f"{name}: {cause}" if cause else name
    return describe_exception(error, kind=_failure_kind(error), message=message)


def _cause(text: str) -> str:
    """Return the sentence of an error's text that says why, on one line."""
    text = _TERMINAL_COLOURS.sub("", text).strip()
    if text.startswith("Graph execution error"):
        cause = _cause_in_graph(text)
    else:
        first, *more = _PARAGRAPHS.split(text)
        # Keras puts the layer first, then the sentence, then the arguments.
        of_layer = first.startswith("Exception encountered when calling") and more
        cause = f"{first.removesuffix('.')}: {more[0]}" if of_layer else first
    return " ".join(_FUNCTION_NODE.sub("", cause).split())


def _cause_in_graph(text: str) -> str:
    # TensorFlow puts the way there first, and the node, indented, after the sentence; a hint may
    # follow.
    lines = [line for line in text.splitlines() if line.strip()]
    for sentence, node in itertools.pairwise(lines):
        if node.lstrip().startswith("[[{{"):
            return sentence
    return next(line for line in reversed(lines) if not line[0].isspace())


def _failure_kind(error: Exception) -> FailureKind | None:
    """Return what only this room knows of a failure, None where its type says it."""
    from mnist_search.training.backend import tf

    match error:
        case UnbuildableError():
            return "unbuildable"
        case tf.errors.ResourceExhaustedError():
            return "out-of-memory"
        case _:
            return None


def _threads(environ: Mapping[str, str]) -> int:
    """Return the threads of one operation; TensorFlow takes all cores where none are set."""
    threads = int(environ.get("TF_NUM_INTRAOP_THREADS", "0"))
    return threads if threads > 0 else available_cores()
