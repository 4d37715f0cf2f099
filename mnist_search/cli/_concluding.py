"""How a search ends: its board, its confirmation where one is wanted, and what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from mnist_search.cli._running import exit_code
from mnist_search.errors import MnistSearchError

if TYPE_CHECKING:
    from mnist_search.cli._confirming import Confirmations
    from mnist_search.cli._options import Format
    from mnist_search.cli._settings import SearchOptions, Surroundings
    from mnist_search.specs import Record
    from mnist_search.studies import ConfirmedStudy, Interrupt, SearchSummary, StudySpec


def conclude(
    options: SearchOptions,
    spec: StudySpec,
    summary: SearchSummary,
    interrupt: Interrupt,
    records: Sequence[Record],
    around: Surroundings,
) -> int:
    """Print the board of a search, confirm where that is wanted and due; return the exit code."""
    top = 10 if options.format == "table" else None
    over = summary.outcome.ending == "done" and (summary.exhausted or not summary.waiting)
    confirms = options.confirm is not None and over
    # JSON is one document, so its board waits for the confirmation.
    together = confirms and options.format == "json"
    if not together:
        print_board(records, options.format, top=top)
    _tell_rest(options, spec, summary)
    try:
        code = exit_code(summary.outcome, interrupt, records)
        if options.confirm is None or not confirms:
            return code
        confirmed = _confirm(options, spec, options.confirm, around)
    except MnistSearchError:
        if together:
            print_board(records, options.format)
        raise
    except KeyboardInterrupt:
        typer.echo(f"{_same_command(options, spec)} goes on with the confirmation", err=True)
        raise
    if together:
        print_board(records, options.format, confirmed=[confirmed.found])
    elif options.format == "csv":
        typer.echo(f"`mnist-search report {spec.name}` shows the confirmation", err=True)
    else:
        from mnist_search.reporting.confirmation import render_confirmation

        text = render_confirmation(confirmed.found, options.format, titled=True)
        typer.echo(f"\n{text}", nl=False)
    return confirmed.finish(_same_command(options, spec))


def _confirm(
    options: SearchOptions, spec: StudySpec, top: int, around: Surroundings
) -> Confirmations:
    from mnist_search.cli._confirming import ConfirmOptions, confirm_study

    chosen = ConfirmOptions(
        study=spec.name,
        top=top,
        seeds=options.confirm_seeds,
        references=options.confirm_references,
        workers=options.workers,
        trial_timeout_seconds=options.trial_timeout_seconds,
        memory_limit_bytes=options.memory_limit_bytes,
        home=options.home,
        quiet=options.quiet,
    )
    return confirm_study(chosen, around)


def _tell_rest(options: SearchOptions, spec: StudySpec, summary: SearchSummary) -> None:
    if summary.exhausted:
        assert spec.search is not None
        typer.echo(
            f"space exhausted: {summary.finished} trials are all that {spec.search.space.name} has "
            f"for --sampler {spec.search.sampler}; {summary.waiting} slots stay empty",
            err=True,
        )
    elif summary.waiting:
        spent = summary.outcome.ending == "time budget"
        how = "a larger --time-budget" if spent else _same_command(options, spec)
        then = "" if options.confirm is None else ", and confirms after them"
        typer.echo(
            f"{summary.finished} of {summary.total} trials done; {how} goes on with "
            f"the other {summary.waiting}{then}",
            err=True,
        )
    elif options.confirm is not None and summary.outcome.ending == "interrupted":
        typer.echo(f"{_same_command(options, spec)} goes on with the confirmation", err=True)


def _same_command(options: SearchOptions, spec: StudySpec) -> str:
    if options.new:
        return f"the same command with --study {spec.name} in place of --new"
    return "the same command"


def print_board(
    records: Sequence[Record],
    format: Format,
    *,
    top: int | None = None,
    confirmed: Sequence[ConfirmedStudy] = (),
) -> None:
    """Print the leaderboard of some records with all references beside them."""
    from mnist_search.analysis import build_leaderboard
    from mnist_search.references import REFERENCES
    from mnist_search.reporting import render_leaderboard
    from mnist_search.studies.reading import read_labels

    board = build_leaderboard(records, REFERENCES, top=top, labels=read_labels(records))
    typer.echo(render_leaderboard(board, format, confirmed=confirmed), nl=False)
