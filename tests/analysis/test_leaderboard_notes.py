"""What the leaderboard says of itself, and where its rows were measured."""

from __future__ import annotations

from mnist_search.analysis import build_leaderboard
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import (
    Epoch,
    Record,
    Score,
)
from tests.analysis.made_up import (
    machine,
    named,
    open_record,
    recipe,
    repeat,
    result,
    trial,
    with_change,
)


def test_what_must_not_be_overlooked_is_noted() -> None:
    records = [
        trial(0, 9_900, contended=True),
        repeat("cnn-mnist-3", 1, 1_135, collapsed=True),
    ]
    notes = "\n".join(build_leaderboard(records, REFERENCES).notes)
    assert "Collapsed, they predict a single class: cnn-mnist-3" in notes
    assert "1 row ran while other load" in notes
    assert (
        "selected on validation accuracy, so the figures of the best ones are optimistic" in notes
    )
    calm = "\n".join(build_leaderboard([repeat("cnn-simple", 0, 9_878)], REFERENCES).notes)
    assert "other load" not in calm
    assert "optimistic" not in calm


def halved(number: int, selection: int, validation: int) -> Record:
    made = trial(number, 0, units=32 + number)
    assert made.result is not None
    halves = {
        "selection": Score(correct=selection, total=5_000),
        "validation": Score(correct=validation, total=5_000),
    }
    return made.model_copy(update={"result": made.result.model_copy(update=halves)})


def test_trials_are_ranked_by_what_chose_them_and_shown_with_what_did_not() -> None:
    board = build_leaderboard([halved(0, 4_950, 4_960), halved(1, 4_990, 4_940)], ())
    assert [row.number for row in board.rows] == [1, 0]
    best = board.rows[0]
    assert (best.score, best.val_accuracy, best.images) == (0.988, 0.988, 5_000)
    assert best.selection_accuracy == 0.998
    notes = "\n".join(board.notes)
    assert "98.80 %" in notes
    assert "ranked on one half of the held-out images" in notes
    assert "that on the 5,000 others; `confirm` trains them again" in notes
    assert "optimistic" not in notes
    mixed = "\n".join(build_leaderboard([halved(0, 4_950, 4_960), trial(1, 9_900)], ()).notes)
    assert "Trials of earlier versions are selected on validation accuracy" in mixed


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


def test_a_changed_recipe_is_a_row_of_its_own_and_no_baseline() -> None:
    raw = with_change(repeat("cnn-simple", 0, 9_300), raw_test_pixels=True)
    board = build_leaderboard([raw, repeat("cnn-simple", 1, 9_878)], REFERENCES)
    own, changed = [row for row in board.rows if row.name == "cnn-simple"]
    assert (own.changes, own.label, own.verdict) == ((), "cnn-simple", "reproduced")
    assert changed.changes == ("raw test pixels",)
    assert changed.label == "cnn-simple (raw test pixels)"
    assert changed.verdict == "lower"
    assert changed.verdict_reason is not None
    assert "-5.78 ± 0.43 points" in changed.verdict_reason
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
    assert "of 25 documented references, worse than 24." in board.notes[0]


def test_a_row_says_where_and_with_what_it_was_measured() -> None:
    record = repeat("cnn-simple", 0, 9_878)
    environment = machine().model_copy(update={"packages": {"keras": "3.15.0"}})
    assert record.result is not None
    result = record.result.model_copy(update={"environment": environment})
    record = record.model_copy(update={"result": result})
    row = named(build_leaderboard([record], REFERENCES), "cnn-simple")
    assert row.versions == {"python": "3.11", "keras": "3.15.0"}
    assert row.machine == {
        "machine_id": environment.machine_id,
        "processor": "cpu",
        "cores": 2,
        "memory_bytes": None,
        "features": (),
        "system": "Linux",
        "device": "unknown cpu",
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


def test_confirmed_trials_are_those_that_met_the_test_images() -> None:
    confirmed = trial(1, 9_900)
    assert confirmed.config is not None
    config = confirmed.config.model_copy(update={"protocol": "confirm"})
    met = result(config, test=9_880)
    confirmed = confirmed.model_copy(update={"config": config, "result": met, "confirms": 0})
    notes = "\n".join(build_leaderboard([trial(0, 9_900), confirmed], REFERENCES).notes)
    assert "only confirmed trials have a test accuracy" in notes


def quick(name: str, number: int, test: int) -> Record:
    config = get_reference(name).config
    training = config.training.model_copy(update={"epochs": 1, "train_images": 5_000})
    return with_change(repeat(name, number, test), training=training)


def test_a_quick_run_has_no_rank_and_its_published_figure_stays() -> None:
    records = [trial(0, 9_870), quick("cnn-simple", 1, 9_999), repeat("mlp-784", 2, 9_815)]
    board = build_leaderboard(records, REFERENCES)
    rows = [row for row in board.rows if row.name == "cnn-simple"]
    assert [(row.status, row.quick, row.rank is None) for row in rows] == [
        ("published", False, False),
        ("complete", True, True),
    ]
    assert board.notes[0].startswith("Best measured here: trial 0")
    assert "Quick runs, whose accuracies are not ranked: cnn-simple." in board.notes


def test_a_board_of_quick_runs_has_no_headline_about_accuracy() -> None:
    board = build_leaderboard([quick("cnn-simple", 0, 9_700)], REFERENCES)
    assert board.notes[0] == "Only quick runs are measured here: they measure time, not accuracy."
    assert board.sort == "time"
    timed = quick("cnn-simple", 0, 9_700)
    assert timed.result is not None
    timings = timed.result.timings.model_copy(update={"step_seconds": (0.02, 0.02)})
    faster = timed.result.model_copy(update={"timings": timings})
    timed = timed.model_copy(update={"result": faster})
    board = build_leaderboard([timed], REFERENCES)
    # 300 steps of 200 images.
    assert "Fastest here: cnn-simple, 6.0 s for an epoch of 60,000 images." in board.notes[0]
    assert not any("ignificant" in note for note in board.notes[:2])


def test_what_is_not_comparable_is_not_said_to_be_better_than_references() -> None:
    corrected = repeat("cnn-bn-dropout", 0, 9_990, protocol="corrected")
    board = build_leaderboard([corrected], REFERENCES)
    assert board.notes[0].startswith("Best measured here: cnn-bn-dropout (corrected), 99.90 %")
    assert "documented references" not in board.notes[0]
