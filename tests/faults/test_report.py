"""The page of the fault suite says what the tests saw, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.report import FaultsReport, Seen, render, title_of, words_of

pytest_plugins = ("pytester",)

ENDED: list[tuple[str, object]] = [
    ("exit", 5),
    ("exit", 0),
    ("error", "journal.log: damaged `by` <b>"),
    ("fact", "12 kept"),
]


def page(**outcomes: str) -> str:
    seen = {
        f"test_f.py::test_{name}": Seen(
            outcomes=[outcome], properties=list(ENDED), reasons=["no disk"]
        )
        for name, outcome in outcomes.items()
    }
    return render({"test_f.py": "Files"}, seen, {})


def line_of(page: str, words: str) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"| {words} |"))


def test_line_says_what_its_test_saw() -> None:
    text = page(a_b="passed", control_a_b="passed", c="failed", d="skipped")
    seen = line_of(text, "a b")
    assert "held (1 case); exit 0, 5; “journal.log: damaged 'by' &lt;b&gt;”; 12 kept" in seen
    assert "fails, as it must" in line_of(text, "control: a b")
    assert "FAILED" in line_of(text, "c")
    assert "skipped: no disk" in line_of(text, "d")
    assert "1 of 3 faults held, 1 of 1 controls failed as they must" in text


def test_control_that_does_not_fail_is_told() -> None:
    assert "DOES NOT FAIL" in line_of(page(control_a="failed"), "control: a")


def test_long_runs_that_are_missing_are_told() -> None:
    text = page(a="passed")
    assert "Not run at full length yet" in text
    assert text.count("Not run yet") == 2


def test_figures_of_long_runs_are_shown() -> None:
    common = {
        "date": "2026-11-11",
        "machine": "M",
        "system": "S",
        "python": "3.11",
        "versions": {"optuna": "5"},
    }
    kinds = "lost duplicated left_behind other_than_n told_twice wrong_values half_made damaged"
    loop: dict[str, object] = {
        **common,
        "rounds": 1000,
        "kills": {"both": 1000},
        "studies": 3,
        "trials": 30,
        "acknowledged": 20,
        "lines_of_a_study": 70,
        "found": {**dict.fromkeys(f"{kinds} failed".split(), 0), "lost": 3},
        "seconds": 100.0,
    }
    study: dict[str, object] = {
        **common,
        "seconds": 9.0,
        "command": "mnist-search run",
        "kills": {"both": 10},
        "trials": 12,
        "trials_killed_study": 12,
        "same_parameters": 12,
        "same_states": 12,
        "same_values": 11,
        "same_curves": 11,
    }
    peers: dict[str, object] = {
        "optuna": {"killed worker": {**common, "injected": "Kill it", "told": "12 `RUNNING`|"}}
    }
    text = render({}, {}, {"kill_loop": loop, "real_study": study, "peers": peers})
    assert "1,000 kills" in text
    assert "| told as done and lost | 3 |" in text
    assert "the same parameters in 12 of 12" in text
    assert "the same accuracy in 11" in text
    assert "| killed worker | Kill it: 12 `RUNNING`\\| | — |" in text


def test_plugin_listens_to_tests(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(
        test_f='''
        """Files that are odd."""
        import pytest
        @pytest.mark.parametrize("x", [1, 2])
        def test_odd(x, record_property):
            record_property("fact", "seen")
        def test_control_odd(): assert False
        def test_full(): pytest.skip("no disk")
        '''
    )
    target = tmp_path / "faults.md"
    pytester.inline_run(plugins=[FaultsReport(target)])
    text = target.read_text()
    assert "## Files that are odd" in text
    assert "held (2 cases); seen" in line_of(text, "odd")
    assert "DOES NOT FAIL" in line_of(text, "control: odd")
    assert "skipped: no disk" in line_of(text, "full")
    assert list(tmp_path.glob("*.md")) == [target]


@pytest.mark.parametrize("processes", [0, 2])
def test_page_holds_what_every_process_of_pytest_saw(processes: int, tmp_path: Path) -> None:
    target = tmp_path / "faults.md"
    here = Path(__file__)
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"-n{processes}"),
            *(here, "-k", "test_control_that or test_long"),
            *("--faults-report", target),
        ],
        cwd=here.parents[2],
        capture_output=True,
        timeout=300,
        check=True,
    )
    assert "1 of 1 faults held, 1 of 1 controls" in target.read_text()


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parent.glob("test_*.py")), ids=lambda path: path.stem
)
def test_every_file_says_what_it_is_about(path: Path) -> None:
    assert title_of(path)


def test_names_of_tests_are_words() -> None:
    assert words_of("a.py::test_control_odd_files") == "control: odd files"
    assert words_of("a.py::test_odd_files") == "odd files"
