"""Charts as specifications, SVG texts and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import vl_convert

from mnist_search.errors import UsageError
from mnist_search.reporting.cells import clean
from mnist_search.reporting.charts.style import CONFIG, PAPER, AnyChart
from mnist_search.writing import output_file

FileFormat = Literal["png", "svg"]
# Twice the dots of a plain screen.
_SCALE = 2.0


def specification(chart: AnyChart) -> dict[str, Any]:
    """Return a chart as Vega-Lite in the look of this project.

    Its width is that of all of it, with what is written beside its axes; charts beside each other
    have one each. Texts from outside lose their control characters, wherever they stand.
    """
    # To check every row of data against the schema takes as long as to draw it; tests do so.
    spec: dict[str, Any] = _cleaned(chart.to_dict(validate=False))
    # Altair numbers what it names from 1 on in every process, not in every chart.
    names: dict[str, str] = {}
    for layer in spec.get("layer", ()):
        if "name" in layer:
            layer["name"] = names.setdefault(layer["name"], f"layer-{len(names) + 1}")
    for param in spec.get("params", ()):
        if "views" in param:
            param["views"] = [names.get(name, name) for name in param["views"]]
    if "hconcat" not in spec:
        spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec | {"config": dict(CONFIG)}


def svg_text(spec: dict[str, Any]) -> str:
    """Return a specification drawn as SVG, without what only screen readers of charts use."""
    return vl_convert.vegalite_to_svg(spec | {"config": spec["config"] | {"aria": False}})


def save_chart(chart: AnyChart, path: Path, *, title: str | None = None) -> None:
    """Write a chart as PNG or SVG, by the suffix of its path; the same chart, the same bytes.

    The file appears whole or not at all. Raises UsageError for another suffix or a place that
    cannot be written, ResourceError where the disk is full.
    """
    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise UsageError(f"{path}: a chart must end in .png or .svg, got {kind or 'no suffix'}")
    spec = specification(chart if title is None else chart.properties(title=title))
    spec["config"]["background"] = PAPER
    if kind == ".png":
        drawn = vl_convert.vegalite_to_png(spec, scale=_SCALE)
    else:
        drawn = vl_convert.vegalite_to_svg(spec).encode()
    with output_file(path, make_folders=True) as temporary:
        temporary.write_bytes(drawn)


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case dict():
            return {key: _cleaned(each) for key, each in value.items()}
        case list():
            return [_cleaned(each) for each in value]
        case _:
            return value
