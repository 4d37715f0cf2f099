"""Accuracy over two parameters at once: the trials, above a surface smoothed from them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
from markupsafe import Markup

from mnist_search.reporting.html.scales import Scale, Tick, accuracy
from mnist_search.reporting.html.svg import Chart, Point, element
from mnist_search.reporting.html.trials import Trial, axis_of, place_on
from mnist_search.spaces import ChoiceParameter, Parameter

MOST_CONTOURS = 3
# Of fewer trials a surface would be an invention, and between 1, 2 and 3 blocks there is nothing.
FEWEST_TRIALS = 8
FEWEST_VALUES = 5
# In widths of the chart: how far a trial's accuracy is carried, and where nothing is known.
SMOOTHING = 0.1
KNOWN_WITHIN = 0.15
_COLUMNS, _ROWS = 48, 36
_MOST_BANDS = 7


def contour_plots(parameters: Sequence[Parameter], trials: Sequence[Trial]) -> tuple[Markup, ...]:
    """Draw the first pairs of ordered parameters, the most important first.

    Pairs that few of the trials had together, or of which one hardly varied, are passed over.
    """
    ordered = [parameter for parameter in parameters if _is_ordered(parameter)]
    # All pairs of the first three come before any with the fourth.
    pairs = sorted(combinations(range(len(ordered)), 2), key=lambda pair: (pair[1], pair[0]))
    drawn: list[Markup] = []
    for one, other in pairs:
        both = {ordered[one].name, ordered[other].name}
        common = sum(both <= trial.values.keys() for trial in trials) >= len(trials) / 3
        chart = contour_plot(ordered[one], ordered[other], trials) if common else None
        if chart is not None:
            drawn.append(chart)
        if len(drawn) == MOST_CONTOURS:
            break
    return tuple(drawn)


def contour_plot(across: Parameter, upwards: Parameter, trials: Sequence[Trial]) -> Markup | None:
    """Draw accuracy over two parameters; None where too few trials say anything about both."""
    mine = [
        trial for trial in trials if across.name in trial.values and upwards.name in trial.values
    ]
    varied = (len({trial.values[name] for trial in mine}) for name in (across.name, upwards.name))
    if len(mine) < FEWEST_TRIALS or min(varied) < FEWEST_VALUES:
        return None
    x, y = axis_of(across, mine), axis_of(upwards, mine)
    height = accuracy([trial.accuracy for trial in mine])
    places = [
        (place_on(x, trial.values[across.name]), place_on(y, trial.values[upwards.name]))
        for trial in mine
    ]
    surface = smoothed(places, [height.place(trial.accuracy) for trial in mine])
    chart = Chart(
        label=f"Accuracy over {across.name} and {upwards.name}",
        x=x,
        y=y,
        x_title=across.name,
        y_title=upwards.name,
        width=360.0,
        height=300.0,
        grid=False,
    )
    bands = _levels(height, surface)
    filled = [
        chart.outline(outlines_above(surface, level), _band(number, len(bands)))
        for number, level in enumerate([0.0, *(tick.place for tick in bands)])
    ]
    chart.marks.append(_near(chart, places, Markup("").join(filled)))
    for trial, place in zip(mine, places, strict=True):
        told = (
            f"{trial.told}, {across.name} = {trial.values[across.name]}, "
            f"{upwards.name} = {trial.values[upwards.name]}"
        )
        if trial.is_best:
            chart.mark(*place, "diamond", "c-best", told)
        elif trial.state == "complete":
            chart.mark(*place, "dot", "c-point", told)
        else:
            chart.mark(*place, "ring", "c-point", told)
    names = [f"below {bands[0].label}" if bands else "all alike", *(tick.label for tick in bands)]
    for number, name in enumerate(names):
        told = name if number in (0, len(names) - 1) else f"from {name}"
        last = number == len(names) - 1 and number > 0
        chart.explain("bar", _band(number, len(bands)), f"{told} and above" if last else told)
    return chart.render()


def _near(chart: Chart, places: Sequence[Point], filled: Markup) -> Markup:
    """Show of what is filled only what lies near a trial."""
    left, bottom = chart.point(0.0, 0.0)
    right, top = chart.point(KNOWN_WITHIN, KNOWN_WITHIN)
    size = {"rx": f"{right - left:.1f}", "ry": f"{bottom - top:.1f}"}
    around = []
    for place in places:
        x, y = chart.point(*place)
        around.append(element("ellipse", {"cx": f"{x:.1f}", "cy": f"{y:.1f}"} | size))
    # Other drawings of the page have clips too.
    digest = hashlib.blake2b(repr((chart.label, places)).encode(), digest_size=6).hexdigest()
    clip = element("clipPath", {"id": f"near-{digest}"}, Markup("").join(around))
    return clip + element("g", {"clip-path": f"url(#near-{digest})"}, filled)


def smoothed(places: Sequence[Point], heights: Sequence[float]) -> np.ndarray:
    """Return a surface over the unit square, (rows + 1, columns + 1).

    Each point of the grid has the mean of the trials, weighted by a Gaussian of their distance
    (Nadaraya and Watson's estimate), so that it never leaves the range of what was measured.
    """
    at = np.asarray(places, dtype=np.float64)
    columns, rows = np.meshgrid(np.linspace(0, 1, _COLUMNS + 1), np.linspace(0, 1, _ROWS + 1))
    squares = (columns[..., None] - at[:, 0]) ** 2 + (rows[..., None] - at[:, 1]) ** 2
    weights = np.exp(-squares / (2 * SMOOTHING**2))
    # Far from all trials every weight would be zero.
    weights += 1e-12
    return np.asarray((weights * np.asarray(heights)).sum(axis=-1) / weights.sum(axis=-1))


def outlines_above(surface: np.ndarray, level: float) -> list[list[Point]]:
    """Return outlines, in the unit square, that together hold all that is at least so high.

    Each cell of the grid is two triangles on which the surface is flat.
    """
    rows, columns = surface.shape[0] - 1, surface.shape[1] - 1
    found: list[list[Point]] = []
    for row in range(rows):
        begun: int | None = None
        for column in range(columns + 1):
            corners = surface[row : row + 2, column : column + 2]
            inside = column < columns
            whole = inside and bool(corners.min() >= level)
            if whole and begun is None:
                begun = column
            if not whole and begun is not None:
                found.append(_rectangle(begun / columns, column / columns, row / rows, rows))
                begun = None
            if inside and not whole and corners.max() >= level:
                found += _cut_cell(corners, level, (column, row), (columns, rows))
    return found


def _rectangle(left: float, right: float, bottom: float, rows: int) -> list[Point]:
    top = bottom + 1 / rows
    return [(left, bottom), (right, bottom), (right, top), (left, top)]


def _cut_cell(
    corners: np.ndarray, level: float, cell: tuple[int, int], cells: tuple[int, int]
) -> list[list[Point]]:
    column, row = cell
    points = [
        ((column + right) / cells[0], (row + up) / cells[1], float(corners[up, right]))
        for up, right in ((0, 0), (0, 1), (1, 1), (1, 0))
    ]
    halves = ([points[0], points[1], points[2]], [points[0], points[2], points[3]])
    cut = (_cut(half, level) for half in halves)
    return [outline for outline in cut if len(outline) > 2]


def _cut(triangle: Sequence[tuple[float, float, float]], level: float) -> list[Point]:
    """Return what of a triangle is at least so high (Sutherland and Hodgman's clipping)."""
    kept: list[Point] = []
    for (x0, y0, z0), (x1, y1, z1) in pairwise([*triangle, triangle[0]]):
        if z0 >= level:
            kept.append((x0, y0))
        if (z0 >= level) != (z1 >= level):
            share = (level - z0) / (z1 - z0)
            kept.append((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
    return kept


def _levels(height: Scale, surface: np.ndarray) -> list[Tick]:
    """Return round accuracies between which the surface lies, placed as it is; at most seven."""
    low, high = float(surface.min()), float(surface.max())
    span = height.high - height.low
    # Smoothed, it spans less than the trials do, so that it has an axis of its own.
    ends = [1.0 - 10.0 ** -(height.low + place * span) for place in (low, high)]
    own = accuracy(ends)
    found = []
    for tick in own.ticks:
        place = (own.low + tick.place * (own.high - own.low) - height.low) / span
        if low + 1e-9 < place <= high:
            found.append(Tick(place, tick.label))
    return sorted(found, key=lambda tick: tick.place)[-_MOST_BANDS:]


def _band(number: int, bands: int) -> str:
    """Return the class of a band; the highest has the strongest colour, however many there are."""
    strongest = _MOST_BANDS if bands == 0 else round(_MOST_BANDS * number / bands)
    return f"band{strongest}"


def _is_ordered(parameter: Parameter) -> bool:
    """Say whether the values of a parameter are numbers in an order."""
    if not isinstance(parameter, ChoiceParameter):
        return True
    values = parameter.choices
    if any(isinstance(value, bool | str) for value in values):
        return False
    return list(values) == sorted(values, key=float)
