"""Protocols of a reference: what stays and what goes."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from mnist_search.references import REFERENCES, Published, get_reference
from mnist_search.references._base import stack
from mnist_search.specs import Conv, Dropout, Protocol, RunConfig
from mnist_search.specs.shapes import summarize

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_keeps_model_and_training(protocol: Protocol) -> None:
    for reference in REFERENCES:
        config = reference.run_config(protocol)
        assert config.protocol == protocol
        assert config.model == reference.config.model
        assert config.training == reference.config.training


def test_raw_test_pixels_only_as_documented_in_document_a() -> None:
    raw = {
        (reference.name, protocol)
        for reference in REFERENCES
        for protocol in PROTOCOLS
        if reference.run_config(protocol).raw_test_pixels
    }
    assert raw == {("cnn-plain", "documented"), ("cnn-bn-dropout", "documented")}


def test_corrected_only_where_a_quirk_can_go() -> None:
    corrected = [reference.name for reference in REFERENCES if reference.corrected is not None]
    assert corrected == ["cnn-plain", "cnn-bn-dropout"]


def test_each_protocol_has_its_own_config_id() -> None:
    reference = get_reference("mlp-784")
    assert len({reference.run_config(protocol).config_id for protocol in PROTOCOLS}) == 4


def test_config_survives_json() -> None:
    for reference in REFERENCES:
        text = reference.config.model_dump_json()
        again = RunConfig.model_validate_json(text)
        assert again.config_id == reference.config.config_id
        assert again.model == reference.config.model


def test_config_and_corrected_name_their_protocol() -> None:
    for reference in REFERENCES:
        assert reference.config.protocol == "documented"
        assert reference.corrected is None or reference.corrected.protocol == "corrected"


def test_families() -> None:
    assert {reference.name.partition("-")[0]: reference.family for reference in REFERENCES} == {
        "cnn": "cnn",
        "mlp": "mlp",
        "dnn": "mlp",
        "logistic": "linear",
    }


def test_accuracy_is_a_fraction() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        Published(accuracy=99.0)


def test_summary_names_the_hidden_layers() -> None:
    assert get_reference("cnn-plain").summary == "C32(3x3 valid) C64(3x3 valid) MP Flatten D128"


def test_networks_are_written_as_their_summaries() -> None:
    text = "C32(5x5 same) C8(3x3 valid sigmoid no bias) BN MP DO.25 Flatten D128 D64(sigmoid)"
    network = stack(text)
    assert network.layers[1] == Conv(filters=8, kernel=3, activation="sigmoid", bias=False)
    assert network.layers[4] == Dropout(rate=0.25)
    assert summarize(network) == text
    with pytest.raises(ValueError, match="no layer is called D128x"):
        stack("Flatten D128x")
