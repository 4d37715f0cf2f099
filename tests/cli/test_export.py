"""`export`, `verify` and `check` as a user types them, with the surrogate instead of training."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_search.datasets import resolve
from mnist_search.references import get_reference
from mnist_search.specs import RunResult, Score
from mnist_search.studies import StudySpec, create_ledger, read_records, weights_path
from mnist_search.training.weights import save_weights
from tests.cli.conftest import Cli, Made


@pytest.fixture
def home(made: Made) -> Path:
    return made("run --space {space} -n 6 --study s -q")


def best_trial(home: Path) -> int:
    scored = [
        (-record.result.validation.accuracy, record.number)
        for record in read_records(home, ["s"])
        if record.state == "complete" and record.result and record.result.validation
    ]
    return min(scored)[1]


def row(text: str) -> dict[str, Any]:
    (found,) = json.loads(text)["rows"]
    return dict(found)


def test_an_unconfirmed_winner_is_exported_as_searched(cli: Cli, home: Path) -> None:
    code, out, err = cli("export", "s", "winner")
    assert code == 0
    found = json.loads(out)
    assert found["name"] == f"trial {best_trial(home)}"
    assert found["config"]["protocol"] == "held-out"
    assert (found["expected"]["on"], found["expected"]["n"]) == ("validation", 1)
    assert found["dataset"]["path"] is None
    assert "(held-out): expected" in err
    assert cli("export", "s", str(best_trial(home)))[1] == out


def test_a_confirmed_trial_is_exported_with_its_test_score(cli: Cli, home: Path) -> None:
    cli("confirm", "s", "--top", "1", "--seeds", "3", "-q")
    code, out, _ = cli("export", "s", str(best_trial(home)), "--as", "json")
    assert code == 0
    found = json.loads(out)
    assert found["config"]["protocol"] == "confirm"
    assert (found["expected"]["on"], found["expected"]["n"], len(found["seeds"])) == ("test", 3, 3)
    assert cli("export", "s", "winner")[1] == out


@pytest.mark.parametrize("name", ["model.json", "model.py", "model"])
def test_what_is_exported_can_be_verified_and_can_fail(
    cli: Cli, home: Path, name: str, tmp_path: Path
) -> None:
    cli("confirm", "s", "--top", "1", "--seeds", "2", "-q")
    assert cli("export", "s", "winner", "-o", name)[0] == 0
    code, out, err = cli("verify", name, "--seeds", "4", "-f", "json", "-q")
    assert (code, err) == (0, "")
    found = row(out)
    assert (found["result"], found["n"], found["images"]) == ("pass", 4, 297)
    assert len(read_records(home, [])) == 6 + 2
    text = (tmp_path / name).read_text()
    accuracy = found["expected_accuracy"]
    assert found["expected_low"] < accuracy < found["expected_high"]
    assert str(accuracy) in text
    (tmp_path / name).write_text(text.replace(str(accuracy), "0.5"))
    code, out, err = cli("verify", name, "-f", "json", "-q")
    assert (code, row(out)["result"]) == (7, "fail")
    assert err.splitlines()[-1].startswith("error: trial ")
    assert err.splitlines()[-1].endswith(" %, where 95 of 100 such reruns lie")


def test_a_changed_script_is_named(cli: Cli, home: Path, tmp_path: Path) -> None:
    cli("export", "s", "winner", "--as", "python", "-o", "model.py")
    script = tmp_path / "model.py"
    script.write_text(script.read_text().replace("EPOCHS = ", "EPOCHS = 1 + "))
    code, _, err = cli("verify", "model.py", "-q")
    assert code == 0
    assert err.startswith("note: the script was changed since")


def test_other_data_is_refused(cli: Cli, home: Path, tmp_path: Path) -> None:
    _, out, _ = cli("export", "s", "winner")
    document = json.loads(out)
    document["dataset"]["digest"] = "0-0"
    (tmp_path / "x.json").write_text(json.dumps(document))
    code, out, err = cli("verify", "x.json")
    assert (code, out) == (5, "")
    assert "was measured on digits (0-0), and this is digits" in err


def test_a_run_that_fails_is_no_verdict(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("export", "s", "winner", "-o", "x.json")
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "1=error")
    code, out, err = cli("verify", "x.json", "--seeds", "2", "-q")
    assert (code, out) == (3, "")
    assert "1 of 2 runs of trial" in err


def test_check_compares_with_a_reference_confirmed_alongside(cli: Cli, home: Path) -> None:
    cli("confirm", "s", "--top", "1", "--seeds", "2", "--references", "logistic", "-q")
    check = ("check", "s", "--against", "logistic", "-f", "json")
    code, out, err = cli(*check, "--point")
    found = row(out)
    assert (code, err) == (0, "")
    assert found["gain"] == pytest.approx(found["test_accuracy"] - found["against_accuracy"])
    assert found["gain"] > found["lower_bound"]
    for decided, gain in ((("--point",), found["gain"]), ((), found["lower_bound"])):
        assert cli(*check, *decided, "--min-gain", str(gain))[0] == 0
        code, out, err = cli(*check, *decided, "--min-gain", str(gain + 1e-6))
        assert (code, row(out)["result"]) == (7, "fail")
        assert "points better than logistic" in err


def test_check_without_a_confirmation_or_a_comparable_reference_says_so(
    cli: Cli, home: Path
) -> None:
    code, out, err = cli("check", "s", "--against", "cnn-simple")
    assert (code, out) == (3, "")
    assert "no trial of study s has a test accuracy" in err
    assert "mnist-search confirm s --references cnn-simple" in err
    cli("confirm", "s", "--top", "1", "--seeds", "1", "-q")
    code, out, err = cli("check", "s", "--against", "cnn-simple")
    assert (code, out) == (2, "")
    assert "cnn-simple was not confirmed with study s" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export", "s", "99"], "study s has no run 99"),
        (["export", "none", "winner"], "there is no study none"),
        (["export", "s", "winner", "--as", "keras"], "needs --output"),
        (["export", "s", "winner", "--as", "keras", "-o", "x.h5"], "ends in .h5 is not known"),
        (["export", "s", "winner", "--as", "keras", "-o", "x.keras"], "are not stored"),
        (["export", "s", "winner", "-o", "no/x.json"], "the folder no does not exist"),
        (["verify", "missing.json"], "missing.json: cannot be read"),
        (["check", "s", "--against", "no-such"], "there is no reference named"),
    ],
)
def test_mistakes_are_one_line(cli: Cli, home: Path, arguments: list[str], told: str) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert told in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_stored_weights_become_a_keras_file(tmp_path: Path) -> None:
    digits = resolve("digits", environ={})
    folder = tmp_path / "mnist-search-runs" / "b"
    config = get_reference("logistic").config
    weights = {
        "1.coefficients": np.eye(10, 784, dtype=np.float32),
        "1.intercepts": np.zeros(10, np.float32),
    }
    made = create_ledger(folder, StudySpec(name="b", dataset=digits))
    with closing(made) as ledger, ledger.exclusive():
        ledger.open_trial(config=config, seed=0, reference="logistic")
        result = RunResult(
            status="complete",
            config_id=config.config_id,
            seed=0,
            test=Score(correct=200, total=297),
            weights_sha256=save_weights(weights, weights_path(folder, 0)),
        )
        ledger.close_trial(0, result, worker=0)
    # A process of its own: TensorFlow talks when it is loaded, and only then.
    command = [sys.executable, "-m", "mnist_search", "export", "b", "logistic", "--as", "keras"]
    place = ["--home", str(tmp_path / "mnist-search-runs"), "-o", str(tmp_path / "x.keras")]
    done = subprocess.run([*command, *place], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("logistic (documented): expected 67.34 %")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "x.keras").read_bytes().startswith(b"PK")
