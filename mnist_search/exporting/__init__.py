"""Taking a model away: its recipe with the score to expect, and a script that needs only Keras."""

from mnist_search.exporting.choosing import choose_export
from mnist_search.exporting.recipe import Expected, Export, read_export, render_export
from mnist_search.exporting.script import render_script

__all__ = [
    "Expected",
    "Export",
    "choose_export",
    "read_export",
    "render_export",
    "render_script",
]
