"""`mnist-search doctor`: is everything here that a search needs?"""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli.options import FormatOption, HomeOption
from mnist_search.cli.streams import say
from mnist_search.errors import ThresholdError

_NAME_WIDTH = 18


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not try to import TensorFlow, which takes seconds.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 7 where a check fails.")
    ] = False,
    home: HomeOption = None,
    format: FormatOption = "table",
) -> None:
    """Look at versions, machine, disk, studies, data and TensorFlow; say what to do.

    Nothing is fetched, trained or kept. A check that fails needs attention; a warning is about
    something optional or slow.

    Example: mnist-search doctor --quick --strict
    """
    from mnist_search.commands.doctor import doctor as examine
    from mnist_search.reporting import Column, render_rows
    from mnist_search.reporting.cells import clean

    findings = []
    for each in examine(quick=quick, home=home):
        findings.append(each)
        if format == "table":
            # Line by line: the last ones take seconds.
            hint = "" if each.hint is None else f"; hint: {clean(each.hint)}"
            say(f"{each.status:4}  {each.check:{_NAME_WIDTH}}  {clean(each.found)}{hint}")
    if format != "table":
        columns = [Column(key, key, "text") for key in ("check", "status", "found", "hint")]
        say(render_rows([each.as_dict() for each in findings], columns, format), nl=False)
    failed = [each.check for each in findings if each.status == "fail"]
    if failed and strict:
        raise ThresholdError(f"needs attention: {', '.join(failed)}")
    if failed:
        say(f"warning: needs attention: {', '.join(failed)}", err=True)
