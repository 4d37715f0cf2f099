"""What came out of a run, as it is stored."""

from __future__ import annotations

import pytest

from mnist_search.specs import Failure, Objective, RunResult, Score, Timings

RESULT = RunResult(status="complete", config_id="0123456789abcdef", seed=1)


def test_a_result_of_version_0_1_is_read() -> None:
    gone = {"initial_epoch": 3, "restarted": "no checkpoint", "checkpoint_sha256": "ab"}
    assert RunResult.model_validate(RESULT.model_dump(mode="json") | gone) == RESULT


def test_no_other_key_is_read_over() -> None:
    with pytest.raises(ValueError, match="final_epoch"):
        RunResult.model_validate(RESULT.model_dump(mode="json") | {"final_epoch": 3})


BOTH: tuple[Objective, ...] = ("val_accuracy", "parameters")


def judged(correct: int = 90, **changes: object) -> RunResult:
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


@pytest.mark.parametrize(
    ("cost", "value"), [("parameters", 1000.0), ("train_seconds", 12.5), ("inference_us", 3.5)]
)
def test_objectives_come_from_the_result(cost: Objective, value: float) -> None:
    assert judged().objective_values(("val_accuracy", cost)) == (0.9, value)
    assert judged().objective_values(("val_accuracy",)) == (0.9,)


def test_unknown_objectives_are_none() -> None:
    failure = Failure(kind="error", message="boom")
    assert judged(parameters=None).objective_values(BOTH) is None
    assert judged(status="failed", failure=failure).objective_values(("val_accuracy",)) is None
    stopped = judged(status="pruned", validation=None)
    assert stopped.objective_values(("val_accuracy",)) == (0.5,)
    assert stopped.objective_values(BOTH) is None
    assert judged(timings=Timings()).objective_values(("val_accuracy", "train_seconds")) is None
