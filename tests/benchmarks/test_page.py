"""The page says what the files of the benchmarks hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mnist_search.specs import describe_environment
from tests.benchmarks.driving import call, run, script

PageOf = Callable[[Mapping[str, Any]], str]


@pytest.fixture
def page_of(overhead: Path, tmp_path: Path) -> PageOf:
    """Return a maker of the page of one file: that of the overhead, but for what is told."""
    folder = tmp_path / "performance"
    folder.mkdir()

    def make(changes: Mapping[str, Any]) -> str:
        document = json.loads(overhead.read_text()) | changes
        file = folder / f"{document['benchmark']}.json"
        file.write_text(json.dumps(document))
        page = tmp_path / "performance.md"
        script("report", file, "--output", page)
        return page.read_text()

    return make


def test_report_holds_the_figures_of_the_files(overhead: Path, page_of: PageOf) -> None:
    (row, _) = json.loads(overhead.read_text())["rows"]
    text = page_of({})
    assert f"| random | inline | 3 | {row['ms']['median']:.1f} |" in text
    assert "## Overhead of a trial, in searches of 3 trials\n" in text


def test_report_says_when_each_contestant_was_measured(page_of: PageOf) -> None:
    def run(name: str, seed: int, finished: str, revision: str | None) -> dict[str, Any]:
        return {"key": [name, seed], "finished": finished, "revision": revision}

    runs = [
        run("slow", 1, "2026-01-02T03:04:05+00:00", "abc"),
        run("slow", 2, "2026-01-02T06:04:05+00:00", "abc"),
        run("fast", 1, "2026-01-03T00:00:05+00:00", None),
    ]
    assert (
        "Runs ended (UTC): slow 2026-01-02 03:04 to 2026-01-02 06:04 (abc); "
        "fast 2026-01-03 00:00 to 2026-01-03 00:00 (no commit)."
    ) in page_of({"provenance": runs})


def test_report_says_what_an_earlier_version_measured(overhead: Path, page_of: PageOf) -> None:
    environment = json.loads(overhead.read_text())["environment"]
    assert "earlier version" not in page_of({})
    environment["packages"]["mnist-search"] = "0.0.9"
    spread = {"median": 12.4, "low": 12.4, "high": 12.4, "samples": [12.4]}
    row = {"sampler": "tpe", "loop": "worker", "trials": 1000, "ms": spread}
    text = page_of({"environment": environment, "rows": [row]})
    assert (
        "* **Overhead of a trial**, by the trials of the search: tpe 12 ms at 1,000. "
        "(Measured with the earlier version 0.0.9.)\n"
    ) in text
    assert text.count("(Measured with the earlier version 0.0.9.)") == 2


def race_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what `peers.py` would write of these runs."""
    return {
        "benchmark": "peers",
        "space": "mlp",
        "budget": {"trials": 3, "epochs": 2, "images": 6000},
        "rows": call("import peers\nprint(json.dumps(peers._rows(given)))", runs),
    }


def test_report_gives_the_expected_seconds_to_each_target(page_of: PageOf) -> None:
    runs = [
        run("mnist-search", 1, 50.0, (40.0, 0.97)),
        run("slow", 1, 200.0, (90.0, 0.95)),
        run("mnist-search", 2, 60.0, (44.0, 0.96)),
        run("slow", 2, 220.0, (150.0, 0.85)),
        run("never", 1, 30.0, (20.0, 0.5)),
        run("never", 2, 40.0, (20.0, 0.5)),
    ]
    environment = describe_environment().model_copy(update={"features": ("avx2", "amx_bf16")})
    machine = {"environment": environment.model_dump(mode="json")}
    text = page_of(race_of(runs) | machine)
    heading = "## Searches of the `mlp` space, 6,000 images, amx_bf16\n"
    assert f"{heading}\n3 trials of at most 2 epochs, " in text
    assert "| contestant | 0.8500 | 0.9500 |" in text
    assert "| slow | 120 [90 to 150] (2 of 2) | 310 [90 to 440] (1 of 2) |" in text
    assert "| never | over 70 [60 to 80] (0 of 2) | over 70 [60 to 80] (0 of 2) |" in text
    # 120 s over 42 s, and 310 s over 42 s
    told = text.split("| slow | mnist-search |")[1].splitlines()[0]
    assert "| 5.1: 2.9 [" in told
    assert ", 7.4 [" in told


@pytest.mark.parametrize("told", ["references first", "precision auto"])
def test_report_says_what_the_peers_had_not(page_of: PageOf, told: str) -> None:
    runs = [run("mnist-search", 1, 5.0, (4.0, 0.9)), run("slow", 1, 9.0, (8.0, 0.9))]
    alone = page_of(race_of(runs))
    page = page_of(race_of([run(f"mnist-search, {told}", 1, 3.0, (2.0, 0.9)), *runs]))
    assert f"`{told}` is `--" in page
    assert f"| slow | mnist-search, {told} | 3.0 | 4.0 | 4.0: 4.0 [4.0 to 4.0] |" in page
    assert told not in alone


def test_report_gives_each_sampler_its_row(page_of: PageOf) -> None:
    found = [("tpe", [10.0, 30.0], [0.9, 0.8]), ("random", [5.0, 6.0], [0.7, 0.75])]
    code = "import harness\nprint(json.dumps([harness.spread(samples) for samples in given]))"
    spreads = iter(call(code, [samples for _, *both in found for samples in both]))
    samplers = {
        "benchmark": "samplers",
        "space": "wide",
        "budget": {"trials": 7},
        "rows": [
            {
                "sampler": name,
                "seconds": next(spreads),
                "best_val_accuracy": next(spreads),
                "complete": [4, 5],
                "pruned": [3, 1],
            }
            for name, *_ in found
        ],
    }
    text = page_of(samplers)
    assert "## Samplers on the `wide` space\n" in text
    assert "\n7 trials, the defaults of `run` otherwise, 2 seeds. " in text
    assert "| tpe | 20 (10 to 30) | 0.8500 (0.8000 to 0.9000) | 4, 5 | 3, 1 |" in text
    assert "| random | 6 (5 to 6) | 0.7250 (0.7000 to 0.7500) | 4, 5 | 3, 1 |" in text


def test_report_says_how_soon_each_contestant_was_there(page_of: PageOf, tmp_path: Path) -> None:
    code = (
        "import main_job\n"
        "curves = [main_job.best_so_far(*run) for run in given]\n"
        "runs = [{'seconds': 50.0, 'winner': 0.99, 'curve': curve} for curve in curves]\n"
        "print(json.dumps(main_job.row_of('ours', '--space wide', runs)))"
    )
    # [end, score] of the trials as they lie in a study, and when the command began
    first = ([[140.0, 0.9955], [110.0, 0.98], [120.0, 0.97], [130.0, 0.991]], 100.0)
    second = ([[1.0, 0.992], [2.0, 0.9935]], 0.0)
    row = call(code, [first, second])
    assert row["curves"][0] == [[10.0, 0.98], [30.0, 0.991], [40.0, 0.9955]]
    assert row["until"] == [[30.0, 1.0], [40.0, 2.0], [40.0, None]]
    job = {"benchmark": "main_job", "budget": {"trials": 9}, "targets": [0.99, 0.993, 0.995]}
    text = page_of({**job, "rows": [row]})
    assert "## The main job, `ours`: 9 trials\n" in text
    assert (
        "\n* **A search of at most 9 trials** (`run --space wide`) takes 50 s; a validation "
        "accuracy of 99 % after 16 s, 99.3 % after 21 s, 99.5 % was not reached (medians of 2 "
        "seeds).\n"
    ) in text
    assert "| ours | `--space wide` | 16 (1, 30) | 21 (2, 40) | never (40, never) |" in text
    drawn = (tmp_path / "performance" / "main_job.svg").read_text()
    assert "best validation error so far" in drawn


def test_report_gives_each_rule_its_looks_and_what_came_of_it(page_of: PageOf) -> None:
    def row(rule: str, steps: Sequence[int], seconds: float | None) -> dict[str, Any]:
        return {
            "rule": rule,
            "steps": steps,
            "networks": "all",
            "expected": {"2": {"seconds": seconds, "met": 0.0 if seconds is None else 0.5}},
            "best": 0.98765,
            "seconds": 1234.5,
        }

    stopping = {
        "benchmark": "stopping",
        "space": "wide",
        "budget": {"networks": 9, "epochs": 8, "images": 1200},
        "precision": "float32",
        "orders": 7,
        "trials": 4,
        "rows": [row("halving", (1, 4), 2500.0), row("none", (), None)],
    }
    text = page_of(stopping)
    assert "## Rules that stop trials, on the `wide` space\n\n9 random networks, " in text
    assert "| `halving` | 0.25, 1 | all | 2,500 (50 %) | 0.9877 | 1,234 |" in text
    assert "| `none` | never | all | never | 0.9877 | 1,234 |" in text


def test_the_curve_of_memory_is_drawn_and_shown(page_of: PageOf, tmp_path: Path) -> None:
    points = [
        {"seconds": 60.0 * minute, "parent": 150 * 2**20, "largest_worker": (800 + minute) * 2**20}
        for minute in range(5)
    ]
    memory = {
        "benchmark": "memory",
        "budget": {"trials": 200},
        "rows": [{"process": "coordinator", "most": 150 * 2**20}],
        "points": points,
    }
    text = page_of(memory)
    assert "| coordinator | 150 | - | - |" in text
    assert "](performance/memory.svg)" in text
    picture = tmp_path / "performance" / "memory.svg"
    drawn = picture.read_text()
    assert drawn.lstrip().startswith("<svg")
    page_of(memory)
    assert picture.read_text() == drawn
