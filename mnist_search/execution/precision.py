"""Which number format the hidden layers of a run compute in."""

from __future__ import annotations

from typing import assert_never

from mnist_search.choices import Precision, PrecisionChoice
from mnist_search.specs import Environment


def resolve_precision(choice: PrecisionChoice, here: Environment) -> Precision:
    """Return what a choice comes to on a machine.

    `auto` is bfloat16 where the processor multiplies in it, else float32: elsewhere bfloat16 is
    slower. A graphics card plays no part, since workers may not have TensorFlow's support for it.
    """
    match choice:
        case "auto":
            return "bfloat16" if here.fast_bfloat16 else "float32"
        case "float32" | "bfloat16":
            return choice
        case _:
            assert_never(choice)
