"""The runs that speak for a reference: complete, tested, and of its own recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mnist_search.analysis.contenders import Contender, make_contender
from mnist_search.references import Reference
from mnist_search.specs import Precision, Protocol, Record, RunConfig, RunResult, Training

Runs = Mapping[int, RunResult]
# Fewer epochs or images make the same recipe shorter: `epochs_planned` and `train_images` tell.
_EFFORT = {"epochs", "train_images"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which accuracies compare: the data set, by its digest, and the precision."""

    digest: str
    is_mnist: bool
    precision: Precision


Baselines = Mapping[tuple[str, Protocol], Mapping[Conditions, Runs]]


def collect_baselines(records: Sequence[Record], references: Sequence[Reference]) -> Baselines:
    """Return runs by (reference, protocol), then by conditions, then by seed (the latest of each).

    A reference without a quirk trains and tests alike under `documented` and `corrected`, and
    has all its runs under the former.
    """
    by_name = {reference.name: reference for reference in references}
    found: dict[tuple[str, Protocol], dict[Conditions, dict[int, RunResult]]] = {}
    for record in sorted(records, key=lambda record: record.finished or 0.0):
        reference = None if record.reference is None else by_name.get(record.reference)
        result, config, dataset = record.result, record.config, record.dataset
        if (
            record.kind != "reference"
            or record.state != "complete"
            or reference is None
            or result is None
            or config is None
            or dataset is None
            or result.test is None
            or result.test.total == 0
            or not is_own_recipe(reference, config)
        ):
            continue
        same = config.protocol == "corrected" and reference.corrected is None
        conditions = Conditions(
            digest=dataset.digest,
            is_mnist=dataset.is_mnist,
            precision=result.precision,
        )
        key = (reference.name, "documented" if same else config.protocol)
        found.setdefault(key, {}).setdefault(conditions, {})[result.seed] = result
    return found


class Sides(NamedTuple):
    """The runs of two references under the same conditions."""

    names: tuple[str, str]
    conditions: Conditions
    runs: tuple[Runs, Runs]

    def contenders(self, labels: Mapping[str, bytes]) -> tuple[Contender, Contender]:
        """Return both as contenders; `labels` are those of test images by digest."""
        digest = self.conditions.digest
        first, second = (
            make_contender(list(runs.values()), digest, labels.get(digest)) for runs in self.runs
        )
        # A baseline has a score, and all its runs met the images of one data set.
        assert first is not None
        assert second is not None
        return first, second


def sides_of(
    baselines: Baselines, first: tuple[str, Protocol], second: tuple[str, Protocol]
) -> list[Sides]:
    """Return the runs of both by the conditions they share, those with the most runs first."""
    firsts, seconds = baselines.get(first, {}), baselines.get(second, {})
    shared = [conditions for conditions in firsts if conditions in seconds]
    # Of equals the first: what was measured first.
    shared.sort(key=lambda conditions: -min(len(firsts[conditions]), len(seconds[conditions])))
    return [
        Sides((first[0], second[0]), conditions, (firsts[conditions], seconds[conditions]))
        for conditions in shared
    ]


def recipe_changes(reference: Reference, config: RunConfig) -> tuple[str, ...]:
    """Return what differs from the reference's own recipe under the same protocol.

    One phrase for each difference, such as `learning_rate 0.001` or `raw test pixels`; none for
    a run that is the reference's own, however short.
    """
    own = reference.run_config(config.protocol)
    found = [] if config.model == own.model else ["another model"]
    found += _training_changes(own.training, config.training)
    if config.raw_test_pixels != own.raw_test_pixels:
        found.append(f"{'raw' if config.raw_test_pixels else 'scaled'} test pixels")
    return tuple(found)


def is_own_recipe(reference: Reference, config: RunConfig) -> bool:
    """Say whether a configuration is the reference's own, in full, under its protocol."""
    return config == reference.run_config(config.protocol)


def _training_changes(own: Training, training: Training) -> list[str]:
    found = []
    if training.optimizer.name != own.optimizer.name:
        found.append(f"optimizer {training.optimizer.name}")
    else:
        before = own.optimizer.model_dump()
        for name, value in training.optimizer.model_dump().items():
            if value != before[name]:
                found.append(f"{name} {value:g}")
    for name in Training.model_fields.keys() - _EFFORT - {"optimizer", "augmentation"}:
        value = getattr(training, name)
        if value != getattr(own, name):
            found.append(f"{name} {value}")
    if training.augmentation != own.augmentation:
        match own.augmentation, training.augmentation:
            case _, None:
                found.append("not augmented")
            case None, _:
                found.append("augmented")
            case _:
                found.append("other augmentation")
    return found
