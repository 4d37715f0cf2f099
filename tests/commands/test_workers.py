"""How many workers train, and in which number format."""

from __future__ import annotations

import pytest

from mnist_search.choices import Precision
from mnist_search.commands.context import Context, TrainingOptions
from mnist_search.commands.workers import choose_precision


@pytest.mark.parametrize("choice", ["float32", "bfloat16"])
@pytest.mark.parametrize("flags", ["fpu", "fpu amx_bf16"])
def test_auto_never_overrules_a_choice_of_precision(
    monkeypatch: pytest.MonkeyPatch, flags: str, choice: Precision
) -> None:
    monkeypatch.setattr("mnist_search.specs.environment._cpu_info", lambda root: {"flags": flags})
    options = TrainingOptions(precision=choice)
    assert choose_precision(options, Context.of_this_process()) == choice
    assert choose_precision(TrainingOptions(), Context.of_this_process()) == "float32"
