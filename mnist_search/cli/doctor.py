"""`mnist-search doctor`: is everything here that a search needs?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_search.cli.options import FormatOption, HomeOption
from mnist_search.cli.streams import say

if TYPE_CHECKING:
    from mnist_search.cli._check_result import CheckResult

_NAME_WIDTH = 18


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not try to import TensorFlow, which takes seconds.")
    ] = False,
    home: HomeOption = None,
    format: FormatOption = "table",
) -> int:
    """Look at versions, cores, memory, disk, data, SQLite and TensorFlow; say what to do.

    Nothing is fetched, trained or kept. Exit code 0, or 2 where something fails; a warning is
    about something optional or slow.

    Example: mnist-search doctor
    """
    from mnist_search.reporting import Column, render_rows
    from mnist_search.studies.folder import resolve_home

    found: list[CheckResult] = []
    for finding in _findings(resolve_home(home, os.environ), quick=quick):
        found.append(finding)
        if format == "table":
            # Line by line: the last ones take seconds.
            say(_line(finding))
    if format != "table":
        columns = [Column(key, key, "text") for key in ("check", "status", "found", "hint")]
        text = render_rows([each.as_dict() for each in found], columns, format)
        say(text, nl=False)
    return 2 if any(each.status == "fail" for each in found) else 0


def _findings(home: Path, *, quick: bool) -> Iterator[CheckResult]:
    from mnist_search.cli._checkup import examine
    from mnist_search.cli._import_probe import await_probe, import_probe

    if quick:
        yield from examine(home, os.environ)
        return
    with import_probe(os.environ) as process:
        yield from examine(home, os.environ)
        yield from await_probe(process)


def _line(finding: CheckResult) -> str:
    from mnist_search.reporting.cells import clean

    hint = "" if finding.hint is None else f"; hint: {clean(finding.hint)}"
    return f"{finding.status:4}  {finding.check:{_NAME_WIDTH}}  {clean(finding.found)}{hint}"
