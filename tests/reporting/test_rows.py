"""Rows in every format."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from rich.cells import cell_len

from mnist_search.reporting import Column, render_rows
from mnist_search.reporting.csv import render_csv
from mnist_search.reporting.json import render_json
from mnist_search.reporting.markdown import escape
from mnist_search.reporting.terminal import Terminal, detect_terminal, render_table

COLUMNS = (
    Column("name", "name", "text"),
    Column("accuracy", "accuracy", "percent"),
    Column("seconds", "time", "seconds", 1),
    Column("note", "note", "text", 2),
)
ROWS: list[dict[str, object]] = [
    {"name": "cnn", "accuracy": 0.99123456, "seconds": 12.5, "note": None, "hidden": (1, 2)},
    {"name": "mlp", "accuracy": None, "seconds": float("nan"), "note": "a long note, " * 5},
]


def table(width: int, *, color: bool = False, ascii_only: bool = False) -> str:
    terminal = Terminal(width=width, color=color, ascii_only=ascii_only)
    return render_table(ROWS, COLUMNS, title="Title", notes=["A note."], terminal=terminal)


def test_json_has_every_key_unrounded_and_null_for_unknown() -> None:
    text = render_rows(ROWS, COLUMNS, "json", title="Title")
    document = json.loads(text, parse_constant=pytest.fail)
    assert document["schema_version"] == 1
    assert document["rows"][0] == {
        "name": "cnn",
        "accuracy": 0.99123456,
        "seconds": 12.5,
        "note": None,
        "hidden": [1, 2],
    }
    assert document["rows"][1]["seconds"] is None
    assert set(document) == {"schema_version", "rows"}
    assert json.loads(render_rows(ROWS, COLUMNS, "json", notes=["x"]))["notes"] == ["x"]


def test_json_is_ascii_whatever_the_names() -> None:
    text = render_json([{"name": "日本 \ud800"}])
    assert text.isascii()
    assert json.loads(text)["rows"][0]["name"] == "日本 \ud800"


def test_csv_has_the_columns_unrounded() -> None:
    text = render_rows(ROWS, COLUMNS, "csv", title="Title", notes=["x"])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0] == {"name": "cnn", "accuracy": "0.99123456", "seconds": "12.5", "note": ""}
    assert rows[1]["accuracy"] == rows[1]["seconds"] == ""


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|x", "'+cmd|x"),
        ("-x", "'-x"),
        ("@sum(a)", "'@sum(a)"),
        ("\t=1", "' =1"),
        (" =1", "' =1"),
        ("\r@x", "' @x"),
        ("-5", "-5"),
        ("+1e-3", "+1e-3"),
        (-5, "-5"),
        (-0.25, "-0.25"),
        ("a-b=c", "a-b=c"),
        (True, "true"),
        ({"a": 1}, '{"a": 1}'),
    ],
)
def test_csv_holds_no_formula(value: object, cell: str) -> None:
    ((found,),) = list(csv.reader(io.StringIO(render_csv([{"v": value}], [Column("v", "v")]))))[1:]
    assert found == cell


def test_markdown_is_one_table_whatever_the_cells() -> None:
    rows = [{"name": "a|b\n<script>`x`*y*_z_ snake_case [l](u)", "accuracy": 0.5}]
    text = render_rows(rows, COLUMNS[:2], "markdown", title="T|", notes=["n"])
    assert text.splitlines() == [
        r"### T\|",
        "",
        "| name | accuracy |",
        "| --- | ---: |",
        r"| a\|b &lt;script&gt;\`x\`\*y\*\_z\_ snake_case \[l\](u) | 50.00 % |",
        "",
        "* n",
    ]
    assert escape("&lt;") == "&amp;lt;"


def test_a_wide_table_shows_everything() -> None:
    text = table(200)
    assert "99.12 %" in text
    assert text.count("a long note,") == 5
    assert "Hidden at this width" not in text
    assert "\x1b" not in text
    assert text.startswith("Title\n")


@pytest.mark.parametrize("width", [20, 30, 45, 60, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(cell_len(line) for line in table(width).splitlines()) <= width


def _header(width: int) -> list[str]:
    return next(line for line in table(width).splitlines() if line.startswith("name")).split()


def test_a_narrow_table_drops_columns_of_low_priority_first() -> None:
    # At 52 a shortened note has room; then the note goes, then the time.
    assert _header(52) == ["name", "accuracy", "time", "note"]
    assert _header(30) == ["name", "accuracy", "time"]
    assert "Hidden at this width: note (widen" in " ".join(table(30).split())
    assert _header(20) == ["name", "accuracy"]


def test_numbers_are_never_shortened() -> None:
    rows = [{"name": "n" * 50, "count": 123_456_789}]
    columns = [Column("name", "name"), Column("count", "count", "count")]
    text = render_table(rows, columns, terminal=Terminal(width=24))
    assert "123,456,789" in text
    assert "…" in text


def test_wide_characters_keep_the_columns_in_line() -> None:
    rows = [{"name": "日本語", "accuracy": 0.5}, {"name": "abcdef", "accuracy": 0.25}]
    text = render_table(rows, COLUMNS[:2], terminal=Terminal(width=60))
    ends = {cell_len(line) for line in text.splitlines() if line.endswith("%")}
    assert len(ends) == 1


def test_markup_and_escape_sequences_are_text() -> None:
    rows = [{"name": "[bold red]x[/] \x1b[2Jy :smile:"}]
    text = render_table(rows, COLUMNS[:1], terminal=Terminal(width=80, color=True))
    assert "[bold red]x[/] [2Jy :smile:" in text
    assert "\x1b[2J" not in text


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[" in table(80, color=True)
    assert "\x1b[" not in table(80)


def test_ascii_terminals_get_ascii() -> None:
    rows = [{"name": "±1 日", "accuracy": 0.5}]
    terminal = Terminal(width=40, ascii_only=True)
    assert render_table(rows, COLUMNS[:2], terminal=terminal).isascii()


def test_no_rows_are_said_to_be_none() -> None:
    assert render_rows([], COLUMNS, "table") == "no rows\n"


class _Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_colour_follows_the_terminal_and_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", _Screen())
    assert detect_terminal().color
    monkeypatch.setenv("TERM", "dumb")
    assert not detect_terminal().color
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not detect_terminal().color
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not detect_terminal().color


def test_a_file_gets_no_colour_from_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys, "stdout", _Screen())
    assert "\x1b[" in render_rows(ROWS, COLUMNS, "table", notes=["n"])
    plain = render_rows(ROWS, COLUMNS, "table", notes=["n"], plain=True)
    assert "\x1b[" not in plain
    assert "Hidden" not in plain


def test_the_width_is_that_of_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    assert detect_terminal().width == 77


def test_the_room_is_light() -> None:
    code = (
        "import sys, mnist_search.reporting;"
        "heavy = {'rich', 'pydantic', 'numpy', 'tensorflow', 'optuna'} & sys.modules.keys();"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
