"""The HTML report as text: complete, self-contained, and safe whatever things are called."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.analysis.leaderboard import build_leaderboards
from mnist_search.references import REFERENCES
from mnist_search.reporting.board_rows import board_table
from mnist_search.reporting.cells import Column
from mnist_search.reporting.charts.portraits import class_counts
from mnist_search.reporting.charts.trials import MOST_DRAWN
from mnist_search.reporting.html.frame import MOST_STILL_BYTES, Drawings
from mnist_search.reporting.html.page import render_page
from mnist_search.reporting.html.tables import table_of
from mnist_search.reporting.rows import Table

VOID = {"meta", "link", "input", "br", "img"}
HOSTILE = (
    "</style></script><script>window.hacked=1</script>"
    '<img src=x onerror="window.hacked=1">\'&amp;{{7*7}}\u202e\x1b[31m'
)


class Outline(HTMLParser):
    """Every element with its attributes, and whether the elements close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: Counter[str] = Counter()
        self.inside: list[str] = []
        self.content: dict[str, str] = {}
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.content[self.inside[-1]] = self.content.get(self.inside[-1], "") + data
            if self.inside[-1] == "script":
                self.scripts[-1] += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_page_is_well_formed_and_has_every_section(make_page: Callable[..., str]) -> None:
    page = make_page()
    outline = Outline(page)
    assert outline.inside == []
    # One script, and one block of data that no browser runs.
    assert [each.get("type") for each in outline.named("script")] == ["application/json", None]
    assert len(outline.named("style")) == 1
    headings = set(re.findall(r"<h[1234][^>]*>([^<]+)</h", page))
    assert headings >= {
        "mnist-search: study",
        "Leaderboard",
        "Search study",
        "Best so far",
        "Learning curves",
        "What mattered",
        "Parallel coordinates",
        "One parameter at a time",
        "Two parameters at a time",
        "Confirmed on the test images",
        "Surest mistakes",
        "Weights of each layer",
        "Feature maps",
        "Workers",
        "Accuracy and cost",
        "Against parameters",
        "How it was made",
    }
    assert "mnist-search run --space space --trials 40 --dataset mnist --sampler tpe" in page
    assert "Effects of hyperparameters" in page
    assert re.search(r"mnist-search vary study:winner --set \w+=[\w.,:-]+", page)
    assert "the sampler learned from earlier trials" in page


def test_table_holds_every_row_without_any_script(make_study: Callable[..., tuple]) -> None:
    spec, records = make_study()
    board = build_leaderboard(records, REFERENCES)
    page = render_page(board, records, [spec])
    table = page[page.index('<div class="scroll leaderboard"') : page.index("</table>")]
    rows = re.findall(r'<tr class="[^"]*" data-kind="(\w+)"', table)
    assert Counter(rows) == {"trial": 40, "reference": len(REFERENCES)}
    columns, _, _ = board_table(board)
    assert table.count("<td") == len(board.rows) * (len(columns) + 1)
    # What only the script can serve is hidden until it runs.
    for key, name in (("class", "controls"), ("id", "theme")):
        (found,) = [each for _, each in Outline(page).elements if each.get(key) == name]
        assert "hidden" in found


def test_policy_allows_the_own_style_and_script_alone(make_page: Callable[..., str]) -> None:
    outline = Outline(make_page())
    (policy,) = [
        str(each["content"])
        for each in outline.named("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    for tag, content in (("style", outline.content["style"]), ("script", outline.scripts[1])):
        digest = hashlib.sha256(content.encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("alien", ["", HOSTILE], ids=["plain", "hostile"])
def test_page_refers_to_nothing_outside(make_page: Callable[..., str], alien: str) -> None:
    for _, attributes in Outline(make_page(alien=alien)).elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action", "xlink:href", "srcset", "data"):
            assert str(attributes.get(name, "#")).startswith(("#", "data:,", "data:image/png;"))
        assert str(attributes.get("clip-path", "url(#")).startswith("url(#")


def elements_of(page: str) -> Counter[str]:
    # How much of a name a picture shows depends on its letters.
    return Counter(
        tag for tag, attributes in Outline(page).elements if tag not in ("text", "tspan", "title")
    )


def charts_of(page: str) -> dict[str, dict[str, object]]:
    found = json.loads(Outline(page).scripts[0])
    assert set(found) == {"config", "charts"}
    charts = found["charts"]
    assert isinstance(charts, dict)
    return charts


def test_names_that_are_html_make_no_element(make_page: Callable[..., str]) -> None:
    tame = "x" * len(HOSTILE)
    page = make_page(alien=HOSTILE)
    hostile, plain = elements_of(page), elements_of(make_page(alien=tame))
    assert set(hostile) == set(plain)
    for tag in ("script", "style", "img", "iframe", "a", "button", "svg", "image"):
        assert hostile[tag] == plain[tag], tag
    assert "&lt;script&gt;window.hacked=1" in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "{{7*7}}" in page
    # What charts hold of them cannot end their block of data, and is still whole inside.
    assert "<" not in Outline(page).scripts[0]
    assert "<script>window.hacked=1" in json.dumps(charts_of(page))


def test_names_that_are_html_would_end_their_data_unescaped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawings = Drawings()
    drawings.add(class_counts([1, 2], ["a", HOSTILE]), "label", still=False)
    assert "</script>" not in drawings.data()

    class Unescaped(str):
        def replace(self, *_: object) -> str:  # type: ignore[override]
            return str(self)

    dumps = json.dumps
    monkeypatch.setattr(json, "dumps", lambda *a, **options: Unescaped(dumps(*a, **options)))
    assert "</script>" in drawings.data()


def test_every_chart_has_a_place_and_its_data(make_page: Callable[..., str]) -> None:
    page = make_page(bench=True)
    places = [
        str(each["id"])
        for tag, each in Outline(page).elements
        if tag == "div" and str(each.get("class", "")).startswith("chart ")
    ]
    charts = charts_of(page)
    assert len(places) > 20
    assert sorted(places) == sorted(charts)
    assert len({str(chart["description"]) for chart in charts.values()}) > 15
    # Colours are variables of the style sheet, so that dark pages have their own.
    text = json.dumps(charts)
    assert "var(--blue)" in text
    assert "#0072b2" not in page.partition("</style>")[2].partition("<script")[0] + text


def test_the_first_charts_are_pictures_where_no_script_runs(make_page: Callable[..., str]) -> None:
    page = make_page(alien=HOSTILE)
    drawings = re.findall(r"<svg .*?</svg>", page.partition("<script")[0], re.DOTALL)
    assert len(drawings) >= 8
    assert sum(map(len, drawings)) <= MOST_STILL_BYTES
    clips: list[str] = []
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        for each in root.iter():
            assert not re.search(r"\b(NaN|nan|Infinity)\b", each.attrib.get("d", ""))
            assert "style" not in each.attrib  # which the policy would forbid
            clips += filter(None, [each.attrib.get("id")])
    assert len(clips) == len(set(clips))
    assert page.count("this chart is drawn by a script") == len(charts_of(page)) - len(drawings)


def test_stand_in_digits_are_said_first(make_page: Callable[..., str]) -> None:
    page = make_page(fallback=True)
    warning = page.index('class="warning" role="alert"')
    assert warning < page.index("<h2")
    assert "NOT MNIST" in page[warning : page.index("<h2")]
    # No reference compares with other data, and none is drawn as if it did.
    (progress,) = [
        chart for chart in charts_of(page).values()
        if str(chart["description"]).startswith("Best accuracy so far")
    ]  # fmt: skip
    assert "of a reference" not in json.dumps(progress["datasets"])
    assert 'role="alert"' not in make_page()


def test_winner_is_the_boards_and_the_drawn_one(make_study: Callable[..., tuple]) -> None:
    spec, records = make_study()
    board = build_leaderboard(records, REFERENCES)
    (best, *_) = [row for row in board.rows if row.kind == "trial" and row.status == "complete"]
    page = render_page(board, records, [spec])
    assert f"Best trial: {best.name}, {100 * best.score:.2f} % validation accuracy" in page
    (curves,) = [c for c in charts_of(page).values() if c["description"] == "Learning curves"]
    rows = [row for rows in curves["datasets"].values() for row in rows]
    assert {row["name"] for row in rows if row["what"] == "best"} == {best.name}


def test_references_are_matched_when_a_trial_reaches_them(make_page: Callable[..., str]) -> None:
    page = make_page()
    table = page[page.index('<table class="matches"') :]
    lines = re.findall(r'<tr><td class="">([^<]+)</td>.*?</tr>', table[: table.index("</table>")])
    assert len(lines) == len(REFERENCES)
    assert re.search(r">cnn-double-32</td>.*?never", table)
    assert re.search(r'>mlp-784</td>.*?25\.0 s</td><td class="">trial \d', table)


def test_page_of_no_study_has_the_published_figures() -> None:
    page = render_page(build_leaderboard([], REFERENCES), [], [])
    assert "Nothing is measured here yet" in page
    assert page.count('data-kind="reference"') == len(REFERENCES)
    assert Outline(page).inside == []


def test_page_of_many_trials_stays_small(make_page: Callable[..., str]) -> None:
    page = make_page(trials=1500)
    assert len(page.encode()) < 3_000_000
    assert f"1000 of {1500 + len(REFERENCES)} rows are shown." in page
    assert f"the best {MOST_DRAWN} are drawn" in page


def test_page_of_a_benchmark_shows_verdicts(make_page: Callable[..., str]) -> None:
    page = make_page(bench=True)
    section = page[page.index("Benchmark bench") :]
    assert "<h3>Measured beside published</h3>" in section
    verdicts = section[section.index('<table class="verdicts">') :]
    verdicts = verdicts[: verdicts.index("</table>")]
    assert verdicts.count("<tr>") == 1 + 5
    assert ">lower<" in verdicts
    assert "Effects of hyperparameters" not in section


def test_table_leaves_out_what_nobody_knows() -> None:
    columns = (
        Column("a", "A"), Column("b", "B", "count"), Column("c", "C", "percent"), Column("d", "D"),
    )  # fmt: skip
    rows = [
        {"a": "x\x1b[31m", "b": 1234, "c": None, "d": "long"},
        {"a": None, "b": 5, "c": None, "d": "text"},
    ]
    found = table_of(Table(rows, columns, "t"))
    assert found["heads"] == [("A", ""), ("B", "right"), ("D", "flowing")]
    assert found["lines"] == [["x[31m", "1,234", "long"], ["-", "5", "text"]]


def test_after_a_confirmation_the_page_is_about_the_confirmed_winner(
    make_page: Callable[..., str],
) -> None:
    page = make_page()
    tile = page[page.index('<ul class="facts">') :]
    assert "test accuracy of the winner: trial " in tile[: tile.index("</ul>")]
    assert "<strong>Confirmed winner: trial " in page
    assert page.index("the test images once") < page.index("Best measured here")
    assert "no trial has a test accuracy" not in page


def test_each_data_set_has_a_table_of_its_own(make_study: Callable[..., tuple]) -> None:
    spec, records = make_study()
    other = records[0].dataset.model_copy(update={"name": "digits", "digest": "other"})
    digits = [
        record.model_copy(update={"study": "small", "dataset": other}) for record in records[:5]
    ]
    page = render_page(
        build_leaderboards([*digits, *records], REFERENCES), [*digits, *records], [spec]
    )
    outline = Outline(page)
    assert outline.inside == []
    assert [each["id"] for each in outline.named("h2")][:2] == ["board-1", "board-2"]
    assert "Leaderboard: mnist</h2>" in page
    second = page[page.index("Leaderboard: digits</h2>") :]
    second = second[: second.index("</table>")]
    assert second.count('data-kind="trial"') == 5
    assert 'data-kind="reference"' not in second
    assert "Search small" in page
