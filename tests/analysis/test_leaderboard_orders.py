"""The leaderboard in other orders, cut short, and its front."""

from __future__ import annotations

import pytest

from mnist_search.analysis import Row, build_leaderboard
from mnist_search.analysis.order import known, sorted_rows
from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES
from mnist_search.specs import (
    Device,
    Record,
    Score,
)
from tests.analysis.made_up import (
    MNIST,
    names,
    recipe,
    repeat,
    result,
    trial,
)


def test_sort_by_time_keeps_machines_apart() -> None:
    records = [
        trial(0, 9_900, fit=30.0),
        trial(1, 9_800, fit=20.0, units=16),
        trial(2, 9_700, fit=1.0, units=64, on="quick cpu"),
        trial(3, 9_950, fit=None, units=128),
    ]
    board = build_leaderboard(records, REFERENCES, sort="time", include_published=False)
    assert names(board.rows) == ["trial 1", "trial 0", "trial 2", "trial 3"]
    assert [row.time_ratio for row in board.rows] == [1.0, 1.5, 1.0, None]
    # The rank stays the place by accuracy.
    assert [row.rank for row in board.rows] == [3, 2, 4, 1]
    assert any("2 machines and are never compared" in note for note in board.notes)


def test_devices_of_one_machine_are_kept_apart_as_machines_are() -> None:
    records = [trial(0, 9_900, fit=30.0), trial(1, 9_800, fit=20.0, units=16)]
    found = trial(2, 9_700, fit=1.0, units=64).result
    assert found is not None
    assert found.environment is not None
    device = Device(kind="gpu", name="NVIDIA T4")
    environment = found.environment.model_copy(update={"device": device})
    on_gpu = found.model_copy(update={"environment": environment})
    records.append(trial(2, 9_700, units=64).model_copy(update={"result": on_gpu}))
    board = build_leaderboard(records, REFERENCES, sort="time", include_published=False)
    assert names(board.rows) == ["trial 1", "trial 0", "trial 2"]
    assert [row.time_ratio for row in board.rows] == [1.0, 1.5, 1.0]
    assert [(row.device, row.device_name) for row in board.rows[1:]] == [
        ("cpu", None),
        ("gpu", "NVIDIA T4"),
    ]
    assert any("2 machines and devices and are never compared" in note for note in board.notes)
    assert any(line.startswith("measured on NVIDIA T4 beside cpu, ") for line in board.environment)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("accuracy", ["trial 0", "trial 2", "trial 1"]),
        ("parameters", ["trial 1", "trial 0", "trial 2"]),
        ("name", ["trial 0", "trial 1", "trial 2"]),
        ("number", ["trial 0", "trial 1", "trial 2"]),
    ],
)
def test_other_orders(sort: str, expected: list[str]) -> None:
    records = [trial(2, 9_890, units=64), trial(1, 9_800, units=8), trial(0, 9_900)]
    board = build_leaderboard(records, REFERENCES, sort=sort, include_published=False)
    assert names(board.rows) == expected


def test_not_a_number_never_sorts_as_best() -> None:
    rows = [
        Row(name="nan", kind="trial", status="complete", score=float("nan")),
        Row(name="good", kind="trial", status="complete", score=0.9),
        Row(name="none", kind="trial", status="complete"),
    ]
    assert names(sorted_rows(rows, "accuracy"))[0] == "good"
    assert names(sorted_rows(rows[::-1], "accuracy"))[0] == "good"
    assert known(float("nan")) is None


def test_a_score_on_no_image_is_unknown() -> None:
    config = recipe()
    empty = result(config).model_copy(update={"validation": Score(correct=0, total=0)})
    record = Record(
        study="s",
        number=0,
        kind="trial",
        state="complete",
        config=config,
        dataset=MNIST,
        result=empty,
    )
    (row,) = build_leaderboard([record], [], include_published=False).rows
    assert (row.rank, row.score, row.val_accuracy) == (None, None, None)


def test_pareto_keeps_what_nothing_beats_on_its_machine() -> None:
    records = [
        trial(0, 9_900, fit=60.0),
        trial(1, 9_800, fit=20.0, units=16),
        trial(2, 9_800, fit=30.0, units=64),  # as good as trial 1, and slower
        trial(3, 9_700, fit=25.0, units=8),
        trial(4, 9_000, fit=90.0, units=4, on="another cpu"),
        repeat("cnn-mnist-3", 5, 1_135, fit=1.0, collapsed=True),
    ]
    board = build_leaderboard(records, REFERENCES, pareto=True)
    assert names(board.rows) == ["trial 0", "trial 1", "trial 4"]
    assert any(note.startswith("Pareto: 3 of") for note in board.notes)


def test_top_keeps_the_first_rows_references_among_them_by_rank() -> None:
    records = [trial(number, 9_900 - 100 * number) for number in range(4)]
    board = build_leaderboard(records, REFERENCES, top=9)
    assert [row.rank for row in board.rows] == list(range(1, 10))
    assert {row.kind for row in board.rows} == {"trial", "reference"}
    assert "9 of 29 rows are shown." in board.notes
    assert len(board.ranked) == 29
    alone = build_leaderboard(records, REFERENCES, hide_references=True, top=3)
    assert [(row.name, row.kind) for row in alone.rows] == [
        (f"trial {number}", "trial") for number in range(3)
    ]
    assert [row.rank for row in alone.rows] == [
        row.rank for row in board.ranked if row.kind == "trial"
    ][:3]
    whole = build_leaderboard(records, REFERENCES, top=29)
    assert not any("are shown" in note for note in whole.notes)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"sort": "speed"}, "sort must be one of accuracy, time"), ({"top": 0}, "top must be >= 1")],
)
def test_wrong_arguments(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        build_leaderboard([], REFERENCES, **arguments)  # type: ignore[arg-type]
