"""All pictures of one finished run, from whatever is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mnist_search.reporting.figures.answers import (
    coefficient_images,
    confusion_matrix,
    feature_maps,
    worst_mistakes,
)
from mnist_search.reporting.figures.text import confusion_text, digits_text, sparkline
from mnist_search.reporting.figures.training import (
    EpochFigures,
    learning_curves,
    weight_violins,
)

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

TERMINAL_MISTAKES = 8
HISTOGRAM_BINS = 24
_ARROW = "\N{RIGHTWARDS ARROW}"
_ASCII = str.maketrans("▁▂▃▄▅▆▇█▀→·", "__..--::'>.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankEpoch:
    """An epoch of which nothing was recorded."""

    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a run answered for images (n, 28, 28); `confidence` is None where not known.

    `what` names the images, such as `validation images`.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    confidence: np.ndarray | None
    what: str

    @property
    def confusion(self) -> np.ndarray:
        """Return how often each class (row) was answered as each class (column)."""
        import numpy as np

        matrix = np.zeros((10, 10), dtype=np.int64)
        np.add.at(matrix, (self.labels, self.classes), 1)
        return matrix

    @property
    def mistakes(self) -> int:
        """Return how many answers are wrong."""
        return int((self.labels != self.classes).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolved:
    """What the convolution in layer number `layer` makes of a digit: (height, width, channels)."""

    layer: int
    label: str
    maps: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """What is known of a finished run and can be drawn; what is empty or None is not known.

    `name` is for files. `kernels` are weights by layer, `coefficients` those of a linear
    classifier, (10, 784). `digit` is the class whose image the convolutions were shown, and
    `convolved_image` that image, (28, 28).
    """

    name: str
    title: str
    epochs: Sequence[EpochFigures] = ()
    published: Sequence[EpochFigures] = ()
    kernels: Mapping[str, np.ndarray]
    coefficients: np.ndarray | None = None
    answered: Answered | None = None
    convolved: Sequence[Convolved] = ()
    convolved_image: np.ndarray | None = None
    digit: int | None = None

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to draw."""
        return not (self.epochs or self.kernels or self.answered)


def from_first_epoch(epochs: Sequence[EpochFigures], first: int) -> list[EpochFigures]:
    """Return the epochs with blank ones before them, where the first recorded is a later one."""
    blank: list[EpochFigures] = [BlankEpoch() for _ in range(first - 1)]
    return [*blank, *epochs]


def draw_portrait(portrait: Portrait) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """Yield the end of a file name, such as `curves`, and what draws that picture."""
    title = portrait.title
    if portrait.epochs:
        published = portrait.published if portrait.published else None
        yield "curves", lambda: learning_curves(portrait.epochs, published, title=title)
    if portrait.kernels:
        yield "weights", lambda: weight_violins(portrait.kernels, title=f"{title}: weights")
    coefficients = portrait.coefficients
    if coefficients is not None:
        yield "coefficients", lambda: coefficient_images(coefficients, f"{title}: coefficients")
    answered = portrait.answered
    if answered is not None:
        where = f"{title}: confusion on {len(answered.labels):,} {answered.what}"
        yield "confusion", lambda: confusion_matrix(answered.confusion, title=where)
        if answered.mistakes > 0:
            yield "mistakes", lambda: _draw_mistakes(title, answered)
    for found in portrait.convolved:
        told = f"{title}: layer {found.layer}, {found.label}, on a {portrait.digit}"
        yield f"features-{found.layer}", partial(feature_maps, found.maps, told)


def portrait_text(portrait: Portrait, *, width: int, ascii_only: bool = False) -> str:
    """Return the portrait for a terminal of that width: curves, weights, confusion, mistakes."""
    parts = [portrait.title]
    if portrait.epochs:
        parts.append("\n".join(_curve_lines(portrait.epochs, portrait.published)))
    if portrait.kernels:
        parts.append("\n".join(_weight_lines(portrait.kernels)))
    answered = portrait.answered
    if answered is not None:
        right = len(answered.labels) - answered.mistakes
        told = f"right: {right:,} of {len(answered.labels):,} {answered.what}"
        parts.append(f"{told}\n{confusion_text(answered.confusion)}")
        if answered.mistakes > 0:
            parts.append(_mistakes_text(answered, width))
    text = "\n\n".join(parts) + "\n"
    return text.translate(_ASCII).encode("ascii", "replace").decode() if ascii_only else text


def _draw_mistakes(title: str, answered: Answered) -> Figure:
    kind = "first mistakes" if answered.confidence is None else "surest mistakes"
    told = f"{title}: {kind}, true {_ARROW} answered"
    return worst_mistakes(
        answered.images, answered.labels, answered.classes, answered.confidence, title=told
    )


def _curve_lines(epochs: Sequence[EpochFigures], published: Sequence[EpochFigures]) -> list[str]:
    lines = []
    for name, style in (("loss", ".4f"), ("accuracy", ".2%")):
        for prefix, stage in (("", "training"), ("val_", "validation")):
            for source, found in (("", epochs), (", published", published)):
                values = [getattr(epoch, prefix + name) for epoch in found]
                known = [value for value in values if value is not None]
                if not known:
                    continue
                ends = format(known[-1], style)
                if len(known) > 1:
                    ends = f"{format(known[0], style)} {_ARROW} {ends}"
                lines.append(f"{name:<8}  {stage + source:<21}  {sparkline(values)}  {ends}")
    return lines


def _weight_lines(kernels: Mapping[str, np.ndarray]) -> list[str]:
    import numpy as np

    lines = []
    longest = max(map(len, kernels))
    for name, array in kernels.items():
        values = array[np.isfinite(array)].astype(np.float64)
        if values.size == 0:
            continue
        counts, edges = np.histogram(values, bins=HISTOGRAM_BINS)
        lines.append(
            f"{name:<{longest}}  {edges[0]:>8.3g} {sparkline(counts.tolist())} {edges[-1]:<8.3g}  "
            f"n {array.size:,}, mean {values.mean():.3g}, sd {values.std():.3g}"
        )
    return lines


def _mistakes_text(answered: Answered, width: int) -> str:
    import numpy as np

    wrong = np.flatnonzero(answered.labels != answered.classes)
    kind = "first mistakes"
    if answered.confidence is not None:
        kind = "surest mistakes"
        wrong = wrong[np.argsort(-answered.confidence[wrong], kind="stable")]
    chosen = wrong[:TERMINAL_MISTAKES]
    captions = [f"{answered.labels[index]} {_ARROW} {answered.classes[index]}" for index in chosen]
    if answered.confidence is not None:
        # 99.97 % is not 100 %
        shares = [min(float(answered.confidence[index]), 0.999) for index in chosen]
        captions = [f"{text} {share:.1%}" for text, share in zip(captions, shares, strict=True)]
    digits = digits_text(answered.images[chosen], captions, width=width)
    return f"{kind}, true {_ARROW} answered\n\n{digits}"
