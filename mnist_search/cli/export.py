"""`mnist-search export`: take a model away."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from mnist_search.cli._completing import complete_study, complete_trial
from mnist_search.cli.options import HomeOption, OutputOption
from mnist_search.cli.outputs import chosen_format, write_output
from mnist_search.cli.streams import say
from mnist_search.errors import UsageError

if TYPE_CHECKING:
    from mnist_search.exporting import Export
    from mnist_search.specs import Record

ExportForm = Literal["keras", "python", "json"]


def export(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", autocompletion=complete_study, help="Study that holds the run."
        ),
    ],
    run: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL|REFERENCE|winner",
            autocompletion=complete_trial,
            help="Number of a run, name of a reference, or the best: as confirmed, else as "
            "searched.",
        ),
    ],
    form: Annotated[
        ExportForm | None,
        typer.Option(
            "--as",
            help="keras: the trained model; python: a script that needs only Keras and trains it "
            "anew; json: the recipe, for `verify`.",
            show_default="by the suffix of --output, else json",
        ),
    ] = None,
    output: OutputOption = None,
    home: HomeOption = None,
) -> None:
    """Write a model as a .keras file, as a script of its own, or as a recipe.

    A trial that `confirm` has trained again is exported as confirmed, with all training images.
    All three know the score to expect. The .keras file takes pixels in 0..255, its scaling being
    a layer; weights are kept of the best trials of a search (`run --keep-models`), and of the
    first run of each confirmed model and each reference.

    Example: mnist-search export cnn-mnist-seed0 winner --as python --output winner.py
    """
    from mnist_search.exporting import choose_export, render_export, render_script
    from mnist_search.studies import read_confirmed, read_records, resolve_home

    place = resolve_home(home, os.environ)
    records = read_records(place, [study])
    found, runs = choose_export(records, read_confirmed(place, study), run, study=study)
    chosen = chosen_format(form, output, of=get_args(ExportForm), default="json", option="--as")
    match chosen:
        case "keras":
            _write_keras(found, runs, place, output)
        case "python" | "json":
            text = render_script(found) if chosen == "python" else render_export(found)
            write_output(output, text)
    expected = found.expected
    say(
        f"{found.name} ({found.config.protocol}): expected {100 * expected.accuracy:.2f} % of the "
        f"{expected.images:,} {expected.on} images, {100 * expected.low:.2f} to "
        f"{100 * expected.high:.2f} %, n = {expected.n}",
        err=True,
    )


def _write_keras(found: Export, runs: Sequence[Record], place: Path, output: Path | None) -> None:
    from mnist_search.cli._portrait import quiet_loading
    from mnist_search.studies import stored_weights, study_folder

    if output is None or output.suffix != ".keras":
        told = "nothing" if output is None else output.name
        raise UsageError(f"--as keras needs --output with a name that ends in .keras, got {told}")
    if not output.parent.is_dir() or output.is_dir():
        raise UsageError(f"{output}: output must be a file in a folder that exists")
    for record in runs:
        path = stored_weights(study_folder(place, record.study), record)
        if path is not None:
            break
    else:
        raise UsageError(
            f"the weights of {found.name} of study {found.study} are not stored",
            hint="`mnist-search confirm` trains a trial again and keeps them; --as python "
            "writes a script that trains it",
        )
    from mnist_search.training.weights import load_weights

    assert record.result is not None
    assert record.result.weights_sha256 is not None
    weights = load_weights(path, sha256=record.result.weights_sha256)
    with quiet_loading():
        from mnist_search.training.weights import save_keras

        save_keras(found.config.model, weights, output, precision=found.precision)
