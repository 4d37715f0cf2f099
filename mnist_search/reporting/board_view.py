"""A leaderboard as an object that terminals and notebooks know how to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from mnist_search.analysis import Leaderboard
from mnist_search.reporting.board_rows import board_table, explain_columns
from mnist_search.reporting.cells import clean, format_cell
from mnist_search.reporting.leaderboard import render_leaderboard

if TYPE_CHECKING:
    from rich.text import Text


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
