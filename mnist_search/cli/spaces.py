"""`spaces list`, `spaces show` and `spaces check`: what can be searched, without TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_search.cli._completing import complete_space
from mnist_search.cli.options import FormatOption
from mnist_search.cli.streams import say
from mnist_search.errors import SpaceError

if TYPE_CHECKING:
    from mnist_search.spaces import SearchSpace

Row = dict[str, Any]

app = typer.Typer(help="The search spaces, and files of your own.", no_args_is_help=True)


@app.command("list")
def list_all(format: FormatOption = "table") -> None:
    """List the search spaces: those in ./search_spaces, then those that come with the package.

    Example: mnist-search spaces list -f json
    """
    from mnist_search.reporting import Column, render_rows

    columns = [
        Column("name", "name", "word"),
        Column("family", "family", "word"),
        Column("parameters", "parameters", "count"),
        Column("description", "description", "text"),
        Column("references", "references inside", "text", priority=1),
        Column("source", "source", "text", priority=2),
    ]
    rows, notes = list_rows()
    say(render_rows(rows, columns, format, title="Search spaces", notes=notes), nl=False)


@app.command("show")
def show_one(
    space: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE", autocompletion=complete_space, help="Name or TOML file."
        ),
    ],
    references: Annotated[
        bool, typer.Option("--references", help="Show where the published systems lie in it.")
    ] = False,
    format: FormatOption = "table",
) -> None:
    """Show every setting of a space: searched, fixed, or left at its default.

    Example: mnist-search spaces show cnn --references
    """
    from mnist_search.reporting import Column, render_rows
    from mnist_search.spaces import find_space
    from mnist_search.spaces.rows import setting_rows

    found = find_space(space)
    if references:
        columns = [Column("name", "reference", "word"), Column("point", "point", "text")]
        rows = reference_rows(found)
        inside = sum(row["values"] is not None for row in rows)
        notes = [f"{inside} of {len(rows)} references of the family {found.family} lie inside"]
        title = f"Published systems in {found.name}"
        say(render_rows(rows, columns, format, title=title, notes=notes), nl=False)
        return
    columns = [
        Column("name", "setting", "word"),
        Column("role", "role", "word"),
        Column("type", "type", "word", priority=1),
        Column("range", "range or value", "text"),
        Column("per", "per", "word"),
        Column("when", "only when", "text"),
        Column("description", "meaning", "text", priority=2),
    ]
    title = f"{found.name}: {found.description or f'a space of the family {found.family}'}"
    rows, notes = setting_rows(found), show_notes(found)
    say(render_rows(rows, columns, format, title=title, notes=notes), nl=False)


@app.command("check")
def check_files(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", autocompletion=complete_space, help="TOML files or names."
        ),
    ],
) -> None:
    """Check space files; print everything that is wrong with them at once.

    Example: mnist-search spaces check search_spaces/cnn.toml mine.toml
    """
    from mnist_search.spaces import find_space

    problems: list[str] = []
    hints: list[str | None] = []
    for file in files:
        try:
            space = find_space(file)
        except SpaceError as error:
            problems += error.problems
            hints.append(error.hint)
            continue
        say(f"ok: {space.source}: {size_words(space)}")
        if (misfit := space.misfit(roomy=False)) is not None:
            say(f"note: {space.source}: trials may fail to build, {misfit}", err=True)
    if problems:
        raise SpaceError(tuple(problems), hint=next(filter(None, hints), None))


def list_rows() -> tuple[list[Row], list[str]]:
    """Return a row for every space that loads, and a note for every file that does not."""
    from mnist_search.references import REFERENCES
    from mnist_search.spaces import list_spaces, load_space
    from mnist_search.spaces.rows import space_row

    rows, notes = [], []
    for path in list_spaces().values():
        try:
            space = load_space(path)
        except SpaceError as error:
            notes.append(f"left out: {error.problems[0]} ({len(error.problems)} in all)")
            continue
        inside = [it.name for it in REFERENCES if space.locate(it.config) is not None]
        rows.append({**space_row(space), "references": inside})
    return rows, notes


def reference_rows(space: SearchSpace) -> list[Row]:
    """Return a row for every reference of the space's family; `values` is None outside of it."""
    from mnist_search.references import REFERENCES

    rows = []
    for reference in REFERENCES:
        if reference.family == space.family:
            values = space.locate(reference.config)
            point = [f"{name}={value}" for name, value in (values or {}).items()]
            rows.append(
                {"name": reference.name, "values": values, "point": " ".join(point) or None}
            )
    return rows


def show_notes(space: SearchSpace) -> list[str]:
    """Return what is to be said about a whole space."""
    return [
        size_words(space),
        "an inactive parameter leaves its setting to a more general parameter or to the default",
        f"{space.source} (space {space.space_id})",
    ]


def size_words(space: SearchSpace) -> str:
    """Return family, number of parameters and number of points in words."""
    points = space.size()
    count = "countless points" if points is None else f"{points:,} points"
    parameters = len(space.parameters)
    return f"family {space.family}, {parameters} parameter{'s' * (parameters != 1)}, {count}"
