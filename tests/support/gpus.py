"""A program that prints made-up GPUs, in the place of TensorFlow (`execution.devices`).

`MNIST_SEARCH_MADE_UP_GPUS` has their compute capabilities, such as `8.0,7.5`; `broken` fails.
"""

from __future__ import annotations

import json
import os
import sys

VARIABLE = "MNIST_SEARCH_MADE_UP_GPUS"

if __name__ == "__main__":
    told = os.environ[VARIABLE]
    if told == "broken":
        raise SystemExit("no driver")
    found = [
        {"kind": "gpu", "name": f"made-up GPU {number}", "compute_capability": capability}
        for number, capability in enumerate(
            [int(part) for part in text.split(".")] for text in filter(None, told.split(","))
        )
    ]
    sys.stdout.write(f"TensorFlow says much.\n{json.dumps(found)}\n")
