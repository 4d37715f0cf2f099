"""What a measured reference says about its published figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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

MNIST_TRAIN_IMAGES = 60_000
# How often each digit occurs among MNIST's 10,000 test images.
MNIST_TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict and, in a few words for the reader, why."""

    verdict: Verdict
    reason: str


def verdict(
    reference: Reference,
    config: RunConfig,
    dataset: DatasetRef | None,
    results: Sequence[RunResult],
) -> Judgement | None:
    """Judge complete runs of one configuration of `reference` against its published accuracy.

    The first rule that fits decides:

    1. No complete run: None, there is nothing to judge.
    2. Any run flagged as collapsed (one constant answer): *collapsed*, also where the published
       figure is a constant answer itself and the two agree, and whatever the data.
    3. No test score, or a run that `why_not_comparable` says differs from the document in its
       data, its effort or its model, or lacks its quirk: *not comparable*.
    4. The mean test accuracy against the published one, two-sided at 5 %. The error holds the
       binomial error of both figures (pooled; as if on different images, although they are the
       same 10,000, which errs towards *reproduced*), and with two seeds or more the variance
       between them, once for our mean over n runs and once whole for the published single run.
       Inside the error: *reproduced*, outside: *higher* or *lower*. *Reproduced* therefore means
       "not told apart", not "equal".

    A changed recipe (another learning rate, raw test pixels where the document had none) is
    judged like any other run: that is how a mistake in a recipe comes out as *lower*.
    """
    complete = [result for result in results if result.status == "complete"]
    if not complete:
        return None
    constant = sum(bool(result.collapsed) for result in complete)
    if constant:
        runs = "1 run" if len(complete) == 1 else f"{constant} of {len(complete)} runs"
        published = reference.published
        too = is_constant_answer(published.accuracy, published.test_images)
        return Judgement(
            verdict="collapsed",
            reason=f"{runs} gave one constant answer{', as the published one did' if too else ''}",
        )
    obstacle = why_not_comparable(reference, config, dataset)
    if obstacle is not None:
        return Judgement(verdict="not comparable", reason=obstacle)
    scores = [result.test for result in complete if result.test is not None]
    measured = estimate(scores) if len(scores) == len(complete) else None
    if measured is None or measured.images != reference.published.test_images:
        return Judgement(verdict="not comparable", reason="not scored on the published test images")
    return judge(measured, published_estimate(reference))


def published_estimate(reference: Reference) -> Estimate:
    """Return the published accuracy as the estimate that it is: one run, so many images."""
    published = reference.published
    return Estimate(accuracy=published.accuracy, images=published.test_images, runs=published.runs)


def judge(measured: Estimate, published: Estimate) -> Judgement:
    """Apply rule 4 of `verdict` alone; the published runs borrow our spread between seeds."""
    parts = []
    if measured.sd is not None:
        seeds = 1 / measured.runs + 1 / published.runs
        parts.append((measured.sd**2 * seeds, measured.runs - 1))
    margin = half_margin(pooled_image_variance(measured, published), parts)
    gap = measured.accuracy - published.accuracy
    within = math.isclose(gap, 0.0, abs_tol=1e-12) or abs(gap) <= margin
    found: Verdict = "reproduced" if within else "higher" if gap > 0 else "lower"
    runs = "1 run" if measured.runs == 1 else f"{measured.runs} runs"
    return Judgement(
        verdict=found,
        reason=(
            f"{100 * measured.accuracy:.2f} % against {100 * published.accuracy:.2f} %: "
            f"{100 * gap:+.2f} points, {'within' if within else 'beyond'} the "
            f"±{100 * margin:.2f} that both figures' errors allow at 95 % ({runs})"
        ),
    )


def why_not_comparable(
    reference: Reference, config: RunConfig, dataset: DatasetRef | None
) -> str | None:
    """Say what keeps a run from being compared with the published figure; None: nothing does.

    Comparable is the document's own data and effort: MNIST with all its images, the published
    number of epochs, the reference's model, and a test that meets the published test images (any
    protocol but `held-out`) with the document's quirk, where it had one, in place. Whatever else
    is changed is judged, not excused.
    """
    documented, published = reference.config, reference.published
    epochs, wanted = config.training.epochs, documented.training.epochs
    if dataset is None:
        return "measured on unknown data"
    if dataset.name != "mnist" or dataset.fallback:
        return f"measured on {dataset.name}, not on MNIST"
    if dataset.test_images != published.test_images:
        return f"tested on {dataset.test_images:,} images, not on {published.test_images:,}"
    if config.protocol == "held-out":
        return "held-out: trained on a part of the images, and never met the test images"
    trained = dataset.train_images
    if config.training.train_images is not None:
        trained = min(trained, config.training.train_images)
    if trained != MNIST_TRAIN_IMAGES:
        return f"trained on {trained:,} images, not on {MNIST_TRAIN_IMAGES:,}"
    if epochs != wanted:
        return f"trained for {epochs:,} {'epoch' if epochs == 1 else 'epochs'}, not for {wanted:,}"
    if config.model != documented.model:
        return "another model than the document's"
    if documented.raw_test_pixels and not config.raw_test_pixels:
        return "quirk removed: test pixels are scaled, the document's were not"
    return None


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
