"""The images of a run: to train on, to validate on meanwhile, to test on at the end."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from mnist_search import datasets
from mnist_search.specs import DatasetRef, Job

# Which of a result's scores some images are for.
ScoreName = Literal["selection", "validation", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Images (n, 28, 28) uint8 and their labels (n,) int32.

    `divisor` is what the pixels are divided by: 255, or 1 for a document's unscaled test images.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]
    divisor: float = 255.0

    def __len__(self) -> int:
        return len(self.labels)

    def scaled(self) -> NDArray[np.float32]:
        """Return the pixels as (n, 784) float32, divided."""
        return self.images.reshape(len(self), -1).astype(np.float32) / np.float32(self.divisor)

    def take(self, rows: NDArray[np.intp]) -> Labelled:
        """Return some of the images."""
        return replace(self, images=self.images[rows], labels=self.labels[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """The images of each purpose, None where the protocol has no such.

    `watched` is evaluated after every epoch, `rung`, a part of it, at steps within one, `final`
    only once, at the end of a run that was not stopped. The names are those of their scores.
    """

    train: Labelled
    watched: Labelled | None = None
    watched_as: ScoreName = "validation"
    rung: Labelled | None = None
    final: Labelled | None = None
    final_as: ScoreName = "test"

    @property
    def scored(self) -> Labelled:
        """Return the images that the run is scored on."""
        images = self.watched if self.final is None else self.final
        assert images is not None, "every protocol has images to score on"
        return images


def load_data(job: Job) -> RunData:
    """Load what the job's protocol lets it see; held-out jobs are not given the test images."""
    config = job.config
    match config.protocol:
        case "held-out":
            train, held_out = _search_arrays(job.dataset)
            data = _steered(train, held_out, job.dataset.held_out)
        case "documented" | "corrected" | "confirm":
            train, test = _full_arrays(job.dataset)
            if config.raw_test_pixels:
                test = replace(test, divisor=1.0)
            if config.protocol == "confirm":
                data = RunData(train=train, final=test)
            else:
                data = RunData(train=train, watched=test, watched_as="test")
        case _:
            assert_never(config.protocol)
    wanted = config.training.train_images
    if wanted is None:
        return data
    part = data.train.take(datasets.stratified_subset(data.train.labels, wanted))
    return replace(data, train=part)


def _steered(train: Labelled, held_out: Labelled, use: Literal["whole", "halves"]) -> RunData:
    match use:
        case "whole":
            data = RunData(train=train, watched=held_out)
        case "halves":
            selection, validation = datasets.split_selection(held_out.labels)
            data = RunData(
                train=train,
                watched=held_out.take(selection),
                watched_as="selection",
                final=held_out.take(validation),
                final_as="validation",
            )
        case _:
            assert_never(use)
    assert data.watched is not None
    return replace(data, rung=data.watched.take(datasets.rung_subset(data.watched.labels)))


# One study uses one data set; its search and its references need one entry each.
@functools.lru_cache(maxsize=1)
def _search_arrays(dataset: DatasetRef) -> tuple[Labelled, Labelled]:
    data = datasets.load_search(dataset)
    return _labelled(data.train), _labelled(data.validation)


@functools.lru_cache(maxsize=1)
def _full_arrays(dataset: DatasetRef) -> tuple[Labelled, Labelled]:
    data = datasets.load_full(dataset)
    return _labelled(data.train), _labelled(data.test)


def _labelled(part: datasets.Part) -> Labelled:
    return Labelled(images=part.images, labels=part.labels.astype(np.int32))
