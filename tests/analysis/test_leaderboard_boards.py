"""One board for each data set."""

from __future__ import annotations

from mnist_search.analysis.leaderboard import build_leaderboards
from mnist_search.references import REFERENCES
from mnist_search.specs import DatasetRef, Record, RunConfig
from tests.reporting.watching import trial

SIZES = {"train_images": 1500, "test_images": 297}
MNIST = DatasetRef(name="mnist", digest="m" * 16, **SIZES)
DIGITS = DatasetRef(name="digits", digest="d" * 16, **SIZES)
OTHER_DIGITS = DatasetRef(name="digits", digest="e" * 16, **SIZES)


def record(number: int, dataset: DatasetRef) -> Record:
    config: RunConfig = trial(0).job.config
    return Record(
        study=dataset.digest, number=number, kind="trial", state="waiting", config=config,
        dataset=dataset,
    )  # fmt: skip


def test_one_data_set_is_one_board_without_a_title() -> None:
    (board,) = build_leaderboards([record(0, DIGITS)], REFERENCES)
    assert board.title == ""
    assert len(board.rows) == 1 + len(REFERENCES)
    (empty,) = build_leaderboards([], REFERENCES)
    assert len(empty.rows) == len(REFERENCES)


def test_mnist_comes_first_with_the_published_figures() -> None:
    records = [record(number, DIGITS) for number in range(3)] + [record(3, MNIST)]
    mnist, digits = build_leaderboards(records, REFERENCES)
    assert (mnist.title, digits.title) == ("mnist", "digits")
    assert [row.dataset for row in digits.rows] == ["digits"] * 3
    assert len(mnist.rows) == 1 + len(REFERENCES)
    assert {row.rank for row in mnist.rows if row.kind == "reference"} == set(range(1, 26))


def test_data_sets_of_one_name_are_told_apart_by_their_digest() -> None:
    boards = build_leaderboards([record(0, DIGITS), record(1, OTHER_DIGITS)], REFERENCES)
    assert [board.title for board in boards] == ["digits dddddddd", "digits eeeeeeee"]


def test_top_counts_the_rows_of_each_board_and_hidden_references_keep_their_ranks() -> None:
    records = [record(number, MNIST) for number in range(3)] + [record(3, DIGITS)]
    mnist, digits = build_leaderboards(records, REFERENCES, top=5)
    assert [row.rank for row in mnist.rows] == [1, 2, 3, 4, 5]
    assert len(digits.rows) == 1
    assert any("5 of 28 rows are shown" in note for note in mnist.notes)
    mnist, _ = build_leaderboards(records, REFERENCES, hide_references=True)
    assert [row.kind for row in mnist.rows] == ["trial"] * 3
