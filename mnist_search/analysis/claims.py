"""What the documents claim of their own models, each asked of measured runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Literal, assert_never

from mnist_search.analysis.baselines import Baselines, Runs, Sides, sides_of
from mnist_search.analysis.comparison import (
    Difference,
    compare,
    compare_samples,
    corrected,
    pool_samples,
)
from mnist_search.analysis.questions import CLAIMS, Claim, Quantity
from mnist_search.analysis.spread import SHIPPED, SeedSpread
from mnist_search.analysis.verdict import MARGIN
from mnist_search.specs import RunResult

Answer = Literal["supported", "contradicted", "not decided"]
_TARGET: Final = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPair:
    """One pair of a claim: means over the runs, and their difference, first less second.

    Accuracies are fractions, losses nats. The difference is corrected over all pairs of all
    claims that were answered (Holm).
    """

    names: tuple[str, str]
    values: tuple[float, float]
    gap: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredClaim:
    """A claim with its pairs as measured: *supported* if all are, *contradicted* if one is."""

    claim: Claim
    pairs: tuple[ClaimedPair, ...]

    @property
    def answer(self) -> Answer:
        """Return what the pairs come to together."""
        answers = {self.answer_of(pair) for pair in self.pairs}
        if "contradicted" in answers:
            return "contradicted"
        return "supported" if answers == {"supported"} else "not decided"

    def answer_of(self, pair: ClaimedPair) -> Answer:
        """Return what one pair says of the claim."""
        gap = pair.gap
        match self.claim.direction:
            case "equal":
                if max(-gap.interval.low, gap.interval.high) <= MARGIN:
                    return "supported"
                return "contradicted" if gap.significant else "not decided"
            case "lower" | "higher":
                if not gap.significant:
                    return "not decided"
                as_said = (gap.difference < 0) == (self.claim.direction == "lower")
                return "supported" if as_said else "contradicted"
            case never:
                assert_never(never)

    def as_dict(self) -> dict[str, object]:
        """Return the answer under its JSON keys."""
        return {
            "document": self.claim.document,
            "claim": self.claim.sentence,
            "quantity": self.claim.quantity,
            "direction": self.claim.direction,
            "answer": self.answer,
            "pairs": [
                {
                    "first": pair.names[0],
                    "second": pair.names[1],
                    "values": pair.values,
                    "runs": pair.gap.runs,
                    "difference": pair.gap.difference,
                    "low": pair.gap.interval.low,
                    "high": pair.gap.interval.high,
                    "p_adjusted": pair.gap.p_adjusted,
                    "answer": self.answer_of(pair),
                }
                for pair in self.pairs
            ],
        }


def answer_claims(
    baselines: Baselines,
    spread: SeedSpread = SHIPPED,
    labels: Mapping[str, bytes] | None = None,
    claims: Sequence[Claim] = CLAIMS,
) -> tuple[AnsweredClaim, ...]:
    """Answer the claims all of whose pairs were run on MNIST; others are left out.

    Test accuracies are compared as everywhere, with the error of images and seeds. The interval
    of another quantity holds the error of the seeds alone, whose variance is pooled over the
    models of the claim; where no model has two runs the claim is left out.
    `spread` is that of accuracies between seeds, `labels` are those of the test images, a byte
    each, by the digest of their data set.
    """
    known = {} if labels is None else labels
    asked = []
    for claim in claims:
        pairs = tuple(_measured(claim, baselines, spread, known))
        if len(pairs) == len(claim.pairs):
            asked.append((claim, pairs))
    gaps = iter(corrected([pair.gap for _, pairs in asked for pair in pairs]))
    return tuple(
        AnsweredClaim(
            claim=claim,
            pairs=tuple(dataclasses.replace(pair, gap=next(gaps)) for pair in pairs),
        )
        for claim, pairs in asked
    )


def _measured(
    claim: Claim, baselines: Baselines, spread: SeedSpread, labels: Mapping[str, bytes]
) -> Iterator[ClaimedPair]:
    """Compare the pairs of a claim whose runs are there."""
    found = [sides for pair in claim.pairs if (sides := _sides(claim, pair, baselines)) is not None]
    samples = {
        name: _sample(claim.quantity, runs)
        for sides in found
        for name, runs in zip(sides.names, sides.runs, strict=True)
    }
    pool = pool_samples([sample for sample in samples.values() if sample is not None])
    for sides in found:
        first, second = (_sample(claim.quantity, runs) for runs in sides.runs)
        assert first is not None
        assert second is not None
        if claim.quantity == "test accuracy":
            gap = compare(*sides.contenders(labels), spread)
        elif pool is None:
            continue
        else:
            gap = compare_samples(first, second, pool)
        yield ClaimedPair(names=sides.names, values=(fmean(first), fmean(second)), gap=gap)


def _sides(claim: Claim, pair: tuple[str, str], baselines: Baselines) -> Sides | None:
    """Return the runs of a pair on MNIST, all of which tell the claim's quantity."""
    for sides in sides_of(baselines, *((name, claim.protocol) for name in pair)):
        if sides.conditions.is_mnist and all(
            _sample(claim.quantity, runs) is not None for runs in sides.runs
        ):
            return sides
    return None


def _sample(quantity: Quantity, runs: Runs) -> list[float] | None:
    """Return a quantity of each run, None where one of them does not tell it."""
    found = [_value(quantity, result) for result in runs.values()]
    known = [value for value in found if value is not None]
    return known if len(known) == len(found) else None


def _value(quantity: Quantity, result: RunResult) -> float | None:
    test = result.test
    match quantity:
        case "test accuracy":
            return None if test is None else test.accuracy
        case "test loss":
            return None if test is None else test.loss
        case "training less test accuracy":
            last = result.epochs[-1].accuracy if result.epochs else None
            return None if test is None or last is None else last - test.accuracy
        case "epochs to 97 %":
            return _epochs_to(result, _TARGET)
        case "coefficients at zero":
            return None if result.zero_coefficients is None else float(result.zero_coefficients)
        case _:
            assert_never(quantity)


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
