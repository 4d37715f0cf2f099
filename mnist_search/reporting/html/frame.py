"""The frame of a page: its charts, and templates that let nothing but its own script run.

Vega draws the charts where scripts run, SVG stands there until then.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import vl_convert
from markupsafe import Markup

from mnist_search import __version__
from mnist_search.reporting.cells import clean
from mnist_search.reporting.charts.files import specification, svg_text
from mnist_search.reporting.charts.style import CONFIG, PALETTE, AnyChart

# What all still pictures of a page may weigh; of a larger study they are left out.
MOST_STILL_BYTES = 300_000
_COLOUR = re.compile(rf'(fill|stroke)="({"|".join(PALETTE)})"')
_DEFINED = re.compile(r'(id="|url\(#)(clip|gradient_)')
_LONG_NUMBER = re.compile(r"(\d\.\d)\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart as the template shows it; `still` is its picture, None where there is none."""

    name: str
    label: str
    still: Markup | None


@dataclass(slots=True)
class Drawings:
    """All charts of one page."""

    specs: dict[str, dict[str, Any]] = field(default_factory=dict)
    still_bytes: int = 0

    def add(
        self, chart: AnyChart | None, label: str, *, still: bool = True, elastic: bool = True
    ) -> Drawing | None:
        """Take in a chart, `still` also as a picture if there is room; None for no chart.

        An `elastic` one is as wide as the page lets it.
        """
        if chart is None:
            return None
        name = f"chart-{len(self.specs) + 1}"
        spec = specification(chart)
        picture = self._still(spec, name) if still else None
        del spec["config"], spec["$schema"]
        if elastic:
            spec["width"] = "container"
        self.specs[name] = _for_page(spec | {"description": label})
        return Drawing(name=name, label=label, still=picture)

    def _still(self, spec: dict[str, Any], name: str) -> Markup | None:
        room = MOST_STILL_BYTES - self.still_bytes
        # A picture takes at least a third of the bytes of what it shows.
        if len(json.dumps(spec)) / 3 > room:
            return None
        text = _COLOUR.sub(
            lambda found: f'{found[1]}="var(--{PALETTE[found[2]]})"', svg_text(spec, aria=False)
        )
        # The clips of every picture are numbered from 0 on.
        text = _DEFINED.sub(rf"\1{name}-\2", text)
        text = _LONG_NUMBER.sub(r"\1", text)
        if len(text) > room:
            return None
        self.still_bytes += len(text)
        return Markup(text)

    def data(self) -> Markup:
        """Return the specifications and their common look as JSON that no parser of HTML ends."""
        found = {"config": _for_page(dict(CONFIG)), "charts": self.specs}
        return Markup(json.dumps(found, separators=(",", ":")).replace("<", "\\u003c"))


@cache
def vega_script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, from the installed packages."""
    # Its many short names stay inside.
    return f"(function () {{{vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed;')}}})();"


def _for_page(value: Any) -> Any:
    """Make colours variables of the style sheet, which knows dark pages, and numbers short."""
    match value:
        case float():
            return float(f"{value:.6g}")
        case str():
            return f"var(--{PALETTE[value]})" if value in PALETTE else value
        case dict():
            return {key: _for_page(each) for key, each in value.items()}
        case list():
            return [_for_page(each) for each in value]
        case _:
            return value


def render_template(name: str, drawings: Drawings, **content: object) -> str:
    """Return a template as a page with its charts; text from outside is escaped and cleaned.

    The page's one style sheet and one script are named in its content-security policy by their
    hashes, so that nothing else could run even if it got in.
    """
    import jinja2

    files = resources.files("mnist_search.reporting.html") / "templates"
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: clean(value) if type(value) is str else value,
        loader=jinja2.FunctionLoader(lambda each: (files / each).read_text(encoding="utf-8")),
    )
    style = (files / "report.css").read_text(encoding="utf-8")
    script = (files / "report.js").read_text(encoding="utf-8")
    if drawings.specs:
        script = f"{vega_script()}\n{script}"
    return environment.get_template(name).render(
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        version=__version__,
        charts=drawings.data(),
        **content,
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
