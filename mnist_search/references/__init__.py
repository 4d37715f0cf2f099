"""The 25 published systems: what was trained, how, and what was reported."""

from mnist_search.references._base import Published, PublishedEpoch, Reference
from mnist_search.references.catalog import REFERENCES, get_reference, reference_names

__all__ = [
    "REFERENCES",
    "Published",
    "PublishedEpoch",
    "Reference",
    "get_reference",
    "reference_names",
]
