"""How long commands take that do not train.

    python tests/benchmarks/startup.py --output reports/performance/startup.json

Every command is a process of its own, in turn; `report` reads a study of made-up trials.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness


def main() -> None:
    """Time the commands, and write seconds."""
    parser = harness.arguments(__doc__ or "")
    parser.add_argument("--trials", type=int, default=1000, help="of the study that is read")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = harness.child_environment() | {"CI": "true"}
        study = ("--study", "made-up", "--trials", str(options.trials), "--dataset", "digits")
        subprocess.run(
            harness.tool(home, "run", "--space", "cnn", "--sampler", "random", *study),
            env=environment | {"MNIST_SEARCH_TRAINER": "tests.support.fake:inline"},
            capture_output=True,
            check=True,
        )
        name = [sys.executable, "-m", "mnist_search"]
        at_home = ["--home", folder]
        commands = {
            "--help": [*name, "--help"],
            "spaces list": [*name, "spaces", "list"],
            "references list": [*name, "references", "list"],
            "data status": [*name, "data", "status"],
            f"report, {options.trials:,} trials": [*name, "report", "made-up", *at_home],
            f"report -f json, {options.trials:,} trials": [
                *(*name, "report", "made-up", "-f", "json", *at_home)
            ],
            f"report -f html, {options.trials:,} trials": [
                *(*name, "report", "made-up", "-f", "html", "-o", f"{folder}/page.html"),
                *at_home,
            ],
        }
        seconds: dict[str, list[float]] = {command: [] for command in commands}
        for _ in range(options.repeats):
            for command, line in commands.items():
                started = time.perf_counter()
                subprocess.run(line, env=environment, capture_output=True, check=True)
                seconds[command].append(time.perf_counter() - started)
    harness.write(
        options.output,
        "startup",
        unit="seconds, whole process",
        rows=[
            {"command": command, "seconds": harness.spread(values)}
            for command, values in seconds.items()
        ],
    )


if __name__ == "__main__":
    main()
