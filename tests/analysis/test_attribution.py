"""The walk from a trial to its reference, and what each step brought."""

from __future__ import annotations

import dataclasses

import pytest

from mnist_search.analysis.attribution import WalkStep, attribute, order_changes, walk_back
from mnist_search.analysis.importance import Importance, Importances
from mnist_search.analysis.nearest import Comparison, nearest_reference
from mnist_search.references import REFERENCES, get_reference
from mnist_search.spaces import SearchSpace, find_space
from mnist_search.specs import RunConfig, RunResult, Score, Timings
from mnist_search.specs.shapes import measure


@pytest.fixture(scope="module")
def cnn() -> SearchSpace:
    return find_space("cnn")


@pytest.fixture(scope="module")
def config(cnn: SearchSpace) -> RunConfig:
    values = {**cnn.defaults(), "activation": "gelu", "batch_size": 64, "conv_norm": "before-head"}
    return cnn.config(values, epochs=8)


@pytest.fixture(scope="module")
def found(cnn: SearchSpace, config: RunConfig) -> Comparison:
    one = nearest_reference(config, cnn, [get_reference("cnn-bn-dropout")])
    assert one is not None
    return one


def test_what_mattered_most_is_turned_first_and_the_epochs_last(
    cnn: SearchSpace, found: Comparison
) -> None:
    by_distance = [change.name for change in order_changes(found, None, cnn)]
    assert by_distance[-1] == "epochs"
    distances = {change.name: change.distance for change in found.changes}
    kept = by_distance[:-1]
    assert kept == sorted(kept, key=lambda name: (-distances[name], name))
    shares = (
        Importance(parameter="batch_size", share=0.6, trials=20, of=20),
        Importance(parameter="filters_1", share=0.4, trials=20, of=20),
    )
    told = Importances(shares=shares, top=4, trials=20, complete=5)
    assert order_changes(found, told, cnn)[0].name == "batch_size"


def test_every_step_can_be_built_and_the_last_is_the_reference(
    cnn: SearchSpace, config: RunConfig, found: Comparison
) -> None:
    changes = order_changes(found, None, cnn)
    for order in (changes, changes[::-1]):
        steps = walk_back(config, found, order)
        assert steps[0].config == config
        assert steps[-1].config == found.reference.run_config("held-out")
        assert len({step.config.config_id for step in steps}) == len(steps)
        for step in steps:
            measure(step.config.model)


@pytest.fixture
def deep() -> tuple[RunConfig, Comparison]:
    space = SearchSpace(
        name="deep",
        family="cnn",
        parameters=(),
        fixed={"blocks": 4, "convs": 2, "kernel": 3, "padding": "same"},
    )
    config = space.config({}, epochs=8)
    found = nearest_reference(config, space, [get_reference("cnn-mnist-2")])
    assert found is not None
    return config, found


def test_a_change_that_cannot_be_built_waits(deep: tuple[RunConfig, Comparison]) -> None:
    config, found = deep
    by_name = {change.name: change for change in found.changes}
    rest = [change for change in found.changes if change.name not in ("kernel", "padding")]
    # Four blocks of 5x5 kernels without padding run out of pixels.
    steps = walk_back(config, found, [by_name["kernel"], by_name["padding"], *rest])
    turned = [name for step in steps for name in step.changes]
    assert turned[0] == "kernel"
    assert turned[1] != "padding"
    assert sorted(turned) == sorted(by_name)
    assert all(len(step.changes) == 1 for step in steps[1:])


def test_where_no_single_change_can_be_built_all_turn_together(
    deep: tuple[RunConfig, Comparison],
) -> None:
    config, found = deep
    moved = {"kernel_1_1": 28, "padding_1_1": "valid"}
    changes = [dataclasses.replace(found.changes[0], name=name, moved=moved) for name in ("a", "b")]
    steps = walk_back(config, found, changes)
    assert [step.changes for step in steps] == [(), ("a", "b")]
    assert steps[-1].config == found.reference.run_config("held-out")


def result(config: RunConfig, seed: int, accuracy: float, seconds: float) -> RunResult:
    return RunResult(
        status="complete",
        config_id=config.config_id,
        seed=seed,
        validation=Score(correct=round(10_000 * accuracy), total=10_000),
        timings=Timings(fit_seconds=seconds),
    )


@pytest.fixture
def steps(config: RunConfig, found: Comparison, cnn: SearchSpace) -> list[WalkStep]:
    return walk_back(config, found, order_changes(found, None, cnn))


def test_the_gains_add_up_to_the_total(steps: list[WalkStep]) -> None:
    results = {
        (step.config.config_id, seed): result(
            step.config, seed, 0.99 - 0.001 * place**2 + 0.0001 * seed, 100.0 - 5 * place
        )
        for place, step in enumerate(steps)
        for seed in (1, 2, 3)
    }
    gains, total = attribute(steps, results, (1, 2, 3))
    assert len(gains) == len(steps)
    assert gains[0].gain is None
    assert gains[0].accuracy == pytest.approx(0.9902)
    leads = [gain.gain for gain in gains if gain.gain is not None]
    assert total.gain is not None
    assert [lead.difference for lead in leads[:2]] == pytest.approx([0.001, 0.003])
    assert sum(lead.difference for lead in leads) == pytest.approx(total.gain.difference)
    assert sum(gain.seconds or 0.0 for gain in gains) == pytest.approx(total.seconds)
    assert total.seeds == (1, 2, 3)
    # All three seeds show the same gain, but the images are as few for all of them.
    assert leads[0].interval.low < 0 < leads[0].interval.high
    # Corrected for the number of steps, but for the total, which is one question.
    assert leads[0].p_adjusted >= leads[0].p_value
    largest = min(leads, key=lambda lead: lead.p_value)
    assert largest.p_adjusted == pytest.approx(min(1.0, len(leads) * largest.p_value))
    assert total.gain.p_adjusted == total.gain.p_value
    assert total.gain.significant


def test_only_seeds_that_every_step_has_count(steps: list[WalkStep]) -> None:
    results = {
        (step.config.config_id, seed): result(step.config, seed, 0.9, 10.0)
        for step in steps
        for seed in (1, 2)
    }
    del results[steps[2].config.config_id, 2]
    gains, total = attribute(steps, results, (1, 2))
    assert total.seeds == (1,)
    # With one seed the spread between seeds is borrowed.
    assert all(gain.gain is None or gain.gain.borrowed for gain in gains)
    assert all(gain.gain is None or not gain.gain.significant for gain in gains)
    _, nothing = attribute(steps, {}, (1, 2))
    assert (nothing.gain, nothing.seconds, nothing.seeds) == (None, None, ())


def test_walks_to_every_reference_arrive(cnn: SearchSpace, config: RunConfig) -> None:
    for reference in REFERENCES:
        found = nearest_reference(config, cnn, [reference])
        if found is not None:
            steps = walk_back(config, found, order_changes(found, None, cnn))
            assert steps[-1].config == reference.run_config("held-out")
