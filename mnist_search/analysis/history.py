"""How a study went: what ran when, how good the best was by then, what it had matched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.analysis.order import accuracy_of, known
from mnist_search.analysis.row import Row
from mnist_search.specs import Record

# Between two trials of one session a coordinator needs milliseconds; more is a pause.
PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One run on the clock of its study, in seconds.

    `accuracy` is what it was chosen by, or came to, and `score` the accuracy to show for it: on
    images that did not choose, where there are such.
    """

    number: int
    name: str
    state: str
    worker: int | None
    start_seconds: float
    end_seconds: float
    accuracy: float | None
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A moment at which a run finished that was chosen over all before it, and its score."""

    seconds: float
    accuracy: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The accuracy of a reference; `basis` is what it was scored on, as in `Row`."""

    name: str
    accuracy: float
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """When the best of a study had reached a reference's accuracy; None: never."""

    level: Level
    step: Step | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A study on its own clock, which stands still while nothing runs for over a minute.

    `steps` are the complete runs that were the best so far, first to last; `matches` has one
    entry per level, best first, and is empty for a study that is no search. A confirmation trains
    trials of a search again.
    `paused_seconds` is the time that the clock stood still.
    """

    study: str
    kind: Literal["search", "benchmark", "confirmation"]
    spans: tuple[Span, ...]
    steps: tuple[Step, ...]
    matches: tuple[Match, ...]
    seconds: float
    paused_seconds: float


def reference_levels(rows: Sequence[Row]) -> tuple[Level, ...]:
    """Return one level per reference that has a rank, best first: measured, else published.

    Runs of a changed recipe are no level, nor those between a trial and a reference. Those as
    documented go before the others.
    """
    found: dict[str, Level] = {}
    mine = [row for row in rows if row.kind == "reference" and row.rank is not None]
    for row in sorted(mine, key=lambda row: row.protocol != "documented"):
        accuracy, name = known(row.score), row.reference
        if name is None or row.changes or accuracy is None or row.score_basis is None:
            continue
        found.setdefault(name, Level(name=name, accuracy=accuracy, basis=row.score_basis))
    return tuple(sorted(found.values(), key=lambda level: (-level.accuracy, level.name)))


def study_histories(records: Sequence[Record], levels: Sequence[Level]) -> tuple[History, ...]:
    """Return the history of each study that has run anything, in the order of the records."""
    studies: dict[str, list[Record]] = {}
    for record in records:
        if record.started is not None and record.finished is not None:
            studies.setdefault(record.study, []).append(record)
    return tuple(_history(study, mine, levels) for study, mine in studies.items())


def _history(study: str, records: Sequence[Record], levels: Sequence[Level]) -> History:
    timed = sorted(records, key=lambda record: (record.started or 0.0, record.number))
    spans: list[Span] = []
    origin = timed[0].started or 0.0
    busy_until, paused = origin, 0.0
    for record in timed:
        started, finished = record.started or 0.0, record.finished or 0.0
        accuracy = accuracy_of(record)
        score = None if record.result is None else record.result.score
        if started - busy_until > PAUSE_SECONDS:
            paused += started - busy_until
        busy_until = max(busy_until, finished)
        spans.append(
            Span(
                number=record.number,
                name=_name(record),
                state=record.state,
                worker=record.worker,
                start_seconds=started - origin - paused,
                # A clock that was set back must not turn a bar around.
                end_seconds=max(started, finished) - origin - paused,
                accuracy=accuracy,
                score=accuracy if score is None else score.accuracy,
            )
        )
    steps = _steps(spans)
    kind = _kind(records)
    return History(
        study=study,
        kind=kind,
        spans=tuple(spans),
        steps=steps,
        matches=tuple(
            Match(
                level=level,
                step=next((step for step in steps if step.accuracy >= level.accuracy), None),
            )
            for level in (levels if kind == "search" else ())
        ),
        seconds=max(span.end_seconds for span in spans),
        paused_seconds=paused,
    )


def _kind(records: Sequence[Record]) -> Literal["search", "benchmark", "confirmation"]:
    if any(record.config is not None and record.config.protocol == "confirm" for record in records):
        return "confirmation"
    return "search" if any(record.kind == "trial" for record in records) else "benchmark"


def _steps(spans: Sequence[Span]) -> tuple[Step, ...]:
    steps: list[Step] = []
    best = -math.inf
    for span in sorted(spans, key=lambda span: (span.end_seconds, span.number)):
        if span.state != "complete" or span.accuracy is None or span.score is None:
            continue
        if span.accuracy > best:
            best = span.accuracy
            steps.append(Step(seconds=span.end_seconds, accuracy=span.score, name=span.name))
    return tuple(steps)


def _name(record: Record) -> str:
    if record.kind == "reference" and record.reference is not None:
        return record.reference
    return f"trial {record.number}"
