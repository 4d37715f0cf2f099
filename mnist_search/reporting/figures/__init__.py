"""Pictures of data, training and answers, as files (matplotlib) and as terminal text."""

from mnist_search.reporting.figures.answers import (
    coefficient_images,
    confusion_matrix,
    feature_maps,
    worst_mistakes,
)
from mnist_search.reporting.figures.canvas import FIGURE_FORMATS, require_matplotlib, save_figure
from mnist_search.reporting.figures.data import class_histogram, digit_grid
from mnist_search.reporting.figures.text import confusion_text, digits_text, sparkline
from mnist_search.reporting.figures.training import learning_curves, weight_violins

__all__ = [
    "FIGURE_FORMATS",
    "class_histogram",
    "coefficient_images",
    "confusion_matrix",
    "confusion_text",
    "digit_grid",
    "digits_text",
    "feature_maps",
    "learning_curves",
    "require_matplotlib",
    "save_figure",
    "sparkline",
    "weight_violins",
    "worst_mistakes",
]
