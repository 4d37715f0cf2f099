"""What the user reads: rows and leaderboards in every format, the page, charts, live progress."""

from mnist_search.reporting.cells import Column
from mnist_search.reporting.rows import render_rows

__all__ = ["Column", "render_rows"]
