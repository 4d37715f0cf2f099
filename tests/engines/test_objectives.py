"""What every engine promises where accuracy is to be high and a cost is to be low."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping

import pytest

from mnist_search.engines import Engine, PastTrial
from mnist_search.spaces import SearchSpace, Value
from tests.engines.driving import Kind, ask, create

BOTH = ("val_accuracy", "parameters")
kinds = pytest.mark.parametrize(
    "kind", [("optuna", name) for name in ("nsga2", "tpe", "random", "qmc", "grid", "brute-force")]
)


def create_for_two(
    space: SearchSpace, kind: Kind, *, seed: int = 0, past: list[PastTrial] | None = None
) -> Engine:
    return create(space, kind, seed=seed, objectives=BOTH, past=past or [])


def scores_of(values: Mapping[str, Value]) -> tuple[float, float]:
    units = int(values["units_1"])
    return 0.5 + units / 200, float(units * 100 + len(values))


def live(engine: Engine, trials: int) -> list[PastTrial]:
    lived = []
    for _ in range(trials):
        proposal = ask(engine)
        assert not engine.report(proposal.number, 1, 0.5)
        scores = scores_of(proposal.values)
        engine.tell(proposal.number, scores)
        lived.append(
            PastTrial(
                number=proposal.number,
                values=proposal.values,
                state="complete",
                score=scores,
                reports=[(1, 0.5)],
                memo=proposal.memo,
            )
        )
    return lived


@kinds
@pytest.mark.parametrize("seed", [0, 1])
def test_same_seed_gives_same_proposals(space: SearchSpace, kind: Kind, seed: int) -> None:
    first, second = (live(create_for_two(space, kind, seed=seed), 25) for _ in range(2))
    assert first == second
    assert [trial.number for trial in first] == list(range(25))
    for trial in first:
        space.check(dict(trial.values))


@kinds
def test_seed_0_is_a_seed_like_others(space: SearchSpace, kind: Kind) -> None:
    zero, one = (live(create_for_two(space, kind, seed=seed), 12) for seed in (0, 1))
    assert [trial.values for trial in zero] != [trial.values for trial in one]


@kinds
def test_engine_made_again_goes_on_as_if_never_gone(space: SearchSpace, kind: Kind) -> None:
    whole = live(create_for_two(space, kind, seed=3), 45)
    parts: list[PastTrial] = []
    while len(parts) < 45:
        parts += live(create_for_two(space, kind, seed=3, past=parts), 5)
    assert parts == whole


@kinds
def test_ten_failures_in_a_row_are_survived(space: SearchSpace, kind: Kind) -> None:
    engine = create_for_two(space, kind)
    for _ in range(10):
        engine.tell(ask(engine).number, None)
    assert len(live(engine, 5)) == 5


@kinds
@pytest.mark.parametrize("scores", [(math.nan, 1.0), (0.99, math.nan)])
def test_not_a_number_among_the_scores_is_a_failure(
    space: SearchSpace, kind: Kind, scores: tuple[float, float]
) -> None:
    def run(scores: tuple[float, float] | None) -> list[Mapping[str, Value]]:
        engine = create_for_two(space, kind)
        proposals = []
        for number in range(24):
            proposal = ask(engine)
            engine.tell(proposal.number, scores if number < 3 else scores_of(proposal.values))
            proposals.append(proposal.values)
        return proposals

    assert run(scores) == run(None)


@kinds
def test_settled_trials_need_no_run(space: SearchSpace, kind: Kind) -> None:
    engine = create_for_two(space, kind)
    for score, stopped in (((0.9, 5.0), False), (None, True), (None, False)):
        number = ask(engine).number
        engine.constrain(number, {"params": 0.5 if stopped else -0.5})
        engine.settle(number, reports=[(1, 0.3)], score=score, stopped=stopped)
    # What was too large and what failed is in nobody's way.
    assert len(live(engine, 11)) == 11


@pytest.mark.parametrize("kind", [("optuna", "nsga2")])
def test_generations_are_as_small_as_our_searches(space: SearchSpace, kind: Kind) -> None:
    trials = live(create_for_two(space, kind), 35)
    generations = [generation for trial in trials for generation in (trial.memo or {}).values()]
    assert generations == [0] * 10 + [1] * 10 + [2] * 10 + [3] * 5


@pytest.mark.parametrize("kind", [("optuna", "nsga2")])
def test_generations_are_restored_one_by_one(space: SearchSpace, kind: Kind) -> None:
    # Each asks for the parents of the one before, and so on: deeper than Python goes.
    values, score = space.defaults(), (0.5, 1.0)
    past = [
        PastTrial(
            number=number,
            values=values,
            state="complete",
            score=score,
            memo={"NSGAIISampler:generation": number // 10},
        )
        for number in range(1500)
    ]
    deepest = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        proposal = ask(create_for_two(space, kind, past=past))
    finally:
        sys.setrecursionlimit(deepest)
    assert proposal.memo == {"NSGAIISampler:generation": 150}
