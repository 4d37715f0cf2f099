"""What confirmations say of the winners of their searches."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.reporting.confirmation import tell_essentials
from mnist_search.studies.reading import ConfirmedStudy


def tell_confirmations(confirmations: Sequence[ConfirmedStudy]) -> list[str]:
    """Return the essentials of each confirmation, for `render_page`."""
    return [tell_essentials(found) for found in confirmations]
