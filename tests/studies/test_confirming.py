"""Which models a confirmation takes, with which seeds, under which name."""

from __future__ import annotations

import pytest

from mnist_search.errors import BudgetError
from mnist_search.references import get_reference
from mnist_search.specs import (
    Adam,
    Dense,
    Flatten,
    Network,
    Record,
    RunConfig,
    RunResult,
    Score,
    Training,
)
from mnist_search.studies import (
    StudySpec,
    choose_candidates,
    confirmation_name,
    fresh_seeds,
    with_seeds,
)


def trial(number: int, correct: int, *, units: int | None = None, **more: object) -> Record:
    config = RunConfig(
        model=Network(layers=(Flatten(), Dense(units=number + 1 if units is None else units))),
        training=Training(optimizer=Adam(), batch_size=100, epochs=2, train_images=500),
    )
    result = RunResult(
        status="complete",
        config_id=config.config_id,
        seed=number,
        validation=Score(correct=correct, total=100),
    )
    fields = {"kind": "trial", "state": "complete", "config": config, "result": result} | more
    return Record.model_validate({"study": "s", "number": number, **fields})


def test_the_best_by_validation_on_all_images_and_equals_by_number() -> None:
    records = [trial(0, 90), trial(1, 95), trial(2, 95), trial(3, 99, state="pruned")]
    found = choose_candidates(records, [], top=2)
    assert [candidate.confirms for candidate in found] == [1, 2]
    assert {candidate.config.protocol for candidate in found} == {"confirm"}
    assert {candidate.config.training.train_images for candidate in found} == {None}


def test_one_configuration_counts_once() -> None:
    found = choose_candidates(
        [trial(0, 90, units=5), trial(1, 95, units=5), trial(2, 80)], [], top=2
    )
    assert [candidate.confirms for candidate in found] == [1, 2]


def test_the_best_trial_that_is_a_reference_comes_along() -> None:
    records = [
        trial(0, 99),
        trial(1, 98, reference="mlp-784"),
        trial(2, 97, reference="cnn-plain"),
    ]
    assert [c.confirms for c in choose_candidates(records, [], top=1)] == [0, 1]
    assert [c.confirms for c in choose_candidates(records[1:], [], top=1)] == [1]
    named = choose_candidates(records, [get_reference("cnn-simple")], top=1)
    assert (named[-1].reference, named[-1].confirms) == ("cnn-simple", None)


def test_every_model_meets_a_seed_before_any_meets_the_next() -> None:
    candidates = choose_candidates([trial(0, 99), trial(1, 98)], [], top=2)
    runs = with_seeds(candidates, [7, 8])
    assert [(run.confirms, run.seed) for run in runs] == [(0, 7), (1, 7), (0, 8), (1, 8)]


def test_no_complete_trial_is_an_error() -> None:
    with pytest.raises(BudgetError, match="no trial of the search is complete"):
        choose_candidates([trial(0, 1, state="failed")], [], top=1)


def test_seeds_of_purposes_are_fresh_and_their_own(spec: StudySpec) -> None:
    seeds = fresh_seeds(spec, [], 4)
    assert len({*seeds, *fresh_seeds(spec, [], 4, purpose="explain")}) == 8
    used = trial(0, 1).model_copy(update={"seed": seeds[1]})
    assert fresh_seeds(spec, [used], 3) == [seeds[0], seeds[2], seeds[3]]


def test_names_stay_within_what_a_study_may_be_called() -> None:
    assert confirmation_name("cnn-mnist-seed0") == "cnn-mnist-seed0-confirm"
    long, other = (confirmation_name("x" * 63 + end) for end in "ab")
    assert len(long) == len(other) == 64
    assert long != other
