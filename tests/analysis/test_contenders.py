"""Packing of answers."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_search.analysis import pack_predictions, unpack_predictions
from mnist_search.errors import DataError


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_packing_is_base64_of_zlib_and_back(classes: bytes) -> None:
    text = pack_predictions(classes)
    assert zlib.decompress(base64.b64decode(text)) == classes
    assert unpack_predictions(text, len(classes)) == classes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no base64!", "damaged"),
        (base64.b64encode(b"no zlib").decode(), "damaged"),
        (pack_predictions(bytes(99)), "must hold 100 images, got 99"),
        (pack_predictions(bytes(10**6)), "must hold 100 images, got more than 100"),
        (base64.b64encode(zlib.compress(bytes(100))[:-2]).decode(), "must hold 100"),
    ],
)
def test_damaged_predictions_are_refused(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        unpack_predictions(text, 100)
