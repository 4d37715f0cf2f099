"""`open_study` as a notebook uses it."""

from __future__ import annotations

import dataclasses
import io
import re
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from mnist_search import open_study
from mnist_search.cli import execute
from mnist_search.errors import UsageError
from mnist_search.reporting.opened import BoardView

MANUAL = (Path(__file__).parents[2] / "mnist_search" / "commands" / "README.md").read_text()
NAME = "cnn-mnist-seed1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make up a search on the embedded digits."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
        patch.delenv("MNIST_SEARCH_DATA", raising=False)
        words = f"run --space mlp -n 6 --study {NAME} --dataset digits -q --home {folder}"
        assert execute(words.split()) == 0
        yield folder


def content(path: Path) -> bytes:
    return path.read_bytes()


def test_best_is_the_most_accurate_complete_trial(home: Path) -> None:
    study = open_study(NAME, home=home)
    best = study.best
    assert best is not None
    accuracies = [
        record.result.validation.accuracy
        for record in study.records()
        if record.state == "complete" and record.result and record.result.validation
    ]
    assert best.result is not None
    assert best.result.score is not None
    assert best.result.score.accuracy == max(accuracies)
    assert len(study.records()) == 6


def test_leaderboard_shows_itself_everywhere(home: Path) -> None:
    # References cannot be ranked beside other data, and stand behind all trials.
    board = open_study(NAME, home=home).leaderboard(top=None)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(board)
    shown = console.export_text()
    page = board._repr_html_()
    for text in (shown, page, str(board)):
        assert "cnn-double-32" in text
        assert re.search(r"trial \d", text)
    assert page.count("<tr>") == 1 + len(board.board.rows)
    alone = open_study(NAME, home=home).leaderboard(top=3, references=False)
    assert len(alone.board.rows) == 3


def test_names_from_outside_stay_text(hostile_board: BoardView) -> None:
    page = hostile_board._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    console = Console(width=400, record=True, file=io.StringIO())
    console.print(hostile_board)
    assert "[red]" in console.export_text()
    assert "\x1b" not in page


@pytest.fixture
def hostile_board(home: Path) -> BoardView:
    board = open_study(NAME, home=home).leaderboard(top=1).board
    rows = tuple(
        dataclasses.replace(row, name="[red]<script>x</script>\x1b[31m") for row in board.rows
    )
    return BoardView(dataclasses.replace(board, rows=rows))


def test_what_is_done_with_the_optuna_study_stays_in_memory(home: Path) -> None:
    path = home / NAME / "journal.log"
    before = content(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study = open_study(NAME, home=home).optuna
    best = open_study(NAME, home=home).best
    assert best is not None
    assert study.best_trial.number == best.number
    assert study.user_attrs["spec"]["name"] == NAME
    study.enqueue_trial({})
    study.set_user_attr("mine", 1)
    assert len(study.trials) == 7
    assert content(path) == before


def test_charts_are_those_of_the_page_and_show_themselves(home: Path, tmp_path: Path) -> None:
    charts = open_study(NAME, home=home).charts()
    assert {"best-so-far", "learning-curves", "accuracy-against-parameters"} <= set(charts)
    with pytest.warns(UserWarning, match="deduplicated selection parameter"):
        both = charts["best-so-far"] | charts["accuracy-against-parameters"]
    spec = both.to_dict()
    # One selection for both: a click in one finds the trial in the other.
    (picked,) = [each for each in spec["params"] if each["name"] == "picked"]
    assert len(picked["views"]) == 2
    assert charts["best-so-far"]._repr_mimebundle_()
    charts["best-so-far"].save(tmp_path / "best.svg")
    assert (tmp_path / "best.svg").read_text().startswith("<svg")


def test_data_frame_has_a_line_per_trial(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = types.ModuleType("pandas")
    pandas.DataFrame = list  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    rows = open_study(NAME, home=home).to_pandas()
    assert [row["number"] for row in rows] == list(range(6))
    assert all("value_dense_layers" in row and "values" not in row for row in rows)


def test_without_pandas_one_line_says_how_to_get_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        open_study(NAME, home=home).to_pandas()


def test_a_study_that_is_not_there_names_those_that_are(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"there is no study x in .*; there are: {NAME}"):
        open_study("x", home=home)
    with pytest.raises(UsageError, match="there is none"):
        open_study("x", home=tmp_path)
    with pytest.raises(UsageError, match="must start with a letter"):
        open_study("../x", home=home)


def test_example_of_the_manual_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = types.ModuleType("pandas")
    pandas.DataFrame = list  # type: ignore[attr-defined]
    # Altair asks of every value whether it is one, where pandas is loaded.
    pandas.Timestamp = type("Timestamp", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    monkeypatch.setenv("MNIST_SEARCH_HOME", str(home))
    (example,) = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, "the manual", "exec"), names)
    assert "study" in names
