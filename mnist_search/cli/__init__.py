"""The command line: parse, call, render, exit; one module per command."""

from __future__ import annotations

import errno
import os
import re
import sys
from typing import Annotated

import typer

from mnist_search import __version__
from mnist_search.cli import (
    bench,
    check,
    confirm,
    dashboard,
    data,
    doctor,
    explain,
    export,
    figures,
    plan,
    references,
    report,
    run,
    show,
    spaces,
    studies,
    vary,
    verify,
)
from mnist_search.cli._urls import refuse_urls
from mnist_search.cli.streams import drop, prepare_streams, say
from mnist_search.errors import MnistSearchError, ResourceError, SpaceError

# EIO: the terminal has gone.
_OUTPUT_FAILED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_USER_OF_ADDRESS = re.compile(r"(\w:)/+\S*@")

app = typer.Typer(
    name="mnist-search",
    help="Search network choices on MNIST, time every trial, and rank the results beside "
    "25 published references.",
    epilog="Example: mnist-search run --space cnn --trials 50, then mnist-search report",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(plan.plan)
app.command()(bench.bench)
app.command()(confirm.confirm)
app.command()(vary.vary)
app.command()(explain.explain)
app.command()(export.export)
app.command()(verify.verify)
app.command()(check.check)
app.command()(report.report)
app.command()(show.show)
app.command()(figures.figures)
app.command()(dashboard.dashboard)
app.command()(doctor.doctor)
app.add_typer(studies.app, name="studies")
app.add_typer(references.app, name="references")
app.add_typer(spaces.app, name="spaces")
app.add_typer(data.app, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        say(f"mnist-search {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Hold the options that belong to no command."""


def main() -> None:
    """Run the command line and exit with its code."""
    prepare_streams()
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: list[str]) -> int:
    """Run the command line and return its exit code; a user's mistake becomes one line."""
    try:
        refuse_urls(arguments, os.environ)
        # Commands find their words in the context, for the record of the session.
        code = app(
            args=arguments,
            prog_name="mnist-search",
            standalone_mode=False,
            obj=tuple(arguments),
        )
        # Here, not when Python ends, where nothing could be said about it.
        sys.stdout.flush()
    except SpaceError as error:
        for problem in error.problems[:-1]:
            _say_error(problem, None)
        _say_error(error.problems[-1], error.hint)
        return error.exit_code
    except MnistSearchError as error:
        _say_error(error.message, error.hint)
        return error.exit_code
    except typer.TyperException as error:
        return _usage(error)
    except (BrokenPipeError, SystemExit) as error:
        # Typer itself makes a broken pipe an exit.
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise
        # The reader of our output has gone (`| head`); there is nobody left to tell.
        drop(sys.stdout)
        return 0
    except OSError as error:
        if error.errno not in _OUTPUT_FAILED or error.filename is not None:
            raise
        drop(sys.stdout)
        _say_error(f"cannot write the output: {error.strerror}", "send it elsewhere")
        return ResourceError.exit_code
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = "mnist-search" if context is None else context.command_path
    message = getattr(error, "format_message", lambda: str(error))()
    if message:
        # Typer judges values by pydantic, which says this before what it is told to say.
        message = message.replace("Value error, ", "").removesuffix(".")
        _say_error(" ".join(message.split()), f"`{command} --help` shows what there is")
    return int(getattr(error, "exit_code", 2))


def _say_error(message: str, hint: str | None) -> None:
    told = message if hint is None else f"{message}; hint: {hint}"
    # An address may come as a path, with one slash.
    told = _USER_OF_ADDRESS.sub(r"\1//***@", "".join(c if c.isprintable() else "?" for c in told))
    try:
        say(f"error: {told}", err=True)
        sys.stderr.flush()
    except OSError:
        # The exit code still tells.
        drop(sys.stderr)
