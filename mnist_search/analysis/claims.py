"""What the documents claim of their own models, each asked of measured runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Final, Literal, assert_never

from mnist_search.analysis.baselines import Baselines, Runs
from mnist_search.analysis.comparison import compare, make_contender
from mnist_search.analysis.spread import SeedSpread
from mnist_search.analysis.statistics import (
    CONFIDENCE,
    SIGNIFICANT,
    holm_adjusted,
    student_p_value,
    student_quantile,
)
from mnist_search.analysis.verdict import MARGIN
from mnist_search.specs import Protocol, RunResult

Quantity = Literal["test accuracy", "test loss", "epochs to 97 %", "training less test accuracy"]
Direction = Literal["higher", "lower", "equal"]
Answer = Literal["supported", "contradicted", "not decided"]
Pair = tuple[str, str]
_TARGET: Final = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence of a document: of each pair the first is `direction` in `quantity`.

    Of equal accuracies the whole interval of the difference must lie within ±0.3 points.
    """

    document: str
    sentence: str
    quantity: Quantity
    direction: Direction
    pairs: tuple[Pair, ...]
    protocol: Protocol = "documented"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """One pair of a claim: means over the runs, first less second, and its 95 % interval.

    `p_adjusted` is corrected over all pairs of all claims that were answered (Holm). Accuracies
    are fractions, losses nats. Of a quantity that is no accuracy the interval holds the error of
    the seeds alone: the test images are taken as they are.
    """

    first: str
    second: str
    values: tuple[float, float]
    runs: tuple[int, int]
    difference: float
    low: float
    high: float
    p_adjusted: float
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredClaim:
    """A claim with its pairs as measured.

    *Supported* if every pair is, *contradicted* if one is.
    """

    claim: Claim
    pairs: tuple[ClaimResult, ...]

    @property
    def answer(self) -> Answer:
        """Return what the pairs come to together."""
        answers = {pair.answer for pair in self.pairs}
        if "contradicted" in answers:
            return "contradicted"
        return "supported" if answers == {"supported"} else "not decided"

    def as_dict(self) -> dict[str, object]:
        """Return the answer as plain data."""
        return {
            "document": self.claim.document,
            "claim": self.claim.sentence,
            "quantity": self.claim.quantity,
            "direction": self.claim.direction,
            "answer": self.answer,
            "pairs": [
                {name: getattr(pair, name) for name in ClaimResult.__slots__} for pair in self.pairs
            ],
        }


_DEPTHS: Final = (2, 3, 5)
_NINE: Final = tuple(f"mlp-{style}-{d}" for style in ("relu", "batch", "drop") for d in _DEPTHS)
_BN_DROPOUT: Final = (("cnn-bn-dropout", "cnn-plain"),)

CLAIMS: Final[tuple[Claim, ...]] = (
    Claim(
        document="A",
        sentence="Batch-norm converges faster.",
        quantity="epochs to 97 %",
        direction="lower",
        pairs=_BN_DROPOUT,
        protocol="corrected",
    ),
    Claim(
        document="A",
        sentence="Batch-norm and dropout are less overfitted.",
        quantity="training less test accuracy",
        direction="lower",
        pairs=_BN_DROPOUT,
        protocol="corrected",
    ),
    Claim(
        document="B",
        sentence="More convolutions lower the accuracy.",
        quantity="test accuracy",
        direction="lower",
        pairs=(("cnn-mnist-2", "cnn-mnist-1"), ("cnn-mnist-4", "cnn-mnist-1")),
    ),
    Claim(
        document="C",
        sentence="Dropout lowers the test loss.",
        quantity="test loss",
        direction="lower",
        pairs=tuple(
            (f"mlp-drop-{depth}", f"mlp-{style}-{depth}")
            for depth in _DEPTHS
            for style in ("batch", "relu")
        ),
    ),
    Claim(
        document="C",
        sentence="The accuracy is about the same for all models.",
        quantity="test accuracy",
        direction="equal",
        pairs=tuple(itertools.combinations(_NINE, 2)),
    ),
)


def answer_claims(
    baselines: Baselines,
    spread: SeedSpread,
    labels: Mapping[str, bytes],
    claims: Sequence[Claim] = CLAIMS,
) -> tuple[AnsweredClaim, ...]:
    """Answer the claims all of whose pairs were run on MNIST; others are left out.

    `spread` is that of accuracies between seeds, `labels` are those of the test images, by the
    digest of their data set.
    """
    asked = []
    for claim in claims:
        runs = {name: _runs(baselines, name, claim) for pair in claim.pairs for name in pair}
        if all(values for values in runs.values()):
            pooled = _pool(claim, runs)
            pairs = [_measure(claim, pair, runs, pooled, spread, labels) for pair in claim.pairs]
            known = [pair for pair in pairs if pair is not None]
            if len(known) == len(pairs):
                asked.append((claim, known))
    adjusted = iter(holm_adjusted([raw.p_value for _, pairs in asked for raw in pairs]))
    return tuple(
        AnsweredClaim(
            claim=claim, pairs=tuple(_judged(claim, raw, next(adjusted)) for raw in pairs)
        )
        for claim, pairs in asked
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    pair: Pair
    values: tuple[float, float]
    runs: tuple[int, int]
    difference: float
    half: float
    p_value: float


def _runs(baselines: Baselines, name: str, claim: Claim) -> tuple[str, Runs] | None:
    """Return the runs of a reference on MNIST, with their data set: those with the most seeds."""
    protocols = [claim.protocol, "documented"] if claim.protocol == "corrected" else ["documented"]
    for protocol in protocols:
        found = [
            (conditions.digest, runs)
            for (reference, own), by_conditions in baselines.items()
            if reference == name and own == protocol
            for conditions, runs in by_conditions.items()
            if conditions.is_mnist and all(_value(claim, run) is not None for run in runs.values())
        ]
        if found:
            return max(found, key=lambda pair: len(pair[1]))
    return None


def _value(claim: Claim, result: RunResult) -> float | None:
    test = result.test
    match claim.quantity:
        case "test accuracy":
            return None if test is None else test.accuracy
        case "test loss":
            return None if test is None else test.loss
        case "training less test accuracy":
            last = result.epochs[-1].accuracy if result.epochs else None
            return None if test is None or last is None else last - test.accuracy
        case "epochs to 97 %":
            return _epochs_to(result, _TARGET)
        case _:
            assert_never(claim.quantity)


def _epochs_to(result: RunResult, target: float) -> float | None:
    """Return after how many epochs the validation first reached a target, between two linearly.

    A run that never did counts one more epoch than it had. Before the first epoch a network of
    ten classes is right in a tenth of the cases.
    """
    if not result.epochs:
        return None
    before, at = 0.1, 0
    for epoch in result.epochs:
        if epoch.val_accuracy is None:
            return None
        if epoch.val_accuracy >= target:
            share = (target - before) / (epoch.val_accuracy - before)
            return at + share * (epoch.epoch - at)
        before, at = epoch.val_accuracy, epoch.epoch
    return at + 1.0


def _pool(claim: Claim, runs: Mapping[str, tuple[str, Runs] | None]) -> tuple[float, int] | None:
    """Return the variance of one run of a claim's quantity, over its models, and its dof."""
    total, dof = 0.0, 0
    for found in runs.values():
        values = [] if found is None else list(_values(claim, found[1]))
        if len(values) > 1:
            total += variance(values) * (len(values) - 1)
            dof += len(values) - 1
    return (total / dof, dof) if dof else None


def _values(claim: Claim, runs: Runs) -> Iterator[float]:
    for run in runs.values():
        value = _value(claim, run)
        if value is not None:
            yield value


def _measure(
    claim: Claim,
    pair: Pair,
    runs: Mapping[str, tuple[str, Runs] | None],
    pooled: tuple[float, int] | None,
    spread: SeedSpread,
    labels: Mapping[str, bytes],
) -> _Raw | None:
    """Compare one pair; None where no model has two runs to tell the spread of a quantity."""
    first, second = runs[pair[0]], runs[pair[1]]
    assert first is not None
    assert second is not None
    samples = [list(_values(claim, found[1])) for found in (first, second)]
    means, counts = [fmean(sample) for sample in samples], [len(sample) for sample in samples]
    difference = means[0] - means[1]
    if claim.quantity == "test accuracy":
        one, other = (
            make_contender(list(found[1].values()), found[0], labels.get(found[0]))
            for found in (first, second)
        )
        assert one is not None
        assert other is not None
        lead = compare(one, other, spread)
        half, p_value = lead.interval.high - lead.difference, lead.p_value
    elif pooled is None:
        return None
    else:
        error = math.sqrt(pooled[0] * sum(1 / count for count in counts))
        half = student_quantile(CONFIDENCE, pooled[1]) * error
        certain = 1.0 if difference == 0 else 0.0
        p_value = student_p_value(difference / error, pooled[1]) if error > 0 else certain
    return _Raw(
        pair=pair,
        values=(means[0], means[1]),
        runs=(counts[0], counts[1]),
        difference=difference,
        half=half,
        p_value=p_value,
    )


def _judged(claim: Claim, raw: _Raw, p_adjusted: float) -> ClaimResult:
    differs = p_adjusted <= SIGNIFICANT and raw.difference != 0
    answer: Answer = "not decided"
    match claim.direction:
        case "equal":
            if abs(raw.difference) + raw.half <= MARGIN:
                answer = "supported"
            elif differs:
                answer = "contradicted"
        case "lower" | "higher":
            if differs:
                as_said = (raw.difference < 0) == (claim.direction == "lower")
                answer = "supported" if as_said else "contradicted"
        case _:
            assert_never(claim.direction)
    return ClaimResult(
        first=raw.pair[0],
        second=raw.pair[1],
        values=raw.values,
        runs=raw.runs,
        difference=raw.difference,
        low=raw.difference - raw.half,
        high=raw.difference + raw.half,
        p_adjusted=p_adjusted,
        answer=answer,
    )
