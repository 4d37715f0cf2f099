"""The report as one self-contained page that loads nothing from the network."""

from mnist_search.reporting.html.page import render_page

__all__ = ["render_page"]
