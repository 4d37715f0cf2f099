"""Numbers that trials are judged by, and the front of those that nothing beats in both."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mnist_search.analysis.order import front_notes, pareto_front
from mnist_search.specs import Objective, Record, RunResult, Score, Timings

BOTH: tuple[Objective, ...] = ("val_accuracy", "parameters")


def result(correct: int = 90, **changes: object) -> RunResult:
    values: dict[str, object] = {
        "status": "complete",
        "config_id": "c",
        "seed": 1,
        "validation": Score(correct=correct, total=100),
        "reports": ((1, 0.5),),
        "parameters": 1000,
        "timings": Timings(fit_seconds=12.5, inference_us_batch_256=3.5),
    }
    return RunResult.model_validate(values | changes)


def test_front_is_what_nothing_beats_in_both() -> None:
    points = [(0.9, 10.0), (0.9, 20.0), (0.95, 20.0), (0.8, 5.0), (0.8, 10.0), (0.95, 20.0)]
    assert pareto_front(points) == [True, False, True, True, False, True]
    assert pareto_front([]) == []


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 9)), min_size=1, max_size=20))
def test_whatever_is_not_on_the_front_is_beaten_by_one_that_is(
    points: list[tuple[float, float]],
) -> None:
    front = [point for point, on in zip(points, pareto_front(points), strict=True) if on]
    assert front
    for accuracy, cost in points:
        assert any(other >= accuracy and spent <= cost for other, spent in front)


def test_front_is_told_once_for_each_search() -> None:
    def record(number: int, correct: int, parameters: int, **more: object) -> Record:
        made = result(correct, parameters=parameters, **more)
        state = made.status
        return Record(
            study="s", number=number, kind="trial", state=state, result=made, objectives=BOTH
        )

    records = [
        record(0, 90, 2000),
        record(1, 80, 3000),
        record(2, 70, 500),
        record(3, 70, 500, duplicate_of=2),
        record(4, 99, 1, status="pruned"),
    ]
    assert front_notes(records) == [
        "Pareto front of s, accuracy against parameters: trial 0 (90.00 %, 2,000 parameters), "
        "trial 2 (70.00 %, 500 parameters)."
    ]
    alone = [each.model_copy(update={"objectives": ("val_accuracy",)}) for each in records]
    assert front_notes(alone) == []
