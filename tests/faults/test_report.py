"""The page of the fault table says what the tests saw, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.faults.report import ROWS, FaultsReport, Seen, load_tables, render, rows_named

pytest_plugins = ("pytester",)

TEXTS: dict[str, Any] = {
    str(row): {"fault": f"fault {row}", "injected": "`x|y` and a|b"} for row in ROWS
}
ENDED = [("exit", 5), ("exit", 0), ("error", "study.db: damaged `by` <b>"), ("fact", "12 kept")]


@pytest.mark.parametrize(
    ("test", "rows", "is_control"),
    [
        ("a.py::test_row_1_killed", {1}, False),
        ("a.py::test_rows_6_to_9_signals", {6, 7, 8, 9}, False),
        ("a.py::test_rows_12_to_14_52_55_every_way", {12, 13, 14, 52, 55}, False),
        ("a.py::test_control_of_rows_1_to_3", {1, 2, 3}, True),
        ("a.py::test_control_of_row_2_that_do_not_care[x]", {2}, True),
        ("a.py::test_row_42_to_the_end", {42}, False),
        ("a.py::test_row_90_of_another_table", set(), False),
        ("a.py::test_arrow_1", set(), False),
        ("a.py::test_control_of_the_machine", set(), False),
    ],
)
def test_names_of_tests_name_rows(test: str, rows: set[int], is_control: bool) -> None:
    assert rows_named(test) == (rows, is_control)


def page(outcomes: dict[str, str], **table: Any) -> str:
    seen = {
        test: Seen(outcomes=[outcome], properties=list(ENDED), reasons=["no disk"])
        for test, outcome in outcomes.items()
    }
    return render(TEXTS, {"proved": {}, "left_out": {}, **table}, seen, {})


def line_of(page: str, row: int) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"| {row} |"))


def test_row_says_what_its_tests_saw() -> None:
    text = page(
        {"f.py::test_row_7_a": "passed", "f.py::test_control_of_row_7_b": "passed"},
        left_out={"8": "no server"},
    )
    line = line_of(text, 7)
    assert "`x|y`" not in line, "a cell must not be split, within code neither"
    assert "a\\|b" in line
    assert "held (1 case); exit 0, 5; “study.db: damaged 'by' &lt;b&gt;”; 12 kept" in line
    assert line.endswith("| fails, as it must |")
    assert line_of(text, 8).endswith("| left out: no server | — |")
    assert line_of(text, 9).endswith("| no test yet | — |")
    assert "Of 80 rows 1 held, 1 are left out" in text


@pytest.mark.parametrize(
    ("outcome", "here", "control"),
    [("failed", "FAILED", "DOES NOT FAIL"), ("skipped", "skipped: no disk", "skipped")],
)
def test_what_did_not_hold_is_not_said_to(outcome: str, here: str, control: str) -> None:
    text = page({"f.py::test_row_7_a": outcome, "f.py::test_control_of_row_7_b": outcome})
    assert line_of(text, 7).endswith(f"| {here} | {control} |")
    assert "Of 80 rows 0 held" in text


def test_proof_that_was_not_run_is_said_so() -> None:
    text = page({}, proved={"7": "f.py::test_a"}, controls={"7": "f.py::test_b"})
    assert line_of(text, 7).endswith("| not run | not run |")


def test_figures_stand_as_they_were_measured() -> None:
    common = {
        "machine": "M",
        "python": "3.11",
        "versions": {"optuna": "5.0.0"},
        "date": "2026-11-20",
        "seconds": 700.0,
    }
    found = dict.fromkeys(
        (
            *("lost", "duplicated", "left_behind", "other_than_n", "told_twice", "wrong_values"),
            *("half_made", "damaged", "failed"),
        ),
        0,
    )
    loop = {
        **common,
        "rounds": 1000,
        "kills": {"worker": 400, "both": 600},
        "transactions_of_a_study": 60,
        "studies": 90,
        "trials": 900,
        "acknowledged": 899,
        "found": {**found, "lost": 3},
    }
    study = {
        **common,
        "command": "mnist-search run",
        "kills": {"both": 10},
        "trials": 12,
        "trials_killed_study": 12,
        "same_parameters": 12,
        "same_states": 12,
        "same_values": 11,
        "same_curves": 11,
    }
    peers = {"optuna": {"2": {**common, "injected": "Kill it", "told": "12 `RUNNING`|"}}}
    text = render(
        TEXTS,
        {"proved": {}, "left_out": {}},
        {},
        {"kill_loop": loop, "real_study": study, "peers": peers},
    )
    assert "1,000 kills" in text
    assert "| told as done and lost | 3 |" in text
    assert "the same parameters in 12 of 12" in text
    assert "the same accuracy in 11" in text
    assert "| 2 | fault 2 | Kill it: 12 `RUNNING`\\| | — |" in text


def test_plugin_listens_to_tests(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(
        test_f="""
        import pytest
        @pytest.mark.parametrize("x", [1, 2])
        def test_row_3(x, record_property):
            record_property("fact", "seen")
        def test_control_of_row_3(): assert False
        def test_row_5(): pytest.skip("no disk")
        """
    )
    target = tmp_path / "faults.md"
    pytester.inline_run(plugins=[FaultsReport(target)])
    text = target.read_text()
    assert "held (2 cases); seen | DOES NOT FAIL |" in line_of(text, 3)
    assert "skipped: no disk" in line_of(text, 5)
    assert list(tmp_path.glob("*.md")) == [target]


@pytest.mark.parametrize("processes", [0, 2])
def test_page_holds_what_every_process_of_pytest_saw(processes: int, tmp_path: Path) -> None:
    target = tmp_path / "faults.md"
    here, inside, outside = Path(__file__), "test_tests_of_rows_exist", "test_start_removes_what"
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"-n{processes}"),
            *(here.with_name("test_rows.py"), "-k", f"{inside} or {outside}"),
            *("--faults-report", target),
        ],
        cwd=here.parents[2],
        capture_output=True,
        timeout=300,
        check=True,
    )
    # The proof of row 4 is a test of another folder, and there is no other one.
    assert "rows 1 held" in target.read_text()
    assert "| held" in line_of(target.read_text(), 4)


def test_every_row_has_its_text() -> None:
    texts, table = load_tables()
    assert [int(row) for row in texts] == list(ROWS)
    for row, text in texts.items():
        assert text["fault"]
        # What nobody can provoke here needs no words for how.
        assert text["injected"] or row in table["left_out"], row
    faults = [text["fault"] for text in texts.values()]
    assert len(set(faults)) == len(faults)


def test_texts_have_no_row_twice() -> None:
    text = Path(__file__).with_name("texts.toml").read_text()
    assert len(tomllib.loads(text)) == text.count("\nfault =")
