"""`mnist-search verify`: does an exported recipe still reach its score?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnist_search.cli._options import FormatOption, QuietOption, WorkersOption
from mnist_search.errors import ThresholdError


def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `export --as json` or `python` wrote.")
    ],
    seeds: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="Runs: with the seeds of the export first, then with fresh ones."
        ),
    ] = 1,
    dataset: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_DATASET",
            metavar="NAME|PATH",
            help="Where the data is; it must be the export's own.",
            show_default="as exported",
        ),
    ] = None,
    workers: WorkersOption = "auto",
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> None:
    """Train an export again and say whether its score comes out within the interval.

    Of a script its recipe is trained, as `run` and `confirm` train; nothing of it is executed.
    Nothing is stored. Exit code 0: pass, 7: fail.

    Example: mnist-search verify winner.json --seeds 3
    """
    from mnist_search.cli._settings import Surroundings
    from mnist_search.cli._verifying import train_export
    from mnist_search.exporting import read_export
    from mnist_search.reporting import Column, render_rows

    export, text = read_export(file)
    verification = train_export(
        export,
        text,
        seeds=seeds,
        dataset=dataset,
        workers=workers,
        quiet=quiet,
        # What was typed is for the record of a study, and this one is thrown away.
        around=Surroundings.of_this_process(()),
    )
    columns = [
        Column("name", "name", "text"),
        Column("result", "result", "word"),
        Column("accuracy", "accuracy", "percent"),
        Column("n", "n", "count"),
        Column("expected_accuracy", "expected", "percent"),
        Column("expected_low", "from", "percent"),
        Column("expected_high", "to", "percent"),
        Column("expected_n", "its n", "count", 2),
        Column("on", "on", "word", 1),
        Column("images", "images", "count", 1),
        Column("protocol", "protocol", "word", 2),
    ]
    typer.echo(render_rows([verification], columns, format), nl=False)
    if verification["result"] != "pass":
        raise ThresholdError(
            f"{export.name}: {100 * float(str(verification['accuracy'])):.2f} % is outside the "
            f"interval {100 * export.expected.low:.2f} to {100 * export.expected.high:.2f} %"
        )
