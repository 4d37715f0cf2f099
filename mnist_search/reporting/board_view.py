"""A leaderboard as an object that terminals and notebooks know how to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from mnist_search.analysis import Leaderboard
from mnist_search.reporting.cells import clean, format_cell, is_left_aligned
from mnist_search.reporting.leaderboard import (
    COLUMNS,
    display_rows,
    explain_signs,
    render_leaderboard,
)

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True, repr=False)
class BoardView:
    """A leaderboard; `print` shows it as text, rich as a table, a notebook as HTML."""

    board: Leaderboard

    def __str__(self) -> str:
        return render_leaderboard(self.board, "table", plain=True)

    def __repr__(self) -> str:
        return f"<leaderboard of {len(self.board.rows)} rows>"

    def __rich__(self) -> Table:
        """Return the table for rich; no cell is taken as markup."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        headline = self.board.notes[0] if self.board.notes else None
        table = Table(
            title=None if headline is None else Text(clean(headline)),
            box=box.SIMPLE_HEAD,
            title_justify="left",
        )
        for column in COLUMNS:
            table.add_column(
                Text(column.header),
                justify="left" if is_left_aligned(column.style) else "right",
                overflow="ellipsis",
            )
        for cells in self._cells():
            table.add_row(*(Text(cell) for cell in cells))
        return table

    def _repr_html_(self) -> str:
        """Return a table without style or script; text from outside is escaped."""
        heads = Markup("").join(Markup("<th>{}</th>").format(each.header) for each in COLUMNS)
        lines = Markup("").join(
            Markup("<tr>{}</tr>").format(
                Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells)
            )
            for cells in self._cells()
        )
        notes = [*self.board.notes, *explain_signs(self.board.rows), *self.board.environment]
        told = Markup("").join(Markup("<p>{}</p>").format(clean(note)) for note in notes)
        return str(
            Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}").format(
                heads, lines, told
            )
        )

    def _cells(self) -> list[list[str]]:
        return [
            [clean(format_cell(row.get(column.key), column.style)) for column in COLUMNS]
            for row in display_rows(self.board.rows)
        ]
