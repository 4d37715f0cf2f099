"""A chart as SVG text: frame, axes, marks and legend; everything from outside is escaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, assert_never

from markupsafe import Markup, escape

from mnist_search.reporting.cells import clean
from mnist_search.reporting.html.scales import Categories, Tick

Shape = Literal["dot", "ring", "diamond", "hollow", "cross"]
Point = tuple[float, float]

# As in the style sheet: of ticks, which are most of the text; titles of axes are a unit larger.
FONT_SIZE = 11.0
# Of the system's sans-serif fonts the widest, over lower-case text and digits, in font sizes.
_CHARACTER = 0.62 * FONT_SIZE
# Names turned by 40 degrees: how far they reach down and left, and how long they may be.
_TILT_DOWN, _TILT_LEFT, _TILTED_ROOM = 0.65, 0.78, 122.0


class Axis(Protocol):
    """What a chart needs of a scale."""

    @property
    def ticks(self) -> tuple[Tick, ...]: ...


@dataclass(slots=True, kw_only=True)
class Chart:
    """A frame of `width` by `height` units with margins, filled by its methods.

    Places are fractions of the frame's inside, from its lower left corner. Colours are classes
    of the style sheet, so that both colour schemes and print share one drawing.
    """

    label: str
    x: Axis
    y: Axis
    x_title: str
    y_title: str
    width: float = 420.0
    height: float = 280.0
    right: float = 14.0
    top: float = 12.0
    left: float = 0.0
    bottom: float = 46.0
    grid: bool = True
    marks: list[Markup] = field(default_factory=list)
    entries: list[tuple[str, str, str]] = field(default_factory=list)

    tilt: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.left == 0.0:
            widest = max((text_width(tick.label) for tick in self.y.ticks), default=0.0)
            self.left = min(widest, 0.4 * self.width) + 30.0
        # Numbers that have no room are left out, names are turned.
        if isinstance(self.x, Categories):
            widest = max(text_width(tick.label) for tick in self.x.ticks)
            self.tilt = widest > (self.width - self.left - self.right) / len(self.x.ticks) - 4
        if self.tilt:
            drop = _TILT_DOWN * min(widest, _TILTED_ROOM)
            self.bottom += drop
            self.height += 0.7 * drop
            self.left = max(self.left, 50.0)

    def point(self, x: float, y: float) -> Point:
        """Return the place of fractions in the drawing's units."""
        inner = self.width - self.left - self.right
        return self.left + x * inner, self.height - self.bottom - y * self._inner_height

    @property
    def _inner_height(self) -> float:
        return self.height - self.bottom - self.top

    def path(
        self, points: Sequence[Point], css: str, title: str = "", *, steps: bool = False
    ) -> None:
        """Draw a line through places; with `steps`, level until the next place."""
        if not points:
            return
        drawn = [self.point(*point) for point in points]
        text = f"M{_number(drawn[0][0])} {_number(drawn[0][1])}"
        for x, y in drawn[1:]:
            text += f"H{_number(x)}V{_number(y)}" if steps else f"L{_number(x)} {_number(y)}"
        self.marks.append(element("path", {"class": f"line {css}", "d": text}, title=title))

    def fill(self, outlines: Sequence[Sequence[Point]], css: str, title: str = "") -> None:
        """Fill what lies within any of several outlines, as one thing."""
        self.marks.append(self.outline(outlines, css, title))

    def outline(self, outlines: Sequence[Sequence[Point]], css: str, title: str = "") -> Markup:
        """Return what `fill` draws."""
        text = ""
        for outline in outlines:
            drawn = [self.point(*point) for point in outline]
            text += "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in drawn) + "z"
        return element("path", {"class": css, "d": text}, title=title)

    def mark(self, x: float, y: float, shape: Shape, css: str, title: str) -> None:
        """Draw one thing, with what it is as a tooltip."""
        self.marks.append(shape_at(*self.point(x, y), shape, css, title))

    def bar(self, lower_left: Point, upper_right: Point, css: str, title: str) -> None:
        """Draw a rectangle between two corners; never so thin that it is gone."""
        left, bottom = self.point(*lower_left)
        right, top = self.point(*upper_right)
        self.marks.append(
            element(
                "rect",
                {
                    "class": css,
                    "x": _number(left),
                    "y": _number(top),
                    "width": _number(max(right - left, 0.8)),
                    "height": _number(max(bottom - top, 0.8)),
                },
                title=title,
            )
        )

    def level(self, y: float, css: str, title: str) -> None:
        """Draw a horizontal line across the frame."""
        left, height = self.point(0.0, y)
        right, _ = self.point(1.0, y)
        line = f"M{_number(left)} {_number(height)}H{_number(right)}"
        self.marks.append(element("path", {"class": f"line {css}", "d": line}, title=title))

    def write_beside(self, y: float, text: str) -> None:
        """Write in the right margin, shortened to its width."""
        x, height = self.point(1.0, y)
        room = self.right - 8
        self.marks.append(label(x + 6, height + 4, text, "tick", room=room))

    def write_after(self, x: float, y: float, text: str) -> None:
        """Write to the right of a place."""
        left, height = self.point(x, y)
        room = self.width - left - 8
        self.marks.append(label(left + 5, height + 4, text, "tick", room=room))

    def explain(self, shape: str, css: str, text: str) -> None:
        """Add an entry to the legend; `shape` is one of a mark's, `line` or `bar`."""
        self.entries.append((shape, css, text))

    def render(self) -> Markup:
        """Return the chart and, below it, its legend."""
        parts = [*self._y_axis(), *self._x_axis(), *self.marks]
        drawing = element(
            "svg",
            {
                "viewBox": f"0 0 {_number(self.width)} {_number(self.height)}",
                "role": "img",
                "aria-label": clean(self.label),
                "class": "chart",
            },
            Markup("").join(parts),
        )
        return drawing + self._legend()

    def _y_axis(self) -> list[Markup]:
        found = []
        right, _ = self.point(1.0, 0.0)
        for tick in self.y.ticks:
            _, height = self.point(0.0, tick.place)
            if self.grid:
                line = f"M{_number(self.left)} {_number(height)}H{_number(right)}"
                found.append(element("path", {"class": "grid", "d": line}))
            room = self.left - 28.0
            found.append(
                label(self.left - 6, height + 4, tick.label, "tick", anchor="end", room=room)
            )
        if not self.y_title:
            return found
        middle = self.top + self._inner_height / 2
        turned = {"transform": f"rotate(-90 12 {_number(middle)})"}
        found.append(
            label(
                12, middle, self.y_title, "axis", anchor="middle", room=self.height - 8, more=turned
            )
        )
        return found

    def _x_axis(self) -> list[Markup]:
        start, floor = self.point(0.0, 0.0)
        end, _ = self.point(1.0, 0.0)
        line = f"M{_number(start)} {_number(floor)}H{_number(end)}"
        found = [element("path", {"class": "base", "d": line})]
        if self.tilt:
            for tick in self.x.ticks:
                x, _ = self.point(tick.place, 0.0)
                turned = {"transform": f"rotate(-40 {_number(x + 4)} {_number(floor + 13)})"}
                room = min(_TILTED_ROOM, (x - 4) / _TILT_LEFT)
                found.append(
                    label(
                        x + 4, floor + 13, tick.label, "tick", anchor="end", room=room, more=turned
                    )
                )
            return [*found, self._x_name()]
        taken = -1e9
        room = (end - start) / max(1, len(self.x.ticks)) - 4
        for tick in self.x.ticks:
            x, _ = self.point(tick.place, 0.0)
            text = shorten(tick.label, max(room, 5 * _CHARACTER))
            half = text_width(text) / 2
            # A label at the very end moves inwards instead of being cut off.
            x = min(max(x, half + 1), self.width - half - 1)
            if x - half < taken + 4:
                continue
            taken = x + half
            found.append(
                label(
                    x,
                    floor + 17,
                    tick.label,
                    "tick",
                    anchor="middle",
                    room=max(room, 5 * _CHARACTER),
                )
            )
        return [*found, self._x_name()]

    def _x_name(self) -> Markup:
        middle = (self.left + self.width - self.right) / 2
        room = 2 * min(middle, self.width - middle)
        return label(middle, self.height - 8, self.x_title, "axis", anchor="middle", room=room)

    def _legend(self) -> Markup:
        if not self.entries:
            return Markup("")
        items = [
            element("li", {}, _sample(shape, css) + element("span", {}, escape(clean(text))))
            for shape, css, text in self.entries
        ]
        return element("ul", {"class": "legend"}, Markup("").join(items))


def element(
    name: str, attributes: dict[str, str], content: str | Markup = "", *, title: str = ""
) -> Markup:
    """Return an element; attributes and plain text are escaped, `title` becomes a tooltip."""
    pairs = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value)
    inside = escape(content)
    if title:
        inside = Markup("<title>") + escape(clean(title)) + Markup("</title>") + inside
    # `name` and the keys are this module's own words.
    return Markup(f"<{name}{pairs}>") + inside + Markup(f"</{name}>")


def label(
    x: float,
    y: float,
    text: str,
    css: str = "",
    *,
    anchor: str = "start",
    room: float,
    more: dict[str, str] | None = None,
) -> Markup:
    """Return text of at most `room` units; what had to be shortened has it all as a tooltip."""
    whole = clean(text)
    short = shorten(whole, room if "tick" in css else room * FONT_SIZE / (FONT_SIZE + 1))
    attributes = {"x": _number(x), "y": _number(y), "class": css, "text-anchor": anchor}
    return element("text", attributes | (more or {}), short, title=whole if short != whole else "")


def shape_at(x: float, y: float, shape: Shape, css: str, title: str = "") -> Markup:
    """Return a mark around a place in the drawing's units."""
    at = {"class": f"{css} {shape}"}
    match shape:
        case "dot" | "ring":
            place = {"cx": _number(x), "cy": _number(y), "r": "3.6"}
            return element("circle", at | place, title=title)
        case "diamond" | "hollow":
            path = f"M{_number(x)} {_number(y - 5)}l5 5l-5 5l-5 -5z"
            return element("path", at | {"d": path}, title=title)
        case "cross":
            path = f"M{_number(x - 3)} {_number(y - 3)}l6 6m0 -6l-6 6"
            return element("path", at | {"d": path}, title=title)
        case _:
            assert_never(shape)


def text_width(text: str) -> float:
    """Return how wide a text is at most, in units of a drawing."""
    return sum(_width(character) for character in text)


def shorten(text: str, room: float) -> str:
    """Return the text, or its beginning and an ellipsis, within `room` units."""
    if text_width(text) <= room:
        return text
    kept, used = "", _width("…")
    for character in text:
        used += _width(character)
        if used > room:
            break
        kept += character
    return f"{kept.rstrip()}…"


def _width(character: str) -> float:
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return FONT_SIZE * 1.1
    return FONT_SIZE * 0.95 if character in "MWmw@%—…" or ord(character) > 0x24F else _CHARACTER


def _sample(shape: str, css: str) -> Markup:
    drawn: Markup
    if shape == "line":
        drawn = element("path", {"class": f"line {css}", "d": "M1 7H21"})
    elif shape == "bar":
        drawn = element("rect", {"class": css, "x": "3", "y": "2", "width": "16", "height": "10"})
    else:
        drawn = shape_at(11, 7, _shape(shape), css)
    box = {"viewBox": "0 0 22 14", "class": "sample", "aria-hidden": "true"}
    return element("svg", box, drawn)


def _shape(name: str) -> Shape:
    for shape in ("dot", "ring", "diamond", "hollow", "cross"):
        if shape == name:
            found: Shape = shape
            return found
    raise ValueError(f"no such shape: {name!r}")


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
