"""The leaderboard as text."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re

import pytest
from rich.cells import cell_len

from mnist_search.analysis import Leaderboard, Row, build_leaderboard
from mnist_search.references import REFERENCES
from mnist_search.reporting.board_rows import COLUMNS
from mnist_search.reporting.cells import Column
from mnist_search.reporting.leaderboard import render_leaderboard
from mnist_search.reporting.terminal import Terminal, render_table
from tests.reporting.conftest import board_text

ROWS = (
    Row(
        rank=1,
        rank_low=1,
        rank_high=2,
        tie_group="a",
        name="cnn-double-32",
        kind="reference",
        status="published",
        protocol="documented",
        score=0.995,
        score_low=0.9934,
        score_high=0.9962,
        score_basis="published",
        published_accuracy=0.995,
        epochs=30,
        epochs_planned=30,
    ),
    Row(
        rank=2,
        rank_low=1,
        rank_high=2,
        tie_group="a",
        name="trial 7",
        kind="trial",
        status="complete",
        protocol="held-out",
        score=0.9931,
        score_low=0.9913,
        score_high=0.9945,
        score_basis="validation",
        selection_accuracy=0.9942,
        val_accuracy=0.9931,
        n=1,
        parameters=1_200_010,
        fit_seconds=147.2,
        time_ratio=6.71,
        contended=True,
        epochs=8,
        epochs_planned=8,
        values={"lr": 0.001},
        inference_us=12.3,
        architecture="C32(3x3 valid) BN",
    ),
    Row(
        rank=3,
        rank_low=3,
        rank_high=3,
        tie_group="b",
        name="cnn-bn-dropout",
        kind="reference",
        status="complete",
        verdict="lower",
        protocol="documented",
        score=0.757,
        score_low=0.7485,
        score_high=0.7653,
        score_basis="test",
        test_accuracy=0.757,
        n=3,
        published_accuracy=0.8776,
        gap=-0.1206,
        fit_seconds=120.0,
        epochs=3,
        epochs_planned=3,
    ),
    Row(
        name="trial 8",
        kind="trial",
        status="pruned",
        score=0.91,
        score_basis="validation",
        val_accuracy=0.91,
        n=1,
        epochs=1,
        epochs_planned=8,
    ),
    Row(name="trial 9", kind="trial", status="failed", failure="diverged: loss is NaN"),
)
BOARD = Leaderboard(
    rows=ROWS, notes=("Best: trial 7.", "Second note."), environment=("measured on a machine",)
)


def lines(width: int) -> list[str]:
    return board_text(BOARD, width).splitlines()


def line_with(text: str, width: int = 200) -> str:
    (found,) = [line for line in lines(width) if text in line and "  " in line]
    return found


def test_who_leads_stands_first_and_the_machine_last() -> None:
    found = lines(200)
    assert found[0] == "Best: trial 7."
    assert found[-1] == "measured on a machine"
    assert "Second note." in found


def test_measured_accuracy_has_its_interval_beside_the_published_one() -> None:
    shown = " ".join(line_with("cnn-bn-dropout").split())
    expected = "3 cnn-bn-dropout 75.70 ±0.84 test - 87.76 -12.06 lower - 2m 00s - 3-3 3 b 3 - -"
    assert shown == expected


def test_a_published_figure_is_marked_as_not_run() -> None:
    shown = line_with("cnn-double-32")
    assert "99.50 ±0.14  publ" in shown
    assert "not run here" in shown


def test_a_trial_shows_its_basis_and_disturbed_time() -> None:
    shown = line_with("trial 7", 300)
    assert shown.startswith("*2 ")
    assert "99.31 ±0.16  val" in shown
    assert "2m 27s!" in shown
    assert "C32(3x3 valid) BN" in shown


def test_a_board_shows_what_ranks_its_trials_where_that_is_another_accuracy() -> None:
    assert "val         99.42" in line_with("trial 7", 300)
    assert "Ranked by: a trial's accuracy on the images that select" in " ".join(lines(300))
    alike = [dataclasses.replace(row, selection_accuracy=None) for row in ROWS]
    shown = board_text(dataclasses.replace(BOARD, rows=tuple(alike)), 300)
    assert "anked by" not in shown


def test_unfinished_rows_say_what_became_of_them() -> None:
    assert line_with("trial 8").split()[:6] == ["-", "trial", "8", "91.00", "pruned", "val"]
    assert "1/8" in line_with("trial 8")
    assert "failed" in line_with("trial 9")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160])
def test_the_whole_board_fits_the_terminal(width: int) -> None:
    board = build_leaderboard([], REFERENCES)
    text = board_text(board, width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert text.count("cnn-") >= 9


def test_eighty_columns_keep_what_decides() -> None:
    found = lines(80)
    header = next(line for line in found if "name" in line and "accuracy" in line)
    assert re.split(r"  +", header.strip()) == [
        "#", "name", "accuracy %", "on", "publ. %", "parameters", "fit time",
    ]  # fmt: skip
    told = " ".join(" ".join(found).split())
    assert "cnn-double-32 " in told
    assert "Hidden at this width: ranked by %, gap, verdict, what it is, range" in told
    assert "(widen the terminal, or -f json)" in told
    # What is hidden is not explained either.
    assert "On: test = test images" in told
    assert "What it is:" not in told
    assert "What it is: C32(5x5 same)" in " ".join(lines(200))


def test_references_look_different_from_trials_in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(width=120, color=True)
    monkeypatch.setattr(
        "mnist_search.reporting.leaderboard.detect_terminal", lambda plain: terminal
    )
    colored = render_leaderboard(BOARD, "table").splitlines()
    published = next(line for line in colored if "cnn-double-32" in line)
    best = next(line for line in colored if "*2" in line)
    assert published.startswith("\x1b[2;3m")
    assert best.startswith("\x1b[1;32m")


def test_json_holds_every_key_and_nothing_else() -> None:
    document = json.loads(render_leaderboard(BOARD, "json"), parse_constant=pytest.fail)
    assert document["schema_version"] == 1
    assert document["notes"] == ["Best: trial 7.", "Second note."]
    assert document["environment"] == ["measured on a machine"]
    assert document["rows"] == json.loads(json.dumps([row.as_dict() for row in ROWS]))


def test_csv_holds_every_key() -> None:
    found = list(csv.DictReader(io.StringIO(render_leaderboard(BOARD, "csv"))))
    assert set(found[0]) == set(ROWS[0].as_dict())
    assert found[1]["values"] == '{"lr": 0.001}'
    assert found[2]["gap"] == "-0.1206"


def test_markdown_is_a_table_with_its_notes() -> None:
    found = render_leaderboard(BOARD, "markdown").splitlines()
    assert found[0] == "| " + " | ".join(column.header for column in COLUMNS) + " |"
    assert found[2].startswith("| 1 | cnn-double-32 | 99.50 ±0.14 | publ | - | 99.50 | - |")
    assert r"| \*2 | trial 7 |" in found[3]
    assert "* Best: trial 7." in found


def test_a_row_of_many_tie_groups_does_not_burst_the_table() -> None:
    row = Row(name="x", kind="trial", status="complete", tie_group="abcdefz1", rank=1)
    text = board_text(Leaderboard(rows=(row,), notes=(), environment=()), 200)
    assert " a-z1 " in text


def test_an_empty_board() -> None:
    empty = Leaderboard(rows=(), notes=(), environment=())
    assert board_text(empty, 80) == "no rows\n"


def test_names_from_outside_cannot_steer_the_terminal() -> None:
    row = Row(name="[red]evil\x1b[2J\nx", kind="trial", status="running")
    text = board_text(Leaderboard(rows=(row,), notes=("n\x1b[0m",), environment=()), 120)
    assert "\x1b" not in text
    assert "[red]evil[2J x" in text
    plain = render_table([row.as_dict()], [Column("name", "n")], terminal=Terminal(width=60))
    assert "[red]evil[2J x" in plain


def test_verdict_says_what_was_not_trained() -> None:
    failure = "too-large: 5,000 parameters are more than 1,000"
    rows = (
        Row(name="trial 4", kind="trial", status="complete", score=0.99, duplicate_of=1),
        Row(name="trial 5", kind="trial", status="pruned", failure=failure),
    )
    board = Leaderboard(rows=rows, notes=(), environment=())
    text = board_text(board, 200)
    assert "as trial 1" in text
    assert "too large" in text
    assert "pruned" not in text


def test_the_best_trial_stands_below_with_its_hyperparameters() -> None:
    board = dataclasses.replace(BOARD, ranked=ROWS[:3])
    told = " ".join(board_text(board, 80).split())
    assert "Best trial: trial 7, 99.31 % validation accuracy (95 % interval 99.13 to" in told
    assert "hyperparameters lr=0.001" in told
    markdown = render_leaderboard(board, "markdown")
    assert "## Best trial\n\nBest trial: trial 7" in markdown
    assert "* hyperparameters: lr=0.001" in markdown
    assert "Best trial" not in render_leaderboard(BOARD, "table")


def test_a_board_for_each_data_set_in_one_report() -> None:
    boards = [
        dataclasses.replace(BOARD, title=title, rows=ROWS[first:])
        for first, title in enumerate(("mnist", "digits"))
    ]
    text = board_text(boards, 120)
    assert text.startswith("mnist: Best: trial 7.\n")
    assert "\ndigits: Best: trial 7.\n" in text
    assert "## Leaderboard: digits" in render_leaderboard(boards, "markdown")
    document = json.loads(render_leaderboard(boards, "json"))
    assert len(document["rows"]) == 2 * len(ROWS) - 1
    assert document["notes"][0] == "mnist: Best: trial 7."
    assert len(render_leaderboard(boards, "csv").splitlines()) == 2 * len(ROWS)


def test_a_board_of_quick_runs_is_about_time_alone() -> None:
    quick = Row(
        name="mlp-784", kind="reference", status="complete", protocol="documented", quick=True,
        score=0.94, score_low=0.93, score_high=0.95, score_basis="test", gap=-0.04, n=1,
        step_ms=2.0, batch_size=60, train_images=30_000, fit_seconds=1.5, time_ratio=1.0,
    )  # fmt: skip
    board = Leaderboard(rows=(quick, ROWS[0]), notes=("Fastest",), environment=(), sort="time")
    text = board_text(board, 100)
    assert " ".join(text.splitlines()[2].split()).startswith("# name time of an epoch x fastest")
    assert re.search(r"1 +mlp-784 +2.00 s +1.0", text)
    assert "accuracy" not in text
    assert "cnn-double-32" not in text
    beside = board_text(dataclasses.replace(board, sort="accuracy"), 200)
    assert re.search(r"mlp-784 +\(94.00\) +test +- +- +quick", beside)
    assert "(…): accuracy of a quick run, which is not ranked." in beside
