"""Options that are declared together: each in its place, under the name that commands know."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, get_type_hints

import pytest
import typer

from mnist_search.cli import options
from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.commands.context import TrainingKeywords
from mnist_search.commands.searching import SearchKeywords


@dataclass(frozen=True, kw_only=True)
class Size:
    width: Annotated[int, typer.Option(min=1)] = 3
    height: Annotated[int, typer.Option(min=1)] = 4


@pytest.mark.parametrize(
    ("typed", "told"),
    [((), "a 3x4 b"), (("--height", "5", "--last", "z"), "a 3x5 z"), (("--width", "0"), None)],
)
def test_a_group_is_its_options_in_its_place(typed: tuple[str, ...], told: str | None) -> None:
    said = []

    @takes_groups
    def show(*, first: str = "a", size: Size, last: str = "b") -> None:
        said.append(f"{first} {size.width}x{size.height} {last}")
        assert keywords(size) == {"width": size.width, "height": size.height}

    app = typer.Typer()
    app.command()(show)
    command = typer.main.get_command(app)
    names = [parameter.name for parameter in command.params]
    assert names[:4] == ["first", "width", "height", "last"]
    if told is None:
        with pytest.raises(typer.TyperException, match="greater than or equal to 1"):
            command.main(list(typed), standalone_mode=False)
    else:
        command.main(list(typed), standalone_mode=False)
        assert said == [told]


@pytest.mark.parametrize(
    ("group", "known"),
    [
        (options.WorkerOptions, TrainingKeywords),
        (options.LimitOptions, TrainingKeywords),
        (options.DataOptions, TrainingKeywords),
        (options.SearchOptions, SearchKeywords),
        (options.FirstTrialOptions, SearchKeywords),
    ],
)
def test_commands_know_the_options_of_groups(group: type, known: type) -> None:
    takes, given = get_type_hints(known), get_type_hints(group)
    names = [field.name for field in fields(group)]
    # A number of workers is typed as text, as `auto` is one.
    assert {name: takes[name] for name in names if name != "workers"} == {
        name: given[name] for name in names if name != "workers"
    }
