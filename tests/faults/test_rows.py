"""The table of rows and tests names only tests that exist."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROWS = tomllib.loads(Path(__file__).with_name("rows.toml").read_text())


def test_every_row_is_proved_by_a_test_that_exists() -> None:
    for row, test in ROWS["proved"].items():
        assert 1 <= int(row) <= 80
        path, name = test.split("::")
        assert f"def {name}(" in (Path(__file__).parents[2] / path).read_text(), test


def test_no_row_is_both_proved_and_left_out() -> None:
    assert not ROWS["proved"].keys() & ROWS["left_out"].keys()
