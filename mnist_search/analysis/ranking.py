"""Ranks and ties of many recipes, from the comparisons of all pairs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from mnist_search.analysis.comparison import Difference, Pair


def rank_range(place: int, count: int, found: Mapping[Pair, Difference]) -> tuple[int, int]:
    """Return [1 + number significantly better, count - number significantly worse]."""
    better = worse = 0
    for other in range(count):
        comparison = seen_from(place, other, found)
        if comparison is not None and comparison.significant:
            better += comparison.difference < 0
            worse += comparison.difference > 0
    return 1 + better, count - worse


def seen_from(place: int, other: int, found: Mapping[Pair, Difference]) -> Difference | None:
    """Return the comparison of one place with another, with the one first; None for itself."""
    if place == other:
        return None
    return found[place, other] if place < other else found[other, place].reversed()


def tie_groups(places: Sequence[int], found: Mapping[Pair, Difference]) -> dict[int, str]:
    """Return the letters of places: two share one exactly if they do not differ significantly."""
    different = {
        (one, two)
        for one, two in itertools.combinations(range(len(places)), 2)
        if found[places[one], places[two]].significant
    }
    return dict(zip(places, letters(len(places), different), strict=True))


def letters(count: int, different: AbstractSet[Pair]) -> list[str]:
    """Return letters so that two rows share one exactly if their pair is not in `different`.

    `ab` marks a row between two groups. Source of the compact letter display: H.-P. Piepho,
    J. Comput. Graph. Stat. 13 (2004).
    """
    # Columns are bit masks of rows; each difference splits the columns that hold both rows, and
    # a column within another says nothing more and goes.
    columns = [(1 << count) - 1] if count else []
    for first, second in sorted(different):
        both = (1 << first) | (1 << second)
        kept = [column for column in columns if column & both != both]
        for column in columns:
            if column & both != both:
                continue
            for row in (first, second):
                part = column & ~(1 << row)
                if not any(part & ~other == 0 for other in kept):
                    kept = [other for other in kept if other & ~part != 0]
                    kept.append(part)
        columns = kept
    # The best row has bit 0: columns that begin higher up get the earlier letter.
    columns.sort(key=lambda column: tuple(row for row in range(count) if column >> row & 1))
    return [
        "".join(_letter(place) for place, column in enumerate(columns) if column >> row & 1)
        for row in range(count)
    ]


def split_letters(group: str | None) -> list[str]:
    """Split the letters of a tie group: `abz1` into a, b and z1."""
    return [] if group is None else re.findall(r"[a-z]\d*", group)


def _letter(place: int) -> str:
    """Return a … z, then a1 … z1, and so on."""
    turn, letter = divmod(place, 26)
    return chr(ord("a") + letter) + (str(turn) if turn else "")
