"""The benchmarks run from end to end, and their figures are put together rightly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import open_ledger

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


def test_target_is_what_the_slowest_contestant_ends_with() -> None:
    runs = [
        run("mnist-search", 1, 50.0, (10.0, 0.97), (20.0, 0.98), (45.0, 0.99)),
        run("slow", 1, 200.0, (90.0, 0.95), (180.0, 0.98)),
        run("hasty", 1, 60.0, (30.0, 0.96)),
    ]
    ours, slow, hasty = call("import peers\nprint(json.dumps(peers._rows(given)))", runs)
    assert ours["targets"] == [0.98]
    assert ours["seconds_to_target"] == [20.0]
    assert slow["times"]["mnist-search"]["to_finish"]["median"] == pytest.approx(4.0)
    assert slow["times"]["mnist-search"]["to_target"]["median"] == pytest.approx(9.0)
    assert hasty["seconds_to_target"] == [None]
    assert hasty["times"]["mnist-search"]["to_target"]["median"] == pytest.approx(3.0)


MISSED = "import peers\nprint(json.dumps(peers._is_missed(given, 'mnist-search')))"


def test_no_ratio_where_ours_never_gets_there() -> None:
    runs = [run("mnist-search", 1, 50.0, (10.0, 0.90)), run("slow", 1, 200.0, (90.0, 0.95))]
    _, slow = call("import peers\nprint(json.dumps(peers._rows(given)))", runs)
    assert "to_target" not in slow["times"]["mnist-search"]
    assert call(MISSED, runs)


def test_a_longer_search_of_ours_counts_to_the_target_alone() -> None:
    runs = [
        run("mnist-search", 1, 50.0, (10.0, 0.90)),
        run("slow", 1, 200.0, (90.0, 0.95)),
        run("mnist-search", 1, 300.0, (60.0, 0.96), budget=6),
    ]
    ours, slow = call("import peers\nprint(json.dumps(peers._rows(given)))", runs)
    assert ours["best"]["samples"] == [0.90]
    assert (ours["seconds_to_target"], ours["trials_to_target"]) == ([60.0], [6])
    assert slow["targets"] == [0.95]
    assert slow["times"]["mnist-search"]["to_finish"]["median"] == pytest.approx(4.0)
    assert slow["times"]["mnist-search"]["to_target"]["median"] == pytest.approx(1.5)
    assert not call(MISSED, runs)


def test_expected_seconds_to_a_target_are_over_the_searches_of_all_seeds() -> None:
    runs = [
        run("mnist-search", 1, 50.0, (10.0, 0.90), (40.0, 0.97)),
        run("slow", 1, 200.0, (90.0, 0.95)),
        run("mnist-search", 2, 30.0, (20.0, 0.90)),
        run("slow", 2, 220.0, (100.0, 0.80), (150.0, 0.85)),
        run("mnist-search", 2, 60.0, (44.0, 0.96), budget=6),
    ]
    ours, slow = call("import peers\nprint(json.dumps(peers._rows(given)))", runs)
    assert ours["targets"] == [0.95, 0.85]
    # of seed 2, the longest search
    assert ours["expected"] == [
        {"seconds": 42.0, "met": 2, "searches": 2},
        {"seconds": 27.0, "met": 2, "searches": 2},
    ]
    assert slow["expected"] == [
        {"seconds": 310.0, "met": 1, "searches": 2},
        {"seconds": 120.0, "met": 2, "searches": 2},
    ]
    times = slow["times"]["mnist-search"]["expected_to_target"]["samples"]
    assert times == pytest.approx([310 / 42, 120 / 27])


def test_epochs_of_one_trial_are_one_trial_with_its_best(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("1 0.5\n2 0.25\n")
    code = "from pathlib import Path\nimport peers\nprint(json.dumps(peers._logged(Path(given))))"
    assert call(code, str(log)) == [[1.0, 0.5], [2.0, 0.25]]
    log.write_text("1 0.5 1000\n2 0.25 1001\n3 0.125 1000\n")
    assert call(code, str(log)) == [[3.0, 0.5], [2.0, 0.25]]


OWN = """
from pathlib import Path
import harness, peers, subprocess
home = Path(given)
arguments = "run --space mlp --dataset digits --trials 8 --epochs 4 --study benchmark".split()
subprocess.run(harness.tool(home, *arguments), env=harness.tool_environment(), check=True,
               stdout=subprocess.DEVNULL)
print(json.dumps(peers._own_trials(home)))
"""


def test_a_trial_of_ours_counts_by_its_best_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "MNIST_SEARCH_TRAINER", "surrogate-inline")
    trials = call(OWN, str(tmp_path))
    ledger = open_ledger(tmp_path / "benchmark")
    records = ledger.records()
    ledger.close()
    whole = [record for record in records if record.result and record.result.epochs]
    assert len(records) == 8 > len(whole)
    assert trials == [
        [record.finished, max(epoch.val_accuracy for epoch in record.result.epochs)]
        for record in whole
    ]


JOURNAL = """
from pathlib import Path
import harness
journal = harness.Journal(Path(given["output"]), trials=given["trials"])
runs = []
def measure():
    runs.append(1)
    return {"seconds": 1.5}
found = [journal.once((name, 1), measure) for name in given["names"]]
counted = [[run["key"][0], run["finished"]] for run in journal.provenance()]
print(json.dumps([len(runs), found, counted]))
"""


def test_a_long_benchmark_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    def go_on(*names: str, trials: int = 3) -> Any:
        given = {"output": str(tmp_path / "long.json"), "names": names, "trials": trials}
        measured, found, counted = call(JOURNAL, given)
        assert [name for name, _ in counted] == list(names)
        moments.update(counted)
        return [measured, found]

    one = {"seconds": 1.5}
    moments: dict[str, str] = {}
    assert go_on("a", "b") == [2, [one, one]]
    first = dict(moments)
    with (tmp_path / "long.runs.jsonl").open("a") as torn:
        torn.write('{"key": ["c", 1], "resu')
    assert go_on("a", "b", "a") == [0, [one, one, one]]
    assert moments == first
    # another question, or runs of another machine, do not count
    assert go_on("a", trials=4) == [1, [one]]
    assert go_on("a", trials=4) == [0, [one]]
    path = tmp_path / "long.runs.jsonl"
    path.write_text(path.read_text().replace('"machine_id": "', '"machine_id": "another-'))
    assert go_on("a") == [1, [one]]


@pytest.mark.parametrize("space", ["cnn", "mlp"])
def test_peers_choose_the_names_that_the_shipped_space_has(space: str) -> None:
    code = (
        "import peer_space\n"
        "class Noting(peer_space.RandomChooser):\n"
        "    names = set()\n"
        "    def whole(self, name, *a, **k):\n"
        "        self.names.add(name)\n"
        "        return super().whole(name, *a, **k)\n"
        "    def real(self, name, *a, **k):\n"
        "        self.names.add(name)\n"
        "        return super().real(name, *a, **k)\n"
        "    def one_of(self, name, *a, **k):\n"
        "        self.names.add(name)\n"
        "        return super().one_of(name, *a, **k)\n"
        "peer_space._optimizer = lambda space, choose, steps: None\n"
        "for seed in range(200):\n"
        "    choose = Noting(seed)\n"
        "    (peer_space._convolutions if given == 'cnn' else peer_space._perceptron)(choose)\n"
        "from mnist_search.spaces import find_space\n"
        "names = {p.name for p in find_space(given).parameters}\n"
        "print(json.dumps(sorted(Noting.names - names)))"
    )
    assert call(code, space) == []


@pytest.fixture(scope="module")
def overhead(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of the shortest overhead benchmark that there is."""
    output = tmp_path_factory.mktemp("benchmark") / "overhead.json"
    short = ("--repeats", "1", "--samplers", "random", "--trials", "3", "--trainers", "inline")
    script("overhead", "--output", output, *short)
    return output


def test_overhead_is_written_with_machine_and_command(overhead: Path) -> None:
    document = json.loads(overhead.read_text())
    assert [row["loop"] for row in document["rows"]] == ["inline", "optuna alone"]
    assert document["command"].startswith("python tests/benchmarks/overhead.py --output")
    assert document["environment"]["processor"]


def test_report_holds_the_figures_of_the_files(overhead: Path, tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    script("report", overhead, "--output", page)
    (row, _) = json.loads(overhead.read_text())["rows"]
    text = page.read_text()
    assert f"| random | inline | 3 | {row['ms']['median']:.1f} |" in text
    assert "## Overhead of a trial, in searches of 3 trials\n" in text


def test_report_says_when_each_contestant_was_measured(overhead: Path, tmp_path: Path) -> None:
    def run(name: str, seed: int, finished: str, revision: str | None) -> dict[str, Any]:
        return {"key": [name, seed], "finished": finished, "revision": revision}

    runs = [
        run("slow", 1, "2026-01-02T03:04:05+00:00", "abc"),
        run("slow", 2, "2026-01-02T06:04:05+00:00", "abc"),
        run("fast", 1, "2026-01-03T00:00:05+00:00", None),
    ]
    file = tmp_path / "overhead.json"
    file.write_text(json.dumps(json.loads(overhead.read_text()) | {"provenance": runs}))
    script("report", file, "--output", tmp_path / "performance.md")
    assert (
        "Runs ended (UTC): slow 2026-01-02 03:04 to 2026-01-02 06:04 (abc); "
        "fast 2026-01-03 00:00 to 2026-01-03 00:00 (no commit)."
    ) in (tmp_path / "performance.md").read_text()


def test_report_gives_the_expected_seconds_to_each_target(overhead: Path, tmp_path: Path) -> None:
    runs = [
        run("mnist-search", 1, 50.0, (40.0, 0.97)),
        run("slow", 1, 200.0, (90.0, 0.95)),
        run("mnist-search", 2, 60.0, (44.0, 0.96)),
        run("slow", 2, 220.0, (150.0, 0.85)),
        run("never", 1, 30.0, (20.0, 0.5)),
        run("never", 2, 40.0, (20.0, 0.5)),
    ]
    peers = {
        "benchmark": "peers",
        "space": "mlp",
        "budget": {"trials": 3, "epochs": 2, "images": 6000},
        "rows": call("import peers\nprint(json.dumps(peers._rows(given)))", runs),
    }
    file = tmp_path / "peers.json"
    file.write_text(json.dumps(json.loads(overhead.read_text()) | peers))
    script("report", file, "--output", tmp_path / "performance.md")
    text = (tmp_path / "performance.md").read_text()
    assert "| contestant | 0.8500 | 0.9500 |" in text
    assert "| slow | 120 (2 of 2) | 310 (1 of 2) |" in text
    assert "| never | over 70 (0 of 2) | over 70 (0 of 2) |" in text
    # 310 s over 42 s, and 120 s over 42 s
    assert text.split("| slow | mnist-search |")[1].splitlines()[0].endswith("| 5.1 (2.9 to 7.4) |")


def test_report_gives_each_sampler_its_row(overhead: Path, tmp_path: Path) -> None:
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
    file = tmp_path / "samplers.json"
    file.write_text(json.dumps(json.loads(overhead.read_text()) | samplers))
    script("report", file, "--output", tmp_path / "performance.md")
    text = (tmp_path / "performance.md").read_text()
    assert "## Samplers on the `wide` space\n" in text
    assert "\n7 trials, the defaults of `run` otherwise, 2 seeds. " in text
    assert "| tpe | 20 (10 to 30) | 0.8500 (0.8000 to 0.9000) | 4, 5 | 3, 1 |" in text
    assert "| random | 6 (5 to 6) | 0.7250 (0.7000 to 0.7500) | 4, 5 | 3, 1 |" in text


def test_the_curve_of_memory_is_drawn_and_shown(overhead: Path, tmp_path: Path) -> None:
    about = json.loads(overhead.read_text())
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
    (tmp_path / "performance").mkdir()
    file = tmp_path / "performance" / "memory.json"
    file.write_text(json.dumps(about | memory))
    script("report", file, "--output", tmp_path / "performance.md")
    text = (tmp_path / "performance.md").read_text()
    assert "| coordinator | 150 | - | - |" in text
    assert "](performance/memory.svg)" in text
    drawn = file.with_suffix(".svg").read_text()
    assert drawn.lstrip().startswith("<?xml")
    script("report", file, "--output", tmp_path / "performance.md")
    assert file.with_suffix(".svg").read_text() == drawn


@pytest.mark.slow
def test_throughput_of_trainer_and_fit(tmp_path: Path) -> None:
    output = tmp_path / "throughput.json"
    script(
        *("throughput", "--output", output, "--repeats", "1", "--images", "300"),
        *("--nets", "mlp-drop-2", "--contestants", "mnist-search", "fit"),
        *("--precisions", "float32"),
    )
    document = json.loads(output.read_text())
    (ratio,) = document["ratios"]
    assert (ratio["net"], ratio["against"]) == ("mlp-drop-2", "fit")
    assert ratio["ratio"]["median"] > 0
    assert {row["contestant"] for row in document["rows"]} == {"mnist-search", "fit"}
