"""`mnist-search dashboard`: a study in a browser."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from mnist_search.cli._completing import complete_study
from mnist_search.cli.options import HomeOption
from mnist_search.cli.streams import say


def dashboard(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="[STUDY]",
            autocompletion=complete_study,
            help="Study to show.",
            show_default="the one that was changed last",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any that is free.")
    ] = 8080,
    home: HomeOption = None,
) -> None:
    """Show a study in optuna-dashboard, for browsers of this machine alone, until Ctrl-C.

    It follows a search that runs; the study itself is only read.

    Example: mnist-search dashboard cnn-mnist-seed0 --port 0
    """
    from mnist_search.commands.dashboard import dashboard as open_dashboard

    with open_dashboard(study, port=port, home=home) as opened:
        say(f"study {opened.study}: {opened.url} (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            opened.serve()
