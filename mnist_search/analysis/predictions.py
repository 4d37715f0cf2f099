"""The answers of models to the same test images: packing them, and comparing them in pairs."""

from __future__ import annotations

import base64
import binascii
import statistics
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from mnist_search.analysis.statistics import mcnemar_p_value, paired_t_p_value
from mnist_search.errors import DataError

# Marks a zero byte (no difference) with 1 and all others with 0.
_IS_ZERO = bytes([1, *[0] * 255])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The class that one run gave to each test image, one byte each, and how many are right."""

    predictions: bytes
    correct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discordant:
    """The images that only one of two models answers rightly.

    `bound` says that the labels were not at hand, so that both counts are the largest possible.
    """

    first_only: int
    second_only: int
    bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two models on the same images: mean difference of accuracy (first - second), p-value.

    `seeds` are the common seeds that the comparison rests on.
    """

    difference: float
    p_value: float
    seeds: tuple[int, ...]


def pack_predictions(classes: bytes) -> str:
    """Pack one byte per image as base64 of zlib, as `RunResult.predictions` has it."""
    return base64.b64encode(zlib.compress(classes, 9)).decode("ascii")


def unpack_predictions(text: str, images: int) -> bytes:
    """Unpack the classes answered for `images` test images, one byte each.

    Raises:
        DataError: the text is damaged, or holds another number of images.
    """
    inflater = zlib.decompressobj()
    try:
        # Bounded, so that a damaged or hostile line of a ledger cannot fill the memory.
        classes = inflater.decompress(base64.b64decode(text, validate=True), images + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise DataError(f"packed predictions are damaged: {error}") from error
    if len(classes) != images or not inflater.eof:
        count = f"more than {images}" if len(classes) > images else str(len(classes))
        raise DataError(f"packed predictions must hold {images} images, got {count}")
    return classes


def discordant_pairs(first: Answers, second: Answers, labels: bytes | None = None) -> Discordant:
    """Count the images that only one of the two answers rightly.

    Without labels the counts are bounded: their difference is known from the totals, and their
    sum is at most the number of images with different answers. A larger sum with the same
    difference has a larger p-value, so McNemar's test on the bound errs towards a tie.
    """
    images = len(first.predictions)
    if len(second.predictions) != images or (labels is not None and len(labels) != images):
        raise ValueError("both models, and the labels, need one byte for each of the same images")
    if labels is not None:
        right, other = (_right(side.predictions, labels) for side in (first, second))
        return Discordant(
            first_only=(right & ~other).bit_count(),
            second_only=(other & ~right).bit_count(),
            bound=False,
        )
    lead = first.correct - second.correct
    different = images - _xor(first.predictions, second.predictions).count(0)
    if abs(lead) > different:
        raise DataError(
            f"predictions contradict their scores: {different} different answers, "
            f"but {abs(lead)} more right ones"
        )
    pairs = different - (different - lead) % 2
    return Discordant(first_only=(pairs + lead) // 2, second_only=(pairs - lead) // 2, bound=True)


def compare_runs(
    first: Mapping[int, Answers], second: Mapping[int, Answers], labels: bytes | None = None
) -> Comparison | None:
    """Compare two models over their common seeds (keys); None without a common seed.

    One seed: exact McNemar, a statement about these two trained networks. Several seeds: a
    statement about the two recipes, which has to hold over the images and over the seeds, so
    that p is the larger of (a) twice the median of the seeds' McNemar p-values, which needs no
    independence of the seeds, and (b) the paired t test on the seeds' differences.
    """
    seeds = tuple(sorted(first.keys() & second.keys()))
    if not seeds:
        return None
    images = len(first[seeds[0]].predictions)
    p_values, differences = [], []
    for seed in seeds:
        pairs = discordant_pairs(first[seed], second[seed], labels)
        p_values.append(mcnemar_p_value(pairs.first_only, pairs.second_only))
        differences.append((pairs.first_only - pairs.second_only) / images)
    p_value = p_values[0]
    if len(seeds) > 1:
        over_images = min(1.0, 2 * statistics.median(p_values))
        p_value = max(over_images, paired_t_p_value(differences))
    return Comparison(difference=statistics.fmean(differences), p_value=p_value, seeds=seeds)


def _xor(first: bytes, second: bytes) -> bytes:
    # One big integer: 10,000 images in microseconds, without numpy.
    mixed = int.from_bytes(first, "big") ^ int.from_bytes(second, "big")
    return mixed.to_bytes(len(first), "big")


def _right(predictions: bytes, labels: bytes) -> int:
    return int.from_bytes(_xor(predictions, labels).translate(_IS_ZERO), "big")
