"""Kind B: an engine sees the space that was declared, and repeats nothing while points are left."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.choices import SamplerName
from mnist_search.engines import create_engine
from mnist_search.engines.base import PastTrial
from mnist_search.spaces import SearchSpace, load_space

# A step that binary fractions do not hold: 0.1, 0.2 and 0.3.
SPACE = """
family = "mlp"

[parameters.dense_layers]
type = "int"
low = 1
high = 2

[parameters.dense_dropout]
type = "float"
low = 0.0
high = 0.3
step = 0.1

[parameters.activation]
type = "choice"
choices = ["relu", "tanh"]

[parameters.units]
type = "choice"
choices = [16]
"""
POINTS = 2 * 4 * 2
SAMPLERS: tuple[SamplerName, ...] = ("tpe", "random", "qmc", "grid", "brute-force")


@pytest.fixture
def space(tmp_path: Path) -> SearchSpace:
    file = tmp_path / "small.toml"
    file.write_text(SPACE)
    return load_space(file)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_point_comes_once_before_any_comes_again(
    space: SearchSpace, sampler: SamplerName
) -> None:
    engine = create_engine(space, engine="optuna", sampler=sampler, pruner="none", seed=3, epochs=1)
    seen = set()
    for number in range(POINTS):
        proposal = engine.ask()
        assert proposal is not None
        space.check(proposal.values)
        seen.add(space.points.number(proposal.values))
        engine.tell(proposal.number, 0.9 + number / 1000)
    assert seen == set(range(POINTS)) == set(range(space.size() or 0))
    engine.close()


def test_a_resumed_search_replaces_repeats_alike(space: SearchSpace) -> None:
    def propose(past: list[PastTrial], until: int) -> list[PastTrial]:
        engine = create_engine(
            space, engine="optuna", sampler="tpe", pruner="none", seed=5, epochs=1, past=past
        )
        for number in range(len(past), until):
            proposal = engine.ask()
            assert proposal is not None
            score = 0.9 if proposal.values["activation"] == "relu" else 0.8
            engine.tell(number, score)
            past.append(
                PastTrial(
                    number=number, values=dict(proposal.values), state="complete", score=score
                )
            )
        engine.close()
        return past

    undisturbed = propose([], POINTS)
    assert propose(propose([], 9), POINTS) == undisturbed
