"""Tie groups: rows that share a letter are not told apart by the data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mnist_search.analysis.predictions import Answers, compare_runs
from mnist_search.analysis.statistics import (
    SIGNIFICANT,
    Estimate,
    difference_p_value,
    holm_adjusted,
)

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A model to compare: its accuracy, and by seed the answers to the images of `image_set`."""

    estimate: Estimate
    image_set: str | None = None
    answers: Mapping[int, Answers] = field(default_factory=dict)


def p_value(first: Contender, second: Contender) -> float:
    """Return the p-value that two contenders are one, paired wherever that can be.

    McNemar over common seeds where both answered the same images, otherwise the test of two
    proportions, which is weaker as it ignores that the images may be the same.
    """
    if first.image_set is not None and first.image_set == second.image_set:
        comparison = compare_runs(first.answers, second.answers)
        if comparison is not None:
            return comparison.p_value
    return difference_p_value(first.estimate, second.estimate)


def tie_groups(contenders: Sequence[Contender]) -> list[str]:
    """Return letters per contender, best first: two that share one are not told apart."""
    return letters(len(contenders), find_differences(contenders))


def find_differences(contenders: Sequence[Contender]) -> set[Pair]:
    """Return the pairs (of places, the lower first) that the data tell apart.

    All pairs are tested; Holm's correction holds the chance of even one wrong difference among
    them at 5 %.
    """
    p_values = {
        pair: p_value(contenders[pair[0]], contenders[pair[1]])
        for pair in itertools.combinations(range(len(contenders)), 2)
    }
    return holm_differences(p_values)


def holm_differences(p_values: Mapping[Pair, float]) -> set[Pair]:
    """Return the pairs that differ at 5 % over all of them together."""
    adjusted = holm_adjusted(list(p_values.values()))
    return {pair for pair, p in zip(p_values, adjusted, strict=True) if p <= SIGNIFICANT}


def letters(count: int, different: set[Pair]) -> list[str]:
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
