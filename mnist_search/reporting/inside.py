"""The inside of a trained model, made small enough for charts: answers, weights, maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from mnist_search.commands.portraits import Answered, Portrait
from mnist_search.reporting.mistakes import Answers, Mistakes, find_mistakes
from mnist_search.reporting.pictures import Picture, picture_of
from mnist_search.specs import Frozen, Record

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
    """Pictures of one layer with a common scale of colours; `kind` names the file of its chart."""

    kind: str
    title: str
    told: str
    pictures: tuple[Picture, ...]
    captions: tuple[str, ...]


class Inside(Frozen):
    """What charts show of one run; `digit` is the image that its layers were shown."""

    schema_version: Literal[2] = 2
    study: str
    number: int
    weights_sha256: str | None
    mistakes: Mistakes | None
    layers: tuple[LayerWeights, ...]
    sheets: tuple[Sheet, ...]
    digit: Picture | None
    missing: tuple[str, ...]


def look_inside(
    portrait: Portrait, record: Record, *, classes: Sequence[str], missing: Sequence[str] = ()
) -> Inside:
    """Return what is known of a run that is over, reduced to what charts show of it.

    `classes` are the names of the classes, `missing` says what is not known and why.
    """
    result = record.result
    assert result is not None
    shown, answered = portrait.convolved_image, portrait.answered
    sheets = [
        _feature_sheet(found.layer, f"Layer {found.layer}: {found.label}", found.maps)
        for found in portrait.convolved
    ]
    if portrait.coefficients is not None:
        sheets.append(_coefficient_sheet(portrait.coefficients, classes))
    layers = (_layer_weights(label, found) for label, found in portrait.kernels.items())
    return Inside(
        study=record.study,
        number=record.number,
        weights_sha256=result.weights_sha256,
        mistakes=None
        if answered is None
        else _mistakes(portrait.name, answered, result.seed, classes),
        layers=tuple(layer for layer in layers if layer is not None),
        sheets=tuple(sheets),
        digit=None if shown is None else picture_of(shown, 0, 255),
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


def _feature_sheet(layer: int, title: str, maps: np.ndarray) -> Sheet:
    height, width, channels = maps.shape
    shown = np.asarray(maps[:, :, :MOST_CHANNELS], dtype=np.float64)
    told = f"{channels} channels of {height} x {width}"
    if channels > MOST_CHANNELS:
        told = f"the first {MOST_CHANNELS} of {told}"
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return Sheet(
        kind=f"features-{layer}",
        title=title,
        told=f"{told}; activations from {low:.3g} (dark) to {high:.3g} (bright)",
        pictures=tuple(
            picture_of(shown[:, :, channel], low, high, "sequential")
            for channel in range(shown.shape[2])
        ),
        captions=tuple(f"channel {channel}" for channel in range(shown.shape[2])),
    )


def _coefficient_sheet(coefficients: np.ndarray, classes: Sequence[str]) -> Sheet:
    values = np.asarray(coefficients, dtype=np.float64).reshape(len(coefficients), 28, 28)
    largest = max(float(np.nan_to_num(np.abs(values)).max()), 1e-9)
    return Sheet(
        kind="coefficients",
        title="Coefficients",
        told=f"blue pixels speak for the class (up to {largest:.3g}), red ones against it",
        pictures=tuple(picture_of(each, -largest, largest, "diverging") for each in values),
        captions=tuple(classes[: len(values)]),
    )
