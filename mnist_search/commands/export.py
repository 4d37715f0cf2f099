"""Taking a model away: as a .keras file, as a script of its own, or as a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_search.choices import ExportForm
from mnist_search.commands.context import Context, home_of
from mnist_search.commands.portraits import quiet_loading
from mnist_search.errors import UsageError
from mnist_search.exporting import Export, choose_export, render_export, render_script
from mnist_search.specs import Record
from mnist_search.studies import (
    read_confirmed,
    read_records,
    stored_weights,
    study_folder,
)
from mnist_search.writing import output_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was exported, with the score to expect; `text` is the script or the recipe."""

    export: Export
    text: str | None = None


def export(
    study: str,
    run: str | int = "winner",
    *,
    form: ExportForm = "json",
    output: Path | str | None = None,
    home: Path | str | None = None,
    context: Context | None = None,
) -> Exported:
    """Export a run, and write it to `output`, which a .keras file needs.

    A trial that was confirmed is exported as such, with all training images.

    Raises:
        UsageError: there is no such run, its weights are not stored, or `output` is no good.
        BudgetError: no run is complete, so that none has won.
    """
    context = Context.of_this_process() if context is None else context
    place = home_of(home, context)
    records = read_records(place, [study])
    confirmed = read_confirmed(place, study, notice=context.notice)
    found, runs = choose_export(records, confirmed, str(run), study=study)
    path = None if output is None else Path(output)
    if form == "keras":
        _write_keras(found, runs, place, path)
        return Exported(export=found)
    text = render_script(found) if form == "python" else render_export(found)
    if path is not None:
        with output_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return Exported(export=found, text=text)


def _write_keras(found: Export, runs: Sequence[Record], home: Path, output: Path | None) -> None:
    if output is None or output.suffix != ".keras":
        told = "nothing" if output is None else output.name
        raise UsageError(f"--as keras needs --output with a name that ends in .keras, got {told}")
    if not output.parent.is_dir() or output.is_dir():
        raise UsageError(f"{output}: output must be a file in a folder that exists")
    for record in runs:
        path = stored_weights(study_folder(home, record.study), record)
        if path is not None:
            break
    else:
        raise UsageError(
            f"the weights of {found.name} of study {found.study} are not stored",
            hint="`mnist-search confirm` trains a trial again and keeps them; --as python "
            "writes a script that trains it",
        )
    from mnist_search.training.weights import load_weights, save_keras

    assert record.result is not None
    assert record.result.weights_sha256 is not None
    weights = load_weights(path, sha256=record.result.weights_sha256)
    with quiet_loading():
        save_keras(found.config.model, weights, output, precision=found.precision)
