"""The spaces that come with the package."""

from __future__ import annotations

import pytest

from mnist_search.engines import create_engine
from mnist_search.references import REFERENCES
from mnist_search.spaces import FAMILIES, SearchSpace, Value, find_space, get_family, list_spaces
from mnist_search.specs.shapes import measure

# Settings that version 0.1 did not have, at defaults that do what it did.
ADDED = {
    "stride",
    "beta_1",
    "beta_2",
    "epsilon",
    "label_smoothing",
    "clip_norm",
    "warm_up_share",
    "conv_bias",
    "epochs",
    "dense_l1",
    "dense_l2",
    "plateau_factor",
    "plateau_patience",
}


def inside(space: SearchSpace) -> set[str]:
    return {it.name for it in REFERENCES if space.locate(it.config) is not None}


def test_every_family_has_a_space_of_its_name() -> None:
    assert set(FAMILIES) <= set(list_spaces())
    assert all(find_space(name).family == name for name in FAMILIES)


@pytest.mark.parametrize("name", list_spaces())
def test_every_point_can_be_built(name: str) -> None:
    assert find_space(name).misfit(roomy=False) is None


@pytest.mark.parametrize("name", list_spaces())
def test_every_setting_is_searched_fixed_or_useless(name: str) -> None:
    space = find_space(name)
    family = get_family(space.family)
    given = {
        resolved[0].name
        for key in (*(p.name for p in space.parameters), *space.fixed)
        if (resolved := family.resolve(key)) is not None
    }
    # Standard deviations of starts that the space does not have; tuned nowhere.
    useless = {"conv_init_stddev", "dense_init_stddev", "output_stddev"}
    useless = useless if space.family == "cnn" else set()
    for setting in family.settings.values():
        fixed = (need for need in setting.needs if need.parameter in space.fixed)
        if any(not need.holds(space.fixed) for need in fixed):
            useless.add(setting.name)
    if space.fixed.get("dense_layers") == 0:
        useless |= {"units", "dense_dropout"}
    assert set(family.settings) - given <= useless | ADDED


@pytest.mark.parametrize("name", list_spaces())
def test_first_points_are_points(name: str) -> None:
    space = find_space(name)
    for values in space.first.values():
        space.check(values)
    assert (name in ("fast", "cnn", "mlp")) == bool(space.first)


def test_no_network_of_the_fast_space_is_dear() -> None:
    space = find_space("fast")
    dearest = space.point(
        {
            "convs": 2,
            "filters_1_1": 16,
            "filters_1_2": 32,
            "filters_2_1": 48,
            "filters_2_2": 64,
            "kernel_1_1": 5,
            "padding": "same",
        }
    )
    most = measure(space.config(dearest, epochs=8).model).flops
    assert most < 3_400_000
    engine = create_engine(space, sampler="random", pruner="none", seed=0, epochs=8)
    for _ in range(200):
        proposal = engine.ask()
        assert proposal is not None
        config = space.config(proposal.values, epochs=8)
        assert config.training.epochs <= 4
        assert measure(config.model).flops <= most


def test_strided_networks_of_the_headline_space_can_be_built() -> None:
    space = find_space("cnn")
    engine = create_engine(space, sampler="random", pruner="none", seed=0, epochs=8)
    strided = 0
    for _ in range(300):
        proposal = engine.ask()
        assert proposal is not None
        measure(space.config(proposal.values, epochs=8).model)
        strided += proposal.values["pool"] == "none"
    assert strided > 50


@pytest.mark.parametrize("name", ["cnn", "cnn-documented", "mlp"])
def test_every_optimizer_has_a_logarithmic_rate_of_its_own(name: str) -> None:
    space = find_space(name)
    parameters = {p.name: p for p in space.parameters}
    for optimizer in parameters["optimizer"].choices:  # type: ignore[union-attr]
        rate = parameters[f"learning_rate_{optimizer}"]
        assert rate.log  # type: ignore[union-attr]
        assert rate.is_active({"optimizer": optimizer})


def test_references_inside() -> None:
    assert inside(find_space("cnn")) == {
        "cnn-plain",
        "cnn-bn-dropout",
        "cnn-double-32",
        "cnn-double-32-augmented",
        "cnn-simple",
    }  # cnn-larger has 30 and 15 filters, cnn-mnist-1 to 4 wider dense layers
    assert inside(find_space("cnn-documented")) == {
        it.name for it in REFERENCES if it.family == "cnn"
    }
    assert inside(find_space("mlp")) == {it.name for it in REFERENCES if it.family == "mlp"}
    assert inside(find_space("linear")) == {"logistic", "logistic-l1", "logistic-l2"}


def test_every_reference_is_a_point_of_a_shipped_space() -> None:
    located = set[str]().union(*(inside(find_space(name)) for name in list_spaces()))
    assert located == {it.name for it in REFERENCES}
    assert len(located) == 25


def test_no_network_of_the_headline_space_is_slow() -> None:
    """The dearest network costs less than six times the forward pass of cnn-plain."""
    space = find_space("cnn")
    dearest: list[int] = []
    for blocks in (1, 2, 3):
        for convs in (1, 2):
            values: dict[str, Value] = {}
            for parameter in space.active(values):
                name, base = parameter.name, parameter.name.split("_")[0]
                choices = getattr(parameter, "choices", ())
                chosen: dict[str, Value] = {"blocks": blocks, "convs": convs, "padding": "same"}
                if name in chosen:
                    values[name] = chosen[name]
                elif name == "pool_1":
                    values[name] = "none"
                elif name == "pool":
                    values[name] = "max"
                elif choices:
                    values[name] = 3 if name == "kernel_2" and convs == 1 else choices[-1]
                    values[name] = 5 if base == "kernel" and name != "kernel_2" else values[name]
                else:
                    values[name] = parameter.high  # type: ignore[union-attr]
            flops = measure(space.config(values, epochs=1).model).flops
            assert flops is not None
            dearest.append(flops)
    plain = next(it for it in REFERENCES if it.name == "cnn-plain")
    assert max(dearest) < 6 * (measure(plain.config.model).flops or 0)
