"""The 25 published systems, and two of ours for speed: what was trained, how, what came of it."""

from __future__ import annotations

import difflib
from typing import Final

from mnist_search.errors import UsageError
from mnist_search.references import document_a, document_b, document_c, document_d, document_e
from mnist_search.references._base import Published, PublishedEpoch, Reference
from mnist_search.references.ours import OURS

__all__ = [
    "OURS",
    "REFERENCES",
    "Published",
    "PublishedEpoch",
    "Reference",
    "get_reference",
    "reference_names",
]

REFERENCES: Final[tuple[Reference, ...]] = (
    *document_a.REFERENCES,
    *document_b.REFERENCES,
    *document_c.REFERENCES,
    *document_d.REFERENCES,
    *document_e.REFERENCES,
)
_BY_NAME: Final = {reference.name: reference for reference in (*REFERENCES, *OURS)}


def reference_names() -> tuple[str, ...]:
    """Return the names of all references, in the order of their documents, ours last."""
    return tuple(_BY_NAME)


def get_reference(name: str) -> Reference:
    """Return the reference called `name`.

    Raises:
        UsageError: there is none; its hint names the closest ones.
    """
    reference = _BY_NAME.get(name)
    if reference is None:
        close = difflib.get_close_matches(name.lower(), _BY_NAME, n=3, cutoff=0.5)
        hint = (
            f"did you mean {' or '.join(close)}?"
            if close
            else "`mnist-search references list` prints the names"
        )
        raise UsageError(
            f"there is no reference named {name!r} among the {len(_BY_NAME)}", hint=hint
        )
    return reference
