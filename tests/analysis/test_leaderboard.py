"""The leaderboard of made-up records: what makes a row, and its rank."""

from __future__ import annotations

import pytest

from mnist_search.analysis import build_leaderboard, pack_predictions
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import (
    Failure,
    Record,
    RunResult,
)
from tests.analysis.made_up import (
    DIGITS,
    MNIST,
    named,
    names,
    open_record,
    recipe,
    repeat,
    result,
    trial,
)


def test_without_records_all_references_stand_as_published() -> None:
    board = build_leaderboard([], REFERENCES)
    assert len(board.rows) == len(REFERENCES)
    assert {row.status for row in board.rows} == {"published"}
    first = board.rows[0]
    assert (first.rank, first.name, first.published_accuracy) == (1, "cnn-double-32", 0.995)
    assert (first.test_accuracy, first.n, first.score_basis) == (None, 0, "published")
    assert first.parameters == 430_698
    assert named(board, "cnn-mnist-3").verdict == "collapsed"
    assert board.notes[0].startswith("Nothing is measured here yet")


def test_the_promised_json_keys() -> None:
    promised = (
        "rank name kind status verdict parameters trainable_parameters epochs val_accuracy "
        "test_accuracy test_accuracy_low test_accuracy_high n published_accuracy fit_seconds "
        "seconds_per_epoch inference_us values"
    )
    row = build_leaderboard([trial(3, 9_900)], REFERENCES).rows[0]
    assert set(promised.split()) <= set(row.as_dict())


def test_a_row_is_ranked_by_the_accuracy_it_honestly_has() -> None:
    records = [trial(0, 9_945), repeat("cnn-simple", 1, 9_940), trial(2, 9_100)]
    board = build_leaderboard(records, REFERENCES)
    leaders = [(row.rank, row.name, row.score_basis) for row in board.rows[:3]]
    assert leaders == [
        (1, "cnn-double-32", "published"),
        (2, "trial 0", "validation"),
        (3, "cnn-simple", "test"),
    ]
    assert board.rows[1].test_accuracy is None
    assert board.rows[2].val_accuracy is None
    ranks = [row.rank for row in board.rows]
    assert ranks == list(range(1, len(REFERENCES) + 3))
    assert names(board.rows).count("cnn-simple") == 1


def test_equal_scores_go_measured_before_published_and_small_before_large() -> None:
    records = [
        repeat("cnn-simple", 0, 9_950),
        trial(1, 9_950, units=64),
        trial(2, 9_950, units=16),
    ]
    board = build_leaderboard(records, REFERENCES)
    assert names(board.rows[:4]) == ["cnn-simple", "trial 2", "trial 1", "cnn-double-32"]


def test_unfinished_rows_have_no_rank_and_follow() -> None:
    config = recipe()
    stopped = RunResult(
        status="pruned", config_id="c", seed=0, reports=((1, 0.4), (3, 0.95), (2, 0.99))
    )
    failed = RunResult(
        status="failed",
        config_id="c",
        seed=0,
        failure=Failure(kind="diverged", message="loss is NaN"),
    )
    records = [
        open_record(0, "waiting"),
        open_record(1, "running"),
        Record(study="s", number=2, kind="trial", state="failed", config=config, result=failed),
        Record(study="s", number=3, kind="trial", state="pruned", config=config, result=stopped),
        trial(4, 2_000),
    ]
    rows = build_leaderboard(records, REFERENCES).rows
    assert [row.status for row in rows[-4:]] == ["pruned", "failed", "running", "waiting"]
    assert [row.rank for row in rows[-4:]] == [None] * 4
    assert (rows[-5].name, rows[-5].rank) == ("cnn-mnist-3", len(REFERENCES) + 1)
    assert (rows[-6].name, rows[-6].rank) == ("trial 4", len(REFERENCES))
    pruned, broken = rows[-4], rows[-3]
    assert (pruned.val_accuracy, pruned.val_accuracy_low) == (0.95, None)
    assert broken.failure == "diverged: loss is NaN"
    assert broken.n == 0


def test_repeats_make_one_row_with_mean_spread_and_n() -> None:
    records = [
        repeat(
            "cnn-simple", seed, 9_870 + 10 * seed, seed=seed, fit=50.0 + seed, steps=(0.01, 0.03)
        )
        for seed in range(3)
    ]
    row = named(build_leaderboard(records, REFERENCES), "cnn-simple")
    assert (row.n, row.seeds, row.images) == (3, (0, 1, 2), 10_000)
    assert row.test_accuracy == pytest.approx(0.988)
    assert row.test_accuracy_sd == pytest.approx(0.001)
    assert row.test_accuracy_low is not None
    assert row.test_accuracy_low < 0.988 < (row.test_accuracy_high or 0)
    assert (row.fit_seconds, row.fit_seconds_iqr) == (51.0, 1.0)
    assert row.step_ms == pytest.approx(20.0)
    assert row.gap == pytest.approx(0.988 - 0.9878)
    assert row.verdict == "reproduced"


def test_a_seed_that_ran_twice_counts_once() -> None:
    again = [
        repeat("cnn-simple", 0, 9_000, finished=1.0),
        repeat("cnn-simple", 1, 9_878, finished=2.0),
    ]
    for records in (again, again[::-1]):
        row = named(build_leaderboard(records, REFERENCES), "cnn-simple")
        assert (row.n, row.test_accuracy) == (1, 0.9878)


def test_other_protocols_machines_and_precisions_are_other_rows() -> None:
    records = [
        repeat("cnn-plain", 0, 9_890),
        repeat("cnn-plain", 1, 9_897, protocol="corrected"),
        repeat("cnn-plain", 2, 9_891, seed=1, on="another cpu"),
        repeat("cnn-plain", 3, 9_892, seed=2, precision="bfloat16"),
    ]
    rows = [row for row in build_leaderboard(records, REFERENCES).rows if row.name == "cnn-plain"]
    assert len(rows) == 4
    assert {row.n for row in rows} == {1}
    corrected = next(row for row in rows if row.protocol == "corrected")
    assert corrected.verdict == "not comparable"
    assert corrected.label == "cnn-plain (corrected)"


def test_repeats_that_failed_or_wait_are_told_of() -> None:
    broken = open_record(5, "failed", name="cnn-simple")
    waiting = open_record(6, "waiting", name="cnn-simple")
    board = build_leaderboard([repeat("cnn-simple", 0, 9_878), broken, waiting], REFERENCES)
    row = named(board, "cnn-simple")
    assert (row.n, row.runs_failed, row.runs_pending) == (1, 1, 1)
    assert any("1 of 2 runs failed" in note for note in board.notes)


def test_a_reference_that_only_failed_keeps_its_published_row() -> None:
    board = build_leaderboard([open_record(5, "failed", name="cnn-simple")], REFERENCES)
    found = [(row.status, row.rank is None) for row in board.rows if row.name == "cnn-simple"]
    assert sorted(found) == [("failed", True), ("published", False)]


def test_a_trial_that_is_a_reference_says_so_and_replaces_nothing() -> None:
    board = build_leaderboard([trial(7, 9_800, reference="mlp-784")], REFERENCES)
    row = named(board, "mlp-784 (trial 7)")
    assert (row.kind, row.published_accuracy, row.verdict) == ("trial", 0.9818, "not comparable")
    assert row.gap is None
    assert named(board, "mlp-784").status == "published"


def test_a_confirmed_trial_goes_by_the_number_it_confirms() -> None:
    config = recipe(units=64, protocol="confirm")
    confirmed = [
        Record(
            study="confirm",
            number=seed,
            kind="trial",
            state="complete",
            config=config,
            dataset=MNIST,
            result=result(config, seed=seed, test=9_800 + seed),
        )
        for seed in range(2)
    ]
    board = build_leaderboard([trial(9, 9_850, units=64), *confirmed], REFERENCES)
    by_protocol = {row.protocol: row for row in board.rows if row.kind == "trial"}
    assert by_protocol["confirm"].label == "s #9 (confirm)"
    assert by_protocol["confirm"].n == 2
    assert by_protocol["confirm"].values == {"units": 64}
    assert by_protocol["held-out"].name == "s #9"


def test_ties_are_letters_among_measured_rows_and_ranges_among_all() -> None:
    records = [trial(0, 9_950), trial(1, 9_945), trial(2, 9_000)]
    board = build_leaderboard(records, REFERENCES)
    assert [named(board, f"trial {number}").tie_group for number in range(3)] == ["a", "a", "b"]
    assert named(board, "cnn-double-32").tie_group is None
    best = named(board, "trial 0")
    assert best.rank_low == 1
    assert best.rank_high is not None
    assert 3 < best.rank_high < 15
    assert "No significant difference from trial 1." in board.notes[0]
    # The accuracy that chose a trial is not set against those on the test images.
    assert "documented reference" not in board.notes[0]


def test_predictions_on_the_same_images_make_the_comparison_sharper() -> None:
    # 40 and 71 errors, the 40 all among the 71.
    def groups(*, packed: bool) -> list[str | None]:
        records = []
        for number, (name, wrong) in enumerate((("cnn-simple", 40), ("cnn-plain", 71))):
            text = pack_predictions(bytes([1] * wrong) + bytes(10_000 - wrong))
            records.append(
                repeat(name, number, 10_000 - wrong, predictions=text if packed else None)
            )
        board = build_leaderboard(records, REFERENCES, include_published=False)
        return [row.tie_group for row in board.rows]

    assert groups(packed=False) == ["a", "a"]
    assert groups(packed=True) == ["a", "b"]


def test_trials_of_one_configuration_stay_apart() -> None:
    rows = build_leaderboard([trial(0, 9_900), trial(1, 9_800)], []).rows
    assert names(rows) == ["trial 0", "trial 1"]


def test_other_data_are_told_of_loudly_and_unrank_the_published() -> None:
    config = get_reference("cnn-simple").config
    record = Record(
        study="s",
        number=0,
        kind="reference",
        state="complete",
        reference="cnn-simple",
        config=config,
        dataset=DIGITS,
        result=result(config, test=350, images=360),
    )
    board = build_leaderboard([record], REFERENCES)
    assert board.notes[0].startswith("WARNING: these are NOT MNIST images")
    row = board.rows[0]
    assert (row.name, row.rank, row.verdict, row.gap) == ("cnn-simple", 1, "not comparable", None)
    assert row.dataset_fallback is True
    published = [row for row in board.rows if row.status == "published"]
    assert len(published) == 24
    assert all(row.rank is None for row in published)
    assert {row.verdict for row in published} == {"not comparable", "collapsed"}
    assert not any(
        "WARNING" in note for note in build_leaderboard([trial(0, 9_000)], REFERENCES).notes
    )


def test_what_was_not_trained_says_so_and_counts_no_run() -> None:
    first, copy, refused = (trial(number, 9_900) for number in range(3))
    assert copy.result is not None
    copy = copy.model_copy(update={"result": copy.result.model_copy(update={"duplicate_of": 0})})
    failure = Failure(kind="too-large", message="5,000 parameters are more than 1,000")
    too_large = RunResult(status="pruned", config_id="c", seed=0, failure=failure)
    refused = refused.model_copy(update={"state": "pruned", "result": too_large})
    board = build_leaderboard([first, copy, refused], REFERENCES)
    rows = [named(board, f"trial {number}") for number in range(3)]
    assert [row.duplicate_of for row in rows] == [None, 0, None]
    assert [row.n for row in rows] == [1, 1, 0]
    assert rows[2].failure == "too-large: 5,000 parameters are more than 1,000"
