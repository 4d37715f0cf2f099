"""What the user reads: rows and leaderboards in every format, files, figures, live progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_search.reporting.cells import Column
from mnist_search.reporting.files import write_atomically
from mnist_search.reporting.rows import render_rows

if TYPE_CHECKING:
    from mnist_search.reporting.html import render_page
    from mnist_search.reporting.leaderboard import render_leaderboard

__all__ = [
    "Column",
    "render_leaderboard",
    "render_page",
    "render_rows",
    "write_atomically",
]


def __getattr__(name: str) -> object:
    # These bring pydantic along, which a table of rows does not need.
    if name == "render_leaderboard":
        from mnist_search.reporting.leaderboard import render_leaderboard

        return render_leaderboard
    if name == "render_page":
        from mnist_search.reporting.html import render_page

        return render_page
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
