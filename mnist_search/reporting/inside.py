"""The inside of a trained model, made small enough for charts: answers, weights, feature maps."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import StringConstraints

from mnist_search.analysis import Leaderboard, Row, unpack_predictions
from mnist_search.commands.portraits import Answered, Portrait
from mnist_search.datasets import class_names, load_full
from mnist_search.errors import DataError, MnistSearchError
from mnist_search.specs import Frozen, Record

MOST_CHANNELS = 64
MOST_IMAGES = 48
OUTLINE_POINTS = 81
_SIDE = 28
# Read back from a file, it still can be nothing but a picture.
Picture = Annotated[str, StringConstraints(pattern=r"^data:image/png;base64,[A-Za-z0-9+/=]+$")]
Colouring = Literal["ink", "sequential", "diverging"]

# Low, middle and high: dark ink on white; viridis in short; red against, blue for.
_STOPS = {
    "ink": ("#ffffff", "#808080", "#000000"),
    "sequential": ("#440154", "#21918c", "#fde725"),
    "diverging": ("#b2182b", "#f7f7f7", "#2166ac"),
}
# Viewers smooth what they enlarge, so that small pictures are enlarged here.
_SMALLEST = 56


class Mistake(Frozen):
    """An image that was answered wrongly; `confidence` from 0 to 1, None where not known."""

    picture: Picture
    said: str
    truth: str
    confidence: float | None = None


class Mistakes(Frozen):
    """Counts of all answers, rows are true classes, and some of the images answered wrongly.

    `surest` says that the images shown are those whose wrong answers were given most surely,
    else they are the first ones.
    """

    name: str
    seed: int
    what: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    shown: tuple[Mistake, ...]
    surest: bool

    @property
    def total(self) -> int:
        """Return the number of images."""
        return sum(map(sum, self.counts))

    @property
    def wrong(self) -> int:
        """Return how many images were answered wrongly."""
        return self.total - sum(line[place] for place, line in enumerate(self.counts))


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
        else find_mistakes(portrait.name, result.seed, answered, classes),
        layers=tuple(layer for layer in layers if layer is not None),
        sheets=tuple(sheets),
        digit=None if shown is None else picture_of(shown, 0, 255),
        missing=tuple(missing),
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


def gather_mistakes(
    boards: Sequence[Leaderboard],
    records: Sequence[Record],
    *,
    known: Collection[tuple[str, int]] = (),
) -> Mistakes | None:
    """Return the mistakes on the test images of the best row whose answers are stored.

    None where no row has any, where its run is among those `known` by study and number, or where
    its data are no longer there: the page then does without, as the data set named in it says
    enough.
    """
    found = _best_tested([row for board in boards for row in board.ranked], records)
    if found is None:
        return None
    row, record = found
    result, dataset = record.result, record.dataset
    if (record.study, record.number) in known:
        return None
    if result is None or result.predictions is None or result.test is None or dataset is None:
        return None
    try:
        images = load_full(dataset).test
        predictions = unpack_predictions(result.predictions, result.test.total)
    except (MnistSearchError, OSError, ValueError):
        return None
    if len(images.labels) != len(predictions):
        raise DataError(
            f"{row.label}: answers must be one per test image, got {len(predictions)} "
            f"for {len(images.labels)}"
        )
    answered = Answered(
        images=images.images,
        labels=images.labels,
        classes=np.frombuffer(predictions, np.uint8),
        confidence=None,
        what="test images",
    )
    return find_mistakes(row.label, result.seed, answered, class_names(dataset.name))


def find_mistakes(name: str, seed: int, answered: Answered, classes: Sequence[str]) -> Mistakes:
    """Count the answers by true class, and show some of the wrong ones, the surest first."""
    sure = answered.confidence
    return Mistakes(
        name=name,
        seed=seed,
        what=answered.what,
        classes=tuple(classes),
        counts=tuple(map(tuple, answered.confusion.tolist())),
        shown=tuple(
            Mistake(
                picture=picture_of(answered.images[place].reshape(_SIDE, _SIDE), 0, 255),
                said=classes[answered.classes[place]],
                truth=classes[answered.labels[place]],
                confidence=None if sure is None else float(sure[place]),
            )
            for place in answered.mistakes[:MOST_IMAGES]
        ),
        surest=sure is not None,
    )


def _best_tested(rows: Sequence[Row], records: Sequence[Record]) -> tuple[Row, Record] | None:
    for row in (row for row in rows if row.score_basis == "test"):
        for record in records:
            result = record.result
            if (
                result is not None
                and result.predictions is not None
                and result.config_id in row.config_ids
                and record.kind == row.kind
            ):
                return row, record
    return None


def picture_of(
    values: np.ndarray, low: float, high: float, colouring: Colouring = "ink"
) -> Picture:
    """Return (height, width) values between two limits as colours; what is not finite is low."""
    from PIL import Image, ImageOps

    span = high - low if high > low else 1.0
    shares = np.nan_to_num((np.asarray(values, dtype=np.float64) - low) / span)
    grey = np.round(255 * np.clip(shares, 0.0, 1.0)).astype(np.uint8)
    black, mid, white = _STOPS[colouring]
    image = ImageOps.colorize(Image.fromarray(grey), black=black, mid=mid, white=white)
    factor = max(1, -(-_SMALLEST // max(grey.shape)))
    # A palette takes a third of the bytes of colours.
    enlarged = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    enlarged.quantize(64).save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
