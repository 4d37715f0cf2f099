"""Charts as specifications, SVG texts and files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import vl_convert

from mnist_search.commands.figures import RunFigures, StudyFigures
from mnist_search.commands.vary import VaryResult
from mnist_search.datasets import class_names
from mnist_search.errors import BudgetError, UsageError
from mnist_search.reporting.cells import clean
from mnist_search.reporting.charts.intervals import draw_effects
from mnist_search.reporting.charts.portraits import portrait_charts
from mnist_search.reporting.charts.studies import named_charts
from mnist_search.reporting.charts.style import CONFIG, PAPER, AnyChart
from mnist_search.reporting.inside import look_inside
from mnist_search.writing import output_file

# Twice the dots of a plain screen.
_SCALE = 2.0
_IDENTIFIER = re.compile(r'(id="|url\(#)(clip|gradient_)(\d+)')


def specification(chart: AnyChart) -> dict[str, Any]:
    """Return a chart as Vega-Lite in the look of this project.

    Its width is that of all of it, with what is written beside its axes; charts beside each other
    have one each. Texts from outside lose their control characters, wherever they stand.
    """
    # To check every row of data against the schema takes as long as to draw it; tests do so.
    spec: dict[str, Any] = _cleaned(chart.to_dict(validate=False))
    # Altair numbers what it names from 1 on in every process, not in every chart; Vega-Lite itself
    # calls layers layer_0 and so on.
    names: dict[str, str] = {}
    for layer in spec.get("layer", ()):
        if "name" in layer:
            layer["name"] = names.setdefault(layer["name"], f"chart-{len(names) + 1}")
    for param in spec.get("params", ()):
        if param.get("bind") == "scales":
            param["name"] = "zoom"
        if "views" in param:
            param["views"] = [names.get(name, name) for name in param["views"]]
    if "hconcat" not in spec:
        spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec | {"config": dict(CONFIG)}


def svg_text(spec: dict[str, Any], *, aria: bool = True) -> str:
    """Return a specification drawn as SVG; `aria` describes every mark to screen readers."""
    text = vl_convert.vegalite_to_svg(spec | {"config": spec["config"] | {"aria": aria}})
    # Vega counts clips and gradients of all pictures of a process.
    numbers: dict[str, int] = {}
    return _IDENTIFIER.sub(
        lambda found: f"{found[1]}{found[2]}{numbers.setdefault(found[3], len(numbers))}", text
    )


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
        drawn = svg_text(spec).encode()
    with output_file(path, make_folders=True) as temporary:
        temporary.write_bytes(drawn)


def save_figures(found: RunFigures | StudyFigures, place: Path, format: str) -> Iterator[Path]:
    """Write each chart to a file of its own and yield its path, one after the other.

    `place` is a folder, or a file whose name every chart's begins with.
    """
    named = place.suffix.lower() == f".{format}" and not place.is_dir()
    for stem, kind, title, chart in _charts(found):
        path = (
            place.with_stem(f"{place.stem}-{kind}") if named else place / f"{stem}-{kind}.{format}"
        )
        save_chart(chart, path, title=title)
        yield path


def _charts(found: RunFigures | StudyFigures) -> Iterator[tuple[str, str, str, AnyChart]]:
    """Yield (whose, kind, title, chart)."""
    if isinstance(found, StudyFigures):
        charts = named_charts(found.records, found.space, found.rows, found.confirmation)
        for name, chart in charts.items():
            yield found.study, name, f"{found.study}: {name.replace('-', ' ')}", chart
        return
    dataset = found.record.dataset
    assert dataset is not None
    inside = look_inside(found.portrait, found.record, classes=class_names(dataset.name))
    for kind, title, chart in portrait_charts(found.portrait, inside):
        yield found.portrait.name, kind, title, chart


def save_effects(result: VaryResult, path: Path) -> None:
    """Write the chart to a PNG or SVG file, by the suffix of its path.

    Raises:
        BudgetError: nothing has run that could be compared.
    """
    chart = draw_effects(result)
    if chart is None:
        raise BudgetError(f"of {result.model} no value can be compared yet, so nothing is drawn")
    save_chart(chart, path)


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
