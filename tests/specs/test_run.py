"""What identifies a configuration."""

from __future__ import annotations

import hashlib
import json

from mnist_search.specs import Adam, Dense, Flatten, Network, RunConfig, Training

CONFIG = RunConfig(
    model=Network(layers=(Flatten(), Dense(units=8))),
    training=Training(optimizer=Adam(), batch_size=32, epochs=3, schedule="cosine"),
)


def planned(epochs: int | None) -> RunConfig:
    training = CONFIG.training.model_copy(update={"schedule_epochs": epochs})
    return CONFIG.model_copy(update={"training": training})


def test_identity_is_that_of_the_time_before_planned_epochs() -> None:
    data = json.loads(CONFIG.model_dump_json())
    assert data["training"].pop("schedule_epochs") is None
    canonical = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    assert CONFIG.config_id == hashlib.blake2b(canonical.encode(), digest_size=8).hexdigest()


def test_a_longer_plan_of_the_learning_rate_is_another_configuration() -> None:
    assert planned(None) == CONFIG
    assert len({planned(epochs).config_id for epochs in (None, 5, 8)}) == 3
    assert (planned(None).training.planned_epochs, planned(8).training.planned_epochs) == (3, 8)


def test_what_was_stored_before_the_field_is_read() -> None:
    data = json.loads(CONFIG.model_dump_json())
    del data["training"]["schedule_epochs"]
    assert RunConfig.model_validate(data) == CONFIG
