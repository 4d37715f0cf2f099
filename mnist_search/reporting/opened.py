"""Studies in a notebook: `from mnist_search import open_study`."""

from __future__ import annotations

import os
import warnings
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from mnist_search.analysis import Leaderboard, build_leaderboard
from mnist_search.errors import MnistSearchError, UsageError
from mnist_search.references import REFERENCES
from mnist_search.reporting.board_rows import board_table, explain_columns
from mnist_search.reporting.cells import clean, format_cell
from mnist_search.reporting.leaderboard import render_leaderboard
from mnist_search.specs import Record
from mnist_search.studies import (
    list_studies,
    name_metrics,
    open_ledger,
    read_confirmations,
    read_records,
    resolve_home,
    study_folder,
)
from mnist_search.studies.reading import read_labels, read_study

if TYPE_CHECKING:
    from optuna.study import Study
    from rich.text import Text

    from mnist_search.reporting.charts.style import AnyChart


@dataclass(frozen=True, slots=True, repr=False)
class BoardView:
    """A leaderboard; `print` and rich show it as text, a notebook as HTML."""

    board: Leaderboard

    def __str__(self) -> str:
        return render_leaderboard(self.board, "table", plain=True)

    def __repr__(self) -> str:
        return f"<leaderboard of {len(self.board.rows)} rows>"

    def __rich__(self) -> Text:
        """Return the text for rich; nothing of it is taken as markup."""
        from rich.text import Text

        return Text(render_leaderboard(self.board, "table"), no_wrap=True)

    def _repr_html_(self) -> str:
        """Return a table without style or script; text from outside is escaped."""
        columns, rows, cells = board_table(self.board)
        lines = [[column.header for column in columns]]
        lines += [
            [format_cell(row.get(column.key), column.style) for column in columns] for row in cells
        ]
        notes = [*self.board.notes, explain_columns(rows, columns), *self.board.environment]
        table = Markup("").join(
            Markup("<tr>{}</tr>").format(
                Markup("").join(
                    Markup("<{}>{}</{}>").format(tag, clean(cell), tag) for cell in line
                )
            )
            for tag, line in zip(["th", *["td"] * len(cells)], lines, strict=True)
        )
        told = Markup("").join(Markup("<p>{}</p>").format(clean(note)) for note in notes if note)
        return str(Markup("<table>{}</table>{}").format(table, told))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedStudy:
    """A study to look at; every call reads what it holds by then, nothing is ever written."""

    name: str
    home: Path

    def records(self) -> list[Record]:
        """Return every slot, in the order of its number: trials, or runs of references."""
        return read_records(self.home, [self.name])

    def leaderboard(
        self, *, sort: str = "accuracy", top: int | None = 40, references: bool = True
    ) -> BoardView:
        """Return the leaderboard, which a notebook shows as a table.

        The first `top` rows are shown, None: all; `references` puts the published figures beside.
        `sort` is one of accuracy, time, parameters, inference, name and number.

        Raises:
            UsageError: unknown `sort`, or `top` below 1.
        """
        records = self.records()
        board = build_leaderboard(
            records,
            REFERENCES,
            sort=sort,
            top=top,
            include_published=references,
            labels=read_labels(records),
        )
        return BoardView(board)

    def charts(self) -> dict[str, AnyChart]:
        """Return the charts of `report -f html` by their names, for a notebook to show.

        Each is a chart of Vega-Altair: hover, zoom and selection work in a notebook, too, charts
        put beside each other (`one | other`) share their selection, and `save` writes files.
        A study of which nothing has run has none.
        """
        from mnist_search.reporting.charts.studies import named_charts

        stored = read_study(self.home, self.name)
        records, search = stored.records, stored.spec.search
        rows = build_leaderboard(records, REFERENCES, labels=read_labels(records)).rows

        def warn(error: MnistSearchError) -> None:
            warnings.warn(f"left out: {error.message}", stacklevel=2)

        confirmed = read_confirmations(self.home, records, REFERENCES, warn)
        return named_charts(
            records,
            None if search is None else search.space,
            rows,
            confirmed[0].confirmation if confirmed else None,
        )

    def to_pandas(self) -> Any:
        """Return a data frame with a line for each trial, or measured reference.

        Its columns are the keys of `report -f json`, the parameters of trials as `value_NAME`.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise UsageError(
                "to_pandas needs pandas, which is not installed: pip install pandas"
            ) from error
        rows = self.leaderboard(sort="number", top=None, references=False).board.rows
        return pandas.DataFrame([_flat(row.as_dict()) for row in rows])

    @property
    def best(self) -> Record | None:
        """Return the complete run with the best accuracy, of equals the first; None without one.

        The accuracy is that on the validation images in a search, else on the test images.
        """
        complete = [
            (record.result.score.accuracy, record)
            for record in self.records()
            if record.state == "complete"
            and record.result is not None
            and record.result.score is not None
        ]
        return min(complete, key=lambda each: (-each[0], each[1].number))[1] if complete else None

    @property
    def optuna(self) -> Study:
        """Return a copy of the study in memory, for Optuna's own tools.

        Whatever is done with it, the study on disk stays as it is.
        """
        import optuna

        with closing(open_ledger(study_folder(self.home, self.name))) as ledger:
            original = ledger.study
            copy = optuna.create_study(
                study_name=self.name,
                directions=original.directions,
                storage=optuna.storages.InMemoryStorage(),
            )
            for key, value in original.user_attrs.items():
                copy.set_user_attr(key, value)
            if original.metric_names is not None:
                name_metrics(copy, original.metric_names)
            copy.add_trials(original.get_trials(deepcopy=False))
        return copy


def open_study(name: str, home: str | Path | None = None) -> OpenedStudy:
    """Open a study by its name.

    `home` is the folder of all studies; None: MNIST_SEARCH_HOME, else ./mnist-search-runs.

    Raises:
        UsageError: there is no such study; the hint names those that there are.
    """
    place = resolve_home(home, os.environ)
    study_folder(place, name)
    there = list_studies(place)
    if name not in there:
        told = f"there are: {', '.join(there)}" if there else "there is none"
        raise UsageError(f"there is no study {name} in {place}; {told}")
    return OpenedStudy(name=name, home=place.absolute())


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    values = row["values"]
    named = {} if values is None else {f"value_{name}": each for name, each in values.items()}
    return {key: each for key, each in row.items() if key != "values"} | named
