"""Writes what the tests of the fault table found as a Markdown page.

Which test proves a row is said in `rows.toml`, what the row is in `texts.toml`; a test named after
rows counts for them as well, as `test_control_of_row_N` does for their negative control. What a
test saw (`record_property`: exit, error, fact) stands beside its outcome.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mnist_search.reporting.files import write_atomically
from tests.faults.figures import provenance, read_figures
from tests.faults.report_figures import code, kill_loop, peers, real_study

ROWS = range(1, 81)
GROUPS = (
    (range(1, 21), "Processes that die, and signals"),
    (range(21, 32), "Several at once"),
    (range(32, 52), "Storage: damage and outages"),
    (range(52, 65), "Trials, memory and numbers"),
    (range(65, 81), "Files, inputs and output"),
)
_NAMED = re.compile(r"::test_(control_of_)?(?:the_)?rows?_((?:\d+_(?:to_|and_)?)*\d+)(?:_|\[|$)")
_HEADERS = ("Row", "Fault", "Injected", "Here", "Protection off")
_ERROR_CHARACTERS = 150


@dataclass(kw_only=True)
class Seen:
    """What the cases of one test came to."""

    outcomes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    properties: list[tuple[str, object]] = field(default_factory=list)

    def of(self, key: str) -> list[str]:
        """Return the different things recorded under a key, in the order in which they came."""
        return list(dict.fromkeys(str(value) for name, value in self.properties if name == key))


def rows_named(test: str) -> tuple[set[int], bool]:
    """Return the rows that a test is named after, and whether it is their negative control.

    `test_rows_6_to_9_12_x` is named after 6, 7, 8, 9 and 12.
    """
    found = _NAMED.search(test)
    if found is None:
        return set(), False
    rows: set[int] = set()
    for first, last in re.findall(r"(\d+)(?:_to_(\d+))?", found[2]):
        rows |= set(range(int(first), int(last or first) + 1))
    return rows & set(ROWS), found[1] is not None


class FaultsReport:
    """A plugin of pytest that listens to the tests and writes the page at their end."""

    def __init__(self, path: Path) -> None:
        """Write to `path`; the figures of long runs lie beside it, with the suffix `.json`."""
        self._path = path
        self._seen: dict[str, Seen] = defaultdict(Seen)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep an outcome."""
        seen = self._seen[report.nodeid.split("[")[0]]
        if report.when == "call" or report.outcome != "passed":
            seen.outcomes.append(report.outcome)
            if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
                seen.reasons.append(report.longrepr[2].removeprefix("Skipped: "))
        if report.when == "teardown":
            seen.properties += report.user_properties

    def pytest_sessionfinish(self) -> None:
        """Write the page."""
        texts, table = load_tables()
        figures = read_figures(self._path.with_suffix(".json"))
        write_atomically(self._path, render(texts, table, dict(self._seen), figures))


def load_tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the texts of the rows, and the tests that prove them."""
    texts, rows = (
        tomllib.loads(Path(__file__).with_name(name).read_text())
        for name in ("texts.toml", "rows.toml")
    )
    return texts, rows


def tests_outside(folder: Path) -> list[str]:
    """Return the tests that prove a row but lie in other folders than this one."""
    _, table = load_tables()
    names = [*table["proved"].values(), *table.get("controls", {}).values()]
    root = folder.parents[1]
    return sorted({f"{root / name}" for name in names if not (root / name).is_relative_to(folder)})


def render(
    texts: Mapping[str, Any],
    table: Mapping[str, Any],
    seen: Mapping[str, Seen],
    figures: Mapping[str, Any],
) -> str:
    """Return the page."""
    proofs, controls = find_tests(table, seen)
    held = [row for row in ROWS if outcome_of(proofs[row], seen) == "passed"]
    left_out = table["left_out"]
    here = provenance("optuna", "sqlalchemy")
    versions = ", ".join(f"{name} {version}" for name, version in here["versions"].items())  # type: ignore[attr-defined]
    parts = [
        "# What happens when things go wrong\n",
        "Written by `pytest tests/faults --faults-report reports/faults.md`: each row was "
        "provoked, and stands here as its tests saw it. *Protection off* is the negative control: "
        "the same fault with our protection removed, which must then do its damage.\n",
        f"{here['machine']}, {here['system']}, Python {here['python']}, {versions}; "
        f"{here['date']}. Of {len(ROWS)} rows {len(held)} held, {len(left_out)} are left out "
        "with their reasons.\n",
        kill_loop(figures.get("kill_loop")),
        real_study(figures.get("real_study")),
    ]
    for numbers, title in GROUPS:
        rows = [
            (
                str(number),
                texts[str(number)]["fault"],
                texts[str(number)]["injected"],
                f"left out: {left_out[str(number)]}"
                if str(number) in left_out
                else told(proofs[number], seen),
                told_control(controls[number], seen),
            )
            for number in numbers
        ]
        parts.append(as_table(title, rows))
    parts.append(peers(figures.get("peers"), {row: texts[str(row)]["fault"] for row in ROWS}))
    return "\n".join(parts)


def as_table(title: str, rows: Sequence[Sequence[str]]) -> str:
    """Return a section with a table."""
    lines = [f"## {title}\n", _line(_HEADERS), _line(["---:", *["---"] * (len(_HEADERS) - 1)])]
    lines += [_line([code(cell) if cell else "—" for cell in row]) for row in rows]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def find_tests(
    table: Mapping[str, Any], seen: Mapping[str, Seen]
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Return which tests prove each row, and which are its negative controls."""
    proofs: dict[int, list[str]] = {row: [] for row in ROWS}
    controls: dict[int, list[str]] = {row: [] for row in ROWS}
    for kept, key in ((proofs, "proved"), (controls, "controls")):
        for row, test in table.get(key, {}).items():
            kept[int(row)].append(test)
    for test in seen:
        rows, is_control = rows_named(test)
        kept = controls if is_control else proofs
        for row in rows:
            # The table names a test from the root, as pytest does.
            if test not in kept[row]:
                kept[row].append(test)
    return proofs, controls


def outcome_of(tests: Sequence[str], seen: Mapping[str, Seen]) -> str | None:
    """Return `failed`, `passed` or `skipped`, None where nothing was run."""
    outcomes = {outcome for test in tests for outcome in seen.get(test, Seen()).outcomes}
    return next((one for one in ("failed", "passed", "skipped") if one in outcomes), None)


def told(tests: Sequence[str], seen: Mapping[str, Seen]) -> str:
    """Return what the tests of a row saw."""
    outcome = outcome_of(tests, seen)
    if outcome is None:
        return "not run" if tests else "no test yet"
    parts = list(saw(tests, seen))
    cases = sum(seen[test].outcomes.count("passed") for test in tests if test in seen)
    match outcome:
        case "failed":
            return "FAILED"
        case "skipped":
            reasons = [reason for test in tests for reason in seen.get(test, Seen()).reasons]
            return "skipped: " + "; ".join(dict.fromkeys(reasons))
    return f"held ({cases} {'case' if cases == 1 else 'cases'})" + "".join(f"; {p}" for p in parts)


def saw(tests: Sequence[str], seen: Mapping[str, Seen]) -> Iterator[str]:
    """Return exit codes, the first error line, and whatever else the tests recorded."""
    found = [seen[test] for test in tests if test in seen]
    codes = sorted({int(code) for each in found for code in each.of("exit")})
    if codes:
        yield "exit " + ", ".join(map(str, codes))
    errors = [error for each in found for error in each.of("error")]
    if errors:
        text = errors[0].replace("`", "'")
        shown = text if len(text) <= _ERROR_CHARACTERS else text[:_ERROR_CHARACTERS] + " …"
        yield f"“{shown}”"
    yield from dict.fromkeys(fact for each in found for fact in each.of("fact"))


def told_control(tests: Sequence[str], seen: Mapping[str, Seen]) -> str:
    """Return whether the fault did its damage without the protection."""
    match outcome_of(tests, seen):
        case "passed":
            return "fails, as it must"
        case "failed":
            return "DOES NOT FAIL"
        case "skipped":
            return "skipped"
    return "not run" if tests else ""
