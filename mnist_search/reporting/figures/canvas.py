"""What all figures share: matplotlib without global state, one look, and files."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_search.errors import UsageError
from mnist_search.writing import output_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE_FORMATS = ("png", "svg")

# Okabe and Ito's colours, which people with any colour blindness can tell apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#D55E00", "#009E73", "#CC3311"
INK, MUTED, RULE, PAPER = "#222222", "#666666", "#D9D9D9", "#FFFFFF"

WIDTH_INCHES = 8.0
_DOTS_PER_INCH = 150
_TITLE_CHARACTERS, _TITLE_LINE_INCHES = 70, 0.22
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so it is on every machine
    "font.size": 10.0,
    "axes.edgecolor": MUTED,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.0,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.0,
    "figure.facecolor": PAPER,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "mnist-search",
    "text.color": INK,
    "text.parse_math": False,  # titles hold names that users chose
    "text.usetex": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9.0,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9.0,
}


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Apply the look of this package, whatever the user's own matplotlib settings are.

    Raises UsageError where matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        raise UsageError(
            "figures need matplotlib, which is not installed",
            hint="pip install 'mnist-search[figures]'",
        ) from None
    # The backend is never used here, and setting it would touch pyplot.
    defaults: dict[Any, Any] = {
        key: value
        for key, value in dict.items(matplotlib.rcParamsDefault)
        if not key.startswith(("backend", "interactive", "toolbar", "_internal"))
    }
    with matplotlib.rc_context({**defaults, **_STYLE}):
        yield


def require_matplotlib() -> None:
    """Raise UsageError where matplotlib is not installed, before anything else is done."""
    with drawing():
        return


def new_figure(height_inches: float, *, title: str | None) -> Figure:
    """Return an empty figure of the common width, drawn by Agg; call inside `drawing`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = [] if title is None else textwrap.wrap(one_line(title), _TITLE_CHARACTERS)
    height = height_inches + _TITLE_LINE_INCHES * max(0, len(lines) - 1)
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    FigureCanvasAgg(figure)
    if lines:
        figure.suptitle(
            "\n".join(lines), x=0.01, ha="left", fontsize=13.0, fontweight="bold", color=INK
        )
    return figure


def without_frame(axes: Axes) -> None:
    """Leave nothing of an axes but what it shows."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def one_line(text: str) -> str:
    """Return text that every font can show on one line."""
    return "".join(
        character if character.isprintable() else " " for character in text.replace("\n", " ")
    )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG or SVG, by the suffix of its path; the same figure, the same bytes.

    The file appears whole or not at all. Raises UsageError for another suffix or a place that
    cannot be written, ResourceError where the disk is full.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FIGURE_FORMATS:
        raise UsageError(
            f"{path}: a figure must end in .png or .svg, got {path.suffix or 'no suffix'}"
        )
    buffer = BytesIO()
    # Version and date would change the bytes of an equal picture.
    metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    with drawing():
        figure.savefig(buffer, format=kind, dpi=_DOTS_PER_INCH, metadata=metadata)
    with output_file(path, make_folders=True) as temporary:
        temporary.write_bytes(buffer.getvalue())
