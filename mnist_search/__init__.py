"""Search network choices on MNIST and rank the results beside published references."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_search.notebook import open_study

__all__ = ["__version__", "open_study"]
__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    # The command line and the workers start without it.
    if name == "open_study":
        from mnist_search.notebook import open_study

        return open_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
