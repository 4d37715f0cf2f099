"""Memory of the coordinator and of its workers over a long search.

    python tests/benchmarks/memory.py --output reports/performance/memory.json

Resident memory of every process of a real search, looked at once a second.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import harness


def main() -> None:
    """Search, watch, and write the curves."""
    parser = harness.arguments(__doc__ or "")
    parser.add_argument("--space", default="cnn")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--images", type=int, default=6_000, help="a sixth is held out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        from data import first_images

        data = first_images(Path(folder, "images.npz"), train=options.images)
        home = Path(folder, "home")
        environment = harness.tool_environment()
        search = subprocess.Popen(
            harness.tool(
                home,
                *("run", "--space", options.space, "--study", "benchmark"),
                *("--dataset", str(data), "--epochs", str(options.epochs)),
                *("--trials", str(options.trials), "--pruner", "none", "--sampler", "random"),
            ),
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        points = _watch(search)
        if search.returncode != 0:
            raise SystemExit(f"the search ended with exit code {search.returncode}")
    parent = [point["parent"] for point in points]
    workers = [point["largest_worker"] for point in points if point["largest_worker"]]
    half = len(workers) // 2
    harness.write(
        options.output,
        "memory",
        space=options.space,
        budget={"trials": options.trials, "epochs": options.epochs, "images": options.images},
        unit="bytes, resident",
        rows=[
            {"process": "coordinator", "most": max(parent), "last": parent[-1]},
            {
                "process": "largest worker",
                "most": max(workers),
                "most_in_the_first_half": max(workers[:half] or workers),
                "most_in_the_second_half": max(workers[half:]),
            },
        ],
        points=points,
    )


def _watch(search: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    started = time.perf_counter()
    points = []
    while search.poll() is None:
        sizes = {pid: _resident(pid) for pid in _family(search.pid)}
        parent = sizes.pop(search.pid, 0)
        if parent:
            points.append(
                {
                    "seconds": round(time.perf_counter() - started, 1),
                    "parent": parent,
                    "largest_worker": max(sizes.values(), default=0),
                    "together": parent + sum(sizes.values()),
                }
            )
        time.sleep(1)
    return points


def _family(root: int) -> set[int]:
    """Return the process and all its descendants."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
