"""The charts of a study or a run as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mnist_search.commands.figures import RunFigures, StudyFigures
from mnist_search.reporting.charts.style import AnyChart


def save_figures(found: RunFigures | StudyFigures, place: Path, format: str) -> Iterator[Path]:
    """Write each chart to a file of its own and yield its path, one after the other.

    `place` is a folder, or a file whose name every chart's begins with.
    """
    from mnist_search.reporting.charts.files import save_chart

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
        from mnist_search.reporting.charts.studies import named_charts

        charts = named_charts(found.records, found.space, found.rows, found.confirmation)
        for name, chart in charts.items():
            yield found.study, name, f"{found.study}: {name.replace('-', ' ')}", chart
        return
    from mnist_search.datasets import class_names
    from mnist_search.reporting.charts.portraits import portrait_charts
    from mnist_search.reporting.inside import look_inside

    dataset = found.record.dataset
    assert dataset is not None
    inside = look_inside(found.portrait, found.record, classes=class_names(dataset.name))
    for kind, title, chart in portrait_charts(found.portrait, inside):
        yield found.portrait.name, kind, title, chart
