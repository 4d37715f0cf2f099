"""What identifies a configuration."""

from __future__ import annotations

import pytest

from mnist_search.specs import Adam, Dense, Flatten, Network, RunConfig, Training

CONFIG = RunConfig(
    model=Network(layers=(Flatten(), Dense(units=8))),
    training=Training(optimizer=Adam(), batch_size=32, epochs=3, schedule="cosine"),
)


def test_identity_is_that_of_version_0_1() -> None:
    assert CONFIG.config_id == "56b6c0df7b528baa"


@pytest.mark.parametrize("planned", [None, 8])
def test_a_configuration_of_version_0_1_is_read(planned: int | None) -> None:
    data = CONFIG.model_dump(mode="json")
    data["training"]["schedule_epochs"] = planned
    assert RunConfig.model_validate(data) == CONFIG


def test_no_other_key_is_read_over() -> None:
    data = CONFIG.model_dump(mode="json")
    data["training"]["planned_epochs"] = None
    with pytest.raises(ValueError, match="planned_epochs"):
        RunConfig.model_validate(data)


def test_networks_have_bounds() -> None:
    assert len(Network(layers=(Flatten(), *[Dense(units=1)] * 999)).layers) == 1000
    with pytest.raises(ValueError, match="at most 1000 items"):
        Network(layers=(Flatten(), *[Dense(units=1)] * 60_000))
