"""The inside of a trained model, made small enough for a page: answers, weights, feature maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from mnist_search.reporting.html.mistakes import Answers, Mistakes, Picture, find_mistakes
from mnist_search.reporting.html.png import (
    DIVERGING,
    SEQUENTIAL,
    Colour,
    coloured_picture,
    grey_picture,
    mosaic,
)
from mnist_search.specs import Frozen

if TYPE_CHECKING:
    from mnist_search.reporting.figures.portrait import Answered, Portrait

MOST_CHANNELS = 64
OUTLINE_POINTS = 81


class LayerWeights(Frozen):
    """How the weights of a layer are distributed.

    `outline` is their density at evenly spaced places from `low` to `high`, the highest 1.
    """

    label: str
    count: int
    not_finite: int
    mean: float
    sd: float
    low: float
    median: float
    high: float
    outline: tuple[float, ...]


class Sheet(Frozen):
    """A picture of maps side by side, with what its colours stand for."""

    title: str
    told: str
    picture: Picture
    scale: Picture
    low: str
    high: str
    width: int


class Inside(Frozen):
    """What a page shows of the weights of one run; `digit` is the image its layers were shown."""

    schema_version: Literal[1] = 1
    study: str
    number: int
    weights_sha256: str
    mistakes: Mistakes | None
    layers: tuple[LayerWeights, ...]
    sheets: tuple[Sheet, ...]
    digit: Picture | None
    missing: tuple[str, ...]


def look_inside(
    portrait: Portrait,
    *,
    study: str,
    number: int,
    seed: int,
    weights_sha256: str,
    classes: Sequence[str],
    missing: Sequence[str] = (),
) -> Inside:
    """Return what is known of a run, reduced to what the page shows of it.

    `classes` are the names of the classes, `missing` says what is not known and why.
    """
    shown = portrait.convolved_image
    answered = portrait.answered
    sheets = [
        _feature_sheet(f"Layer {found.layer}: {found.label}", found.maps)
        for found in portrait.convolved
    ]
    if portrait.coefficients is not None:
        sheets.append(_coefficient_sheet(portrait.coefficients, classes))
    layers = (_layer_weights(label, found) for label, found in portrait.kernels.items())
    return Inside(
        study=study,
        number=number,
        weights_sha256=weights_sha256,
        mistakes=None if answered is None else _mistakes(portrait.name, answered, seed, classes),
        layers=tuple(layer for layer in layers if layer is not None),
        sheets=tuple(sheets),
        digit=None if shown is None else grey_picture(shown),
        missing=tuple(missing),
    )


def _mistakes(name: str, answered: Answered, seed: int, classes: Sequence[str]) -> Mistakes:
    sure = answered.confidence
    return find_mistakes(
        Answers(
            name=name,
            seed=seed,
            labels=answered.labels.astype(np.uint8).tobytes(),
            predictions=answered.classes.astype(np.uint8).tobytes(),
            images=answered.images.astype(np.uint8).tobytes(),
            classes=tuple(classes),
            confidence=None if sure is None else tuple(float(share) for share in sure),
            what=answered.what,
        )
    )


def _layer_weights(label: str, array: np.ndarray) -> LayerWeights | None:
    every = np.asarray(array, dtype=np.float64).ravel()
    values = every[np.isfinite(every)]
    if values.size == 0:
        return None
    low, high = float(values.min()), float(values.max())
    return LayerWeights(
        label=label,
        count=every.size,
        not_finite=every.size - values.size,
        mean=float(values.mean()),
        sd=float(values.std()),
        low=low,
        median=float(np.median(values)),
        high=high,
        outline=_outline(values, low, high),
    )


def _outline(values: np.ndarray, low: float, high: float) -> tuple[float, ...]:
    """Return a Gaussian kernel density, of a histogram: its cost does not grow with the weights."""
    if high - low < 1e-12:
        return (1.0,)
    edges = np.linspace(low, high, OUTLINE_POINTS + 1)
    counts, _ = np.histogram(values, bins=edges)
    # Silverman's rule, in bins; narrower than one the histogram itself would show.
    bin_width = (high - low) / OUTLINE_POINTS
    width = max(1.0, 0.9 * float(values.std()) * values.size**-0.2 / bin_width)
    places = np.arange(OUTLINE_POINTS)
    kernel = np.exp(-0.5 * ((places[:, None] - places[None, :]) / width) ** 2)
    density = kernel @ counts
    return tuple(round(float(share), 4) for share in density / density.max())


def _feature_sheet(title: str, maps: np.ndarray) -> Sheet:
    height, width, channels = maps.shape
    shown = np.asarray(maps[:, :, :MOST_CHANNELS], dtype=np.float64)
    told = f"{channels} channels of {height} x {width}"
    if channels > MOST_CHANNELS:
        told = f"the first {MOST_CHANNELS} of {told}"
    finite = shown[np.isfinite(shown)]
    limits = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    columns = min(shown.shape[2], 8 if shown.shape[2] <= 32 else 16)
    return _sheet(title, told, mosaic(shown, columns), limits, SEQUENTIAL)


def _coefficient_sheet(coefficients: np.ndarray, classes: Sequence[str]) -> Sheet:
    values = np.asarray(coefficients, dtype=np.float64).reshape(len(coefficients), 28, 28)
    largest = max(float(np.nan_to_num(np.abs(values)).max()), 1e-9)
    told = f"classes {classes[0]} to {classes[len(values) - 1]}: blue pixels speak for, red against"
    laid = mosaic(np.moveaxis(values, 0, -1), 5)
    return _sheet("Coefficients", told, laid, (-largest, largest), DIVERGING)


def _sheet(
    title: str,
    told: str,
    laid: np.ndarray,
    limits: tuple[float, float],
    stops: Sequence[Colour],
) -> Sheet:
    scale = np.linspace(0.0, 1.0, 128)[None, :]
    return Sheet(
        title=title,
        told=told,
        picture=coloured_picture(laid, limits, stops),
        scale=coloured_picture(scale, (0.0, 1.0), stops),
        low=f"{limits[0]:.3g}",
        high=f"{limits[1]:.3g}",
        # Small maps are enlarged, by a whole number so that pixels stay square.
        width=laid.shape[1] * max(1, round(420 / laid.shape[1])),
    )
