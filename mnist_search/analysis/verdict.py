"""What a measured reference says about its published figure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.analysis.contenders import estimate
from mnist_search.analysis.spread import SHIPPED, SeedSpread
from mnist_search.analysis.statistics import CONFIDENCE, Estimate, Interval, student_quantile
from mnist_search.analysis.words import percent, plural
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, RunConfig, RunResult

Verdict = Literal["reproduced", "higher", "lower", "inconclusive", "collapsed", "not comparable"]

# A difference that is surely within ±0.3 points is none that matters between two of the models.
MARGIN = 0.003
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
    spread: SeedSpread = SHIPPED,
    *,
    flips: float | None = None,
) -> Judgement | None:
    """Judge complete runs of one configuration of `reference` against its published accuracy.

    `spread` and `flips` are what is known of the spread between seeds (see `Estimate`).

    The first rule that fits decides:

    1. No complete run: None, there is nothing to judge.
    2. Any run flagged as collapsed (it predicts a single class): *collapsed*, also where the
       published figure is that of a single class and the two agree, and whatever the data.
    3. No test score, or a run that `why_not_comparable` says differs from the document in its
       data, its effort or its model, or lacks its quirk: *not comparable*.
    4. The mean test accuracy against the published one, as `judge` does: *reproduced*, *higher*,
       *lower* or *inconclusive*.

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
            reason=f"{runs} predicted a single class{', as the published one did' if too else ''}",
        )
    obstacle = why_not_comparable(reference, config, dataset)
    if obstacle is not None:
        return Judgement(verdict="not comparable", reason=obstacle)
    scores = [result.test for result in complete if result.test is not None]
    measured = estimate(scores) if len(scores) == len(complete) else None
    if measured is None or measured.images != reference.published.test_images:
        return Judgement(verdict="not comparable", reason="not scored on the published test images")
    measured = dataclasses.replace(measured, flips=flips)
    return judge(measured, published_estimate(reference), spread)


def published_estimate(reference: Reference) -> Estimate:
    """Return the published accuracy as the estimate that it is: one run, so many images."""
    published = reference.published
    return Estimate(accuracy=published.accuracy, images=published.test_images, runs=published.runs)


def judge(
    measured: Estimate, published: Estimate, spread: SeedSpread = SHIPPED, margin: float = MARGIN
) -> Judgement:
    """Apply rule 4 of `verdict` alone.

    Both met the same test images, so the only error is that of the seeds: a 95 % prediction
    interval of the difference, from the pooled spread of one run, over our runs and once more for
    the published ones. Wholly within ± `margin`: *reproduced*. Else *higher* or *lower* where it
    excludes 0, and *inconclusive* where it does not.
    """
    part = spread.variance_of(measured)
    interval = rerun_interval(published, measured, spread)
    half = (interval.high - interval.low) / 2
    gap = measured.accuracy - published.accuracy
    # 0.30 of a decimal figure must not be outside of 0.3 for its last bit.
    within = abs(gap) + half <= margin + 1e-12
    found: Verdict = "inconclusive"
    if within:
        found, why = "reproduced", f"the whole interval is within ±{100 * margin:.2f}"
    elif abs(gap) > half:
        found = "higher" if gap > 0 else "lower"
        why = f"{'above' if gap > 0 else 'below'} what other seeds explain"
    else:
        why = f"neither surely within ±{100 * margin:.2f} nor surely different"
    source = "its own" if part.own else f"pooled over {spread.models} models"
    return Judgement(
        verdict=found,
        reason=(
            f"{percent(measured.accuracy)} against {percent(published.accuracy)}: "
            f"{100 * gap:+.2f} ± {100 * half:.2f} points ({plural(measured.runs, 'run')}; "
            f"seed spread {source}): {why}"
        ),
    )


def rerun_interval(before: Estimate, rerun: Estimate, spread: SeedSpread = SHIPPED) -> Interval:
    """Return where the mean accuracy of a rerun lies in 95 of 100 cases, on the same images.

    A prediction interval around `before`: other seeds are the only error, their spread that of
    one run after `spread` (or of `rerun`, where it evidently varies more), over the runs of both.
    """
    part = spread.variance_of(rerun)
    variance = part.variance * (1 / before.runs + 1 / rerun.runs)
    half = student_quantile(CONFIDENCE, part.dof) * math.sqrt(variance)
    return Interval(low=before.accuracy - half, high=before.accuracy + half)


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
    if not dataset.is_mnist:
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


def is_constant_answer(accuracy: float, images: int) -> bool:
    """Say whether a published MNIST test accuracy is that of predicting a single class."""
    return images == sum(MNIST_TEST_COUNTS) and round(accuracy * images) in MNIST_TEST_COUNTS
