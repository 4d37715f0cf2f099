"""`mnist-search verify`: does an exported recipe still reach its score?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.cli.options import (
    FormatOption,
    LimitOptions,
    LocalWorkerOptions,
    QuietOption,
    StudyPrecisionOption,
    VerboseOption,
)
from mnist_search.cli.outputs import typed_path
from mnist_search.cli.streams import say
from mnist_search.errors import BudgetError, ThresholdError


@takes_groups
def verify(
    context: typer.Context,
    *,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", parser=typed_path, help="What `export --as json` or `python` wrote."
        ),
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
    processes: LocalWorkerOptions,
    limits: LimitOptions,
    precision: StudyPrecisionOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Train an export again and say whether it reaches its score.

    It passes within the 95 % prediction interval of a rerun on the same images: other seeds are
    the only error, and how much they change is pooled over the runs and shipped measurements.
    Of a script its recipe is trained, as `run` and `confirm` train; nothing of it is executed.
    Nothing is stored. Exit code 0: pass, 7: fail. Without --precision it computes as the export
    was measured.

    Example: mnist-search verify winner.json --seeds 3
    """
    from mnist_search.cli.session import CommandSession
    from mnist_search.commands.verify import verify as train_export
    from mnist_search.reporting.thresholds import render_verification

    session = CommandSession(context, quiet=quiet, verbose=verbose)
    found = train_export(
        file,
        seeds=seeds,
        dataset=dataset,
        precision=precision,
        **keywords(processes, limits),
        context=session.context,
    )
    code = session.exit_code(found.outcome, found.records)
    if code != 0:
        return code
    missing = len(found.records) - len(found.accuracies)
    if missing:
        raise BudgetError(f"{missing} of {len(found.records)} runs of {found.export.name} failed")
    say(render_verification(found, format), nl=False)
    if found.passed:
        return 0
    raise ThresholdError(
        f"{found.export.name}: {100 * found.accuracy:.2f} % is outside "
        f"{100 * found.interval.low:.2f} to {100 * found.interval.high:.2f} %, where 95 of 100 "
        "such reruns lie"
    )
