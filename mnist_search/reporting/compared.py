"""Two searches beside each other, as text or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from mnist_search.analysis.searches import BestSoFar, SearchSide, Superiority
from mnist_search.commands.compare import ComparedSearches
from mnist_search.reporting.cells import Column, format_seconds
from mnist_search.reporting.rows import Table, render_rows, render_tables

# Of fewer on a side, a bootstrap shows too small a spread.
FEW = 5


def render_comparison(found: ComparedSearches, format: Literal["table", "json"]) -> str:
    """Return a comparison as text that ends with a newline."""
    if format == "json":
        return render_rows([found.as_dict()], [], "json")
    one, two = found.names
    first, second = found.comparison.first, found.comparison.second
    settings = [{"what": what, "a": here, "b": there} for what, here, there in found.differences]
    values = [{"what": name, "a": a, "b": b} for name, (a, b) in found.values.items()]
    curve = [
        {"at": at, "a": _best(_by(first.by_trials, at)), "b": _best(_by(second.by_trials, at))}
        for at in _places(max(len(first.by_trials), len(second.by_trials)))
    ]
    tables = [
        _table(settings, "setting", found, title=f"{one} and {two}"),
        _table(_totals(first, second), "search", found),
        _table(curve, "best of trials, %", found, key="at"),
        _table(values, "hyperparameter of the best", found),
    ]
    return render_tables(tables, "table") + "\n" + "\n".join(_sentences(found)) + "\n"


def _totals(first: SearchSide, second: SearchSide) -> list[dict[str, object]]:
    return [
        {"what": "studies", "a": ", ".join(first.studies), "b": ", ".join(second.studies)},
        {"what": "complete trials", "a": _numbers(first.trials), "b": _numbers(second.trials)},
        {
            "what": "time",
            "a": ", ".join(map(format_seconds, first.seconds)),
            "b": ", ".join(map(format_seconds, second.seconds)),
        },
        {
            "what": "best validation accuracy, %",
            "a": ", ".join(f"{100 * best:.2f}" for best in first.best),
            "b": ", ".join(f"{100 * best:.2f}" for best in second.best),
        },
    ]


def _sentences(found: ComparedSearches) -> list[str]:
    one, two = found.names
    compared = found.comparison
    said = [f"A trial of {one} beats one of {two} {_odds(compared.trials)}."]
    if compared.searches is None:
        said.append(
            "How probably one search beats the other is not known from one seed each: run both "
            "again with other --seed, and they are taken as repeats."
        )
    else:
        said.append(f"A search like {one} beats one like {two} {_odds(compared.searches)}.")
    said.append(
        "Accuracies are those of the validation images that trials were chosen by, so the best "
        "are optimistic."
    )
    return said


def _odds(found: Superiority) -> str:
    runs = " and ".join(map(str, found.runs))
    clear = ", which even odds explain as well"
    if found.significant:
        clear = "" if found.meaningful else ", less than in three of four, too few to act on"
    if min(found.runs) < FEW:
        clear += "; with so few, the range is too narrow"
    return (
        f"in {100 * found.probability:.0f} % of pairs "
        f"({100 * found.low:.0f} to {100 * found.high:.0f} %, n = {runs}){clear}"
    )


def _places(trials: int) -> list[int]:
    steps = [step * 10**power for power in range(6) for step in (1, 2, 5)]
    return [*(step for step in steps if step < trials), trials]


def _by(curve: Sequence[BestSoFar], trials: int) -> BestSoFar | None:
    return curve[trials - 1] if trials <= len(curve) else None


def _best(point: BestSoFar | None) -> str | None:
    if point is None:
        return None
    band = "" if point.low is None or point.high is None else (
        f" ({100 * point.low:.2f} to {100 * point.high:.2f})"
    )  # fmt: skip
    return f"{100 * point.accuracy:.2f}{band}"


def _numbers(counts: Sequence[int]) -> str:
    return ", ".join(f"{count:,}" for count in counts)


def _table(
    rows: Sequence[Mapping[str, object]],
    header: str,
    found: ComparedSearches,
    *,
    key: str = "what",
    title: str | None = None,
) -> Table:
    one, two = found.names
    columns = [Column(key, header, "word"), Column("a", one, "text"), Column("b", two, "text")]
    return Table(rows, columns, title)
