"""`report --format html` looks into kept weights, once and in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mnist_search.cli import execute
from mnist_search.datasets import load_search, resolve
from mnist_search.engines.samplers import distribution_of
from mnist_search.references import get_reference
from mnist_search.reporting import insides
from mnist_search.spaces import find_space
from mnist_search.specs import (
    Adam,
    Conv,
    Flatten,
    Job,
    LinearClassifier,
    Network,
    Pool,
    RunConfig,
    RunResult,
    Score,
    Training,
)
from mnist_search.studies import SearchSpec, StudySpec, create_ledger, weights_path
from mnist_search.training.weights import save_weights

TRAINING = Training(optimizer=Adam(), batch_size=100, epochs=2)
DIGITS = resolve("digits", environ={})
Report = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def search(home: Path, space_file: Path) -> Path:
    """Write a search of two trials of one configuration: 0 has weights, 1 is its copy."""
    data = load_search(DIGITS)
    pixels = data.train.images.reshape(len(data.train.images), -1) / np.float32(255)
    means = np.stack([pixels[data.train.labels == label].mean(axis=0) for label in range(10)])
    weights = {
        "1.coefficients": means.astype(np.float32),
        "1.intercepts": (-(means**2).sum(axis=1) / 2).astype(np.float32),
    }
    folder = home / "search"
    space = find_space(str(space_file))
    asked = SearchSpec(space=space, sampler="random", pruner="none", epochs=2, seed=0)
    config = RunConfig(model=LinearClassifier(), training=TRAINING)
    study = StudySpec(name="search", dataset=DIGITS, search=asked)
    ranges = {each.name: distribution_of(each) for each in space.parameters}
    with closing(create_ledger(folder, study)) as ledger, ledger.exclusive():
        digest = save_weights(weights, weights_path(folder, 0))
        for number, fields in enumerate(({"weights_sha256": digest}, {"duplicate_of": 0})):
            ledger.open_trial(config=config, seed=5, values=space.defaults(), distributions=ranges)
            result = RunResult.model_validate(
                {
                    "status": "complete",
                    "config_id": config.config_id,
                    "seed": 5,
                    "validation": Score(correct=200 + number, total=len(data.validation.labels)),
                    **fields,
                }
            )
            ledger.close_trial(number, result, worker=0)
    return folder


@pytest.fixture
def report(home: Path, capfd: pytest.CaptureFixture[str]) -> Report:
    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = execute(["report", "--home", str(home), "-f", "html", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def forbid(*_: object, **__: object) -> None:
    raise AssertionError("no process may be started")


def test_winner_is_looked_into_once_about_validation_images(
    report: Report, search: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, page, said = report("search")
    assert code == 0
    # Trial 1 is the best, and its weights are those of the trial that it copies.
    assert (
        said == "analysing the weights of run 0 of search "
        "(kept for next time; --no-inside leaves it out)\n"
    )
    assert "<h3>Inside trial 0</h3>" in page
    assert (
        f"of {len(load_search(DIGITS).validation.labels) // 2} validation images are classified"
        in page
    )
    assert "test images are classified" not in page
    for heading in ("Confusion matrix", "Surest mistakes", "Weights of each layer", "Coefficients"):
        assert f"<h4>{heading}</h4>" in page
    assert (search / "artifacts" / insides.CACHE).is_file()
    monkeypatch.setattr(subprocess, "run", forbid)
    assert report("search") == (0, page, "")


def test_nothing_is_looked_into_unasked(
    report: Report, search: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", forbid)
    code, page, said = report("search", "--no-inside")
    assert (code, said) == (0, "")
    assert "Inside trial" not in page
    assert not (search / "artifacts" / insides.CACHE).exists()
    assert execute(["report", "search", "--home", str(search.parent), "-f", "markdown"]) == 0
    assert execute(["report", "search", "--home", str(search.parent)]) == 0


def test_weights_of_somebody_else_leave_the_page_without(report: Report, search: Path) -> None:
    weights_path(search, 0).write_bytes(b"changed")
    code, page, said = report("search")
    assert code == 0
    assert "run 0 of search: its weights were not analysed: " in said
    assert "the weights are not those that the study wrote" in said
    assert "Inside trial" not in page


@pytest.mark.parametrize("kept", ["[]", '{"schema_version": 1}'])
def test_what_was_kept_is_not_trusted(
    report: Report, search: Path, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (search / "artifacts" / insides.CACHE).write_text(kept)
    monkeypatch.setattr(subprocess, "run", forbid)
    with pytest.raises(AssertionError, match="no process"):
        report("search")


def test_what_can_neither_be_read_nor_kept_is_looked_into(report: Report, search: Path) -> None:
    (search / "artifacts" / insides.CACHE).mkdir()
    code, page, said = report("search")
    assert code == 0
    assert said.startswith("analysing the weights of run 0")
    assert "<h3>Inside trial 0</h3>" in page


def test_what_was_kept_of_other_weights_is_not_shown(
    report: Report, search: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report("search")
    monkeypatch.setattr(subprocess, "run", forbid)
    assert report("search")[0] == 0
    path = search / "artifacts" / insides.CACHE
    path.write_text(path.read_text().replace('"weights_sha256":"', '"weights_sha256":"0'))
    with pytest.raises(AssertionError, match="no process"):
        report("search")


def test_process_that_dies_is_told(
    report: Report, search: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    code, page, said = report("search")
    assert code == 0
    assert "run 0 of search: its weights were not analysed: the process ended with code 1" in said
    assert "</html>" in page


def test_report_itself_loads_nothing_heavy(search: Path) -> None:
    code = (
        "import sys; from mnist_search.cli import execute\n"
        f"assert execute(['report', '--home', {str(search.parent)!r}, '-f', 'html']) == 0\n"
        "heavy = {'tensorflow', 'keras', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "Inside trial 0" in done.stdout


@pytest.mark.slow
def test_convolutions_of_a_trained_network_are_shown(report: Report, home: Path) -> None:
    from mnist_search.training import run_job

    layers = (Conv(filters=4, kernel=5), Pool(size=2), Conv(filters=3, kernel=3), Flatten())
    reference = get_reference("cnn-larger")
    # With fewer epochs than the reference's it would be a quick run, which has no headline.
    training = TRAINING.model_copy(update={"epochs": reference.training.epochs})
    config = RunConfig(model=Network(layers=layers), training=training, protocol="documented")
    folder = home / "real"
    made = create_ledger(folder, StudySpec(name="real", dataset=DIGITS))
    with closing(made) as ledger, ledger.exclusive():
        path = str(weights_path(folder, 0))
        result = run_job(
            Job(number=0, config=config, seed=3, dataset=DIGITS, weights_path=path),
            lambda *_: False,
        )
        ledger.open_trial(config=config, seed=3, reference=reference.name)
        ledger.close_trial(0, result, worker=0)
    code, page, said = report("real")
    assert code == 0, said
    assert "<h3>Inside cnn-larger</h3>" in page
    assert "test images are classified wrongly (seed 3)" in page
    assert "Layer 1: C4(5x5 valid" in page
    assert "3 channels of 10 x 10" in page
