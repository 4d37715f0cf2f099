"""Accuracy over two parameters, smoothed between the trials."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mnist_search.reporting.html.contours import (
    FEWEST_TRIALS,
    MOST_CONTOURS,
    contour_plot,
    contour_plots,
    outlines_above,
    smoothed,
)
from mnist_search.reporting.html.trials import Trial, drawn_trials
from mnist_search.spaces import ChoiceParameter, FloatParameter, IntParameter

RATE = FloatParameter("rate", low=1e-4, high=1e-1, log=True)
WIDTH = IntParameter("width", low=8, high=64)
SIZES = ChoiceParameter("sizes", choices=(16, 32, 64, 128, 256))
NAMES = ChoiceParameter("names", choices=("a", "b"))
BLOCKS = IntParameter("blocks", low=1, high=3)


def trials(count: int = 20) -> list[Trial]:
    return [
        Trial(
            name=f"trial {number}",
            state="complete" if number % 2 else "pruned",
            accuracy=0.9 + 0.004 * number,
            values={
                "rate": 10 ** (-1 - (number % 9) / 3),
                "width": 8 + 2 * number,
                "sizes": SIZES.choices[number % 5],
                "names": NAMES.choices[number % 2],
                "blocks": 1 + number % 3,
            },
            reports=(),
            is_best=number == count - 1,
        )
        for number in range(count)
    ]


def area(outline: list[tuple[float, float]]) -> float:
    x, y = np.array(outline).T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def test_surface_is_that_of_the_trials_where_they_are_and_never_beyond_them() -> None:
    surface = smoothed([(0.0, 0.0), (1.0, 1.0)], [0.2, 0.8])
    assert surface[0, 0] == pytest.approx(0.2, abs=1e-6)
    assert surface[-1, -1] == pytest.approx(0.8, abs=1e-6)
    assert 0.2 <= surface.min() <= surface.max() <= 0.8


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 1.0])
def test_outlines_hold_the_area_that_is_so_high(level: float) -> None:
    # Rises evenly from left to right, so that 1 - level of it is above the level.
    surface = np.tile(np.linspace(0, 1, 11), (6, 1))
    found = outlines_above(surface, level)
    assert sum(map(area, found)) == pytest.approx(1 - level)
    assert all(x >= level - 1e-9 for outline in found for x, _ in outline)


def test_every_trial_is_marked_above_the_colours() -> None:
    drawing = contour_plot(RATE, WIDTH, trials())
    assert drawing is not None
    marks = re.findall(r'class="c-(?:point dot|point ring|best diamond)"', drawing)
    assert len(marks) == 20
    assert drawing.rindex('class="band') > 0
    body = drawing[: drawing.index("</svg>")]
    assert body.rindex('class="band') < body.index('class="c-point')
    # The legend says what each colour stands for, from the lowest to the highest.
    legend = drawing[drawing.index('class="legend"') :]
    assert re.search(r"below 9\d(\.\d+)? %", legend)
    assert "and above" in legend


def test_only_what_is_near_a_trial_is_coloured() -> None:
    drawing = contour_plot(RATE, WIDTH, trials())
    assert drawing is not None
    (clip,) = re.findall(r'<clipPath id="(near-\w+)">(?:<ellipse[^>]*></ellipse>){20}', drawing)
    assert f'<g clip-path="url(#{clip})"><path class="band0"' in drawing


def test_pairs_are_the_first_ordered_parameters_that_vary_enough() -> None:
    drawn = contour_plots([NAMES, BLOCKS, RATE, SIZES, WIDTH], trials())
    told = [re.findall(r'aria-label="([^"]*)"', drawing)[0] for drawing in drawn]
    assert told == [
        "Accuracy over rate and sizes",
        "Accuracy over rate and width",
        "Accuracy over sizes and width",
    ]
    assert len(drawn) <= MOST_CONTOURS


def test_too_few_trials_are_no_surface() -> None:
    assert contour_plot(RATE, WIDTH, trials(FEWEST_TRIALS - 1)) is None
    assert contour_plot(RATE, WIDTH, trials(FEWEST_TRIALS)) is not None
    assert contour_plot(RATE, BLOCKS, trials()) is None


def test_equal_accuracies_are_one_colour(make_study: Callable[..., tuple]) -> None:
    _, records = make_study()
    mine = [each for each in drawn_trials(records, None) if "momentum" in each.values]
    alike = [
        Trial(name=each.name, state="complete", accuracy=0.98, values=each.values, reports=())
        for each in mine
    ]
    momentum = FloatParameter("momentum", low=0.5, high=0.99)
    drawing = contour_plot(RATE, momentum, alike)
    assert drawing is not None
    assert set(re.findall(r'class="band(\d)"', drawing)) == {"7"}


def test_pairs_that_few_trials_had_give_way_to_those_of_many() -> None:
    rare = FloatParameter("rare", low=0.0, high=1.0)
    mine = [
        replace(trial, values=trial.values | ({"rare": place / 40} if place < 12 else {}))
        for place, trial in enumerate(trials(40))
    ]
    (drawing,) = contour_plots([rare, RATE, WIDTH], mine)
    assert 'aria-label="Accuracy over rate and width"' in drawing


def test_a_flat_surface_still_has_levels_of_its_own() -> None:
    # Two far below all others stretch the axis of accuracies, not what is smoothed elsewhere.
    mine = [
        replace(trial, accuracy=0.1 if place < 2 else 0.98 + 0.0002 * place)
        for place, trial in enumerate(trials(40))
    ]
    drawing = contour_plot(RATE, WIDTH, mine)
    assert drawing is not None
    told = re.findall(r"from (9[\d.]+) %", drawing)
    assert len(set(told)) >= 2
    assert told == sorted(told, key=float)
