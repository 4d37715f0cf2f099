"""From arrays as people store them to the one form: what each is read as, or why it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import (
    CLASSES,
    SIDE,
    Images,
    Kind,
    Labels,
    Part,
    PartName,
    class_counts,
)
from mnist_search.datasets.hints import FOUR_ARRAYS, as_squares, conversion
from mnist_search.datasets.readers import Container, Member
from mnist_search.errors import DataError

# The held-out part is a sixth: below six images a class could be missing there.
MIN_IMAGES_PER_CLASS = 6
MAX_LABEL_COLUMNS = 1000
MAX_LABEL_CHARACTERS = 64
# Images are converted so many at a time: a part of doubles takes 376 MB as it is.
BATCH = 4096
WHITE = 255
HALF = 128
# What an image of floats may be beyond 1, or beside a whole grey level: a hundredth of one.
ROUNDING = 4e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A part, and how its arrays were read.

    `sentence` says what was read as what. Parts of the same `form` were read alike, of which
    `names` are the arrays. `range` is what the pixels were in; None: they were True and False,
    black and white beside any range.
    """

    part: Part
    sentence: str
    form: tuple[object, ...]
    names: str
    range: str | None


def read_part_of(container: Container, name: PartName) -> Reading:
    """Read one part and nothing else.

    Raises DataError for what is missing, damaged, of another form or of other classes, with a
    hint that converts it where there is one.
    """
    x, y = _member(container, name, "images"), _member(container, name, "labels")
    images, labels = x.load(), y.load()
    _check_images(container, name, x, images)
    _check_labels(y, labels, images=len(images))
    pixels, scale, image_note = _to_pixels(container, x, images)
    classes, label_note = _to_classes(container, name, y, labels)
    if pixels.min() == pixels.max():
        raise DataError(f"{container.path}: every pixel of the {name} images is {pixels.max()}")
    if name == "train":
        _check_classes(classes, where=str(container.path))
    return Reading(
        part=Part(images=pixels, labels=classes),
        sentence=f"{x.name} {images.shape} {images.dtype} as images{image_note}, "
        f"{y.name} {labels.shape} {labels.dtype} as labels{label_note}",
        form=(images.shape[1:], image_note, labels.shape[1:], label_note),
        names=f"{x.name} and {y.name}",
        range=None if images.dtype.kind == "b" else "0..1" if scale == WHITE else "0..255",
    )


def oddities(train: Part, test: Part) -> list[str]:
    """Return what is odd about the images of both parts, a phrase each."""
    found = []
    low, high = int(train.images.min()), int(train.images.max())
    if high - low < HALF:
        found.append(
            f"the pixels of the training images only go from {low} to {high} of 0..255, and "
            "networks are trained on them as they are"
        )
    if train.images.mean(dtype="float64") >= HALF:
        found.append(
            "the images are bright on the whole: MNIST has bright digits on black, and 255 - x "
            "inverts the others"
        )
    trained, tested = class_counts(train.labels), class_counts(test.labels)
    unknown = [str(c) for c in range(len(tested)) if tested[c] and not trained[c]]
    if unknown:
        share = sum(tested[int(c)] for c in unknown) / sum(tested)
        found.append(
            f"the test images have classes that training lacks ({', '.join(unknown)}): "
            f"{share:.0%} of them cannot be recognised"
        )
    return found


def _member(container: Container, name: PartName, kind: Kind) -> Member:
    found = container.members.get((name, kind))
    if found is None:
        hint = conversion(container) if name == "test" else None
        raise DataError(container.missing((name, kind)), hint=hint or FOUR_ARRAYS)
    return found


def _check_images(
    container: Container, name: PartName, member: Member, images: NDArray[Any]
) -> None:
    if images.dtype.kind not in "biuf":
        got = f"{images.shape} {images.dtype}"
        raise DataError(f"{member.where} must be numbers, got {got}", hint=FOUR_ARRAYS)
    if images.shape[:1] == (0,) and name == "test":
        trained = {slot: found for slot, found in container.members.items() if slot[0] == "train"}
        raise DataError(
            f"{member.where} holds no test image",
            hint=conversion(replace(container, members=trained)),
        )
    known = {(SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE), (SIDE * SIDE,)}
    if images.shape[1:] not in known or len(images) < 1:
        squares = as_squares(images)
        raise DataError(
            f"{member.where} must have the shape (n, 28, 28) with n >= 1, got {images.shape}",
            hint=FOUR_ARRAYS if squares is None else conversion(container, images=squares),
        )


def _check_labels(member: Member, labels: NDArray[Any], *, images: int) -> None:
    shape, dtype = labels.shape, labels.dtype
    if dtype.kind not in "biufSU":
        raise DataError(
            f"{member.where} must be numbers or digits, got {shape} {dtype}", hint=FOUR_ARRAYS
        )
    if dtype.kind in "SU" and dtype.itemsize > 4 * MAX_LABEL_CHARACTERS:
        raise DataError(f"{member.where} must be digits, got texts of {dtype}")
    if shape in {(images,), (images, 1), (1, images)}:
        return
    columns = shape[1] if len(shape) == 2 else 0
    if shape[:1] != (images,) or not 2 <= columns <= MAX_LABEL_COLUMNS:
        raise DataError(
            f"{member.where} must hold one label for each of the {images:,} images, "
            f"got the shape {shape}"
        )


def _to_pixels(
    container: Container, member: Member, found: NDArray[Any]
) -> tuple[Images, int, str]:
    """Return the images (n, 28, 28) in 0..255, what they were multiplied by, and a note on it."""
    found = found.reshape(len(found), SIDE, SIDE)
    if found.dtype.kind == "f" and not all(
        np.isfinite(found[start : start + BATCH]).all() for start in range(0, len(found), BATCH)
    ):
        raise DataError(
            f"{member.where} must be finite numbers, got NaN or infinity",
            hint=conversion(container, images=f"np.nan_to_num({{}}, posinf={WHITE}, neginf=0)"),
        )
    low, high = float(found.min()), float(found.max())
    scale = WHITE if high <= 1 + ROUNDING else 1
    if scale == 1 and found.dtype == np.uint8:
        return np.ascontiguousarray(found), scale, ""
    pixels = np.empty(found.shape, np.uint8)
    whole = True
    if 0 <= low <= high <= WHITE:
        for start in range(0, len(found), BATCH):
            grey = found[start : start + BATCH].astype(np.float64) * scale
            rounded = np.rint(grey)
            whole = whole and bool(np.abs(rounded - grey).max() < WHITE * ROUNDING)
            pixels[start : start + BATCH] = rounded.clip(0, WHITE)
    # Fractions that end at 2.8, say, are no grey levels of 0..255.
    if low < 0 or high > WHITE or (scale == 1 and not whole and high < WHITE / 2):
        factor = WHITE / max(high - low, ROUNDING)
        stretched = f"(({{}} - {low!r}) * {factor!r}).round().clip(0, {WHITE})"
        raise DataError(
            f"{member.where} must lie in 0..255 or 0..1, got {low:g}..{high:g}",
            hint=conversion(container, images=f'{stretched}.astype("uint8")'),
        )
    if scale == WHITE:
        return pixels, scale, f" (0..1 times {WHITE}{'' if whole else ', rounded'})"
    return pixels, scale, "" if whole else " (rounded to whole grey levels)"


def _to_classes(
    container: Container, name: PartName, member: Member, found: NDArray[Any]
) -> tuple[Labels, str]:
    """Return the labels (n,) in 0..9, and a note on how they were read."""
    note, expression = "", "np.ravel({})"
    if found.ndim == 2 and 1 not in found.shape:
        found = _from_one_hot(container, member, found)
        note, expression = " (one-hot)", "{}.argmax(axis=1)"
    values, places = np.unique(found.reshape(-1), return_inverse=True)
    counts = np.bincount(places.reshape(-1))
    if values.dtype.kind in "SU":
        texts = [v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in values.tolist()]
        bad = next((text for text in texts if not text.strip().isdecimal()), None)
        if bad is not None:
            raise DataError(
                f"{member.where} must be digits, got the text {bad[:20]!r}",
                hint=_renumbering(container, name, texts, counts, expression),
            )
        values = np.array([int(text) for text in texts])
        note, expression = " (digits as texts)", f"{expression}.astype(int)"
    numbers = values.astype(np.float64)
    odd = numbers[~(np.isfinite(numbers) & (numbers == np.rint(numbers)))]
    if odd.size:
        raise DataError(f"{member.where} must be whole numbers, got {odd[0]:g}")
    outside = numbers[(numbers < 0) | (numbers >= CLASSES)]
    if outside.size:
        whole = [int(number) for number in numbers]
        raise DataError(
            f"{container.path}: {name} labels must be in 0..9, got {int(outside[-1])}",
            hint=_renumbering(container, name, whole, counts, expression),
        )
    return numbers.astype(np.uint8)[places.reshape(-1)], note


def _from_one_hot(container: Container, member: Member, found: NDArray[Any]) -> NDArray[np.intp]:
    numbers = found.dtype.kind in "biuf"
    if not (numbers and ((found != 0).sum(axis=1) == 1).all() and (found.max(axis=1) == 1).all()):
        raise DataError(
            f"{member.where} must hold one label for each image, or a single 1 in each row, "
            f"got {found.shape[1]} columns of other numbers",
            hint=conversion(container, labels="{}.argmax(axis=1)") if numbers else None,
        )
    places: NDArray[np.intp] = found.argmax(axis=1)
    return places


def _renumbering(
    container: Container,
    name: PartName,
    classes: Sequence[int] | Sequence[str],
    counts: NDArray[np.intp],
    labels: str,
) -> str:
    """Return how to come to classes 0 to 9: the command where it can be known, else the rule.

    `classes` are those found, ascending, `counts` their images.
    """
    rule = f"labels are 0 to 9, with at least {MIN_IMAGES_PER_CLASS} training images of each"
    if name == "test":
        return f"{rule}; leave the test images of other classes out"
    if classes == list(range(1, CLASSES + 1)):
        line = conversion(container, labels=f"{labels} % 10")
        return rule if line is None else f"10 becomes 0: {line}"
    # Where there is no test part a seventh of the images becomes one.
    enough = np.flatnonzero(counts * 6 // 7 >= MIN_IMAGES_PER_CLASS)[:CLASSES]
    kept = np.array(classes)[enough].tolist()
    line = conversion(container, classes=kept, labels=labels)
    if len(kept) < 2 or line is None:
        return rule
    told = f"{len(kept)} of the {len(classes)} classes, numbered from 0"
    return f"with {told}, {line}"


def _check_classes(labels: Labels, *, where: str) -> None:
    counts = class_counts(labels)
    present = [label for label, count in enumerate(counts) if count]
    rule = f"at least two classes with {MIN_IMAGES_PER_CLASS} training images each are needed"
    if len(present) < 2:
        raise DataError(
            f"{where}: at least two classes are needed, got only class {present[0]}", hint=rule
        )
    for label in present:
        if counts[label] < MIN_IMAGES_PER_CLASS:
            raise DataError(
                f"{where}: each class needs at least {MIN_IMAGES_PER_CLASS} training images, "
                f"class {label} has {counts[label]}",
                hint=f"{rule}; a class with fewer must be left out",
            )
