"""Studies read without being written: one that is damaged does not hide the others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.analysis import pack_predictions
from mnist_search.cli import execute
from mnist_search.datasets import resolve
from mnist_search.errors import DataError, MnistSearchError, UsageError
from mnist_search.references import get_reference
from mnist_search.specs import DatasetRef, Record, RunResult, Score
from mnist_search.studies import (
    choose_run,
    read_records,
    read_studies,
    run_name,
)
from mnist_search.studies.folder import JOURNAL
from mnist_search.studies.reading import read_labels


@pytest.fixture
def home(tmp_path: Path, space_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with three studies, of which `b` is torn in the middle."""
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    words = f"run --space {space_file} -n 3 --pruner none --dataset digits --home {tmp_path}/home"
    assert execute([*words.split(), "--study", "a", "-q"]) == 0
    for name in "bc":
        shutil.copytree(tmp_path / "home" / "a", tmp_path / "home" / name)
    torn = tmp_path / "home" / "b" / JOURNAL
    lines = torn.read_bytes().splitlines(keepends=True)
    torn.write_bytes(b"".join([*lines[:9], lines[9][:30], *lines[10:]]))
    return tmp_path / "home"


def test_home_gives_its_studies_and_what_is_wrong_with_others(home: Path) -> None:
    errors: list[MnistSearchError] = []
    found = read_studies(home, [], errors.append)
    assert [each.spec.name for each in found] == ["a", "c"]
    (error,) = errors
    assert isinstance(error, DataError)
    assert str(home / "b") in error.message


def test_named_study_must_be_sound(home: Path) -> None:
    with pytest.raises(DataError):
        read_records(home, ["b"])
    with pytest.raises(UsageError, match="there is no study d") as caught:
        read_records(home, ["d"])
    assert caught.value.hint == "there are: a, b, c"
    assert len(read_records(home, ["a", "c"])) == 6


def test_home_without_a_sound_study_is_an_error(home: Path) -> None:
    for name in "ac":
        shutil.rmtree(home / name)
    with pytest.raises(DataError):
        read_studies(home, [], notice=lambda _: None)
    shutil.rmtree(home / "b")
    assert read_studies(home, [], notice=lambda _: None) == []


def test_report_shows_the_others_and_says_why(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for format in ("table", "json", "csv", "markdown"):
        assert execute(["report", "--home", str(home), "-f", format]) == 0
        said = capsys.readouterr()
        left_out = [line for line in said.err.splitlines() if line.startswith("left out: ")]
        assert len(left_out) == 1
        assert str(home / "b") in left_out[0]
    assert execute(["report", "b", "--home", str(home)]) == 5
    assert capsys.readouterr().err.startswith("error: ")


def test_copy_confirms_and_explains_under_its_own_name(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "confirm c --top 1 --seeds 1 --workers 1 -q --home"
    assert execute([*words.split(), str(home)]) == 0
    assert (home / "c-confirm" / JOURNAL).exists()
    assert not (home / "a-confirm").exists()
    capsys.readouterr()
    assert execute(["explain", "c", "winner", "--ablate", "-q", "--home", str(home)]) == 0
    made = {path.name for path in home.iterdir()}
    assert {name[:10] for name in made} == {"a", "b", "c", "c-confirm", "c-explain-"}
    assert {record.study for record in read_records(home, ["c"])} == {"c"}


def test_renamed_study_is_called_so(home: Path, row_names: Callable[[], set[str]]) -> None:
    (home / "a").rename(home / "other")
    assert {record.study for record in read_records(home, ["other"])} == {"other"}
    assert "other" in row_names()


@pytest.fixture
def row_names(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], set[str]]:
    import json

    def read() -> set[str]:
        capsys.readouterr()
        assert execute(["report", "other", "--home", str(home), "-f", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        return {row["study"] for row in rows if row["study"] is not None}

    return read


def record(
    number: int, state: str, *, reference: str | None = "cnn-simple", seed: int = 0
) -> Record:
    over = state in ("complete", "pruned", "failed")
    result = RunResult(status=state, config_id="0" * 16, seed=seed) if over else None
    kind = "trial" if reference is None else "reference"
    return Record(
        study="s", number=number, kind=kind, state=state, reference=reference, seed=seed,
        result=result,
    )  # fmt: skip


RUNS = [
    record(0, "failed"),
    record(1, "complete", reference="mlp-784"),
    record(2, "complete", seed=1),
    record(3, "complete", seed=2),
    record(4, "waiting", reference="dnn"),
]


@pytest.mark.parametrize(
    ("name", "seed", "number"),
    [("3", None, 3), ("0", None, 0), ("cnn-simple", None, 2), ("cnn-simple", 2, 3),
     ("cnn-simple", 0, 0), ("mlp-784", 0, 1)],
)  # fmt: skip
def test_run_is_found(name: str, seed: int | None, number: int) -> None:
    assert choose_run(RUNS, name, study="s", seed=seed).number == number


@pytest.mark.parametrize(
    ("name", "seed", "message", "hint"),
    [
        ("9", None, "study s has no run 9", "0 to 4, of cnn-simple, dnn, mlp-784"),
        ("nothing", None, "no run nothing", "0 to 4"),
        ("cnn-simple", 7, "no run of cnn-simple with seed 7", "its seeds: 0, 1, 2"),
        ("dnn", None, "run dnn of study s is waiting", None),
    ],
)
def test_run_that_is_not_there_is_one_sentence(
    name: str, seed: int | None, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        choose_run(RUNS, name, study="s", seed=seed)
    assert (caught.value.hint is None) is (hint is None)
    assert hint is None or hint in str(caught.value.hint)


def test_names_for_files_tell_runs_apart() -> None:
    names = [run_name(run, RUNS) for run in RUNS[:4]]
    assert names == ["cnn-simple-run-0", "mlp-784", "cnn-simple", "cnn-simple-run-3"]
    trial = record(5, "complete", reference=None)
    assert run_name(trial, [trial]) == "trial-5"


@pytest.fixture
def digits() -> DatasetRef:
    return resolve("digits", environ={})


def run(name: str, dataset: DatasetRef, *, kept: bool = True) -> Record:
    config = get_reference(name).config
    images = dataset.test_images
    return Record(
        study="s",
        number=0,
        kind="reference",
        state="complete",
        reference=name,
        config=config,
        dataset=dataset,
        result=RunResult(
            status="complete",
            config_id=config.config_id,
            seed=0,
            test=Score(correct=0, total=images),
            predictions=pack_predictions(bytes(images)) if kept else None,
        ),
    )


def test_the_labels_of_two_recipes_that_kept_their_answers_are_read(digits: DatasetRef) -> None:
    found = read_labels([run("mlp-784", digits), run("cnn-simple", digits)])
    assert list(found) == [digits.digest]
    assert len(found[digits.digest]) == digits.test_images
    assert set(found[digits.digest]) == set(range(10))


def test_nothing_is_read_where_there_is_no_pair(digits: DatasetRef) -> None:
    assert read_labels([]) == {}
    assert read_labels([run("mlp-784", digits), run("mlp-784", digits)]) == {}
    assert read_labels([run("mlp-784", digits), run("cnn-simple", digits, kept=False)]) == {}


def test_data_that_is_gone_has_no_labels(digits: DatasetRef, tmp_path: Path) -> None:
    gone = digits.model_copy(
        update={"name": "gone", "path": str(tmp_path / "gone.npz"), "digest": "0" * 64}
    )
    assert read_labels([run("mlp-784", gone), run("cnn-simple", gone)]) == {}
