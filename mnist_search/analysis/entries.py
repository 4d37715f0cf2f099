"""From records to rows: one trial, the repeats of one run, or a published figure."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnist_search.analysis.baselines import recipe_changes
from mnist_search.analysis.comparison import recipe_interval
from mnist_search.analysis.contenders import Contender
from mnist_search.analysis.measurements import any_of, measured
from mnist_search.analysis.repeats import Repeats
from mnist_search.analysis.row import Row, ScoreBasis
from mnist_search.analysis.spread import SeedSpread
from mnist_search.analysis.statistics import Estimate
from mnist_search.analysis.traits import traits_of
from mnist_search.analysis.verdict import (
    Judgement,
    is_constant_answer,
    published_estimate,
    verdict,
)
from mnist_search.analysis.words import percent
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, RunConfig, RunResult, State
from mnist_search.specs.shapes import UnbuildableError, measure

_SIZES = ("parameters", "trainable_parameters", "flops")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row on its way to the board, beside what its rank range is computed from."""

    row: Row
    contender: Contender | None = None


def measured_entry(
    name: str,
    repeats: Repeats,
    spread: SeedSpread,
    reference: Reference | None,
    *,
    values: dict[str, bool | int | float | str] | None,
) -> Entry:
    """Make the row of one trial, or of the repeats of one run."""
    first, results, finished = repeats.records[0], repeats.results, repeats.is_complete
    config, dataset = first.config, first.dataset
    validation = None if repeats.validation is None else repeats.validation.estimate
    test = None if repeats.test is None else repeats.test.estimate
    last_accuracy = _last_accuracy(results[0]) if results and not finished else None
    val_accuracy = validation.accuracy if validation is not None else last_accuracy
    score, basis = _score(test, validation, val_accuracy)
    basis_estimate = test if basis == "test" else validation
    # A row has too many fields to be copied for each that is filled in.
    found: dict[str, Any] = {
        "name": name,
        "kind": first.kind,
        "status": first.state,
        "score": score,
        "score_basis": basis,
        "selection_accuracy": _selection_accuracy(results),
        "val_accuracy": val_accuracy,
        "n": _runs(first.state, results),
        "collapsed": any_of(result.collapsed for result in results),
        "values": values,
        "runs_failed": repeats.failed,
        "runs_pending": repeats.pending,
        "study": ", ".join(dict.fromkeys(record.study for record in repeats.records)),
        "number": min(record.number for record in repeats.records),
        "seeds": tuple(
            sorted({record.seed for record in repeats.records if record.seed is not None})
            or sorted({result.seed for result in results})
        ),
        "failure": _failure(results),
        "duplicate_of": results[0].duplicate_of if results else None,
        "dataset": None if dataset is None else dataset.name,
        "dataset_fallback": None if dataset is None else dataset.fallback,
        "reference": first.reference,
        "origin": first.origin,
        **_estimated(spread, validation=validation, test=test, basis=basis_estimate),
    }
    if config is not None:
        found |= _configured(config, dataset)
    if results:
        found |= measured(results, config, finished=finished)
    if config is not None:
        # Not every run gets as far as to build its network.
        unknown = [name for name in _SIZES if found.get(name) is None]
        if unknown:
            sizes = _sizes(config)
            found |= {name: sizes[name] for name in unknown}
    if reference is not None:
        found |= _published(reference)
        if config is not None and first.kind == "reference":
            found["changes"] = recipe_changes(reference, config)
            found["quick"] = _is_quick(reference, config)
        if config is not None and finished:
            found |= _judged(
                verdict(
                    reference,
                    config,
                    dataset,
                    results,
                    spread,
                    flips=None if test is None else test.flips,
                )
            )
            published_images = reference.published.test_images
            on_mnist = dataset is not None and dataset.is_mnist
            if test is not None and on_mnist and test.images == published_images:
                found["gap"] = test.accuracy - reference.published.accuracy
    # What a row is ranked by: the test score, else that of the validation.
    contender = repeats.test if repeats.test is not None else repeats.validation
    return Entry(row=Row(**found), contender=contender if finished else None)


def published_entry(reference: Reference, spread: SeedSpread, *, comparable: bool) -> Entry:
    """Make the row of a reference that was not measured here.

    `comparable` is False where the board is about other data than the published figure.
    """
    published = reference.published
    alone = published_estimate(reference)
    interval = recipe_interval(alone, spread)
    collapsed = is_constant_answer(published.accuracy, published.test_images)
    judged = None
    if collapsed:
        share = percent(published.accuracy)
        judged = Judgement(
            verdict="collapsed",
            reason=f"the published {share} are those of predicting a single class",
        )
    elif not comparable:
        judged = Judgement(verdict="not comparable", reason="the board is about other data")
    row = Row(
        name=reference.name,
        kind="reference",
        status="published",
        score=published.accuracy,
        score_low=interval.low,
        score_high=interval.high,
        score_basis="published",
        images=published.test_images,
        epochs=published.epochs,
        collapsed=True if collapsed else None,
        reference=reference.name,
        **_configured(reference.config, None),
        **_sizes(reference.config),
        **_published(reference),
        **_judged(judged),
    )
    return Entry(row=row, contender=Contender(estimate=alone))


def _is_quick(reference: Reference, config: RunConfig) -> bool:
    own = reference.run_config(config.protocol).training
    fewer = config.training.train_images not in (None, own.train_images)
    return fewer or config.training.epochs < own.epochs


def _score(
    test: Estimate | None, validation: Estimate | None, val_accuracy: float | None
) -> tuple[float | None, ScoreBasis | None]:
    if test is not None:
        return test.accuracy, "test"
    if validation is not None:
        return validation.accuracy, "validation"
    return val_accuracy, None if val_accuracy is None else "validation"


def _estimated(
    spread: SeedSpread,
    *,
    validation: Estimate | None,
    test: Estimate | None,
    basis: Estimate | None,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, known in (("val_accuracy", validation), ("test_accuracy", test), ("score", basis)):
        if known is not None:
            interval = recipe_interval(known, spread)
            found |= {f"{key}_low": interval.low, f"{key}_high": interval.high}
    if validation is not None:
        found["val_accuracy_sd"] = validation.sd
    if test is not None:
        found |= {"test_accuracy": test.accuracy, "test_accuracy_sd": test.sd}
    if basis is not None:
        found["images"] = basis.images
    return found


def _configured(config: RunConfig, dataset: DatasetRef | None) -> dict[str, Any]:
    traits = traits_of(config)
    train_images = config.training.train_images
    if train_images is None and dataset is not None and config.protocol != "held-out":
        train_images = dataset.train_images
    return {
        "epochs_planned": config.training.epochs,
        "protocol": config.protocol,
        "raw_test_pixels": config.raw_test_pixels,
        "train_images": train_images,
        "config_ids": (config.config_id,),
        **{field.name: getattr(traits, field.name) for field in dataclasses.fields(traits)},
    }


def _sizes(config: RunConfig) -> dict[str, Any]:
    try:
        size = measure(config.model)
    except UnbuildableError:
        return dict.fromkeys(_SIZES)
    return {name: getattr(size, name) for name in _SIZES}


def _published(reference: Reference) -> dict[str, Any]:
    published = reference.published
    names = ("accuracy", "loss", "epochs", "fit_seconds", "seconds_per_epoch")
    return {
        "document": reference.document,
        **{f"published_{name}": getattr(published, name) for name in names},
    }


def _judged(judgement: Judgement | None) -> dict[str, Any]:
    if judgement is None:
        return {}
    return {"verdict": judgement.verdict, "verdict_reason": judgement.reason}


def _selection_accuracy(results: Sequence[RunResult]) -> float | None:
    """Return the accuracy that chose, where other images measure."""
    scores = [result.selection.accuracy for result in results if result.selection is not None]
    return statistics.fmean(scores) if scores and len(scores) == len(results) else None


def _last_accuracy(result: RunResult) -> float | None:
    """Return the last accuracy that a stopped run reported."""
    for _, accuracy in sorted(result.reports, reverse=True):
        if math.isfinite(accuracy):
            return accuracy
    return None


def _runs(state: State, results: Sequence[RunResult]) -> int:
    """Return how many runs were scored; a network that was refused as too large was not run."""
    if state not in ("complete", "pruned"):
        return 0
    return sum(result.failure is None or result.failure.kind != "too-large" for result in results)


def _failure(results: Sequence[RunResult]) -> str | None:
    for result in results:
        if result.failure is not None:
            return f"{result.failure.kind}: {result.failure.message}"
    return None
