"""How a study went, drawn: the best so far beside the references, and what ran where."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from mnist_search.analysis.history import History, Match, Span
from mnist_search.reporting.cells import format_seconds
from mnist_search.reporting.html.scales import Categories, Scale, accuracy, linear
from mnist_search.reporting.html.svg import FONT_SIZE, Chart

_STATES = {
    "complete": "c-trial",
    "pruned": "c-pruned-fill",
    "failed": "c-failed",
}


def best_so_far(history: History) -> Markup | None:
    """Draw the best accuracy against the clock of the study; None where nothing is complete."""
    if not history.steps or history.kind != "search":
        return None
    complete = [span for span in history.spans if span.state == "complete" and span.accuracy]
    first, last = history.steps[0], history.steps[-1]
    shown = [match for match in history.matches if match.level.accuracy >= first.accuracy]
    values = [span.accuracy for span in complete if span.accuracy is not None]
    levels = [match.level.accuracy for match in shown]
    # A search that ends far below the references still fills its chart.
    y = accuracy([*values, *levels], most_errors=min(1.0, 3 * (1.0 - first.accuracy)))
    x = linear([0.0, history.seconds], zero=True, unit="seconds")
    chart = Chart(
        label=f"Best accuracy so far of {history.study} against time",
        x=x,
        y=y,
        x_title="time since the start, pauses cut out",
        y_title="best validation accuracy",
        width=720.0,
        height=360.0,
        right=214.0 if shown else 14.0,
        grid=False,
    )
    _draw_levels(chart, y, shown)
    steps = [(x.place(step.seconds), y.place(step.accuracy)) for step in history.steps]
    chart.path([(steps[0][0], 0.0), *steps, (1.0, steps[-1][1])], "c-best-line", steps=True)
    for span in complete:
        assert span.accuracy is not None
        place = (x.place(span.end_seconds), y.place(span.accuracy))
        chart.mark(*place, "dot", "c-trial", _told(span))
    for match in shown:
        if match.step is not None:
            place = (x.place(match.step.seconds), y.place(match.level.accuracy))
            chart.mark(*place, "diamond", "c-ref", told_match(match))
    chart.explain("line", "c-best-line", f"best so far, {100 * last.accuracy:.2f} % in the end")
    chart.explain("dot", "c-trial", "complete trial")
    if shown:
        chart.explain("line", "c-ref-line", "accuracy of a reference")
        chart.explain("diamond", "c-ref", "moment at which it was matched")
    return chart.render()


def timeline(history: History) -> Markup | None:
    """Draw what each worker ran when; None where no worker is known."""
    spans = [span for span in history.spans if span.worker is not None]
    if not spans:
        return None
    workers = sorted({span.worker for span in spans if span.worker is not None}, reverse=True)
    names = Categories(tuple(f"worker {worker}" for worker in workers))
    x = linear([0.0, history.seconds], zero=True, unit="seconds")
    chart = Chart(
        label=f"Timeline of the workers of {history.study}",
        x=x,
        y=names,
        x_title="time since the start, pauses cut out",
        y_title="",
        width=720.0,
        height=64.0 + 34.0 * len(workers),
        grid=False,
    )
    half = 0.36 / len(workers)
    for span in spans:
        middle = names.place(f"worker {span.worker}")
        chart.bar(
            (x.place(span.start_seconds), middle - half),
            (x.place(span.end_seconds), middle + half),
            f"span {_STATES.get(span.state, 'c-failed')}",
            _told(span),
        )
    for state, css in _STATES.items():
        count = sum(span.state == state for span in spans)
        if count:
            chart.explain("bar", css, f"{count} {state}")
    return chart.render()


def told_match(match: Match) -> str:
    """Say in one line when a reference was matched."""
    level = f"{match.level.name}, {100 * match.level.accuracy:.2f} % ({match.level.basis})"
    if match.step is None:
        return f"{level}: not matched"
    return f"{level}: matched after {format_seconds(match.step.seconds)} by {match.step.name}"


def _draw_levels(chart: Chart, y: Scale, matches: Sequence[Match]) -> None:
    """Draw a line per reference; labels stand where they have room, best first."""
    taken = -1e9
    for match in matches:
        height = y.place(match.level.accuracy)
        chart.level(height, "c-ref-line", told_match(match))
        _, at = chart.point(1.0, height)
        if at - taken >= FONT_SIZE + 1:
            taken = at
            text = f"{100 * match.level.accuracy:.2f} {match.level.name}"
            chart.write_beside(height, text)


def _told(span: Span) -> str:
    score = "" if span.accuracy is None else f", {100 * span.accuracy:.2f} %"
    took = format_seconds(span.end_seconds - span.start_seconds)
    return f"{span.name}: {span.state}{score}, {took}"
