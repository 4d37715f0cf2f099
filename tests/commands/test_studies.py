"""Studies by name: listed, renamed, deleted, compared, shown, served."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mnist_search.commands import studies
from mnist_search.commands.compare import compare
from mnist_search.commands.dashboard import dashboard
from mnist_search.commands.show import show
from mnist_search.errors import BudgetError, DataError, StorageError, UsageError
from mnist_search.studies import read_study, study_folder
from mnist_search.studies.lock import hold
from tests.cli.conftest import Cli, Made, cli, made

__all__ = ["cli", "made"]


@pytest.fixture
def home(made: Made) -> Path:
    """Search twice under two seeds, and confirm the first."""
    words = "run --space mlp --trials 4 --epochs 2 --pruner none -q"
    searches = [f"{words} --seed {seed} --study s{seed}" for seed in (0, 1)]
    return made(*searches, "confirm s0 --top 1 --seeds 2 -q")


def test_each_study_has_a_line(home: Path) -> None:
    (home / "broken").mkdir()
    (home / "broken" / "journal.log").write_text("no journal\n")
    lines = {line.name: line for line in studies.studies(home=home)}
    assert sorted(lines) == ["broken", "s0", "s0-confirm", "s1"]
    found = lines["s0"]
    assert (found.kind, found.dataset, found.space) == ("search", "digits", "mlp")
    assert (found.trials, found.state) == (4, "finished")
    best = max(record.result.score.accuracy for record in read_study(home, "s0").records)
    assert found.best_accuracy == best
    assert found.size_bytes >= (home / "s0" / "journal.log").stat().st_size
    assert lines["s0-confirm"].kind == "confirmation"
    assert (lines["broken"].state, lines["broken"].trials) == ("damaged", None)
    assert "broken" in str(lines["broken"].problem)
    with hold(home / "s1"):
        assert {line.name: line.state for line in studies.studies(home=home)}["s1"] == "running"


def test_a_renamed_study_keeps_what_belongs_to_it(home: Path) -> None:
    before = read_study(home, "s0")
    assert studies.rename("s0", "first", home=home) == [
        ("s0", "first"),
        ("s0-confirm", "first-confirm"),
    ]
    after = read_study(home, "first")
    assert [record.result for record in after.records] == [
        record.result for record in before.records
    ]
    assert after.spec.name == "first"
    assert len(show("first", home=home).confirmed) == 2
    assert sorted(path.name for path in home.iterdir()) == ["first", "first-confirm", "s1"]
    assert not (home / "first" / "owner.json").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("s0", "s1", "there is a study s1"),
        ("none", "x", "there is no study none"),
        ("s0", "../x", "must start with a letter"),
    ],
)
def test_what_cannot_be_renamed(home: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        studies.rename(old, new, home=home)
    assert sorted(path.name for path in home.iterdir()) == ["s0", "s0-confirm", "s1"]


def test_a_study_that_is_written_stays(home: Path) -> None:
    # The lock of another descriptor, as of another process.
    with hold(home / "s0-confirm"):
        for act in (lambda: studies.delete("s0", home=home),
                    lambda: studies.rename("s0", "x", home=home)):  # fmt: skip
            with pytest.raises(StorageError, match="s0-confirm is being written"):
                act()
    assert len(studies.studies(home=home)) == 3
    assert studies.delete("s0", home=home) == ["s0", "s0-confirm"]
    assert [path.name for path in home.iterdir()] == ["s1"]


def test_a_link_is_not_followed(home: Path, tmp_path: Path) -> None:
    (home / "s1").rename(tmp_path / "elsewhere")
    (home / "s1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="got a symbolic link"):
        studies.delete("s1", home=home)
    assert (tmp_path / "elsewhere" / "journal.log").exists()


def test_a_comparison_takes_repeats_along(cli: Cli, home: Path) -> None:
    cli("run", "--space", "mlp", "--trials", "4", "--epochs", "1", "--study", "short", "-q")
    found = compare("s0", "short", home=home)
    assert found.comparison.first.studies == ("s0", "s1")
    assert found.comparison.second.studies == ("short",)
    assert [what for what, _, _ in found.differences] == ["pruner", "epochs"]
    assert found.comparison.searches is None
    assert found.comparison.first.by_trials[-1].low is not None
    assert set(found.values) >= {"optimizer", "batch_size"}
    # Two seeds of the same search are two searches.
    repeats = compare("s0", "s1", home=home)
    assert repeats.comparison.first.studies == ("s0",)
    assert [what for what, _, _ in repeats.differences] == ["seed"]


@pytest.mark.parametrize(
    ("second", "told"),
    [("s0", "got s0 twice"), ("s0-confirm", "not a search"), ("none", "there is no study none")],
)
def test_what_does_not_compare(home: Path, second: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        compare("s0", second, home=home)


def test_one_run_is_shown_in_full(home: Path) -> None:
    records = read_study(home, "s0").records
    best = max(records, key=lambda record: (record.result.score.accuracy, -record.number))
    found = show("s0", home=home)
    assert found.record.number == best.number
    document = json.loads(json.dumps(found.as_dict()))
    assert sum(layer["parameters"] for layer in document["layers"]) == document["parameters"]
    assert len(document["epochs"]) == 2
    assert document["accuracy"] == best.result.score.accuracy
    assert len(document["confirmed_test_accuracies"]) == 2
    assert document["values"] == best.values
    assert show("s0", 3, home=home).record.number == 3
    for name, told in (("9", "has no run 9"), ("dnn", "has no run dnn")):
        with pytest.raises(UsageError, match=told):
            show("s0", name, home=home)


def test_no_winner_of_nothing(cli: Cli, home: Path) -> None:
    (study_folder(home, "s0") / "journal.log").unlink()
    with pytest.raises(UsageError, match="there is no study s0"):
        show("s0", home=home)
    cli("run", "--space", "mlp", "--trials", "1", "--study", "e", "--max-params", "1", "-q")
    with pytest.raises(BudgetError, match="none has won"):
        show("e", home=home)


def test_a_dashboard_reads_and_never_writes(cli: Cli, home: Path) -> None:
    pytest.importorskip("optuna_dashboard")
    with dashboard("s0", port=0, home=home) as opened:
        assert opened.url.startswith("http://127.0.0.1:")
        serving = threading.Thread(target=opened.serve)
        serving.start()
        try:
            with urllib.request.urlopen(f"{opened.url}api/studies", timeout=30) as answer:
                listed = json.load(answer)["study_summaries"]
            journal = home / "s0" / "journal.log"
            before = journal.read_bytes()
            request = urllib.request.Request(
                f"{opened.url}api/studies/{listed[0]['study_id']}", method="DELETE"
            )
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(request, timeout=30)
            assert journal.read_bytes() == before
        finally:
            opened.server.shutdown()
            serving.join()
    assert len(listed) == 1


def test_a_dashboard_that_cannot_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dashboard(port=0, home=home) as opened:
        # The confirmation was written last.
        assert opened.study == "s0-confirm"
        taken = opened.server.server_port
        with pytest.raises(UsageError, match=f"port {taken} cannot be used"):
            dashboard("s0", port=taken, home=home).__enter__()
    monkeypatch.setitem(__import__("sys").modules, "optuna_dashboard", None)
    with pytest.raises(UsageError, match="is not installed") as raised:
        dashboard("s0", home=home).__enter__()
    assert raised.value.hint == "pip install 'mnist-search[dashboard]'"
