"""`figures` as a user types it, on studies written by hand: no training but in the slow test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mnist_search.cli import execute
from mnist_search.datasets import load_full, load_search, resolve, split_selection
from mnist_search.references import get_reference
from mnist_search.specs import (
    Conv,
    DatasetRef,
    Flatten,
    Job,
    Network,
    Pool,
    RunConfig,
)
from mnist_search.studies import StudySpec, create_ledger, weights_path
from mnist_search.training.weights import save_weights
from tests.cli.written import (
    EPOCHS,
    TRAINING,
    answers,
    nearest_mean,
    write_bench,
    write_run,
    write_search,
)

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def digits() -> DatasetRef:
    return resolve("digits", environ={})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "mnist-search-runs"


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run `figures …` in an empty folder; return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = execute(["figures", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def right(digits: DatasetRef) -> int:
    """Return how many test images the classifier of the benchmark gets right."""
    data = load_full(digits)
    classes = answers(nearest_mean(data.train.images, data.train.labels), data.test.images)
    return int((classes == data.test.labels).sum())


@pytest.fixture
def bench(home: Path, digits: DatasetRef) -> Path:
    """Write a benchmark; return its folder."""
    write_bench(home / "bench", digits)
    return home / "bench"


@pytest.fixture
def search(home: Path, digits: DatasetRef, space_file: Path) -> Path:
    """Write a search; return its folder."""
    write_search(home / "search", digits, space_file)
    return home / "search"


def is_png(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG")


def test_a_run_with_weights_has_all_its_pictures(cli: Cli, bench: Path, tmp_path: Path) -> None:
    code, out, err = cli("bench", "logistic-l2", "--output", "out/deep")
    assert (code, err) == (0, "")
    kinds = ("curves", "weights", "confusion", "mistakes", "coefficients")
    assert out.splitlines() == [f"out/deep/logistic-l2-{kind}.png" for kind in kinds]
    assert all(is_png(tmp_path / line) for line in out.splitlines())
    assert len(list((tmp_path / "out" / "deep").iterdir())) == 5


def test_the_number_means_the_same_run_and_svg_is_svg(
    cli: Cli, bench: Path, tmp_path: Path
) -> None:
    code, out, _ = cli("bench", "0", "-o", "out", "-f", "svg", "--no-show")
    assert code == 0
    assert len(out.splitlines()) == 5
    assert all((tmp_path / line).read_text().startswith("<svg") for line in out.splitlines())


def test_shown_answers_are_those_of_the_stored_weights(cli: Cli, bench: Path, right: int) -> None:
    code, out, err = cli("bench", "logistic-l2", "--show")
    assert (code, err) == (0, "")
    assert out.startswith("logistic-l2 (documented) on digits\n")
    assert f"classified correctly: {right} of 297 test images\n" in out
    assert "surest mistakes" in out
    assert "loss      training" in out
    assert "1 one-against-rest(l2 penalty)" in out


def test_held_out_trials_are_asked_about_validation_images_alone(
    cli: Cli, search: Path, digits: DatasetRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the test images are not for trials")

    monkeypatch.setattr("mnist_search.datasets.load_full", refuse)
    data = load_search(digits)
    weights = nearest_mean(data.train.images, data.train.labels)
    _, half = split_selection(data.validation.labels)
    right = int(
        (answers(weights, data.validation.images[half]) == data.validation.labels[half]).sum()
    )
    code, out, err = cli("search", "0", "--show")
    assert (code, err) == (0, "")
    assert out.startswith("trial-0 (held-out) on digits\n")
    assert f"classified correctly: {right} of 125 validation images\n" in out


def test_predictions_alone_give_confusion_and_mistakes(cli: Cli, bench: Path, right: int) -> None:
    code, out, err = cli("bench", "cnn-simple", "-o", "out", "--show")
    assert code == 0
    kinds = ("curves", "confusion", "mistakes")
    assert out.splitlines()[-3:] == [f"out/cnn-simple-{kind}.png" for kind in kinds]
    assert f"classified correctly: {right} of 297 test images\n" in out
    assert "first mistakes" in out
    assert "training, published" in out
    assert err == (
        "cnn-simple: not drawn: weights, feature maps: its trained weights are not stored "
        "(the study has the weights of run 0)\n"
    )


def test_the_raw_pixels_of_a_document_are_named(cli: Cli, bench: Path) -> None:
    _, out, _ = cli("bench", "cnn-plain", "--show")
    assert "of 297 test images, not scaled\n" in out


def test_runs_of_a_reference_keep_their_files_apart(cli: Cli, bench: Path) -> None:
    code, out, _ = cli("bench", "logistic-l2", "--seed", "1", "-o", "out")
    assert code == 0
    assert out.splitlines()[0] == "out/logistic-l2-run-1-curves.png"


def test_a_stopped_trial_has_its_curves(cli: Cli, search: Path) -> None:
    code, out, err = cli("search", "1", "-o", "out")
    assert (code, out) == (0, "out/trial-1-curves.png\n")
    assert err.startswith("trial-1: not drawn: weights, confusion, mistakes: its trained weights")


def test_a_digit_for_a_model_without_convolutions_is_told(cli: Cli, bench: Path) -> None:
    code, _, err = cli("bench", "logistic-l2", "--show", "--digit", "3")
    assert (code, err) == (0, "logistic-l2: not drawn: feature maps: it has no convolution\n")


def test_images_that_are_gone_leave_curves_and_weights(
    cli: Cli, home: Path, digits: DatasetRef
) -> None:
    gone = digits.model_copy(update={"name": "npz:gone", "path": "no/such.npz"})
    folder = home / "gone"
    made = create_ledger(folder, StudySpec(name="gone", dataset=gone))
    with closing(made) as ledger, ledger.exclusive():
        weights = {
            "1.coefficients": np.ones((10, 784), np.float32),
            "1.intercepts": np.zeros(10, np.float32),
        }
        digest = save_weights(weights, weights_path(folder, 0))
        config = get_reference("logistic-l2").config
        write_run(
            ledger,
            config,
            seed=0,
            reference="logistic-l2",
            weights_sha256=digest,
            epochs=EPOCHS,
        )
    code, out, err = cli("gone", "0", "-o", "out")
    assert code == 0
    kinds = ("curves", "weights", "coefficients")
    assert out.splitlines() == [f"out/logistic-l2-{kind}.png" for kind in kinds]
    assert "no/such.npz" in err
    assert err.count("\n") == 1


def test_weights_that_the_study_did_not_write_are_refused(
    cli: Cli, bench: Path, tmp_path: Path
) -> None:
    path = weights_path(bench, 0)
    genuine = path.read_bytes()
    path.write_bytes(genuine + b" ")
    code, out, err = cli("bench", "0", "-o", "out")
    assert (code, out) == (5, "")
    assert "not those that the study wrote" in err
    path.unlink()
    (tmp_path / "elsewhere.npz").write_bytes(genuine)
    path.symlink_to(tmp_path / "elsewhere.npz")
    code, out, err = cli("bench", "0", "-o", "out")
    assert (code, out) == (5, "")
    assert "must be a file of its study" in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    # The control: the same bytes in their place are drawn.
    path.unlink()
    path.write_bytes(genuine)
    assert cli("bench", "0", "-o", "out")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bench", "mlp-784", "--show"], "nothing of mlp-784 can be drawn: weights"),
        (["bench", "5", "--show"], "run 5 of study bench is waiting"),
        (["bench", "9", "--show"], "study bench has no run 9"),
        (["bench", "cnn-larger", "--show"], "study bench has no run cnn-larger"),
        (["bench", "logistic-l2", "--seed", "8", "--show"], "with seed 8"),
        (["bench", "0"], "--output DIR or --show"),
        (["bench", "0", "--show", "--digit", "10"], "--digit"),
        (["nothing", "0", "--show"], "there is no study nothing"),
    ],
)
def test_mistakes_are_one_line(cli: Cli, bench: Path, arguments: list[str], told: str) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert told in err
    assert err.count("\n") == 1


def test_a_search_as_a_whole_has_the_charts_of_its_page(
    cli: Cli, search: Path, tmp_path: Path
) -> None:
    code, out, err = cli("search", "-o", "out", "--as", "svg")
    assert (code, err) == (0, "")
    paths = out.splitlines()
    assert "out/search-learning-curves.svg" in paths
    assert len(paths) == len({*paths}) > 1
    assert all((tmp_path / path).read_text().startswith("<svg") for path in paths)


def test_a_study_as_a_whole_needs_a_place(cli: Cli, search: Path) -> None:
    code, out, err = cli("search")
    assert (code, out) == (2, "")
    assert "--output DIR" in err


def test_a_benchmark_has_no_winner(cli: Cli, bench: Path) -> None:
    code, out, err = cli("bench", "winner", "--show")
    assert (code, out) == (3, "")
    assert "no trial of study bench is complete" in err


def test_the_winner_is_the_best_trial(cli: Cli, search: Path) -> None:
    code, out, err = cli("search", "winner", "--show")
    assert (code, err) == (0, "")
    assert out.startswith("trial-0 (held-out) on digits\n")


@pytest.mark.slow
def test_a_trained_network_shows_its_feature_maps(
    home: Path, digits: DatasetRef, tmp_path: Path
) -> None:
    from mnist_search.training import run_job

    layers = (Conv(filters=4, kernel=5), Pool(size=2), Conv(filters=3, kernel=3), Flatten())
    config = RunConfig(model=Network(layers=layers), training=TRAINING, protocol="documented")
    folder = home / "real"
    made = create_ledger(folder, StudySpec(name="real", dataset=digits))
    with closing(made) as ledger, ledger.exclusive():
        path = str(weights_path(folder, 0))
        job = Job(number=0, config=config, seed=3, dataset=digits, weights_path=path)
        result = run_job(job, lambda *_: False)
        ledger.open_trial(config=config, seed=3, reference="cnn-larger")
        ledger.close_trial(0, result, worker=0)
    assert result.test is not None
    # A process of its own: TensorFlow talks when it is loaded, and only then.
    command = [sys.executable, "-m", "mnist_search", "figures", "real", "cnn-larger", "--show"]
    options = ["--home", str(home), "-o", str(tmp_path / "out"), "--digit", "4"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"classified correctly: {result.test.correct} of 297 test images\n" in done.stdout
    kinds = ("curves", "weights", "confusion", "mistakes", "features-1", "features-3")
    paths = [tmp_path / "out" / f"cnn-larger-{kind}.png" for kind in kinds]
    assert done.stdout.splitlines()[-6:] == [str(path) for path in paths]
    assert all(map(is_png, paths))


def test_the_winner_is_a_run(cli: Cli, search: Path) -> None:
    assert cli("search", "winner", "--show")[:2] == cli("search", "0", "--show")[:2]


def test_images_that_were_moved_are_named(
    cli: Cli, search: Path, digits: DatasetRef, tmp_path: Path
) -> None:
    assert execute(["data", "save", "digits", "-o", "moved.npz"]) == 0
    code, out, _ = cli("search", "0", "--show", "--dataset", "moved.npz")
    assert (code, "classified correctly: " in out) == (0, True)
    with np.load("moved.npz") as arrays:
        np.savez("other.npz", **{**arrays, "y_test": arrays["y_test"][::-1]})
    code, _, err = cli("search", "0", "--show", "--dataset", "other.npz")
    assert (code, err.splitlines()[-1].startswith("error: --dataset other.npz")) == (2, True)
    assert "and the study is about digits" in err
    assert cli("search", "0", "--show", "--dataset", "none.npz")[0] == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "x.jpg"), "ends in .jpg is not known"),
        (("-o", "x.svg", "--as", "png"), "of format svg, but --as is png"),
    ],
)
def test_suffixes_that_are_refused(
    cli: Cli, search: Path, words: tuple[str, ...], told: str
) -> None:
    code, out, err = cli("search", *words)
    assert (code, out) == (2, "")
    assert told in err


def test_a_file_names_the_charts_and_their_format(cli: Cli, search: Path, tmp_path: Path) -> None:
    (tmp_path / "dotted.v2").mkdir()
    code, out, _ = cli("search", "-o", "looks.svg")
    assert code == 0
    assert out.splitlines()[0].startswith("looks-")
    assert all((tmp_path / line).read_text().startswith("<svg") for line in out.splitlines())
    code, out, _ = cli("search", "-o", "dotted.v2", "--as", "svg")
    assert (code, out.splitlines()[0].startswith("dotted.v2/search-")) == (0, True)
