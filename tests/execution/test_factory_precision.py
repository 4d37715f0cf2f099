"""What `auto` comes to, and that it never overrules a choice."""

from __future__ import annotations

from typing import Any

import pytest

from mnist_search.execution import resolve_precision
from mnist_search.specs import describe_environment


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ((), "float32"),
        (("avx2", "avx512f"), "float32"),
        (("avx2", "avx512f", "avx512_bf16"), "bfloat16"),
        (("avx2", "amx_bf16"), "bfloat16"),
    ],
)
def test_auto_is_bfloat16_only_where_it_is_fast(features: tuple[str, ...], expected: str) -> None:
    here = describe_environment().model_copy(update={"features": features})
    assert resolve_precision("auto", here) == expected


@pytest.mark.parametrize("choice", ["float32", "bfloat16"])
@pytest.mark.parametrize("features", [(), ("amx_bf16",)])
def test_a_choice_is_a_choice(choice: Any, features: tuple[str, ...]) -> None:
    here = describe_environment().model_copy(update={"features": features})
    assert resolve_precision(choice, here) == choice
