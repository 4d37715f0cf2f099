"""The report as one self-contained page: no network, no script of anybody else."""

from mnist_search.reporting.html.confirmed import tell_confirmations
from mnist_search.reporting.html.inside import Inside
from mnist_search.reporting.html.mistakes import Answers, gather_answers
from mnist_search.reporting.html.page import render_page

__all__ = ["Answers", "Inside", "gather_answers", "render_page", "tell_confirmations"]
