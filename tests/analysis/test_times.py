"""Ratios of times within a document."""

from __future__ import annotations

import dataclasses

from mnist_search.analysis import Row
from mnist_search.analysis.order import with_document_ratios

Ratios = list[tuple[float | None, float | None]]


def row(name: str, seconds: float | None, published: float | None = None, **more: object) -> Row:
    plain = Row(
        name=name,
        kind="reference",
        status="complete",
        document="E",
        protocol="documented",
        epochs=4,
        train_images=60_000,
        machine_id="m",
        threads=2,
        precision="float32",
        seconds_per_epoch=seconds,
        published_seconds_per_epoch=published,
    )
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


def ratios(*rows: Row) -> Ratios:
    filled = with_document_ratios(rows)
    assert [found.name for found in filled] == [given.name for given in rows]
    return [(found.document_time_ratio, found.published_time_ratio) for found in filled]


def test_measured_and_published_multiples_are_taken_over_the_same_rows() -> None:
    assert ratios(row("a", 2.0, 3.0), row("b", 4.0, 26.0), row("c", 5.0, 31.0)) == [
        (1.0, 1.0),
        (2.0, 26 / 3),
        (2.5, 31 / 3),
    ]
    # Without the fastest published one the others are multiples of what is left.
    assert ratios(row("b", 4.0, 26.0), row("c", 5.0, 31.0)) == [(1.0, 1.0), (1.25, 31 / 26)]
    # A model without published times among some that have them has nothing to compare.
    assert ratios(row("x", 1.0), row("b", 4.0, 26.0), row("c", 5.0, 31.0))[0] == (None, None)


def test_a_document_without_times_has_measured_multiples_alone() -> None:
    assert ratios(row("a", 2.0), row("b", 3.0)) == [(1.0, None), (1.5, None)]
    assert ratios(row("a", 2.0)) == [(None, None)]


def test_other_conditions_are_not_compared() -> None:
    for difference in (
        {"document": "B"},
        {"protocol": "corrected"},
        {"machine_id": "other"},
        {"threads": 1},
        {"precision": "bfloat16"},
        {"train_images": 4_000},
    ):
        assert ratios(row("a", 2.0), row("b", 3.0, **difference)) == [(None, None)] * 2


def test_changed_unfinished_single_epoch_and_published_rows_do_not_count() -> None:
    for difference in (
        {"changes": ("learning_rate 0.1",)},
        {"status": "failed"},
        {"epochs": 1},
        {"kind": "trial"},
        {"seconds_per_epoch": None},
        {"seconds_per_epoch": float("nan")},
    ):
        pair = row("a", 2.0), row("b", 3.0), row("c", 1.0, **difference)
        assert ratios(*pair) == [(1.0, None), (1.5, None), (None, None)]


def test_a_contended_time_is_no_measure_for_others_unless_all_are() -> None:
    contended = {"contended": True}
    assert ratios(row("a", 2.0, **contended), row("b", 4.0)) == [(0.5, None), (1.0, None)]
    both = row("a", 2.0, **contended), row("b", 4.0, **contended)
    assert ratios(*both) == [(1.0, None), (2.0, None)]
