"""The charts of how a study went."""

from __future__ import annotations

import pytest

from mnist_search.analysis.history import History, Level, Match, Span, Step
from mnist_search.reporting.charts.progress import MOST_SPANS, best_so_far, timeline
from tests.reporting.charts.reading import rows, titles


def span(number: int, accuracy: float | None, state: str = "complete") -> Span:
    return Span(
        number=number, name=f"trial {number}", state=state, worker=number % 2,
        start_seconds=10.0 * number, end_seconds=10.0 * number + 8, accuracy=accuracy,
        score=accuracy,
    )  # fmt: skip


def history(*spans: Span, kind: str = "search", levels: tuple[float, ...] = ()) -> History:
    steps: list[Step] = []
    for each in spans:
        best = steps[-1].accuracy if steps else 0.0
        if each.state == "complete" and each.accuracy is not None and each.accuracy > best:
            steps.append(Step(seconds=each.end_seconds, accuracy=each.accuracy, name=each.name))
    matches = tuple(
        Match(
            level=Level(name=f"ref-{level}", accuracy=level, basis="published"),
            step=next((step for step in steps if step.accuracy >= level), None),
        )
        for level in levels
    )
    return History(
        study="s", kind=kind, spans=spans, steps=tuple(steps), matches=matches,  # type: ignore[arg-type]
        seconds=max((each.end_seconds for each in spans), default=0.0), paused_seconds=0.0,
    )  # fmt: skip


SEARCH = history(
    span(0, 0.97), span(1, 0.5, "pruned"), span(2, 0.99), span(3, 0.985), span(4, 0.992),
    levels=(0.995, 0.98),
)  # fmt: skip


def test_every_complete_trial_is_a_point_with_its_accuracy_and_its_time() -> None:
    points = rows(best_so_far(SEARCH), "run", "took")
    assert {(each["run"], each["accuracy"], each["time"]) for each in points} == {
        ("s/0", 0.97, 8.0), ("s/2", 0.99, 28.0), ("s/3", 0.985, 38.0), ("s/4", 0.992, 48.0),
    }  # fmt: skip
    assert all(each["error"] == pytest.approx(1 - each["accuracy"]) for each in points)


def test_line_goes_through_the_best_so_far_to_the_end() -> None:
    line = [each for each in rows(best_so_far(SEARCH), "what") if each["what"] == "best so far"]
    assert [(each["time"], each["accuracy"]) for each in line] == [
        (8.0, 0.97), (28.0, 0.99), (48.0, 0.992), (48.0, 0.992),
    ]  # fmt: skip


def test_references_say_when_they_were_reached() -> None:
    first, second = rows(best_so_far(SEARCH), "reference")
    assert (first["reference"], first["reached"], first["time"]) == (
        "ref-0.995",
        "not reached",
        None,
    )
    assert (second["reached"], second["time"]) == ("after 28.0 s by trial 2", 28.0)


def test_references_close_together_are_not_all_named() -> None:
    levels = tuple(0.99 + 0.00001 * number for number in range(20, 0, -1))
    found = rows(best_so_far(history(span(0, 0.97), span(1, 0.995), levels=levels)), "reference")
    named = [each for each in found if each["label"]]
    assert len(found) == 20
    assert 0 < len(named) < 5


def test_axes_say_what_they_are() -> None:
    assert titles(best_so_far(SEARCH)) >= {
        "time since the start, seconds, pauses left out",
        "best validation accuracy (logarithmic in the error rate)",
    }


def test_nothing_complete_is_nothing_to_draw() -> None:
    assert best_so_far(history(span(0, 0.5, "pruned"))) is None
    assert best_so_far(history(span(0, 0.9), kind="benchmark")) is None


def test_perfect_accuracy_is_drawn_and_told_as_it_is() -> None:
    points = rows(best_so_far(history(span(0, 0.99), span(1, 1.0))), "run")
    (perfect,) = [each for each in points if each["accuracy"] == 1.0]
    assert perfect["error"] > 0


def test_timeline_has_a_bar_for_each_run() -> None:
    bars = rows(timeline(SEARCH), "start")
    assert len(bars) == 5
    assert (bars[1]["state"], bars[1]["worker"], bars[1]["start"], bars[1]["end"]) == (
        "pruned", "worker 1", 10.0, 18.0,
    )  # fmt: skip


def test_timeline_of_a_long_study_is_bounded() -> None:
    long = history(*(span(number, 0.9) for number in range(MOST_SPANS + 5)))
    bars = rows(timeline(long), "start")
    assert len(bars) == MOST_SPANS
    assert bars[0]["name"] == "trial 5"


def test_without_workers_there_is_no_timeline() -> None:
    unknown = Span(
        number=0, name="trial 0", state="complete", worker=None, start_seconds=0.0,
        end_seconds=1.0, accuracy=0.9, score=0.9,
    )  # fmt: skip
    assert timeline(history(unknown)) is None
