"""The peak of the resident memory during a run, and whether a run can fit at all."""

from __future__ import annotations

import math
from pathlib import Path

from mnist_search.specs import Precision
from mnist_search.specs.shapes import Size

PROCESS = Path("/proc/self")


def reset_peak(process: Path = PROCESS) -> bool:
    """Let the peak start again from the present size; False where that cannot be done."""
    try:
        # 5 resets VmHWM alone, see proc_pid_clear_refs(5).
        (process / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_bytes(process: Path = PROCESS) -> int | None:
    """Return the largest resident size since the last reset, or None where it is unknown."""
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    return None


def check_fits(
    size: Size, *, batch_images: int, precision: Precision, memory_bytes: int | None
) -> None:
    """Raise MemoryError if one step of training cannot fit into this machine's memory.

    oneDNN's convolutions do not report an allocation that fails: the process is gone with a
    segmentation fault (TensorFlow 2.21).
    """
    needed = least_step_bytes(size, batch_images=batch_images, precision=precision)
    if memory_bytes is not None and needed > memory_bytes:
        raise MemoryError(
            f"a training step on {batch_images} images needs {needed / 2**30:.1f} GiB or more, "
            f"the machine has {memory_bytes / 2**30:.1f} GiB"
        )


def least_step_bytes(size: Size, *, batch_images: int, precision: Precision) -> int:
    """Return what a step holds at the least: weights, gradients, and outputs kept for the way back.

    Of the layers without weights and of the optimizer nothing is counted.
    """
    kept = sum(math.prod(layer.output_shape) for layer in size.layers if layer.parameters > 0)
    value_bytes = 2 if precision == "bfloat16" else 4
    return kept * batch_images * value_bytes + (size.parameters + size.trainable_parameters) * 4
