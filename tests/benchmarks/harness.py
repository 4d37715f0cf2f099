"""What the benchmarks share: children with threads of their own, spread, and one JSON file each.

Each benchmark is a script: `python tests/benchmarks/NAME.py --help`. Contestants take turns within
a round and rounds repeat, so that a slow minute of the machine hits all of them alike; what counts
are the ratios within a round. Nothing here runs two measurements at once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from mnist_search.specs import available_cores, describe_environment

T = TypeVar("T")

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
SCHEMA_VERSION = 1
# Where a benchmark puts packages that the project itself does not depend on.
EXTRA = "MNIST_SEARCH_BENCHMARK_PACKAGES"


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True, help="the JSON file to write")
    parser.add_argument("--repeats", type=int, default=5, help="rounds, alternating")
    return parser


def child(
    arguments: Sequence[str | Path],
    *,
    threads: int | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 3600,
) -> Any:
    """Run a script in a new process and return the JSON of the last line that it printed."""
    finished = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=child_environment(threads) | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    if finished.returncode != 0:
        said = finished.stderr.strip().splitlines()[-15:]
        raise SystemExit("\n".join([f"{shlex.join(map(str, arguments))} failed:", *said]))
    return json.loads(finished.stdout.strip().splitlines()[-1])


def child_environment(threads: int | None = None) -> dict[str, str]:
    """Return the environment of a child that uses that many threads (None: all cores)."""
    number = str(available_cores() if threads is None else threads)
    # As for a user: compiled once, and not at every start.
    inherited = {name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {
        "PYTHONPATH": os.pathsep.join(
            [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])],
        ),
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": number,
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": number,
    }


def tool_environment() -> dict[str, str]:
    """Return the environment of `mnist-search`, which sets the threads of its workers itself."""
    threads = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    found = {name: value for name, value in child_environment().items() if name not in threads}
    return found | {"CI": "true"}


def tool(home: Path, *arguments: str) -> list[str]:
    """Return the command line of `mnist-search` with a home of its own."""
    name, *rest = arguments
    return [sys.executable, "-m", "mnist_search", name, *rest, "--home", str(home)]


def installed(requirements: Sequence[str], folder: Path | None) -> dict[str, str]:
    """Install packages for one benchmark only; return what its child needs to find them."""
    target = Path(tempfile.gettempdir(), "mnist-search-peers") if folder is None else folder
    if not target.is_dir():
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(target)]
        subprocess.run([*command, *requirements], check=True)
    return {EXTRA: str(target)}


def use_installed() -> None:
    """Let this process find the packages of `installed`, behind its own."""
    folder = os.environ.get(EXTRA)
    if folder is not None:
        sys.path.append(folder)


class Journal:
    """The finished runs of a long benchmark, a line each, in `NAME.runs.jsonl` beside its file.

    What is there is not run again, so that the same command goes on where it was ended. A line
    counts only where question, machine and versions of packages are the same.
    """

    def __init__(self, output: Path, **question: Any) -> None:
        """Read what there is; `question` is all that makes runs comparable."""
        environment = describe_environment()
        self._path = output.with_suffix(".runs.jsonl")
        self._about = {
            # as a line gives it back: tuples are lists
            "question": json.loads(json.dumps(question)),
            "machine_id": environment.machine_id,
            "packages": environment.packages,
        }
        text = self._path.read_text() if self._path.exists() else ""
        # a kill may have torn the last line
        self._start = "" if text.endswith("\n") or not text else "\n"
        self._lines = [line for line in map(_parse, text.splitlines()) if line is not None]
        self._counted: list[dict[str, Any]] = []

    def once(self, key: Sequence[str | int], measure: Callable[[], Any]) -> Any:
        """Return the result of a run: the one written down, else of `measure`, written down."""
        line = self._find(key)
        if line is not None:
            say(f"{', '.join(map(str, key))}: measured {line['finished']}")
            self._counted.append(line)
            return line["result"]
        revision = _revision()
        result = measure()
        line = {
            "key": list(key),
            "result": result,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "revision": revision,
            **self._about,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(f"{self._start}{json.dumps(line)}\n")
            file.flush()
            os.fsync(file.fileno())
        self._start = ""
        self._lines.append(line)
        self._counted.append(line)
        return result

    def holds(self, key: Sequence[str | int]) -> bool:
        """Say whether a run is written down."""
        return self._find(key) is not None

    def _find(self, key: Sequence[str | int]) -> dict[str, Any] | None:
        for line in self._lines:
            if line["key"] == list(key) and line.items() >= self._about.items():
                return line
        return None

    def provenance(self) -> list[dict[str, Any]]:
        """Return of each run that counted its key, when it ended, and the commit it measured."""
        return [
            {name: line[name] for name in ("key", "finished", "revision")} for line in self._counted
        ]


def _parse(line: str) -> Any:
    """Return what a line says, None for a torn one."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _revision() -> str | None:
    """Return the commit that is measured, None outside a checkout."""
    found = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None


def spread(samples: Sequence[float]) -> dict[str, Any]:
    """Return median, extremes and the samples themselves."""
    return {
        "median": statistics.median(samples),
        "low": min(samples),
        "high": max(samples),
        "samples": list(samples),
    }


def ratio(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """Return the spread of first / second, round by round."""
    return spread([one / other for one, other in zip(first, second, strict=True)])


def spent(wholes: Sequence[float], reached: Sequence[float | None]) -> list[float]:
    """Return of each search the seconds until it met its target, of one that did not, all."""
    return [whole if at is None else at for whole, at in zip(wholes, reached, strict=True)]


def expected_seconds(wholes: Sequence[float], reached: Sequence[float | None]) -> float:
    """Return the seconds of all searches until their target, over the number that met it.

    Where none has met it, they are the seconds of all.
    """
    return sum(spent(wholes, reached)) / max(1, sum(at is not None for at in reached))


def bootstrap(
    seeds: Sequence[T], figure: Callable[[Sequence[T]], float], *, rounds: int = 2000
) -> tuple[float, float]:
    """Return the 95 % interval of a figure over seeds, drawn again with replacement.

    The same seeds are drawn each time for the same number of them. Of few seeds it is coarse.
    """
    rng = random.Random(0)
    drawn = sorted(figure(rng.choices(seeds, k=len(seeds))) for _ in range(rounds))
    return drawn[round(0.025 * rounds)], drawn[round(0.975 * rounds) - 1]


def say(text: str) -> None:
    """Say on stderr what is going on."""
    sys.stderr.write(f"{datetime.now():%H:%M:%S} {text}\n")


def answer(result: Any) -> None:
    """Print what `child` reads."""
    sys.stdout.write(json.dumps(result) + "\n")


def write(path: Path, benchmark: str, **content: Any) -> None:
    """Write a benchmark's file, whole or not at all, with the command, machine and versions."""
    environment = describe_environment()
    document = {
        "schema_version": SCHEMA_VERSION,
        "benchmark": benchmark,
        "command": shlex.join(["python", f"tests/benchmarks/{benchmark}.py", *sys.argv[1:]]),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine_id": environment.machine_id,
        "environment": environment.model_dump(mode="json"),
        **content,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(document, indent=1) + "\n")
    draft.replace(path)
    say(f"wrote {path}")
