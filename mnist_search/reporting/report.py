"""A report in each of its formats."""

from __future__ import annotations

from collections.abc import Callable

from mnist_search.choices import ReportFormat
from mnist_search.commands.report import RankedStudies


def render_report(
    found: RankedStudies,
    format: ReportFormat,
    *,
    plain: bool = False,
    inside: bool = True,
    notice: Callable[[str], None],
) -> str:
    """Return the boards, and what else a format has room for, as text.

    `plain` is for a file: no colour, and no screen's width. With `inside`, a page shows what is
    inside of the best models; `notice` is told what that takes, and what cannot be looked into.
    """
    specs = [study.spec for study in found.studies]
    records = found.records
    sessions = {study.spec.name: study.sessions for study in found.studies}
    if format == "html":
        from mnist_search.reporting.html import render_page
        from mnist_search.reporting.insides import find_insides
        from mnist_search.reporting.mistakes import gather_answers

        looked = (
            find_insides(found.boards, records, found.home, found.confirmed, notice=notice)
            if inside
            else []
        )
        return render_page(
            found.boards,
            records,
            specs,
            answers=gather_answers(found.boards, records),
            confirmations=found.confirmed,
            insides=looked,
            sessions=sessions,
        )
    if format == "svg":
        from mnist_search.reporting.leaderboard import draw_boards

        return draw_boards(found.boards)
    from mnist_search.reporting.leaderboard import render_leaderboard
    from mnist_search.reporting.made import made_facts
    from mnist_search.reporting.searches import search_reports

    told = specs if format == "markdown" else []
    return render_leaderboard(
        found.boards,
        format,
        plain=plain,
        confirmed=() if format == "csv" else found.confirmed,
        made=[made_facts(spec, records, sessions[spec.name]) for spec in told],
        sessions={} if format in ("csv", "table") else sessions,
        searches=search_reports(specs, records),
    )
