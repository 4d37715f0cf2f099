"""`vary` as a user types it, with the surrogate in place of training."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.specs import RunConfig
from mnist_search.studies import read_records

Cli = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]
STAR = (
    "vary", "cnn-simple", "--set", "activation=relu,tanh,gelu", "--set", "dropout=0,0.2,0.5",
    "--epochs", "2", "-q",
)  # fmt: skip
HOME = Path("mnist-search-runs")
STUDY = "vary-cnn-simple-digits"


def rows(text: str, part: str) -> list[dict[str, Any]]:
    document = json.loads(text)
    assert document["schema_version"] == 1
    return [row for row in document["rows"] if row["part"] == part]


def test_one_command_answers_what_choices_do(cli: Cli) -> None:
    code, out, err = cli(*STAR, "--seeds", "3")
    assert (code, err) == (0, "")
    assert "cnn-simple varied, one hyperparameter at a time: digits, 2 epochs, 3 seeds" in out
    for told in ("relu *", "0.2 *", "times the seconds, 3 seeds", "all 4 comparisons (Holm)"):
        assert told in " ".join(out.split()), told
    records = read_records(HOME, [STUDY])
    assert len(records) == 5 * 3
    assert all(record.config is not None for record in records)
    configs = {record.config.config_id: record.config for record in records if record.config}
    assert {config.protocol for config in configs.values()} == {"held-out"}
    assert {config.training.epochs for config in configs.values()} == {2}
    by_config: dict[str, set[int | None]] = {}
    for record in records:
        assert isinstance(record.config, RunConfig)
        by_config.setdefault(record.config.config_id, set()).add(record.seed)
    assert len({frozenset(seeds) for seeds in by_config.values()}) == 1
    assert all(record.result and record.result.test is None for record in records)


def test_nothing_is_trained_twice_and_more_seeds_add_the_difference(cli: Cli) -> None:
    first = cli(*STAR, "--seeds", "1", "-f", "json")
    assert len(read_records(HOME, [STUDY])) == 5
    assert cli(*STAR, "--seeds", "1", "-f", "json") == first
    assert len(read_records(HOME, [STUDY])) == 5
    code, out, _ = cli(*STAR, "--seeds", "2", "-f", "json")
    assert code == 0
    assert len(read_records(HOME, [STUDY])) == 10
    (model,) = rows(out, "model")
    assert len(model["seeds"]) == 2
    # A table of the same values finds those that were trained one at a time.
    assert cli(*STAR, "--seeds", "2", "--factorial")[0] == 0
    assert len(read_records(HOME, [STUDY])) == 2 * 9


@pytest.mark.slow
def test_killed_in_the_middle_it_ends_with_the_same_runs(cli: Cli, tmp_path: Path) -> None:
    assert cli(*STAR, "--home", "whole")[0] == 0
    slow = os.environ | {"PYTHONPATH": str(ROOT), "MNIST_SEARCH_SURROGATE_SECONDS": "0.1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mnist_search", *STAR], cwd=tmp_path, env=slow
    )
    journal = HOME / STUDY / "journal.log"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        # Some runs are over, others have begun.
        if journal.exists() and journal.read_bytes().count(b'"result') >= 3:
            break
        time.sleep(0.02)
    assert process.poll() is None
    process.kill()
    process.wait()
    before = [record for record in read_records(HOME, [STUDY]) if record.state == "complete"]
    assert 0 < len(before) < 15
    assert cli(*STAR)[0] == 0

    def results(home: Path) -> dict[object, float | None]:
        return {
            record.run_key: record.result.last_accuracy
            for record in read_records(home, [STUDY])
            if record.result is not None and record.state == "complete"
        }

    assert len(results(HOME)) == len(read_records(HOME, [STUDY])) == 15
    assert results(HOME) == results(Path("whole"))
    assert {record.run_key for record in before} <= results(HOME).keys()


def test_a_time_budget_stops_it_and_a_larger_one_goes_on(cli: Cli) -> None:
    code, out, err = cli(*STAR, "--time-budget", "0.001s")
    assert "the same command goes on with the runs that are left" in err
    assert code == 3
    code, out, _ = cli(*STAR, "--time-budget", "1h", "-f", "json")
    assert code == 0
    assert len(read_records(HOME, [STUDY])) == 15
    assert all(row["runs"] == 3 for row in rows(out, "value"))


def test_trials_and_winners_and_spaces_are_varied(cli: Cli, space_file: Path) -> None:
    assert cli("run", "--space", str(space_file), "-n", "6", "--study", "s", "-q")[0] == 0
    code, out, err = cli("vary", "s:winner", "--set", "batch_size=32,64", "-q", "-f", "json")
    assert (code, err) == (0, "")
    (model,) = rows(out, "model")
    assert model["model"].startswith("s:")
    number = model["model"].split(":")[1]
    assert model["study"] == f"s-vary-{number}"
    searched = {record.seed for record in read_records(HOME, ["s"])}
    assert not searched & {record.seed for record in read_records(HOME, [model["study"]])}
    assert cli("vary", f"s:{number}", "--set", "batch_size=32", "-q")[0] == 0
    code, out, _ = cli("vary", "mlp", "--set", "activation=gelu", "-q", "-f", "json")
    assert code == 0
    assert rows(out, "model")[0]["model"] == "defaults of mlp"


def test_several_models_are_followed_by_what_holds_on_all(cli: Cli) -> None:
    arguments = ("vary", "cnn-simple", "mlp-drop-2", "--set", "optimizer=sgd,adamw", "-q")
    code, out, _ = cli(*arguments, "-f", "markdown")
    assert code == 0
    assert out.count("varied, one hyperparameter at a time") == 2
    assert "### what holds on all 2 models" in out
    assert "| optimizer | sgd |" in out
    assert "cnn-simple" in out.partition("what holds on all")[2]
    code, out, _ = cli(*arguments, "-f", "json")
    assert {row["value"] for row in rows(out, "summary")} == {"sgd", "adamw"}


def test_every_format_and_the_suffix_of_a_file(cli: Cli) -> None:
    code, out, _ = cli(*STAR, "-f", "csv")
    assert code == 0
    found = list(csv.DictReader(io.StringIO(out)))
    assert {row["hyperparameter"] for row in found if row["part"] == "value"} == {
        "activation",
        "dropout",
    }
    code, out, _ = cli(*STAR, "--factorial", "-f", "markdown")
    assert code == 0
    assert "### interactions of two" in out
    assert "dropout and activation" in out or "activation and dropout" in out
    for name in ("a.md", "a.html", "a.png", "a.svg", "a.json", "a.csv", "a.txt"):
        assert cli(*STAR, "-o", name)[0:2] == (0, ""), name
        assert Path(name).stat().st_size > 500
    page = Path("a.html").read_text()
    assert "default-src 'none'" in page
    assert "tanh" in page
    assert page.count('class="chart wide"') == 1
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    code, _, err = cli(*STAR, "-f", "png")
    assert (code, err) == (2, "error: --format png needs --output FILE.png\n")


def test_a_screening_takes_many_hyperparameters_in_few_runs(cli: Cli) -> None:
    settings = ("activation=gelu", "dropout=0.5", "optimizer=adamw", "width=2", "batch_size=64")
    words = [word for setting in settings for word in ("--set", setting)]
    code, out, err = cli(
        "vary", "cnn-simple", *words, "--screen", "--seeds", "1", "--epochs", "1", "-q",
        "-f", "json",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert len(read_records(HOME, [STUDY])) == 16
    values = rows(out, "value")
    assert len(values) == 10
    assert all(row["networks"] == 8 for row in values)
    assert any("no interaction of two" in note for note in json.loads(out)["notes"])


def test_without_values_it_varies_the_six_choices(cli: Cli) -> None:
    code, out, err = cli("vary", "mlp-drop-2", "--epochs", "1", "--seeds", "1", "-q", "-f", "json")
    assert (code, err) == (0, "")
    assert {row["hyperparameter"] for row in rows(out, "value")} == {
        "depth", "width", "activation", "batch_norm", "dropout", "optimizer",
    }  # fmt: skip


def test_what_cannot_be_built_is_left_out_and_said(cli: Cli) -> None:
    code, out, err = cli("vary", "cnn-simple", "--set", "depth=1:3", "--epochs", "1", "-q")
    assert code == 0
    assert err.startswith("cnn-simple: depth 3 is left out: ")
    assert "left out: depth 3" in out
    assert "cannot be built" in out
    out = cli("vary", "cnn-simple", "--set", "depth=1,3", "--epochs", "1", "-q")[1]
    assert "depth: no other value can be built" in out
    code, _, err = cli(
        "vary", "cnn-simple", "--set", "depth=3", "--set", "width=2", "--screen", "-q"
    )
    assert code == 2
    assert "a screening needs all of its networks" in err


def test_a_failed_value_leaves_the_others(cli: Cli) -> None:
    code, out, _ = cli(
        "vary", "mlp-relu-2", "--set", "learning_rate=0.001,5", "--epochs", "1", "-q"
    )
    assert code == 0
    assert "learning rate 5 failed: the loss of a step is nan" in " ".join(out.split())


def test_a_dry_run_says_minutes_and_trains_nothing(cli: Cli) -> None:
    code, out, _ = cli(*STAR, "--dry-run")
    assert code == 0
    assert out.startswith("about ")
    assert "for cnn-simple: 5 networks, 15 runs" in out
    assert not (HOME / STUDY).exists()
    assert cli(*STAR)[0] == 0
    assert "15 of them done: nothing is left to train" in cli(*STAR, "--dry-run")[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("cnn-simpel",), "a model must be a reference, STUDY:TRIAL, STUDY:winner or a space"),
        (("nowhere:winner",), "nowhere"),
        (("logistic",), "a linear classifier has no depth"),
        (("cnn-simple", "--factorial"), "--factorial needs the hyperparameters by name"),
        (("cnn-simple", "--screen", "--factorial"), "--factorial and --screen exclude each other"),
        (
            ("cnn-simple", "--set", "dropout=0", "--set", "dropout=0.5"),
            "--set dropout is given twice",
        ),
        (("cnn-simple", "mlp-784", "-o", "x.svg"), "a chart is about one model, got 2"),
    ],
)
def test_mistakes_are_one_line_with_a_hint(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = cli("vary", *arguments, "-q")
    assert (code, out) == (2, "")
    assert told in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
