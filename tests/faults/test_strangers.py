"""Studies that a stranger made, and reports of any size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.references import REFERENCES
from mnist_search.reporting.html.page import render_page
from mnist_search.reporting.leaderboard import render_leaderboard
from mnist_search.specs import Failure, Record, Score
from mnist_search.studies import read_records, weights_path

Here = Callable[..., Any]
HTML = "<script>alert(1)</script>\x1b[31m[red]|`=cmd()"
ELEMENT = "<script>alert"


@pytest.fixture
def strange(here: Here, search: Callable[..., list[str]], study: Any, tmp_path: Path) -> Any:
    """A study with HTML and paths in whatever it holds."""
    assert here(*search(3), "--pruner", "none").code == 0
    (tmp_path / "secret").write_text("secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    spec = study.study_attribute("spec")
    dataset = {**spec["dataset"], "name": HTML}
    study.change_study("spec", {**spec, "name": HTML, "dataset": dataset})
    for number, result in study.attributes("result").items():
        study.change(number, result={**result, "weights_sha256": digest})
    study.change(0, reference=HTML)
    path = weights_path(study.path.parent, 1)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(tmp_path / "secret")
    return study


def test_study_of_a_stranger(here: Here, strange: Any, tmp_path: Path) -> None:
    for format in ("table", "json", "csv", "markdown", "html"):
        more = ("--no-inside",) if format == "html" else ()
        ended = here("report", "s", "-f", format, *more)
        assert ended.code == 0, ended.err
        assert "\x1b" not in ended.out + ended.err
        if format in ("html", "markdown"):
            assert ELEMENT not in ended.out
        if format == "csv":
            assert not any(cell.startswith("=") for cell in ended.out.split(","))
    for words in (
        ("figures", "s", "1", "--show"),
        ("export", "s", "1", "--as", "keras", "-o", str(tmp_path / "x.keras")),
    ):
        ended = here(*words)
        # Neither a name like that nor weights that lie elsewhere are taken.
        ended.refused(ended.code)
        assert ended.code in (2, 5)
    assert here("confirm", "s", "--top", "1", "--seeds", "1").code in (0, 2, 5)
    assert not (tmp_path / "x.keras").exists()


@pytest.fixture
def records(here: Here, search: Callable[..., list[str]], tmp_path: Path) -> list[Record]:
    assert here(*search(4), "--pruner", "none").code == 0
    return read_records(tmp_path / "mnist-search-runs", ["s"])


def many(records: list[Record], count: int) -> list[Record]:
    """Return so many trials, no two of them of one configuration."""
    made = []
    for number in range(count):
        record = records[number % len(records)]
        assert record.config is not None
        assert record.result is not None
        training = record.config.training.model_copy(update={"epochs": number + 1})
        config = record.config.model_copy(update={"training": training})
        score = Score(correct=9000 + number % 997, total=10_000, loss=1e-300)
        update = {"validation": score, "config_id": config.config_id}
        result = record.result.model_copy(update=update)
        made.append(
            record.model_copy(update={"number": number, "config": config, "result": result})
        )
    return made


def strict(text: str) -> Any:
    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def check_reports(records: list[Record], *, trials: int, ranked: int) -> None:
    """Check that every kind of report holds so many trials, so many of them with a rank."""
    board = build_leaderboard(records, REFERENCES)
    rows = strict(render_leaderboard(board, "json", plain=True))["rows"]
    found = [row for row in rows if row["kind"] == "trial"]
    assert len(found) == trials
    assert sum(row["rank"] is not None for row in found) == ranked
    # A table, whose columns are measured, never shows so many.
    for format in ("table", "csv", "markdown") if trials <= 20 else ("csv", "markdown"):
        text = render_leaderboard(board, format, plain=True)
        assert "cnn-double-32" in text
        assert "\x1b" not in text
    page = render_page(build_leaderboard(records, REFERENCES, top=1000), records, [])
    assert page.rstrip().endswith("</html>")
    assert ELEMENT not in page
    assert len(page.encode()) < 6_000_000


# Altair draws 5,000 rows unasked, and a page shows 1,000.
@pytest.mark.parametrize("count", [0, 1, 6_000])
def test_reports_of_any_size(records: list[Record], count: int) -> None:
    check_reports(many(records, count), trials=count, ranked=count)


def test_reports_of_failures_with_any_text(records: list[Record]) -> None:
    texts = (HTML, "x" * 100_000, "é\u202e\U0001f600\ud800", "")
    failed = [
        record.model_copy(
            update={
                "state": "failed",
                "result": record.result.model_copy(
                    update={
                        "status": "failed",
                        "validation": None,
                        "failure": Failure(kind="error", message="m").model_copy(
                            update={"message": text, "traceback": text}
                        ),
                    }
                ),
            }
        )
        for record, text in zip(records, texts, strict=True)
        if record.result is not None
    ]
    check_reports(failed, trials=4, ranked=0)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 1e-300, 1e300])
def test_numbers_that_are_none(records: list[Record], loss: float) -> None:
    made = many(records, 3)
    result = made[1].result
    assert result is not None
    # As no worker can send it: the values of a study are validated.
    score = Score(correct=9000, total=10_000).model_copy(update={"loss": loss})
    timings = result.timings.model_copy(update={"fit_seconds": loss})
    odd = result.model_copy(update={"validation": score, "timings": timings})
    made[1] = made[1].model_copy(update={"result": odd})
    check_reports(made, trials=3, ranked=3)


def test_control_json_alone_writes_what_is_none(
    records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.dumps(float("nan")) == "NaN"
    monkeypatch.setattr("mnist_search.reporting.json.to_plain", lambda value: value)
    made = many(records, 1)
    assert made[0].result is not None
    timings = made[0].result.timings.model_copy(update={"fit_seconds": float("nan")})
    result = made[0].result.model_copy(update={"timings": timings})
    made[0] = made[0].model_copy(update={"result": result})
    with pytest.raises((ValueError, TypeError)):
        render_leaderboard(build_leaderboard(made, REFERENCES), "json", plain=True)
