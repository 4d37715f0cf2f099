"""The HTML report in a real browser: headless Chromium, driven by Selenium."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="needs Chromium and its driver (Debian: apt-get install chromium chromium-driver)",
)
HOSTILE = (
    "</style></script><script>window.hacked=1</script>"
    '<img src=x onerror="window.hacked=1"><svg onload="window.hacked=1">'
)
PHONES = ((360, 740), (320, 568))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    profile = tmp_path_factory.mktemp("profile")
    for argument in (
        "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
        f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Where the driver is given, Selenium does not go and look for one in the network.
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Callable[..., None]:
    def load(
        page: str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        scripted: bool = True,
    ) -> None:
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
        resize(browser, width, height)
        browser.get("about:blank")
        for kind in ("browser", "performance"):
            browser.get_log(kind)
        browser.get(path.as_uri())
        if scripted:
            wait_for_charts(browser)

    return load


def wait_for_charts(browser: Any) -> None:
    """Wait until the page, if it is one, has drawn its charts."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 300).until(
        lambda _: browser.execute_script(
            "return !document.getElementById('charts')"
            " || document.documentElement.dataset.charts === 'drawn'"
        )
    )


def resize(browser: Any, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def requests(browser: Any) -> list[str]:
    """Return the addresses asked for since the page was shown, without the page itself."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in asked if not url.startswith("data:")][1:]


def column(browser: Any, number: int) -> list[str]:
    return browser.execute_script(
        "return Array.from(document.querySelectorAll('.leaderboard tbody tr'))"
        ".filter(row => !row.hidden).map(row => row.cells[arguments[0]].textContent)",
        number,
    )


def click_head(browser: Any, header: str) -> int:
    """Click a header of the leaderboard; return its column."""
    place = browser.execute_script(
        "const heads = Array.from(document.querySelectorAll('.leaderboard th'));"
        "const place = heads.findIndex(head => head.textContent === arguments[0]);"
        "heads[place].querySelector('button').click(); return place",
        header,
    )
    assert isinstance(place, int)
    return place


@pytest.mark.parametrize("alien", ["", HOSTILE], ids=["plain", "hostile"])
def test_page_loads_silently_and_alone(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str], alien: str
) -> None:
    show(make_page(alien=alien))
    assert browser.get_log("browser") == []
    assert requests(browser) == []
    assert browser.execute_script("return window.hacked") is None
    assert browser.title == f"mnist-search: {alien}study"
    assert browser.execute_script("return document.querySelectorAll('script').length") == 2
    charts, drawn = browser.execute_script(
        "return ['.chart', '.chart.drawn'].map(each => document.querySelectorAll(each).length)"
    )
    assert charts == drawn > 15


def test_requests_and_console_errors_would_be_seen(browser: Any, show: Callable[..., None]) -> None:
    show('<title>t</title><img src="missing.png"><script>throw new Error("x")</script>')
    assert [url.rsplit("/")[-1] for url in requests(browser)] == ["missing.png"]
    assert len(browser.get_log("browser")) == 2


def test_policy_stops_script_that_got_in(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    def inject() -> Any:
        return browser.execute_async_script(
            "const done = arguments[0];"
            "const script = document.createElement('script');"
            "script.textContent = 'window.hacked = 1'; document.body.append(script);"
            "const image = document.createElement('div');"
            'image.innerHTML = \'<img src="data:," onerror="window.hacked = 1">\';'
            "document.body.append(image);"
            "setTimeout(() => done(window.hacked), 300)"
        )

    show(make_page())
    assert inject() is None
    show("<title>no policy</title><p>text")
    assert inject() == 1


def test_sorting_goes_by_value_both_ways_and_unknown_last(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    show(make_page())
    place = click_head(browser, "parameters")
    counts = [int(text.replace(",", "")) for text in column(browser, place)]
    assert counts == sorted(counts)
    click_head(browser, "parameters")
    assert column(browser, place) == [f"{count:,}" for count in reversed(counts)]

    place = click_head(browser, "fit time")
    times = column(browser, place)
    known = [text for text in times if text != "-"]
    assert 0 < len(known) < len(times)
    assert times[: len(known)] == known
    assert times[0] == "20.0 s"
    click_head(browser, "fit time")
    assert column(browser, place)[0] == "59.0 s"
    assert column(browser, place)[-1] == "-"

    place = click_head(browser, "name")
    names = column(browser, place)
    assert names.index("trial 9") < names.index("trial 10")
    sorted_by = browser.execute_script(
        "return Array.from(document.querySelectorAll('th[aria-sort]')).map(e => e.textContent)"
    )
    assert sorted_by == ["name"]


def test_filters_work_together_and_count(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    show(make_page())
    count = browser.find_element(By.CSS_SELECTOR, ".controls output")
    every = len(column(browser, 1))
    assert count.text == f"{every} of {every} rows"

    Select(browser.find_element(By.CLASS_NAME, "kind-filter")).select_by_value("trial")
    names = column(browser, 1)
    assert len(names) == 40
    assert all(name.startswith("trial ") for name in names)

    # The settings are searched too, though they are folded.
    browser.find_element(By.CSS_SELECTOR, ".controls input").send_keys("optimizer=SGD")
    few = column(browser, 1)
    assert 0 < len(few) < 40
    assert count.text == f"{len(few)} of {every} rows"

    Select(browser.find_element(By.CLASS_NAME, "status-filter")).select_by_value("pruned")
    assert 0 < len(column(browser, 1)) < len(few)

    Select(browser.find_element(By.CLASS_NAME, "kind-filter")).select_by_value("reference")
    assert column(browser, 1) == []
    assert count.text == f"0 of {every} rows"


def luminance(browser: Any, colour: str) -> float:
    """Return the relative luminance of a property of the style sheet (WCAG 2)."""
    text = browser.execute_script(
        "const probe = document.body.appendChild(document.createElement('i'));"
        "probe.style.color = `var(--${arguments[0]})`;"
        "const found = getComputedStyle(probe).color; probe.remove(); return found;",
        colour,
    )
    parts = [int(part) / 255 for part in re.findall(r"\d+", text)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(browser: Any, one: str, other: str) -> float:
    light, dark = sorted((luminance(browser, one), luminance(browser, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_are_legible_and_the_button_changes_them(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str], scheme: str
) -> None:
    from selenium.webdriver.common.by import By

    show(make_page(), scheme=scheme)
    button = browser.find_element(By.ID, "theme")
    for is_dark in (scheme == "dark", scheme != "dark"):
        assert (luminance(browser, "page") < 0.1) == is_dark
        assert button.text == ("Light colours" if is_dark else "Dark colours")
        for background in ("page", "panel", "warn", "mark"):
            assert contrast(browser, "ink", background) > 7
        assert contrast(browser, "soft", "page") > 4.5
        assert contrast(browser, "soft", "panel") > 4.5
        for drawn in ("blue", "orange", "green", "red", "grey", "sky"):
            assert contrast(browser, drawn, "page") > 3, drawn
        button.click()


def test_print_is_light_and_has_no_controls(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    from selenium.webdriver.common.by import By

    show(make_page(), scheme="dark")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert luminance(browser, "page") == 1
    for name in ("#theme", ".controls"):
        assert not browser.find_element(By.CSS_SELECTOR, name).is_displayed()
    # All of the table is on paper, nothing behind a scroll bar.
    hidden = browser.execute_script(
        "const box = document.querySelector('.leaderboard');"
        "return [box.scrollHeight - box.clientHeight, getComputedStyle(box).overflowY]"
    )
    assert hidden == [0, "visible"]
    # As wide as A4 between its margins: nothing lies over its neighbour or beyond the edge.
    resize(browser, 718, 1000)
    wider = browser.execute_script(
        "return Array.from(document.querySelectorAll('figure, .scroll')).filter(each =>"
        " each.scrollWidth > each.clientWidth + 1).map(each => each.textContent.slice(0, 60))"
    )
    assert wider == []


OVERFLOWING = """
const room = document.documentElement.clientWidth;
const found = [];
for (const each of document.querySelectorAll('body *')) {
  if (each.closest('svg') || each.closest('.scroll, .pan')) continue;
  const box = each.getBoundingClientRect();
  if (box.right > room + 1 || each.scrollWidth > each.clientWidth + 1 && each.clientWidth) {
    found.push(each.tagName + ' ' + each.className + ' ' + each.textContent.slice(0, 40));
  }
}
return [document.documentElement.scrollWidth - room, found];
"""
CUT_OFF = """
const found = []; let texts = 0;
for (const text of document.querySelectorAll('.chart svg text')) {
  if (!text.textContent || text.closest('[display=none]')) continue;
  const frame = text.closest('svg').getBoundingClientRect();
  const box = text.getBoundingClientRect();
  texts += 1;
  if (box.left < frame.left - 1 || box.right > frame.right + 1 ||
      box.top < frame.top - 1 || box.bottom > frame.bottom + 1) {
    found.push(text.textContent);
  }
}
return [texts, found];
"""
SMALLEST = """
const sizes = Array.from(document.querySelectorAll('.chart svg text')).map(text => {
  const frame = text.closest('svg');
  const scale = frame.getBoundingClientRect().width / frame.viewBox.baseVal.width;
  return scale * parseFloat(getComputedStyle(text).fontSize);
});
return Math.min(...sizes);
"""


@pytest.mark.parametrize(
    "choices",
    [{"fallback": True}, {"bench": True}, {"alien": HOSTILE}, {"alien": "long" * 40}],
    ids=["plain", "bench", "hostile", "long"],
)
@pytest.mark.parametrize("size", [(1280, 900), *PHONES], ids=lambda size: f"{size[0]}px")
def test_nothing_overflows_or_is_cut_off(
    browser: Any,
    show: Callable[..., None],
    make_page: Callable[..., str],
    size: tuple[int, int],
    choices: dict[str, object],
) -> None:
    width, height = size
    show(make_page(**choices), width=width, height=height)
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script(OVERFLOWING) == [0, []]
    texts, cut_off = browser.execute_script(CUT_OFF)
    assert texts > 100
    assert cut_off == []
    assert browser.execute_script(SMALLEST) >= 7.5


def test_overflow_would_be_seen(browser: Any, show: Callable[..., None]) -> None:
    show(
        '<meta name="viewport" content="width=device-width, minimum-scale=1">'
        '<div style="width:500px">wide</div>'
        '<div class="chart"><svg viewBox="0 0 9 9" width="90"><text x="5" y="5">cut off</text>'
        "</svg></div>",
        width=360,
    )
    beyond, found = browser.execute_script(OVERFLOWING)
    assert beyond > 0
    assert [text.split()[0] for text in found][:1] == ["DIV"]
    assert browser.execute_script(CUT_OFF) == [1, ["cut off"]]


def test_page_without_script_is_a_plain_table_and_pictures(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    from selenium.webdriver.common.by import By

    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(make_page(), scripted=False)
        table = browser.find_element(By.CSS_SELECTOR, ".leaderboard table")
        assert table.is_displayed()
        assert len(table.find_elements(By.CSS_SELECTOR, "tbody tr")) > 60
        assert table.find_elements(By.CSS_SELECTOR, "th button") == []
        for name in (".controls", "#theme", "#chart-help"):
            assert not browser.find_element(By.CSS_SELECTOR, name).is_displayed()
        pictures = browser.find_elements(By.CSS_SELECTOR, ".chart > svg")
        assert len(pictures) >= 8
        assert all(each.is_displayed() for each in pictures)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


MARKS = "#{chart} .mark-symbol.role-mark path"
PICKED = """
return Array.from(document.querySelectorAll('.chart')).filter(chart => Array.from(
  chart.querySelectorAll('.role-mark.mark-symbol path, .role-mark.mark-rect path')
).some(mark => mark.getAttribute('stroke') === 'var(--ink)')).map(chart => chart.id);
"""


def chart_called(browser: Any, label: str) -> str:
    """Return the name of the chart whose label begins so."""
    found = browser.execute_script(
        "return Array.from(document.querySelectorAll('.chart')).find("
        "each => each.getAttribute('aria-label').startsWith(arguments[0])).id",
        label,
    )
    assert isinstance(found, str)
    return found


def mark_of(browser: Any, chart: str, run: str) -> Any:
    """Return the mark of a run in a chart."""
    found = browser.execute_script(
        "return Array.from(document.querySelectorAll(arguments[0])).find("
        "mark => mark.__data__.datum.run === arguments[1])",
        MARKS.format(chart=chart),
        run,
    )
    assert found is not None
    return found


def point_at(browser: Any, mark: Any, *, click: bool = False) -> None:
    from selenium.webdriver import ActionChains

    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", mark)
    actions = ActionChains(browser).move_to_element(mark)
    (actions.click() if click else actions).perform()


def test_pointing_at_a_mark_tells_its_run(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    from selenium.webdriver.common.by import By

    show(make_page())
    point_at(browser, mark_of(browser, chart_called(browser, "Accuracy against layers"), "study/0"))
    tooltip = browser.find_element(By.ID, "vg-tooltip-element")
    assert tooltip.is_displayed()
    words = tooltip.text.replace("\n", " ")
    assert "trial" in words
    assert "state" in words
    assert "%" in words


def test_a_click_finds_a_run_in_every_chart_and_in_the_table(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    from selenium.webdriver.common.by import By

    show(make_page())
    assert browser.execute_script(PICKED) == []
    first = chart_called(browser, "Accuracy against rate")
    mark = mark_of(browser, first, "study/0")
    point_at(browser, mark, click=True)
    picked = browser.execute_script(PICKED)
    others = [
        chart_called(browser, label)
        for label in ("Best accuracy", "Accuracy against layers", "Accuracy against parameters",
                      "Timeline")
    ]  # fmt: skip
    assert set(picked) >= {first, *others}
    (row,) = browser.find_elements(By.CSS_SELECTOR, ".leaderboard tr.picked")
    chosen = row.get_attribute("data-run")
    assert chosen is not None
    name = f"trial {chosen.partition('/')[2]}"
    assert name in row.text
    # From the table, too: the same row once more ends it, another one takes its place.
    browser.execute_script("arguments[0].cells[0].click()", row)
    assert browser.execute_script(PICKED) == []
    other = browser.find_elements(By.CSS_SELECTOR, ".leaderboard tr[data-run]")[3]
    browser.execute_script("arguments[0].cells[0].click()", other)
    assert set(browser.execute_script(PICKED)) >= {first, *others[1:3]}


def test_axes_zoom_by_the_wheel_with_ctrl_and_go_back_by_a_double_click(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    show(make_page())
    chart = chart_called(browser, "Learning curves")
    element = browser.find_element(By.CSS_SELECTOR, f"#{chart} svg")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)

    def labels() -> list[str]:
        # Vega hides labels that have no room, and does not keep their order.
        return browser.execute_script(
            "return Array.from(document.querySelectorAll(arguments[0])).filter("
            "each => each.getAttribute('opacity') !== '0').map(each => each.textContent).sort()",
            f"#{chart} .role-axis-label text",
        )

    def turn(*, ctrl: bool) -> None:
        box = element.rect
        browser.execute_cdp_cmd(
            "Input.dispatchMouseEvent",
            {
                "type": "mouseWheel", "deltaX": 0, "deltaY": -300, "modifiers": 2 if ctrl else 0,
                "x": box["width"] / 2, "y": 450,
            },
        )  # fmt: skip
        browser.execute_async_script("setTimeout(arguments[0], 300)")

    before = labels()
    turn(ctrl=True)
    zoomed = labels()
    assert zoomed != before
    ActionChains(browser).move_to_element(element).double_click().perform()
    browser.execute_async_script("setTimeout(arguments[0], 300)")
    assert labels() == before
    # The wheel alone scrolls the page.
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    turn(ctrl=False)
    assert labels() == before


def test_charts_follow_the_scheme_without_being_drawn_again(
    browser: Any, show: Callable[..., None], make_page: Callable[..., str]
) -> None:
    from selenium.webdriver.common.by import By

    show(make_page(), scheme="light")
    mark = browser.find_element(By.CSS_SELECTOR, MARKS.format(
        chart=chart_called(browser, "Accuracy against rate")))  # fmt: skip
    light = mark.value_of_css_property("fill")
    browser.find_element(By.ID, "theme").click()
    dark = mark.value_of_css_property("fill")
    assert light != dark
    assert "rgb(88, 180, 236)" in dark or "rgb(125, 135, 146)" in dark or "rgb(240" in dark


def test_a_page_of_varied_choices_draws_silently_and_alone(
    browser: Any,
    show: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mnist_search import vary
    from mnist_search.reporting.effects import render_effects_page

    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    settings = {"activation": ["relu", "gelu"], "dropout": [0.2, 0.5]}
    found = [
        vary(model, settings, seeds=1, epochs=1, dataset="digits", home=tmp_path)
        for model in ("cnn-simple", "mlp-784")
    ]
    show(render_effects_page(found))
    assert browser.get_log("browser") == []
    assert requests(browser) == []
    drawn = browser.execute_script(
        "return Array.from(document.querySelectorAll('.chart.drawn svg')).length"
    )
    assert drawn == 2
