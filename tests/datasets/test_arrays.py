from __future__ import annotations

import hashlib

import numpy as np

from mnist_search.datasets import class_counts
from mnist_search.datasets.arrays import (
    Part,
    digest_of_part,
    idx_md5,
    join_digests,
    part_digest,
)


def part_of(arrays: dict[str, np.ndarray]) -> Part:
    return Part(images=arrays["x_train"], labels=arrays["y_train"])


def test_digest_depends_on_every_array(arrays: dict[str, np.ndarray]) -> None:
    digest = part_digest(part_of(arrays))
    assert part_digest(part_of(arrays)) == digest
    for key in ("x_train", "y_train"):
        changed = {k: v.copy() for k, v in arrays.items()}
        changed[key].flat[-1] ^= 1
        assert part_digest(part_of(changed)) != digest


def test_digest_that_stored_studies_name(arrays: dict[str, np.ndarray]) -> None:
    assert part_digest(part_of(arrays)) == "4190dfb09689cb74275b6255e1f1d35b"


def test_counts_of_all_classes() -> None:
    assert class_counts(np.array([2, 2, 9])) == (0, 0, 2, 0, 0, 0, 0, 0, 0, 1)


def test_digest_of_a_data_set_gives_back_its_parts(arrays: dict[str, np.ndarray]) -> None:
    train, test = part_of(arrays), Part(images=arrays["x_test"], labels=arrays["y_test"])
    digest = join_digests(train, test)
    assert digest_of_part(digest, "train") == part_digest(train)
    assert digest_of_part(digest, "test") == part_digest(test) != part_digest(train)


def test_idx_md5_is_that_of_the_file() -> None:
    labels = np.array([5, 0, 4], dtype=np.uint8)
    raw = bytes((0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4))
    assert idx_md5(labels) == hashlib.md5(raw).hexdigest()
