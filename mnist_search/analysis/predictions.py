"""The answers of models to the same test images: packing them, and comparing them in pairs."""

from __future__ import annotations

import base64
import binascii
import statistics
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from mnist_search.analysis.statistics import (
    Interval,
    half_margin,
    mcnemar_p_value,
    mean_p_value,
    paired_variance,
    summarize_runs,
)
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

    `interval` holds the difference at 95 %; `seeds` are the common seeds behind it all.
    """

    difference: float
    interval: Interval
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
    statement about the two recipes, by a t test whose variance has two parts: that of the pairs
    of answers, which no seed makes smaller, as all meet the same images, and that of the mean
    difference between the seeds. The degrees of freedom (Welch and Satterthwaite) count the few
    seeds only as far as they matter: a t test on the seeds alone would call 99.4 and 97.9 % a
    tie, with three of them.
    """
    seeds = tuple(sorted(first.keys() & second.keys()))
    if not seeds:
        return None
    images = len(first[seeds[0]].predictions)
    counts = [discordant_pairs(first[seed], second[seed], labels) for seed in seeds]
    sample = summarize_runs([(pair.first_only - pair.second_only) / images for pair in counts])
    variance = statistics.fmean(
        paired_variance(pair.first_only, pair.second_only, images) for pair in counts
    )
    parts = [] if sample.sd is None else [(sample.sd**2 / sample.n, sample.n - 1)]
    half = half_margin(variance, parts)
    return Comparison(
        difference=sample.mean,
        interval=Interval(low=max(-1.0, sample.mean - half), high=min(1.0, sample.mean + half)),
        p_value=mean_p_value(sample.mean, variance, parts)
        if parts
        else mcnemar_p_value(counts[0].first_only, counts[0].second_only),
        seeds=seeds,
    )


def _xor(first: bytes, second: bytes) -> bytes:
    # One big integer: 10,000 images in microseconds, without numpy.
    mixed = int.from_bytes(first, "big") ^ int.from_bytes(second, "big")
    return mixed.to_bytes(len(first), "big")


def _right(predictions: bytes, labels: bytes) -> int:
    return int.from_bytes(_xor(predictions, labels).translate(_IS_ZERO), "big")
