"""The scripts run, and pieces of them called, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(FOLDER.parents[1]), "MNIST_SEARCH_DATASET": "digits"}


def script(name: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def call(code: str, given: Any) -> Any:
    """Run code in a process that finds the scripts as they find each other."""
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\ngiven = json.load(sys.stdin)\n{code}"],
        input=json.dumps(given),
        cwd=FOLDER,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return json.loads(done.stdout)


def run(
    contestant: str, seed: int, seconds: float, *trials: tuple[float, float], budget: int = 3
) -> dict[str, Any]:
    return {
        "contestant": contestant,
        "seed": seed,
        "budget": budget,
        "seconds": seconds,
        "trials": list(trials),
    }
