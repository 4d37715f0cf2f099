"""What a list of runs will cost, from the rates of a machine."""

from __future__ import annotations

import pytest

from mnist_search.planning.costs import Rates
from mnist_search.planning.runs import expect_runs
from mnist_search.references import get_reference
from mnist_search.specs import DatasetRef

MNIST = DatasetRef(name="mnist", digest="m", train_images=60_000, test_images=10_000)
RATES = Rates(
    features=(1e-11, 0.0, 0.0, 0.0),
    answer_share=0.0,
    first_step_per_layer=0.0,
    first_look_per_layer=0.0,
    overhead=1.0,
    startup=5.0,
    error=0.1,
    networks=6,
)


def test_runs_are_shared_out_among_the_workers_in_their_order() -> None:
    config = get_reference("cnn-simple").run_config("held-out")
    one = expect_runs([config], RATES, MNIST, workers=1)
    assert one.wall_seconds == pytest.approx(RATES.startup + one.worker_seconds)
    assert one.worker_seconds > RATES.overhead
    three = expect_runs([config] * 3, RATES, MNIST, workers=2)
    assert three.worker_seconds == pytest.approx(3 * one.worker_seconds)
    assert three.wall_seconds == pytest.approx(RATES.startup + 2 * one.worker_seconds)
    assert (three.runs, three.workers, three.error) == (3, 2, 0.1)


def test_epochs_are_counted_and_nothing_costs_nothing() -> None:
    config = get_reference("cnn-simple").run_config("held-out")
    longer = config.model_copy(
        update={"training": config.training.model_copy(update={"epochs": 8})}
    )
    short, long = (expect_runs([one], RATES, MNIST, workers=1) for one in (config, longer))
    assert long.worker_seconds - 1 == pytest.approx(2 * (short.worker_seconds - 1))
    assert expect_runs([], RATES, MNIST, workers=2).wall_seconds == 0.0
