"""One line of the leaderboard, as its JSON has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.analysis.verdict import MNIST_TRAIN_IMAGES, Verdict

Status = Literal["complete", "pruned", "failed", "running", "waiting", "published"]
ScoreBasis = Literal["test", "validation", "published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the leaderboard; accuracies are fractions, unknown is None.

    `score` is what the row is ranked by, and `score_basis` says what that is: accuracy on the
    test images if measured, else on the held-out validation images, else as published.
    `rank_low` is 1 plus the number of rows that are significantly better, `rank_high` the number
    of rows less those that are significantly worse; `tie_group` has a letter in common with each
    row measured here that does not differ significantly.
    `quick` says of runs of a reference that they were shorter or on fewer images than its recipe:
    they measure time, and have no rank.
    `n` is the number of complete runs (seeds) measured here, 0 for a published figure alone;
    `images` is the number of images behind the score. Accuracies are means over the runs with
    95 % intervals, times are medians over the `timed_runs`: those that no other load disturbed,
    or all where each was (`contended`). `seconds_per_epoch` includes validation, as
    the published ones do. `time_ratio` is the fit time as a multiple of the fastest row of the
    same machine. `gap` is the measured less the published test accuracy, on the same images.
    `inference_us` is per image at batch 256.
    `document_time_ratio` is the time of an epoch as a multiple of the fastest reference of the
    same document that ran under the same conditions, `published_time_ratio` the same of the
    published times; they compare where the times of two machines do not (see `times`).
    `on_front` says of a trial of a search with two objectives whether no other of its trials is as
    good in both and better in one.
    `verdict_reason` says why the verdict is what it is. `changes` names what differs from the
    reference's own recipe under this protocol: a row with changes is no baseline.
    `told_apart_by` is where a row was measured, where another has its name: precision, machine and
    versions, as far as they differ.
    `duplicate_of` is the trial of the same configuration and study whose result this row has, as
    it was not trained again.
    `origin` is where the values of a first trial are from: the trial of another study, as
    STUDY#TRIAL, or a `first point NAME` of the space.
    `machine` and `versions` are where the runs were measured; a package that was not the same in
    all runs has all its versions.
    """

    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    name: str
    kind: Literal["trial", "reference"]
    status: Status
    verdict: Verdict | None = None
    verdict_reason: str | None = None
    score: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    score_basis: ScoreBasis | None = None
    tie_group: str | None = None
    parameters: int | None = None
    trainable_parameters: int | None = None
    flops: int | None = None
    epochs: int | None = None
    epochs_planned: int | None = None
    selection_accuracy: float | None = None
    val_accuracy: float | None = None
    val_accuracy_low: float | None = None
    val_accuracy_high: float | None = None
    val_accuracy_sd: float | None = None
    test_accuracy: float | None = None
    test_accuracy_low: float | None = None
    test_accuracy_high: float | None = None
    test_accuracy_sd: float | None = None
    test_loss: float | None = None
    test_clipped_loss: float | None = None
    n: int = 0
    images: int | None = None
    published_accuracy: float | None = None
    published_loss: float | None = None
    published_epochs: int | None = None
    published_fit_seconds: float | None = None
    published_seconds_per_epoch: float | None = None
    gap: float | None = None
    fit_seconds: float | None = None
    fit_seconds_iqr: float | None = None
    fit_cpu_seconds: float | None = None
    time_ratio: float | None = None
    seconds_per_epoch: float | None = None
    seconds_per_epoch_iqr: float | None = None
    document_time_ratio: float | None = None
    published_time_ratio: float | None = None
    import_seconds: float | None = None
    data_seconds: float | None = None
    build_seconds: float | None = None
    first_step_seconds: float | None = None
    step_ms: float | None = None
    step_ms_iqr: float | None = None
    inference_us: float | None = None
    inference_us_batch_1: float | None = None
    peak_memory_bytes: int | None = None
    contended: bool | None = None
    timed_runs: int = 0
    quick: bool = False
    collapsed: bool | None = None
    on_front: bool | None = None
    values: dict[str, bool | int | float | str] | None = None
    reference: str | None = None
    origin: str | None = None
    document: str | None = None
    protocol: str | None = None
    raw_test_pixels: bool | None = None
    changes: tuple[str, ...] = ()
    told_apart_by: tuple[str, ...] = ()
    family: str | None = None
    architecture: str | None = None
    depth: int | None = None
    widths: tuple[int, ...] | None = None
    activation: str | None = None
    norm: str | None = None
    dropout: tuple[float, ...] | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    schedule: str | None = None
    augmented: bool | None = None
    train_images: int | None = None
    precision: str | None = None
    threads: int | None = None
    device: str | None = None
    device_name: str | None = None
    machine_id: str | None = None
    machine: dict[str, object] | None = None
    versions: dict[str, str] | None = None
    dataset: str | None = None
    dataset_fallback: bool | None = None
    study: str | None = None
    number: int | None = None
    seeds: tuple[int, ...] = ()
    config_ids: tuple[str, ...] = ()
    runs_failed: int = 0
    runs_pending: int = 0
    failure: str | None = None
    duplicate_of: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the row under its JSON keys."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @property
    def comparable_seconds(self) -> float | None:
        """Return the time that a row is ranked by: its fit, or of a quick run a whole epoch.

        Quick runs train on parts of the images of different sizes, so that an epoch of 60,000 is
        estimated, from the time of a step where that is known.
        """
        if not self.quick:
            return self.fit_seconds
        if self.step_ms is not None and self.batch_size is not None:
            return self.step_ms / 1000 * MNIST_TRAIN_IMAGES / self.batch_size
        if self.seconds_per_epoch is None or not self.train_images:
            return None
        return self.seconds_per_epoch * MNIST_TRAIN_IMAGES / self.train_images

    @property
    def label(self) -> str:
        """Return the name to show: with an unusual protocol, changes, and what tells it apart."""
        usual = "held-out" if self.kind == "trial" else "documented"
        protocol = [] if self.protocol in (None, usual) else [self.protocol]
        said = ", ".join([*filter(None, protocol), *self.changes, *self.told_apart_by])
        return f"{self.name} ({said})" if said else self.name


def tell_apart(rows: Sequence[Row]) -> list[Row]:
    """Return the rows; those of one label with the precision, machine and versions that differ."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        if row.status != "published":
            alike.setdefault(row.label, []).append(row)
    facts = {id(row): _facts(row) for same in alike.values() if len(same) > 1 for row in same}
    return [
        row
        if id(row) not in facts
        else dataclasses.replace(
            row,
            told_apart_by=tuple(
                f"{name} {found}"
                for name, found in facts[id(row)].items()
                if {facts[id(other)].get(name) for other in alike[row.label]} != {found}
            ),
        )
        for row in rows
    ]


def _facts(row: Row) -> dict[str, str]:
    place = {"precision": row.precision, "machine": row.machine_id}
    return {k: v for k, v in place.items() if v is not None} | (row.versions or {})
