"""The table of rows names tests that exist, and each row has its negative control."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.report import ROWS, load_tables, rows_named

ROOT = Path(__file__).parents[2]
_, TABLE = load_tables()


def test_every_row_is_proved_or_left_out() -> None:
    named = {*TABLE["proved"], *TABLE["left_out"]}
    assert sorted(map(int, named)) == list(ROWS)
    assert not TABLE["proved"].keys() & TABLE["left_out"].keys()


@pytest.mark.parametrize("kind", ["proved", "controls"])
def test_tests_of_rows_exist(kind: str) -> None:
    for row, test in TABLE[kind].items():
        path, name = test.split("::")
        assert f"def {name}(" in (ROOT / path).read_text(), f"row {row}: {test}"


def test_every_proved_row_has_its_negative_control() -> None:
    controlled = {int(row) for row in TABLE["controls"]}
    for path in Path(__file__).parent.glob("test_*.py"):
        for name in re.findall(r"^def (test_control_\w+)\(", path.read_text(), re.MULTILINE):
            controlled |= rows_named(f"::{name}")[0]
    missing = {int(row) for row in TABLE["proved"]} - controlled
    assert not missing, f"rows whose protection no test takes away: {sorted(missing)}"
