"""The GPUs that TensorFlow can use, asked of itself; run as a program, this prints them as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from mnist_search.errors import ResourceError
from mnist_search.specs import Device
from mnist_search.specs.environment import GPU_WORKERS
from mnist_search.training.backend import tf


def visible_gpus() -> list[Device]:
    """Return the GPUs that this process can train on; none of their memory is taken."""
    details = map(tf.config.experimental.get_device_details, tf.config.get_visible_devices("GPU"))
    return [
        Device(
            kind="gpu",
            name=each.get("device_name"),
            compute_capability=each.get("compute_capability"),
        )
        for each in details
    ]


def used_device(environ: Mapping[str, str]) -> Device | None:
    """Return the GPU that this process trains on, None where it is the processor.

    `GPU_WORKERS` says how many workers share the GPU that this one was given.

    Raises:
        ResourceError: it was given one, and TensorFlow cannot use it.
    """
    gpus, workers = visible_gpus(), environ.get(GPU_WORKERS)
    if gpus:
        return gpus[0].model_copy(update={"workers": int(workers or 1)})
    if workers is not None:
        raise ResourceError(
            "this worker was given a GPU, and TensorFlow cannot use it: "
            "pip install 'mnist-search[gpu]' on its machine, or --device cpu"
        )
    return None


if __name__ == "__main__":
    sys.stdout.write(json.dumps([each.model_dump(mode="json") for each in visible_gpus()]))
