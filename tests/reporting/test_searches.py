"""What a search tells beyond its board, in Markdown and for JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.references import REFERENCES
from mnist_search.reporting.json import to_plain
from mnist_search.reporting.leaderboard import render_leaderboard
from mnist_search.reporting.searches import (
    render_searches_markdown,
    search_reports,
    searches_document,
)
from mnist_search.specs import Record
from mnist_search.studies.spec import StudySpec

Study = tuple[StudySpec, list[Record]]


def drawn_by(study: Study, sampler: str) -> Study:
    spec, records = study
    assert spec.search is not None
    search = spec.search.model_copy(update={"sampler": sampler})
    return spec.model_copy(update={"search": search}), records


def test_a_random_search_has_its_expected_best_and_intervals(
    make_study: Callable[..., Study],
) -> None:
    spec, records = drawn_by(make_study(), "random")
    (report,) = search_reports([spec], records)
    text = render_searches_markdown([report])
    assert "## Search study" in text
    assert "expected best validation accuracy of 5 trials" in text
    assert "drawn from its random trials" in text
    assert "| trials | training time | expected best |" in text
    assert "### Effects of hyperparameters" in text
    assert "Wilson" in text
    document = to_plain(searches_document([report]))
    assert isinstance(document, list)
    assert [best["trials"] for best in document[0]["expected"]] == [1, 2, 5, 10]
    levels = [one for one in document[0]["effects"] if one["parameter"] == "optimizer"]
    assert {one["level"] for one in levels} == {"adam", "sgd"}
    assert all(one["low"] <= one["share"] <= one["high"] for one in levels)


def test_a_report_has_the_search_in_every_format_but_csv(make_study: Callable[..., Study]) -> None:
    spec, records = drawn_by(make_study(), "random")
    board = build_leaderboard(records, REFERENCES)
    reports = search_reports([spec], records)
    texts = {
        form: render_leaderboard(board, form, plain=True, searches=reports)
        for form in ("table", "markdown", "json", "csv")
    }
    assert "What to expect of fewer trials" in texts["table"]
    assert "## Search study" in texts["markdown"]
    assert json.loads(texts["json"])["searches"][0]["study"] == "study"
    assert "expected" not in texts["csv"]


def test_a_sampler_that_learns_gets_neither(make_study: Callable[..., Study]) -> None:
    spec, records = make_study()
    (report,) = search_reports([spec], records)
    text = render_searches_markdown([report])
    assert "the sampler learned from earlier trials" in text
    assert "expected best |" not in text
    assert "Wilson" not in text


@pytest.mark.parametrize("empty", ["no search", "no trial"])
def test_nothing_is_told_of_nothing(make_study: Callable[..., Study], empty: str) -> None:
    spec, records = make_study()
    if empty == "no search":
        spec = spec.model_copy(update={"search": None})
    assert search_reports([spec], [] if empty == "no trial" else records) == []
