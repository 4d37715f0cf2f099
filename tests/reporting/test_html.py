"""The HTML report as text: complete, self-contained, and safe whatever things are called."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from markupsafe import Markup

from mnist_search.analysis import build_leaderboard
from mnist_search.references import REFERENCES
from mnist_search.reporting import render_page
from mnist_search.reporting.html import svg
from mnist_search.reporting.leaderboard import COLUMNS

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
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.content[self.inside[-1]] = self.content.get(self.inside[-1], "") + data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_page_is_well_formed_and_has_every_section(make_page: Callable[..., str]) -> None:
    page = make_page()
    outline = Outline(page)
    assert outline.inside == []
    assert len(outline.named("script")) == len(outline.named("style")) == 1
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
        "Worst mistakes",
        "Weights of each layer",
        "Feature maps",
        "Workers",
        "Accuracy and cost",
        "Against parameters",
        "How it was made",
    }
    assert "mnist-search run --space space --trials 40 --dataset mnist --sampler tpe" in page


def test_table_holds_every_row_without_any_script(make_study: Callable[..., tuple]) -> None:
    spec, records = make_study()
    board = build_leaderboard(records, REFERENCES)
    page = render_page(board, records, [spec])
    table = page[page.index('<table id="leaderboard"') : page.index("</table>")]
    rows = re.findall(r'<tr class="[^"]*" data-kind="(\w+)"', table)
    assert Counter(rows) == {"trial": 40, "reference": len(REFERENCES)}
    assert table.count("<td") == len(board.rows) * (len(COLUMNS) + 1)
    # What only the script can serve is hidden until it runs.
    for name in ("controls", "theme"):
        (found,) = [each for _, each in Outline(page).elements if each.get("id") == name]
        assert "hidden" in found


def test_policy_allows_the_own_style_and_script_alone(make_page: Callable[..., str]) -> None:
    outline = Outline(make_page())
    (policy,) = [
        str(each["content"])
        for each in outline.named("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    for tag in ("style", "script"):
        digest = hashlib.sha256(outline.content[tag].encode()).digest()
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
    # A text that was shortened has a tooltip, and how long a text may be depends on its letters.
    return Counter(tag for tag, _ in Outline(page).elements if tag != "title")


def test_names_that_are_html_make_no_element(make_page: Callable[..., str]) -> None:
    tame = "x" * len(HOSTILE)
    page = make_page(alien=HOSTILE)
    assert elements_of(page) == elements_of(make_page(alien=tame))
    assert "&lt;script&gt;window.hacked=1" in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "{{7*7}}" in page


def test_names_that_are_html_would_make_elements_unescaped(
    make_page: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make_page(alien=HOSTILE).count("<script>") == 1
    monkeypatch.setattr(svg, "escape", Markup)
    assert make_page(alien=HOSTILE).count("<script>") > 1


def test_drawings_are_xml_with_nothing_out_of_range(make_page: Callable[..., str]) -> None:
    drawings = re.findall(r"<svg .*?</svg>", make_page(alien=HOSTILE), re.DOTALL)
    assert len(drawings) > 10
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
        for each in root.iter():
            assert not re.search(r"\b(nan|inf)\b", each.attrib.get("d", ""))
            x, y = float(each.attrib.get("x", 0)), float(each.attrib.get("y", 0))
            assert 0 <= x <= width
            assert 0 <= y <= height
            assert float(each.attrib.get("width", 1)) > 0


def test_stand_in_digits_are_said_first(make_page: Callable[..., str]) -> None:
    page = make_page(fallback=True)
    warning = page.index('class="warning" role="alert"')
    assert warning < page.index("<h2")
    assert "NOT MNIST" in page[warning : page.index("<h2")]
    # No reference compares with other data, and none is drawn as if it did.
    assert "c-ref-line" not in page[page.index("<body") :]
    assert 'role="alert"' not in make_page()


def test_winner_is_the_boards_and_the_drawn_one(make_study: Callable[..., tuple]) -> None:
    spec, records = make_study()
    board = build_leaderboard(records, REFERENCES)
    (best, *_) = [row for row in board.rows if row.kind == "trial" and row.status == "complete"]
    page = render_page(board, records, [spec])
    assert f"Best of the search is {best.name}: {100 * best.score:.2f} %" in page
    assert f"best: {best.name}<" in page


def test_references_are_matched_when_a_trial_reaches_them(make_page: Callable[..., str]) -> None:
    page = make_page()
    table = page[page.index('<table class="matches"') :]
    lines = re.findall(r"<tr><td>([^<]+)</td>.*?</tr>", table[: table.index("</table>")])
    assert len(lines) == len(REFERENCES)
    assert re.search(r"<td>cnn-double-32</td>.*?never", table)
    assert re.search(r"<td>mlp-784</td>.*?25\.0 s</td><td>trial \d", table)


def test_page_of_no_study_has_the_published_figures() -> None:
    page = render_page(build_leaderboard([], REFERENCES), [], [])
    assert "Nothing is measured here yet" in page
    assert page.count('data-kind="reference"') == len(REFERENCES)
    assert Outline(page).inside == []


def test_page_of_many_trials_stays_small(make_page: Callable[..., str]) -> None:
    page = make_page(trials=1500)
    assert len(page.encode()) < 3_000_000
    assert "Shown: the first 1000 of 1500 trials." in page
    assert "the best 500 are drawn" in page
