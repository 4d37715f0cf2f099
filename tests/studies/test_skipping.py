"""Results without training: size limits and configurations tried before."""

from __future__ import annotations

import pytest

from mnist_search.references import get_reference
from mnist_search.specs import Failure, Job, Record, RunConfig, RunResult, Score
from mnist_search.specs.models import Dense, Flatten, Network
from mnist_search.studies.skipping import Memory, SizeLimits, size_of, too_large
from tests.studies.conftest import DATASET


@pytest.fixture
def config() -> RunConfig:
    return get_reference("mlp-784").run_config("held-out")


def result(config: RunConfig, **changes: object) -> RunResult:
    values: dict[str, object] = {
        "status": "complete",
        "config_id": config.config_id,
        "seed": 7,
        "validation": Score(correct=9, total=10),
        "weights_sha256": "ab",
    }
    return RunResult.model_validate(values | changes)


def test_limit_is_the_largest_that_is_allowed(config: RunConfig) -> None:
    size = size_of(config)
    assert size is not None
    count, flops = size.parameters, size.flops
    assert SizeLimits(params=count, flops=flops).verdict(size) is None
    assert SizeLimits(params=count, flops=flops).excess(size) == {"params": 0.0, "flops": 0.0}
    verdict = SizeLimits(params=count - 1).verdict(size)
    assert verdict is not None
    assert f"{count:,} parameters" in verdict
    assert "--max-flops" in (SizeLimits(flops=flops - 1).verdict(size) or "")
    assert SizeLimits(params=count // 2).excess(size)["params"] == pytest.approx(1.0, rel=1e-4)
    assert SizeLimits().excess(size) == {}


def test_what_cannot_be_built_has_no_size(config: RunConfig) -> None:
    broken = config.model_copy(update={"model": Network(layers=(Dense(units=3),))})
    assert size_of(broken) is None
    sound = config.model_copy(update={"model": Network(layers=(Flatten(), Dense(units=3)))})
    assert size_of(sound) is not None


def test_too_large_is_pruned_with_its_reason_and_size(config: RunConfig) -> None:
    size = size_of(config)
    assert size is not None
    job = Job(number=0, config=config, seed=3, dataset=DATASET)
    made = too_large(job, size, message="too much")
    assert made.status == "pruned"
    assert made.failure == Failure(kind="too-large", message="too much")
    assert made.parameters == size.parameters
    assert made.last_accuracy is None


def test_copy_is_marked_and_has_no_weights(config: RunConfig) -> None:
    memory = Memory([])
    assert memory.recall(config) is None
    first = result(config)
    memory.note(4, first)
    memory.note(9, result(config, seed=8))
    copy = memory.recall(config)
    assert copy is not None
    assert copy.duplicate_of == 4
    assert copy.weights_sha256 is None
    assert copy.model_copy(update={"duplicate_of": None, "weights_sha256": "ab"}) == first


def test_failures_and_copies_are_no_answers(config: RunConfig) -> None:
    memory = Memory([])
    failure = Failure(kind="timeout", message="slow")
    memory.note(1, result(config, status="failed", validation=None, failure=failure))
    memory.note(2, result(config, status="pruned", failure=failure))
    memory.note(3, result(config, duplicate_of=1))
    assert memory.recall(config) is None


def test_memory_comes_from_the_ledger(config: RunConfig) -> None:
    records = [
        Record(study="s", number=n, kind="trial", state=state, result=result(config))
        for n, state in enumerate(("waiting", "running", "complete", "complete"))
    ]
    copy = Memory(records).recall(config)
    assert copy is not None
    assert copy.duplicate_of == 2
