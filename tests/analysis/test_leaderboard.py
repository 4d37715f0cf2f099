"""The leaderboard of made-up records."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mnist_search.analysis import Leaderboard, Row, build_leaderboard, pack_predictions
from mnist_search.analysis.order import known, sorted_rows
from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Dense,
    Environment,
    Epoch,
    Failure,
    Flatten,
    Network,
    Precision,
    Protocol,
    Record,
    RunConfig,
    RunResult,
    Score,
    Timings,
    Training,
)

MNIST = DatasetRef(name="mnist", digest="m", train_images=60_000, test_images=10_000)
DIGITS = DatasetRef(name="digits", digest="d", train_images=1_437, test_images=360, fallback=True)


def machine(name: str = "cpu") -> Environment:
    return Environment(
        system="Linux",
        python="3.11",
        processor=name,
        cores=2,
        memory_bytes=None,
        features=(),
        packages={},
    )


def recipe(units: int = 32, *, protocol: Protocol = "held-out", epochs: int = 2) -> RunConfig:
    return RunConfig(
        model=Network(layers=(Flatten(), Dense(units=units))),
        training=Training(optimizer=Adam(), batch_size=128, epochs=epochs),
        protocol=protocol,
    )


def result(
    config: RunConfig,
    *,
    seed: int = 0,
    val: int | None = None,
    test: int | None = None,
    fit: float | None = 60.0,
    steps: tuple[float, ...] = (),
    collapsed: bool | None = False,
    contended: bool | None = False,
    on: str = "cpu",
    precision: Precision = "float32",
    images: int = 10_000,
    predictions: str | None = None,
) -> RunResult:
    return RunResult(
        status="complete",
        config_id=config.config_id,
        seed=seed,
        validation=None if val is None else Score(correct=val, total=10_000),
        test=None if test is None else Score(correct=test, total=images),
        collapsed=collapsed,
        contended=contended,
        precision=precision,
        predictions=predictions,
        threads=1,
        timings=Timings(fit_seconds=fit, step_seconds=steps),
        environment=machine(on),
    )


def trial(
    number: int,
    val: int,
    *,
    units: int = 32,
    fit: float | None = 60.0,
    on: str = "cpu",
    reference: str | None = None,
    contended: bool | None = False,
) -> Record:
    config = recipe(units)
    return Record(
        study="s",
        number=number,
        kind="trial",
        state="complete",
        reference=reference,
        values={"units": units},
        config=config,
        dataset=MNIST,
        result=result(config, seed=number, val=val, fit=fit, on=on, contended=contended),
    )


def repeat(
    name: str,
    number: int,
    test: int,
    *,
    protocol: Protocol = "documented",
    seed: int = 0,
    on: str = "cpu",
    precision: Precision = "float32",
    fit: float = 60.0,
    collapsed: bool = False,
    predictions: str | None = None,
    finished: float = 0.0,
    steps: tuple[float, ...] = (),
) -> Record:
    config = get_reference(name).run_config(protocol)
    return Record(
        study="s",
        number=number,
        kind="reference",
        state="complete",
        reference=name,
        config=config,
        dataset=MNIST,
        finished=finished,
        result=result(
            config,
            seed=seed,
            test=test,
            on=on,
            precision=precision,
            fit=fit,
            collapsed=collapsed,
            predictions=predictions,
            steps=steps,
        ),
    )


def open_record(number: int, state: str, *, name: str | None = None) -> Record:
    return Record.model_validate(
        {
            "study": "s",
            "number": number,
            "kind": "trial" if name is None else "reference",
            "state": state,
            "reference": name,
            "config": None if name is None else get_reference(name).config,
            "dataset": MNIST,
        }
    )


def named(board: Leaderboard, name: str) -> Row:
    (row,) = [row for row in board.rows if row.name == name]
    return row


def names(rows: Sequence[Row]) -> list[str]:
    return [row.name for row in rows]


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
    assert "Not told apart from it: trial 1." in board.notes[0]
    assert "Of 25 documented references it is beyond chance ahead of" in board.notes[0]


def test_predictions_on_the_same_images_make_the_comparison_sharper() -> None:
    # 40 and 58 errors, the 40 all among the 58.
    def groups(*, packed: bool) -> list[str | None]:
        records = []
        for number, (name, wrong) in enumerate((("cnn-simple", 40), ("cnn-plain", 58))):
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


def test_top_keeps_the_first_trials_and_all_references() -> None:
    records = [trial(number, 9_900 - 100 * number) for number in range(4)]
    board = build_leaderboard(records, REFERENCES, top=2)
    assert [row.name for row in board.rows if row.kind == "trial"] == ["trial 0", "trial 1"]
    assert sum(row.kind == "reference" for row in board.rows) == len(REFERENCES)
    assert "Shown: the first 2 of 4 trials." in board.notes
    whole = build_leaderboard(records, REFERENCES, top=4)
    assert not any(note.startswith("Shown") for note in whole.notes)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"sort": "speed"}, "sort must be one of accuracy, time"), ({"top": 0}, "top must be >= 1")],
)
def test_wrong_arguments(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        build_leaderboard([], REFERENCES, **arguments)  # type: ignore[arg-type]


def test_what_must_not_be_overlooked_is_noted() -> None:
    records = [
        trial(0, 9_900, contended=True),
        repeat("cnn-mnist-3", 1, 1_135, collapsed=True),
    ]
    notes = "\n".join(build_leaderboard(records, REFERENCES).notes)
    assert "Collapsed to one constant answer: cnn-mnist-3" in notes
    assert "1 row ran while other load" in notes
    assert "also chose the winner" in notes
    calm = "\n".join(build_leaderboard([repeat("cnn-simple", 0, 9_878)], REFERENCES).notes)
    assert "other load" not in calm
    assert "also chose the winner" not in calm


def test_the_environment_names_machine_data_and_protocol() -> None:
    lines = build_leaderboard([trial(0, 9_900)], REFERENCES).environment
    assert machine().summary in lines[0]
    assert "threads per run 1; float32; 1 run" in lines[0]
    assert lines[1].startswith("data mnist: 60,000 training and 10,000 test images")
    assert lines[2] == "protocol: held-out"


def test_times_of_an_epoch_include_its_validation() -> None:
    config = recipe()
    epochs = tuple(
        Epoch(
            epoch=number,
            loss=None,
            accuracy=None,
            val_loss=None,
            val_accuracy=None,
            seconds=seconds,
            validation_seconds=1.0,
        )
        for number, seconds in enumerate((9.0, 4.0, 5.0), start=1)
    )
    record = trial(0, 9_900)
    assert record.result is not None
    record = record.model_copy(
        update={"config": config, "result": record.result.model_copy(update={"epochs": epochs})}
    )
    row = named(build_leaderboard([record], REFERENCES), "trial 0")
    assert (row.seconds_per_epoch, row.epochs, row.epochs_planned) == (6.0, 3, 2)


def with_change(record: Record, **changes: object) -> Record:
    """Change the recipe of a run, as its config and in its result."""
    assert record.config is not None
    assert record.result is not None
    config = record.config.model_copy(update=changes)
    result = record.result.model_copy(update={"config_id": config.config_id})
    return record.model_copy(update={"config": config, "result": result})


def test_a_changed_recipe_is_a_row_of_its_own_and_no_baseline() -> None:
    raw = with_change(repeat("cnn-simple", 0, 9_300), raw_test_pixels=True)
    board = build_leaderboard([raw, repeat("cnn-simple", 1, 9_878)], REFERENCES)
    own, changed = [row for row in board.rows if row.name == "cnn-simple"]
    assert (own.changes, own.label, own.verdict) == ((), "cnn-simple", "reproduced")
    assert changed.changes == ("raw test pixels",)
    assert changed.label == "cnn-simple (raw test pixels)"
    assert changed.verdict == "lower"
    assert changed.verdict_reason is not None
    assert "-5.78 points, beyond" in changed.verdict_reason
    assert not set(own.config_ids) & set(changed.config_ids)
    assert any("no baseline: cnn-simple (raw test pixels)" in note for note in board.notes)


def test_a_changed_recipe_does_not_take_the_place_of_the_published_row() -> None:
    training = get_reference("cnn-plain").config.training
    slow = training.optimizer.model_copy(update={"learning_rate": 0.001})
    record = with_change(
        repeat("cnn-plain", 0, 3_400), training=training.model_copy(update={"optimizer": slow})
    )
    board = build_leaderboard([record], REFERENCES)
    rows = {row.status: row for row in board.rows if row.name == "cnn-plain"}
    assert rows["published"].rank == 6
    assert (rows["complete"].verdict, rows["complete"].label) == (
        "lower",
        "cnn-plain (learning_rate 0.001)",
    )
    assert board.suite is not None
    assert (board.suite.rows, len(board.suite.changed)) == ((), 1)
    assert "Of 25 documented references" in board.notes[0]


def test_a_row_says_where_and_with_what_it_was_measured() -> None:
    records = [repeat("cnn-simple", 0, 9_878), repeat("cnn-simple", 1, 9_880, seed=1)]
    environment = machine().model_copy(update={"packages": {"keras": "3.15.0"}})
    other = environment.model_copy(update={"packages": {"keras": "3.15.1"}})
    for place, found in enumerate((environment, other)):
        first = records[place].result
        assert first is not None
        update = {"result": first.model_copy(update={"environment": found})}
        records[place] = records[place].model_copy(update=update)
    row = named(build_leaderboard(records, REFERENCES), "cnn-simple")
    assert row.versions == {"python": "3.11", "keras": "3.15.0, 3.15.1"}
    assert row.machine == {
        "machine_id": environment.machine_id,
        "processor": "cpu",
        "cores": 2,
        "memory_bytes": None,
        "features": (),
        "system": "Linux",
    }


def test_a_single_line_for_many_epochs_gives_the_seconds_of_one() -> None:
    # scikit-learn trains a linear classifier in one go, and its last epoch alone has a line.
    record = repeat("logistic", 0, 8_987)
    assert record.result is not None
    last = Epoch(
        epoch=40,
        loss=None,
        accuracy=None,
        val_loss=None,
        val_accuracy=None,
        seconds=59.0,
        validation_seconds=1.0,
    )
    result = record.result.model_copy(update={"epochs": (last,)})
    record = record.model_copy(update={"result": result})
    row = named(build_leaderboard([record], REFERENCES), "logistic")
    assert (row.epochs, row.seconds_per_epoch) == (40, 1.5)


def test_a_board_without_a_measured_reference_says_nothing_more() -> None:
    assert build_leaderboard([], REFERENCES).suite is None
    assert build_leaderboard([trial(0, 9_900, reference="mlp-784")], REFERENCES).suite is None
    assert build_leaderboard([open_record(0, "failed", name="dnn")], REFERENCES).suite is None


def test_what_is_said_of_references_does_not_depend_on_the_rows_shown() -> None:
    records = [
        repeat("cnn-simple", 0, 9_878, fit=30.0),
        repeat("mlp-784", 1, 9_818, fit=90.0),
        repeat("cnn-plain", 2, 9_897, protocol="corrected"),
        repeat("cnn-plain", 3, 9_890),
    ]
    whole = build_leaderboard(records, REFERENCES).suite
    assert whole is not None
    expected = ["cnn-plain", "cnn-plain (corrected)", "mlp-784", "cnn-simple"]
    assert [row.label for row in whole.rows] == expected
    assert list(whole.sources) == ["A", "E"]
    assert len(whole.findings) == 2
    few = build_leaderboard(records, REFERENCES, pareto=True, sort="time")
    assert len(few.rows) == 2
    assert few.suite == whole
