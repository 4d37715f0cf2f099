"""TensorFlow tried out in a process of its own, so that nothing it does can take this one along."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mnist_search.commands.machine_checks import CheckResult, check_graphics, gibibytes
from mnist_search.interpreter import python_environment

PATIENCE_SECONDS = 300.0

# What is said last is ours; before it TensorFlow says much.
_PROGRAM = """
import json, resource, sys, time
begun = time.perf_counter()
import tensorflow as tf
import keras
from mnist_search.training.devices import visible_gpus
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = {
    "import_seconds": seconds,
    "peak_memory_bytes": peak * (1 if sys.platform == "darwin" else 1024),
    "gpus": [device.label for device in visible_gpus()],
    "one_plus_one": int(tf.constant(1) + tf.constant(1)),
}
print(json.dumps(found))
"""


@contextmanager
def import_probe(
    environ: Mapping[str, str], program: str = _PROGRAM
) -> Iterator[subprocess.Popen[str]]:
    """Start a process that imports TensorFlow; it is gone when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={
            **python_environment(environ),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            # A search that runs needs the memory of the GPU.
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def await_probe(
    process: subprocess.Popen[str],
    environ: Mapping[str, str],
    patience: float = PATIENCE_SECONDS,
) -> list[CheckResult]:
    """Return what the process found out about TensorFlow and the GPU."""
    try:
        out, err = process.communicate(timeout=patience)
        found = json.loads(out.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return [_failed(f"its import did not end within {patience:g} seconds")]
    except (ValueError, IndexError):
        return [_failed(_last_words(err, process.returncode))]
    seconds, peak = found["import_seconds"], found["peak_memory_bytes"]
    works = CheckResult(
        check="tensorflow import",
        found=f"works; imported in {seconds:.1f} s, {gibibytes(peak)} of memory",
        details={"import_seconds": seconds, "peak_memory_bytes": peak},
    )
    return [works, check_graphics(found["gpus"], environ)]


def _failed(reason: str) -> CheckResult:
    return CheckResult(
        check="tensorflow import",
        failed=True,
        found=reason,
        hint="`pip install --force-reinstall tensorflow keras`, in an environment of its own",
    )


def _last_words(err: str, code: int) -> str:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    if code < 0:
        return f"it was ended by signal {-code}; old processors lack instructions that it needs"
    return lines[-1][:300] if lines else f"it ended with exit code {code} and no word"
