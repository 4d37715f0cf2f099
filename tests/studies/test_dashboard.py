"""What optuna-dashboard shows of a study, through its own server application."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from mnist_search.cli import execute
from mnist_search.studies.folder import JOURNAL

pytest.importorskip("optuna_dashboard")

Get = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make up a search with a trial that failed, and a reference, on the embedded digits."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
        patch.setenv("MNIST_SEARCH_HOME", str(folder))
        patch.setenv("MNIST_SEARCH_DATASET", "digits")
        patch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "2=error")
        patch.delenv("MNIST_SEARCH_DATA", raising=False)
        words = "run --space mlp -n 4 --pruner none --workers 1 --study search -q"
        assert execute(words.split()) == 0
        assert execute(["bench", "mlp-784", "--full", "--study", "suite", "-q"]) == 0
        yield folder


def stock(path: Path) -> Any:
    """Open a journal as `optuna-dashboard PATH` does."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(path)))


def client(path: Path) -> Get:
    from optuna_dashboard import wsgi

    application = wsgi(stock(path))

    def get(place: str) -> dict[str, Any]:
        place, _, query = place.partition("?")
        environ: dict[str, Any] = {"PATH_INFO": place, "QUERY_STRING": query}
        setup_testing_defaults(environ)
        environ["wsgi.errors"] = io.StringIO()
        status: list[str] = []
        body = application(environ, lambda told, _headers, _info=None: status.append(told))
        text = b"".join(body)
        assert status == ["200 OK"], text
        found: dict[str, Any] = json.loads(text)
        return found

    return get


def attributes(shown: list[dict[str, str]]) -> dict[str, str]:
    return {each["key"]: each["value"] for each in shown}


def test_studies_have_names_a_metric_and_words_about_them(home: Path) -> None:
    get = client(home / "search" / JOURNAL)
    (listed,) = get("/api/studies")["study_summaries"]
    assert (listed["study_name"], listed["directions"]) == ("search", ["maximize"])
    study = get(f"/api/studies/{listed['study_id']}?after=0")
    assert study["objective_names"] == ["validation accuracy"]
    told = attributes(study["user_attrs"])
    assert told["data set"].startswith("digits, 1,500 + 297 images")
    assert told["purpose"].startswith("search of space mlp: optuna tpe, none")
    other = client(home / "suite" / JOURNAL)
    (listed,) = other("/api/studies")["study_summaries"]
    study = other(f"/api/studies/{listed['study_id']}?after=0")
    assert study["objective_names"] == ["test accuracy"]
    assert {attributes(run["user_attrs"])["reference"] for run in study["trials"]} == {"mlp-784"}


def test_trials_have_parameters_curves_and_readable_figures(home: Path) -> None:
    get = client(home / "search" / JOURNAL)
    (listed,) = get("/api/studies")["study_summaries"]
    trials = get(f"/api/studies/{listed['study_id']}?after=0")["trials"]
    assert [trial["state"] for trial in trials] == ["Complete", "Complete", "Fail", "Complete"]
    first = trials[0]
    assert 0 < first["values"][0] <= 1
    assert {"dense_layers", "optimizer"} <= {each["name"] for each in first["params"]}
    assert len(first["intermediate_values"]) > 1
    told = attributes(first["user_attrs"])
    assert told["network"].startswith("Flatten D")
    assert float(told["fit seconds"]) > 0
    assert int(told["weights"]) > 1000
    failed = attributes(trials[2]["user_attrs"])
    assert failed["why"].startswith("error: ")
    assert "network" in failed


def test_a_note_of_the_dashboards_leaves_the_study_whole(home: Path) -> None:
    from optuna import load_study
    from optuna_dashboard import save_note

    from mnist_search.studies import read_records

    before = read_records(home, ["search"])
    study = load_study(study_name=None, storage=stock(home / "search" / JOURNAL))
    save_note(study, "the best so far")
    assert read_records(home, ["search"]) == before
