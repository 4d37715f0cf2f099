"""Search spaces as text, and where the references lie in them."""

from __future__ import annotations

from collections.abc import Mapping

from mnist_search.choices import Format
from mnist_search.commands.spaces import ListedSpaces, located_references
from mnist_search.reporting.cells import Column
from mnist_search.reporting.rows import render_rows
from mnist_search.spaces import SearchSpace, Value
from mnist_search.spaces.rows import setting_rows


def render_spaces(found: ListedSpaces, format: Format) -> str:
    """Return a row for each space, as text."""
    columns = [
        Column("name", "name", "word"),
        Column("family", "family", "word"),
        Column("parameters", "parameters", "count"),
        Column("description", "description", "text"),
        Column("references", "references inside", "text", priority=1),
        Column("source", "source", "text", priority=2),
    ]
    return render_rows(found.rows, columns, format, title="Search spaces", notes=found.left_out)


def render_space(space: SearchSpace, format: Format) -> str:
    """Return every setting of a space, as text."""
    columns = [
        Column("name", "setting", "word"),
        Column("role", "role", "word"),
        Column("type", "type", "word", priority=1),
        Column("range", "range or value", "text"),
        Column("per", "per", "word"),
        Column("when", "only when", "text"),
        Column("description", "meaning", "text", priority=2),
    ]
    notes = [
        size_words(space),
        "an inactive parameter leaves its setting to a more general parameter or to the default",
        *(f"first point {name}: {_point_words(space, it)}" for name, it in space.first.items()),
        f"{space.source} (space {space.space_id})",
    ]
    title = f"{space.name}: {space.description or f'a space of the family {space.family}'}"
    return render_rows(setting_rows(space), columns, format, title=title, notes=notes)


def render_references_in(space: SearchSpace, format: Format) -> str:
    """Return where the references of its family lie in a space, as text."""
    columns = [Column("name", "reference", "word"), Column("point", "point", "text")]
    rows = located_references(space)
    inside = sum(row["values"] is not None for row in rows)
    notes = [f"{inside} of {len(rows)} references of the family {space.family} lie inside"]
    title = f"Published systems in {space.name}"
    return render_rows(rows, columns, format, title=title, notes=notes)


def _point_words(space: SearchSpace, values: Mapping[str, Value]) -> str:
    """Return the values in which a point differs from that of the defaults."""
    usual = space.defaults()
    return " ".join(f"{name}={it}" for name, it in values.items() if usual.get(name) != it)


def size_words(space: SearchSpace) -> str:
    """Return family, number of parameters and number of points in words."""
    points = space.size()
    count = "countless points" if points is None else f"{points:,} points"
    parameters = len(space.parameters)
    return f"family {space.family}, {parameters} parameter{'s' * (parameters != 1)}, {count}"
