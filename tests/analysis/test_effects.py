"""What each value does, from made-up runs whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.analysis.contenders import pack_predictions
from mnist_search.analysis.designs import Choices, Design, Kind, Point, make_design
from mnist_search.analysis.effects import (
    ChoiceEffect,
    EffectLevel,
    Effects,
    ValidationImages,
    find_effects,
)
from mnist_search.references import get_reference
from mnist_search.spaces.varying import Variable
from mnist_search.specs import Failure, Record, RunConfig, RunResult, Score, Timings
from tests.analysis.simulation import World

IMAGES = ValidationImages("made-up", bytes(10_000))
MODEL = get_reference("cnn-simple")
VARIABLE = Variable.of(MODEL.run_config("held-out"), "cnn")


def run(
    config: RunConfig,
    seed: int,
    wrong: int,
    *,
    seconds: float = 10.0,
    failure: str | None = None,
    answers: bytes | None = None,
) -> Record:
    result = RunResult(
        status="complete" if failure is None else "failed",
        config_id=config.config_id,
        seed=seed,
        failure=None if failure is None else Failure(kind="diverged", message=failure),
        validation=None if failure is not None else Score(correct=10_000 - wrong, total=10_000),
        validation_predictions=None if answers is None else pack_predictions(answers),
        collapsed=False,
        timings=Timings(fit_seconds=seconds, inference_us_batch_256=seconds / 2),
    )
    return Record(
        study="s",
        number=seed,
        kind="reference",
        state="complete" if failure is None else "failed",
        config=config,
        seed=seed,
        result=result,
    )


def design_of(choices: Choices, kind: Kind = "one at a time") -> tuple[Design, list[RunConfig]]:
    design = make_design(VARIABLE, choices, kind)
    return design, [VARIABLE.change(point) for point in design.points]


def level(effects: Effects, name: str, value: object) -> EffectLevel:
    effect: ChoiceEffect = next(one for one in effects.effects if one.name == name)
    return next(one for one in effect.levels if one.value == value)


def measured(choices: Choices, kind: Kind, wrong: object, seconds: object) -> Effects:
    """Return effects of runs that are wrong, and long, as functions of their points say."""
    design, configs = design_of(choices, kind)
    records = [
        run(config, seed, wrong(point) + seed % 3, seconds=seconds(point))  # type: ignore[operator]
        for config, point in zip(configs, design.points, strict=True)
        for seed in range(3)
    ]
    return find_effects(design, configs, records)


def errors_of(point: Point) -> int:
    worse = {"relu": 0, "tanh": 300, "gelu": -20}[str(point["activation"])]
    return 200 + worse + (40 if point["dropout"] == 0.5 else 0)


def seconds_of(point: Point) -> float:
    return 10.0 * (2.0 if point["activation"] == "gelu" else 1.0)


CHOICES: Choices = {"dropout": [0.2, 0.5], "activation": ["relu", "tanh", "gelu"]}


@pytest.mark.parametrize("kind", ["one at a time", "full table"])
def test_effects_are_found_and_the_largest_comes_first(kind: Kind) -> None:
    found = measured(CHOICES, kind, errors_of, seconds_of)
    assert [effect.name for effect in found.effects] == ["activation", "dropout"]
    tanh, gelu = level(found, "activation", "tanh"), level(found, "activation", "gelu")
    assert tanh.difference is not None
    assert gelu.difference is not None
    assert tanh.difference.difference == pytest.approx(-0.03)
    assert tanh.difference.significant
    assert gelu.difference.difference == pytest.approx(0.002)
    assert not gelu.difference.significant
    assert gelu.seconds_ratio == pytest.approx(2.0)
    assert gelu.inference_ratio == pytest.approx(2.0)
    assert (tanh.seconds_ratio, tanh.fit_seconds) == (pytest.approx(1.0), pytest.approx(10.0))
    base = level(found, "activation", "relu")
    assert base.is_base
    assert base.difference is None
    assert base.networks == (1 if kind == "one at a time" else 2)
    assert base.accuracy is not None
    assert base.interval is not None
    assert base.interval.low < base.accuracy < base.interval.high


def test_p_values_are_corrected_for_all_comparisons() -> None:
    found = measured(CHOICES, "one at a time", errors_of, seconds_of)
    gaps = [one.difference for each in found.effects for one in each.levels if one.difference]
    assert len(gaps) == 3
    assert all(gap.p_adjusted >= gap.p_value for gap in gaps)
    (least,) = [gap for gap in gaps if gap.p_value == min(each.p_value for each in gaps)]
    assert least.p_adjusted == pytest.approx(3 * least.p_value)


def test_an_interaction_is_what_two_do_more_than_alone() -> None:
    def wrong(point: Point) -> int:
        both = point["activation"] == "tanh" and point["dropout"] == 0.5
        return errors_of(point) + (500 if both else 0)

    found = measured(CHOICES, "full table", wrong, seconds_of)
    assert len(found.interactions) == 2
    first = found.interactions[0]
    assert first.names == ("dropout", "activation")
    assert first.values == (0.5, "tanh")
    assert first.difference.difference == pytest.approx(-0.05)
    assert first.difference.significant
    assert not found.interactions[1].difference.significant
    plain = measured(CHOICES, "full table", errors_of, seconds_of)
    assert all(abs(one.difference.difference) < 1e-9 for one in plain.interactions)


def test_a_screening_finds_what_a_table_would() -> None:
    choices: Choices = {"dropout": [0.5], "activation": ["tanh"], "width": [2.0], "epochs": [8]}
    found = measured(choices, "screening", errors_of, seconds_of)
    assert len(found.networks) == 8
    tanh = level(found, "activation", "tanh")
    assert tanh.difference is not None
    assert tanh.difference.difference == pytest.approx(-0.03)
    assert (tanh.networks, tanh.runs) == (4, 12)
    width = level(found, "width", 2.0)
    assert width.difference is not None
    assert width.difference.difference == pytest.approx(0.0)
    assert found.interactions == ()


def test_what_failed_or_is_to_come_leaves_the_rest_whole() -> None:
    design, configs = design_of(CHOICES)
    relu, half, tanh, gelu = configs
    records = [
        *(run(config, seed, 200) for config in (relu, half) for seed in range(2)),
        run(tanh, 0, 0, failure="the loss is nan"),
    ]
    found = find_effects(design, configs, records)
    assert gelu.config_id != tanh.config_id
    assert found.missing == 1
    assert level(found, "activation", "tanh").failure == "the loss is nan"
    assert level(found, "activation", "tanh").difference is None
    assert level(found, "activation", "gelu").failure is None
    assert level(found, "dropout", 0.5).difference is not None
    nothing = find_effects(design, configs, [])
    assert nothing.missing == 4
    assert all(one.accuracy is None for each in nothing.effects for one in each.levels)


def test_an_incomplete_screening_says_nothing() -> None:
    design, configs = design_of({"dropout": [0.5], "activation": ["tanh"]}, "screening")
    records = [run(config, 0, 200) for config in configs[1:]]
    found = find_effects(design, configs, records)
    assert all(one.difference is None for each in found.effects for one in each.levels)


def test_a_value_that_makes_the_same_network_is_no_comparison() -> None:
    variable = Variable.of(VARIABLE.change({"dense_layers": 0}), "cnn")
    design = make_design(variable, {"dense_norm": ["none", "after-activation"]}, "one at a time")
    configs = [variable.change(point) for point in design.points]
    assert len({config.config_id for config in configs}) == 1
    found = find_effects(design, configs, [run(configs[0], seed, 200) for seed in range(3)])
    assert level(found, "dense_norm", "after-activation").difference is None


def tries(
    rounds: int, *, gain: float = 0.0, images: ValidationImages | None = IMAGES
) -> np.ndarray:
    """Return (gap, half-width) of one value in many seeded tries, by 3 seeds each."""
    world, rng = World(), np.random.default_rng(26)
    shift = world.shift_for(gain) if gain else 0.0
    design, configs = design_of({"activation": ["relu", "gelu"]})
    found = []
    for _ in range(rounds):
        hard = world.images_of(rng)
        # Two names of one recipe: what is trained under both is the same.
        recipe = world.recipe(rng, hard)
        records = []
        for config, moved in zip(configs, (0.0, shift), strict=True):
            for seed in range(3):
                chances = 1 / (1 + np.exp(-(recipe + moved + rng.normal(0, world.seed_shift))))
                wrong = np.zeros(world.images, np.uint8)
                wrong[: len(recipe)] = rng.random(len(recipe)) >= chances
                records.append(run(config, seed, int(wrong.sum()), answers=wrong.tobytes()))
        gap = level(find_effects(design, configs, records, images), "activation", "gelu").difference
        assert gap is not None
        assert gap.method == ("paired" if images is not None else "two proportions")
        half = (gap.interval.high - gap.interval.low) / 2
        found.append((gap.difference, half))
    return np.array(found)


def test_what_changes_nothing_covers_zero_in_95_of_100_tries() -> None:
    found = tries(300)
    covered = float(np.mean(np.abs(found[:, 0]) <= found[:, 1]))
    assert 0.92 <= covered <= 0.985


def test_what_does_something_does_not() -> None:
    """The negative control of the control above."""
    found = tries(60, gain=0.003)
    assert float(np.mean(np.abs(found[:, 0]) <= found[:, 1])) < 0.1


def test_pairs_of_the_same_images_make_intervals_narrow() -> None:
    paired, alone = tries(20), tries(20, images=None)
    assert np.median(paired[:, 1]) < 0.8 * np.median(alone[:, 1])
