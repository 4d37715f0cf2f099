"""`mnist-search confirm`: the honest winner of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_search.cli._options import (
    Format,
    FormatOption,
    HomeOption,
    QuietOption,
    WorkersOption,
    parse_duration,
)

if TYPE_CHECKING:
    from mnist_search.analysis.confirmation import Confirmation, ConfirmedRow
    from mnist_search.reporting import Column
    from mnist_search.studies.confirming import TestUse


def confirm(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Study of a search.")],
    top: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="How many of its trials, the best by validation accuracy."
        ),
    ] = 3,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="Runs of each, all with the same fresh seeds.")
    ] = 3,
    references: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Reference to train as well, as its document did; repeat it for more. The best "
            "trial that is a reference itself always comes along.",
            show_default="none",
        ),
    ] = None,
    workers: WorkersOption = "auto",
    trial_timeout: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_TRIAL_TIMEOUT",
            metavar="DURATION",
            help="End a run that takes longer; it counts as failed.",
        ),
    ] = None,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Train the best trials again on all training images, and only then test them.

    float32, the same fresh seeds for all, in a study STUDY-confirm beside the search: nothing is
    trained twice, the same command goes on after an interruption, and more --seeds or --top add
    the difference. The winner is set against the best reference (trained again with it, else
    its published figure, where the data is MNIST) and against the other trials. The study counts
    how often it has met the test images.

    Example: mnist-search confirm cnn-mnist-seed0 --top 3 --seeds 3 --references cnn-double-32
    """
    from mnist_search.cli._confirming import ConfirmOptions, confirm_study
    from mnist_search.cli._session import Surroundings

    options = ConfirmOptions(
        study=study,
        top=top,
        seeds=seeds,
        references=references if references is not None else [],
        workers=workers,
        trial_timeout_seconds=parse_duration(trial_timeout, option="--trial-timeout"),
        home=home,
        quiet=quiet,
    )
    confirmed = confirm_study(options, Surroundings.of_this_process())
    typer.echo(render(confirmed.confirmation, confirmed.use, format), nl=False)
    return confirmed.finish()


def render(confirmation: Confirmation, use: TestUse, format: Format) -> str:
    """Return the table of a confirmation, its verdict above and what else there is to say below."""
    from mnist_search.analysis.confirming_words import (
        tell_incomplete,
        tell_runner_up,
        tell_shrinkage,
        tell_winner,
    )
    from mnist_search.reporting import render_rows

    verdict = tell_winner(confirmation)
    several = sum(row.kind == "trial" for row in confirmation.rows) > 1
    notes = [
        tell_runner_up(confirmation),
        tell_shrinkage(confirmation),
        "the winner is the best of these trials on the test images themselves" if several else None,
        *tell_incomplete(confirmation.rows),
        tell_use(use),
    ]
    said = [note for note in notes if note is not None]
    people = format in {"table", "markdown"}
    rows = [{**row.as_dict(), **(_readable(row) if people else {})} for row in confirmation.rows]
    legend = (
        "± 95 % interval of images and seeds; sd between seeds; same tie letter: a tie; behind: "
        "points behind the best trial; p corrected for all pairs"
    )
    notes_below = [legend, *said] if people else [verdict, *said]
    return render_rows(rows, _columns(people=people), format, title=verdict, notes=notes_below)


def tell_use(use: TestUse) -> str:
    """Return how often the test images have been met, in a sentence."""
    times = "once" if use.uses == 1 else f"{use.uses} times"
    runs = "run" if use.runs == 1 else "runs"
    told = f"this study has used the test images {times}, with {use.runs} {runs}"
    if not use.new:
        return f"{told}; this time none was new"
    if use.uses == 1:
        return told
    return f"{told}; each further look makes the best figure a little too good"


def _readable(row: ConfirmedRow) -> dict[str, Any]:
    spread = None if row.test_accuracy_sd is None else f"{100 * row.test_accuracy_sd:.2f}"
    accuracy = None
    if row.test_accuracy is not None:
        half = ((row.test_accuracy_high or 0.0) - (row.test_accuracy_low or 0.0)) / 2
        accuracy = f"{100 * row.test_accuracy:.2f} ±{100 * half:.2f}"
    gap = row.behind
    return {
        "rank": None if row.rank is None else str(row.rank),
        "test_accuracy": accuracy,
        "test_accuracy_sd": spread,
        "behind": None
        if gap is None
        else f"{100 * gap.difference:+.2f} ±{50 * (gap.high - gap.low):.2f}",
        "p_adjusted": None
        if gap is None
        else ("<0.001" if gap.p_adjusted < 0.001 else f"{gap.p_adjusted:.3f}"),
    }


def _columns(*, people: bool) -> list[Column]:
    from mnist_search.reporting import Column

    shown = [
        Column("rank", "#", "figure"),
        Column("name", "name", "text"),
        Column("test_accuracy", "test accuracy %", "figure"),
        Column("test_accuracy_sd", "sd", "figure", 1),
        Column("n", "n", "count", 1),
        Column("tie_group", "tie", "word", 1),
        Column("search_accuracy", "in the search", "percent", 2),
        Column("shrinkage", "shrinkage", "points", 2),
        Column("behind", "behind", "figure"),
        Column("p_adjusted", "p", "figure", 1),
        Column("fit_seconds", "fit time", "seconds", 3),
        Column("parameters", "parameters", "count", 4),
        Column("description", "what it is", "text", 5),
    ]
    if people:
        return shown
    more = (
        "kind", "status", "trial", "reference", "test_accuracy_low", "test_accuracy_high",
        "images", "seeds", "shrinkage_low", "shrinkage_high", "behind_low", "behind_high",
        "p_value", "paired", "runs_failed", "runs_pending", "config_id",
    )  # fmt: skip
    return [*shown, *(Column(key, key) for key in more)]
