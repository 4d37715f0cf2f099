"""`RunConfig`, the waist of the hourglass, the job that runs it once, and its seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from mnist_search.choices import Precision
from mnist_search.specs._frozen import Frozen
from mnist_search.specs.models import Model
from mnist_search.specs.training import Training

Protocol = Literal["held-out", "documented", "corrected", "confirm"]
# Steps of an epoch: what is reported within a run is counted in quarters.
QUARTERS = 4


class RunConfig(Frozen):
    """One experiment: after this value a trial and a reference are the same thing.

    Protocols: `held-out` trains on the search's training part and validates on its
    validation part; `documented` and `corrected` train on all training images and use the test
    images as validation at every epoch, as the documents did; `confirm` trains on all training
    images and meets the test images once, at the end.
    `raw_test_pixels` keeps the quirk of a document that left its test images at 0..255.
    """

    model: Model
    training: Training
    protocol: Protocol = "held-out"
    raw_test_pixels: bool = False

    # Not cached: a cached value would survive `model_copy(update=...)`.
    @property
    def config_id(self) -> str:
        """Return 16 hex digits, the hash of the canonical JSON."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=8).hexdigest()


class DatasetRef(Frozen):
    """Which data a run uses: enough for another process to read exactly the same arrays.

    `path` is None for the embedded digits. `digest` identifies the arrays, whatever file held
    them. `fallback` marks embedded digits that stand in for a data set that is missing.
    `held_out` says what the held-out images of a search are for: of `halves` one steers it, and
    the other measures its complete trials; as a `whole`, in older studies, they do both.
    """

    name: str
    path: str | None = None
    digest: str
    train_images: int
    test_images: int
    fallback: bool = False
    held_out: Literal["whole", "halves"] = "whole"

    @property
    def is_mnist(self) -> bool:
        """Say whether it is MNIST itself, and no stand-in."""
        return self.name == "mnist" and not self.fallback


def dataset_labels(datasets: Sequence[DatasetRef]) -> list[str]:
    """Return the names of data sets; different ones of the same name with their digests."""
    digests: dict[str, set[str]] = {}
    for dataset in datasets:
        digests.setdefault(dataset.name, set()).add(dataset.digest)
    return [
        dataset.name if len(digests[dataset.name]) == 1 else f"{dataset.name} {dataset.digest[:8]}"
        for dataset in datasets
    ]


class Job(Frozen):
    """One run of one configuration.

    `rungs` are the steps, in quarters of an epoch, at which the run validates and asks whether
    to go on, beside the end of each epoch. `weights_path` is where the trained weights go when
    the run completes, None: nowhere. `keep_answers` keeps what was answered for each validation
    image, so that recipes can be compared image by image.
    """

    number: Annotated[int, Field(ge=0)]
    config: RunConfig
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    dataset: DatasetRef
    rungs: tuple[int, ...] = ()
    precision: Precision = "float32"
    weights_path: str | None = None
    keep_answers: bool = False


def derive_seed(seed: int, *labels: str | int) -> int:
    """Return a seed in [0, 2**32) for the labelled part of whatever `seed` governs.

    A trial's proposals and its training depend on the study's seed and the trial's number, never
    on how many random numbers were drawn before: an interrupted study equals an uninterrupted one.
    """
    text = ":".join(str(label) for label in (seed, *labels))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
