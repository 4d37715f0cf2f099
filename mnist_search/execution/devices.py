"""The GPUs of this machine: which ones TensorFlow can use, and which of them a worker sees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from mnist_search.errors import UsageError
from mnist_search.interpreter import python_environment
from mnist_search.specs import Device
from mnist_search.specs.environment import GPU_WORKERS, ROOT

# This project's own seam for tests: a module that, run as a program, prints made-up GPUs.
PROBE_VARIABLE = "MNIST_SEARCH_GPU_PROBE"
PROBE = "mnist_search.training.devices"
PATIENCE_SECONDS = 300.0
VISIBLE = "CUDA_VISIBLE_DEVICES"
NO_LIBRARIES = "TensorFlow finds no CUDA libraries for it"
INSTALL = "pip install 'mnist-search[gpu]'"
# What a worker has in its environment that is to see no GPU.
HIDDEN: Mapping[str, str] = {VISIBLE: ""}


def gpu_is_there(environ: Mapping[str, str], root: Path = ROOT) -> bool:
    """Say whether the machine seems to have a GPU of NVIDIA that is not hidden; this is quick."""
    if environ.get(VISIBLE) in ("", "-1"):
        return False
    return (
        PROBE_VARIABLE in environ
        or any((root / "dev").glob("nvidia[0-9]*"))
        # In WSL there are no such files.
        or shutil.which("nvidia-smi", path=environ.get("PATH")) is not None
    )


def find_gpus(environ: Mapping[str, str], root: Path = ROOT) -> Mapping[str, Device]:
    """Return the GPUs that TensorFlow can use by their numbers for CUDA; there is at least one.

    A process of its own asks, the first time: here TensorFlow would stay, and hold their memory.

    Raises:
        UsageError: there is none.
    """
    visible = environ.get(VISIBLE)
    if not gpu_is_there(environ, root):
        hidden = f"{VISIBLE} hides all" if visible in ("", "-1") else "this machine has none"
        raise UsageError(f"no GPU can be used: {hidden}", hint="--device cpu, or auto")
    found = _ask(environ.get(PROBE_VARIABLE, PROBE), visible)
    if not found:
        raise UsageError(f"a GPU is there, but {NO_LIBRARIES}", hint=INSTALL)
    numbers = map(str, range(len(found))) if visible is None else visible.split(",")
    return dict(zip(numbers, found, strict=False))


@cache
def _ask(module: str, visible: str | None) -> Sequence[Device]:
    """Return the GPUs that a process finds which sees those of `visible`."""
    environ = python_environment(os.environ) | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    if visible is not None:
        environ[VISIBLE] = visible
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        # What is said last is ours.
        told = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError) as error:
        raise UsageError(
            "a GPU is there, but TensorFlow did not tell whether it can use it",
            hint="`mnist-search doctor` tries it; --device cpu goes without",
        ) from error
    return [Device.model_validate(each) for each in told]


def gpu_variables(number: str, workers: int) -> Mapping[str, str]:
    """Return what a worker has in its environment that is given a GPU, with `workers` in all."""
    # TensorFlow would take all memory of the GPU at once, and leave none to others.
    return {
        VISIBLE: number,
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        GPU_WORKERS: str(workers),
    }


def deal_gpus(workers: int, numbers: Sequence[str]) -> list[Mapping[str, str]]:
    """Return what each of the workers has in its environment, GPUs dealt out in turns."""
    if not numbers:
        return [HIDDEN] * workers
    each, more = divmod(workers, len(numbers))
    return [
        gpu_variables(numbers[place], each + (place < more))
        for place in (slot % len(numbers) for slot in range(workers))
    ]
