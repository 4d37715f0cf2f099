"""Axes of charts, and texts that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_search.reporting.html.scales import Categories, Scale, accuracy, linear, logarithmic
from mnist_search.reporting.html.svg import label, shorten, text_width

FLOATS = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)
POSITIVE = st.floats(min_value=1e-9, max_value=1e9)
FRACTIONS = st.floats(min_value=0, max_value=1)


def check(scale: Scale, values: list[float]) -> None:
    places = [scale.place(value) for value in sorted(values)]
    assert all(0 <= place <= 1 for place in places)
    assert places == sorted(places)
    ticks = [tick.place for tick in scale.ticks]
    assert ticks
    assert all(0 <= tick <= 1 for tick in ticks)
    assert ticks == sorted(set(ticks))


@given(st.lists(FLOATS, min_size=1), st.booleans(), st.booleans())
def test_linear_holds_whatever_comes(values: list[float], zero: bool, whole: bool) -> None:
    places = [linear(values, zero=zero, whole=whole).place(value) for value in sorted(values)]
    assert all(0 <= place <= 1 for place in places)
    assert places == sorted(places)


@given(st.lists(POSITIVE, min_size=1))
def test_logarithmic_holds_whatever_comes(values: list[float]) -> None:
    check(logarithmic(values), values)


@given(st.lists(FRACTIONS, min_size=1))
def test_accuracies_hold_whatever_comes(values: list[float]) -> None:
    check(accuracy(values), values)


def test_halving_the_errors_is_equally_far_everywhere() -> None:
    scale = accuracy([0.5, 0.999])
    first = scale.place(0.98) - scale.place(0.96)
    second = scale.place(0.995) - scale.place(0.99)
    assert first == pytest.approx(second)
    assert [tick.label for tick in scale.ticks] == [
        "50 %",
        "90 %",
        "95 %",
        "99 %",
        "99.5 %",
        "99.9 %",
    ]


def test_ticks_are_round_and_told_in_the_right_unit() -> None:
    assert [tick.label for tick in linear([0, 700], zero=True, unit="seconds").ticks] == [
        "0",
        "3 min",
        "6 min",
        "9 min",
    ]
    assert [tick.label for tick in linear([1, 3], whole=True).ticks] == ["1", "2", "3"]
    assert [tick.label for tick in logarithmic([1e4, 2e6], unit="count").ticks] == [
        "10k",
        "100k",
        "1M",
    ]
    assert [tick.label for tick in accuracy([0.9862, 0.9947]).ticks] == [
        "98.6 %",
        "98.8 %",
        "99 %",
        "99.2 %",
        "99.4 %",
    ]


def test_true_is_another_category_than_one() -> None:
    scale = Categories((1, True, "1"))
    assert [scale.place(value) for value in (1, True, "1")] == pytest.approx([1 / 6, 0.5, 5 / 6])
    assert [tick.label for tick in scale.ticks] == ["1", "yes", "1"]
    with pytest.raises(ValueError, match="must be one of"):
        scale.place(False)


@given(st.text(max_size=60), st.floats(min_value=20, max_value=500))
def test_shortened_text_fits_its_room(text: str, room: float) -> None:
    short = shorten(text, room)
    assert text_width(short) <= room
    assert short == text or short.endswith("…")


def test_what_was_shortened_is_the_tooltip() -> None:
    assert "<title>" not in label(0, 0, "brief", "tick", room=100)
    assert "<title>a long name &lt;b&gt;</title>" in label(0, 0, "a long name <b>", "tick", room=40)
