"""What a search tells beyond its board: the expected best of n trials, and effects."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from mnist_search.analysis.searches import SearchReport, report_search
from mnist_search.analysis.wording import tell_effects, tell_expected
from mnist_search.engines import learns
from mnist_search.reporting.cells import Column
from mnist_search.reporting.markdown import escape, render_markdown
from mnist_search.specs import Record
from mnist_search.studies.spec import StudySpec

EXPECTED_COLUMNS = (
    Column("trials", "trials", "count"),
    Column("seconds", "training time", "seconds"),
    Column("accuracy", "expected best", "percent"),
    Column("low", "95 % from", "percent"),
    Column("high", "to", "percent"),
)
EFFECT_COLUMNS = (
    Column("parameter", "hyperparameter", "word"),
    Column("level", "value", "word"),
    Column("trials", "trials", "count"),
    Column("best", "among the best", "count"),
    Column("share", "share", "percent"),
    Column("low", "95 % from", "percent"),
    Column("high", "to", "percent"),
    Column("median_accuracy", "median accuracy", "percent"),
)


def search_reports(specs: Sequence[StudySpec], records: Sequence[Record]) -> list[SearchReport]:
    """Return what each search among the studies tells; those without a finished trial are out."""
    found = []
    for spec in specs:
        if spec.search is not None:
            mine = [record for record in records if record.study == spec.name]
            independent = not learns(spec.search.sampler)
            report = report_search(mine, spec.search.space, independent=independent)
            if report is not None:
                found.append(report)
    return found


def expected_rows(report: SearchReport) -> list[Mapping[str, object]]:
    """Return the expected best under the keys of EXPECTED_COLUMNS."""
    return [dataclasses.asdict(best) for best in report.expected]


def effect_rows(report: SearchReport) -> list[Mapping[str, object]]:
    """Return the effects under the keys of EFFECT_COLUMNS."""
    return [dataclasses.asdict(effect) for effect in report.effects]


def searches_document(reports: Sequence[SearchReport]) -> list[Mapping[str, object]]:
    """Return the reports as they stand in the JSON of a leaderboard."""
    return [
        report.as_dict() | {"notes": [tell_expected(report), tell_effects(report)]}
        for report in reports
    ]


def render_searches_markdown(reports: Sequence[SearchReport]) -> str:
    """Return a section for each search, with its heading."""
    parts = []
    for report in reports:
        parts.append(f"## Search {escape(report.study)}\n\n{escape(tell_expected(report))}\n")
        if report.expected:
            parts.append(render_markdown(expected_rows(report), EXPECTED_COLUMNS))
        if report.effects:
            parts.append(
                render_markdown(
                    effect_rows(report),
                    EFFECT_COLUMNS,
                    title="Effects of hyperparameters",
                    notes=[tell_effects(report)],
                )
            )
    return "\n".join(parts)
