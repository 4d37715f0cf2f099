"""What a measured reference says about its published figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from mnist_search.analysis.statistics import (
    Estimate,
    half_margin,
    pooled_image_variance,
    summarize_runs,
)
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, RunConfig, RunResult, Score

Verdict = Literal["reproduced", "higher", "lower", "collapsed", "not comparable"]

# How often each digit occurs among MNIST's 10,000 test images.
MNIST_TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


def verdict(
    reference: Reference,
    config: RunConfig,
    dataset: DatasetRef | None,
    results: Sequence[RunResult],
) -> Verdict | None:
    """Judge complete runs of one configuration of `reference` against its published accuracy.

    The first rule that fits decides:

    1. No complete run: None, there is nothing to judge.
    2. Any run flagged as collapsed (one constant answer): *collapsed*, also where the published
       figure is a constant answer itself and the two agree, and whatever the data.
    3. Other data than MNIST with its published number of test images, no test score, a training
       set, recipe or number of epochs other than documented, or a quirk removed:
       *not comparable*.
    4. The mean test accuracy against the published one, two-sided at 5 %. The error holds the
       binomial error of both figures (pooled; as if on different images, although they are the
       same 10,000, which errs towards *reproduced*), and with two seeds or more the variance
       between them, once for our mean over n runs and once whole for the published single run.
       Inside the error: *reproduced*, outside: *higher* or *lower*. *Reproduced* therefore means
       "not told apart", not "equal".
    """
    complete = [result for result in results if result.status == "complete"]
    if not complete:
        return None
    if any(result.collapsed for result in complete):
        return "collapsed"
    scores = [result.test for result in complete if has_score(result.test)]
    if len(scores) < len(complete) or not is_comparable(reference, config, dataset):
        return "not comparable"
    measured = estimate([score for score in scores if score is not None])
    published = reference.published
    if measured is None or measured.images != published.test_images:
        return "not comparable"
    return judge(
        measured,
        Estimate(accuracy=published.accuracy, images=published.test_images, runs=published.runs),
    )


def judge(measured: Estimate, published: Estimate) -> Literal["reproduced", "higher", "lower"]:
    """Apply rule 4 of `verdict` alone; the published runs borrow our spread between seeds."""
    parts = []
    if measured.sd is not None:
        seeds = 1 / measured.runs + 1 / published.runs
        parts.append((measured.sd**2 * seeds, measured.runs - 1))
    margin = half_margin(pooled_image_variance(measured, published), parts)
    gap = measured.accuracy - published.accuracy
    if math.isclose(gap, 0.0, abs_tol=1e-12) or abs(gap) <= margin:
        return "reproduced"
    return "higher" if gap > 0 else "lower"


def is_comparable(reference: Reference, config: RunConfig, dataset: DatasetRef | None) -> bool:
    """Say whether a run trained and tested what the document did, the same quirks included."""
    documented = reference.config
    return (
        dataset is not None
        and dataset.name == "mnist"
        and not dataset.fallback
        and dataset.test_images == reference.published.test_images
        and config.protocol != "held-out"
        and config.model == documented.model
        and config.training == documented.training
        and config.raw_test_pixels == documented.raw_test_pixels
    )


def estimate(scores: Sequence[Score]) -> Estimate | None:
    """Return the accuracy over runs on one set of images; None for none, or for mixed sets."""
    totals = {score.total for score in scores}
    if len(totals) != 1 or 0 in totals:
        return None
    sample = summarize_runs([score.accuracy for score in scores])
    return Estimate(accuracy=sample.mean, images=totals.pop(), runs=sample.n, sd=sample.sd)


def has_score(score: Score | None) -> bool:
    """Say whether there is a score on at least one image."""
    return score is not None and score.total > 0


def is_constant_answer(accuracy: float, images: int) -> bool:
    """Say whether a published MNIST test accuracy is that of one constant answer."""
    return images == sum(MNIST_TEST_COUNTS) and round(accuracy * images) in MNIST_TEST_COUNTS
