"""Seeds for the parts of a study, each a function of the study's seed alone."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, *labels: str | int) -> int:
    """Return a seed in [0, 2**32) for the labelled part of whatever `seed` governs.

    A trial's proposals and its training depend on the study's seed and the trial's number, never
    on how many random numbers were drawn before: an interrupted study equals an uninterrupted one.
    """
    text = ":".join(str(label) for label in (seed, *labels))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
