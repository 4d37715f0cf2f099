"""Results without training: size limits and configurations tried before."""

from __future__ import annotations

import pytest

from mnist_search.references import get_reference
from mnist_search.spaces import SearchSpace
from mnist_search.specs import Failure, Job, Record, RunConfig, RunResult, Score
from mnist_search.specs.models import Dense, Flatten, Network
from mnist_search.specs.shapes import measure
from mnist_search.studies import SearchSpec
from mnist_search.studies.skipping import Memory, excess, too_large
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


def search(**limits: int) -> SearchSpec:
    space = SearchSpace(name="one", family="mlp", parameters=())
    return SearchSpec(space=space, sampler="random", pruner="none", epochs=1, seed=0, **limits)


def test_limit_is_the_largest_that_is_allowed(config: RunConfig) -> None:
    size = measure(config.model)
    count, flops = size.parameters, size.flops
    job = Job(number=0, config=config, seed=3, dataset=DATASET)
    assert too_large(search(max_params=count, max_flops=flops), job) is None
    assert excess(search(max_params=count, max_flops=flops), config) == {"params": 0, "flops": 0}
    assert excess(search(max_params=count // 2), config)["params"] == pytest.approx(1, rel=1e-4)
    assert excess(search(), config) == {}


def test_too_large_is_pruned_with_its_reason_and_size(config: RunConfig) -> None:
    size = measure(config.model)
    job = Job(number=0, config=config, seed=3, dataset=DATASET)
    made = too_large(search(max_params=size.parameters - 1), job)
    assert made is not None
    assert made.status == "pruned"
    limit = f"{size.parameters:,} parameters are more than --max-params {size.parameters - 1:,}"
    assert made.failure == Failure(kind="too-large", message=limit)
    assert made.parameters == size.parameters
    assert made.last_accuracy is None
    more = too_large(search(max_flops=size.flops - 1), job)
    assert more is not None
    assert more.failure is not None
    assert "--max-flops" in more.failure.message


def test_what_cannot_be_built_is_not_too_large(config: RunConfig) -> None:
    model = Network(layers=(Dense(units=3),))
    broken = config.model_copy(update={"model": model})
    assert excess(search(max_params=1), broken) == {}
    sound = Network(layers=(Flatten(), Dense(units=3)))
    assert excess(search(max_params=1), config.model_copy(update={"model": sound}))


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
