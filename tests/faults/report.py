"""Writes what the fault suite found as a Markdown page, a table for each subject.

A subject is a file of tests, a line one of them; `test_control_…` is a negative control. What a
test saw (`record_property`: exit, error, fact) stands beside its outcome.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mnist_search.writing import write_atomically
from tests.faults.figures import provenance, read_figures
from tests.faults.report_figures import code, kill_loop, peers, real_study

CONTROL = "control_"
_ERROR_CHARACTERS = 150


@dataclass(kw_only=True)
class Seen:
    """What the cases of one test came to."""

    outcomes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    properties: list[tuple[str, object]] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """Return `failed`, `passed` or `skipped`, whichever of its cases is the worst."""
        return next(one for one in ("failed", "passed", "skipped") if one in self.outcomes)

    def of(self, key: str) -> list[str]:
        """Return the different things recorded under a key, in the order in which they came."""
        return list(dict.fromkeys(str(value) for name, value in self.properties if name == key))


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

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page."""
        figures = read_figures(self._path.with_suffix(".json"))
        subjects = {
            test.split("::")[0]: title_of(session.config.rootpath / test.split("::")[0])
            for test in self._seen
        }
        write_atomically(self._path, render(subjects, dict(self._seen), figures))


def title_of(path: Path) -> str:
    """Return what a file of tests is about: the first line of its docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, f"{path} does not say what it is about"
    return docstring.splitlines()[0].rstrip(".")


def render(
    subjects: Mapping[str, str], seen: Mapping[str, Seen], figures: Mapping[str, dict[str, object]]
) -> str:
    """Return the page: subjects are titles by file, what was seen is by test."""
    here = provenance("optuna")
    controls = [test for test in seen if is_control(test)]
    held = [test for test in seen if seen[test].outcome == "passed" and test not in controls]
    fail = [test for test in controls if seen[test].outcome == "passed"]
    parts = [
        "# What happens when things go wrong\n",
        "Written by `pytest tests/faults --faults-report reports/faults.md`: each fault was "
        "provoked, and stands here as its test saw it. A *control* takes our protection away, and "
        "the same fault must then do its damage.\n",
        f"{here['machine']}, {here['system']}, Python {here['python']}; {here['date']}. "
        f"{len(held)} of {len(seen) - len(controls)} faults held, {len(fail)} of "
        f"{len(controls)} controls failed as they must.\n",
        kill_loop(figures.get("kill_loop")),
        real_study(figures.get("real_study")),
    ]
    for file, title in subjects.items():
        rows = [(words_of(test), told(test, seen[test])) for test in seen if in_file(test, file)]
        parts.append(as_table(title, sorted(rows, key=lambda row: row[0].startswith("control"))))
    parts.append(peers(figures.get("peers")))
    return "\n".join(parts)


def in_file(test: str, file: str) -> bool:
    """Return whether a test is one of a file."""
    return test.split("::")[0] == file


def is_control(test: str) -> bool:
    """Return whether a test is a negative control."""
    return test.split("::")[-1].startswith(f"test_{CONTROL}")


def words_of(test: str) -> str:
    """Return the name of a test as a sentence."""
    name = test.split("::")[-1].removeprefix("test_")
    control = name.startswith(CONTROL)
    words = name.removeprefix(CONTROL).replace("_", " ")
    return f"control: {words}" if control else words


def told(test: str, seen: Seen) -> str:
    """Return what came of a test."""
    if seen.outcome == "skipped":
        return "skipped: " + "; ".join(dict.fromkeys(seen.reasons))
    if is_control(test):
        return "fails, as it must" if seen.outcome == "passed" else "DOES NOT FAIL"
    if seen.outcome == "failed":
        return "FAILED"
    cases = seen.outcomes.count("passed")
    parts = [f"held ({cases} {'case' if cases == 1 else 'cases'})", *_saw(seen)]
    return "; ".join(parts)


def as_table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a section with a table."""
    lines = [f"## {title}\n", "| Fault | Seen |", "| --- | --- |"]
    lines += [f"| {' | '.join(code(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _saw(seen: Seen) -> Iterator[str]:
    """Return exit codes, the first error line, and whatever else a test recorded."""
    codes = sorted({int(code) for code in seen.of("exit")})
    if codes:
        yield "exit " + ", ".join(map(str, codes))
    for error in seen.of("error")[:1]:
        text = error.replace("`", "'")
        shown = text if len(text) <= _ERROR_CHARACTERS else text[:_ERROR_CHARACTERS] + " …"
        yield f"“{shown}”"
    yield from seen.of("fact")
