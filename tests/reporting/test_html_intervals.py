"""Models with their intervals: measured beside published, confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable

from mnist_search.analysis import Row
from mnist_search.analysis.confirmation import Confirmation, ConfirmedRow
from mnist_search.reporting.cells import Column
from mnist_search.reporting.html.intervals import confirmed_models, measured_beside_published
from mnist_search.reporting.html.tables import table_of


def reference(name: str, score: float, **more: object) -> Row:
    facts = {
        "name": name, "kind": "reference", "status": "complete", "score": score,
        "score_low": score - 0.002, "score_high": score + 0.001, "published_accuracy": 0.98,
        "gap": score - 0.98, "n": 3, "verdict": "reproduced",
    }  # fmt: skip
    return Row(**(facts | more))  # type: ignore[arg-type]


def test_each_reference_has_both_figures_its_gap_and_its_verdict() -> None:
    drawing = measured_beside_published([reference("a", 0.981), reference("b", 0.975, n=1)])
    assert drawing is not None
    assert "a, measured: 98.10 %, 3 runs" in drawing
    assert "b, measured: 97.50 %, 1 run<" in drawing
    assert drawing.count(", published: 98.00 %") == 2
    assert "+0.10  reproduced" in drawing
    assert "-0.50  reproduced" in drawing


def test_rows_of_one_name_keep_their_own_lines() -> None:
    drawing = measured_beside_published([reference("a", 0.981), reference("a", 0.96)])
    assert drawing is not None
    heights = re.findall(r'class="c-trial dot" cx="[\d.]+" cy="([\d.]+)"', drawing)[:-1]
    # The last one is that of the legend.
    assert len(set(heights)) == len(heights) == 2


def test_nothing_is_drawn_of_what_does_not_compare() -> None:
    rows = [reference("a", 0.98, gap=None), reference("b", 0.1135, collapsed=True)]
    assert measured_beside_published(rows) is None


def test_confirmed_models_say_who_won_and_what_the_search_had_seen() -> None:
    winner = ConfirmedRow(
        rank=1, name="trial 7", kind="trial", status="complete", test_accuracy=0.995, n=3,
        test_accuracy_low=0.994, test_accuracy_high=0.996, search_accuracy=0.9962,
    )  # fmt: skip
    other = ConfirmedRow(
        rank=2, name="cnn", kind="reference", status="published", test_accuracy=0.99
    )
    waiting = ConfirmedRow(name="trial 8", kind="trial", status="waiting")
    drawing = confirmed_models(Confirmation(rows=(winner, other, waiting), winner=winner))
    assert drawing is not None
    assert "trial 7: 99.50 % of the test images, 3 runs" in drawing
    assert "trial 7, in the search: 99.62 %" in drawing
    assert "cnn: 99.00 % of the test images, as published" in drawing
    assert "trial 8" not in drawing
    assert confirmed_models(Confirmation(rows=(waiting,), winner=None)) is None


def test_table_leaves_out_what_nobody_knows() -> None:
    columns = (
        Column("a", "A"), Column("b", "B", "count"), Column("c", "C", "percent"), Column("d", "D"),
    )  # fmt: skip
    found = table_of(
        [
            {"a": "x\x1b[31m", "b": 1234, "c": None, "d": "long"},
            {"a": None, "b": 5, "c": None, "d": "text"},
        ],
        columns,
        title="t",
    )
    assert found.heads == (("A", ""), ("B", "right"), ("D", "flowing"))
    assert found.lines == (("x[31m", "1,234", "long"), ("-", "5", "text"))


def test_page_of_a_benchmark_shows_them(make_page: Callable[..., str]) -> None:
    page = make_page(bench=True)
    section = page[page.index("Benchmark bench") :]
    assert "<h3>Measured beside published</h3>" in section
    verdicts = section[section.index('<table class="verdicts">') :]
    verdicts = verdicts[: verdicts.index("</table>")]
    assert verdicts.count("<tr>") == 1 + 5
    assert ">lower<" in verdicts
