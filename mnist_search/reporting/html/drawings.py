"""Charts on the page: Vega draws them where scripts run, SVG stands there until then."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import vl_convert
from markupsafe import Markup

from mnist_search.reporting.charts.files import specification, svg_text
from mnist_search.reporting.charts.style import CONFIG, PALETTE, AnyChart

# What all still pictures of a page may weigh; of a larger study they are left out.
MOST_STILL_BYTES = 300_000
_COLOUR = re.compile(rf'(fill|stroke)="({"|".join(PALETTE)})"')
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
        text = _COLOUR.sub(lambda found: f'{found[1]}="var(--{PALETTE[found[2]]})"', svg_text(spec))
        # Vega numbers the clips of every picture from 0 on.
        text = text.replace('id="clip', f'id="{name}-clip').replace(
            "url(#clip", f"url(#{name}-clip"
        )
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
