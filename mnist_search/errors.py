"""The errors that a user can cause or meet; anything else is a bug.

MnistSearchError            1
├── UsageError              2   wrong command line or input file
│   └── SpaceError          2   a search space file, with all of its mistakes at once
├── BudgetError             3   the budget was not reached, or every trial failed
├── StorageError            4   the study cannot be opened, locked or written
├── ClusterError            4   no cluster answers, or none does any more
├── DataError               5   data set or file damaged, wrong or missing
├── ResourceError           6   out of disk or memory
└── ThresholdError          7   a required score was missed

The number is the exit code of the command line.
"""

from __future__ import annotations


class MnistSearchError(Exception):
    """An error told in one sentence, with a hint of what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MnistSearchError):
    """The command line or an input file is wrong."""

    exit_code = 2


class SpaceError(UsageError):
    """A search space is wrong; `problems` holds one sentence per mistake."""

    def __init__(self, problems: tuple[str, ...], *, hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = problems


class BudgetError(MnistSearchError):
    """The budget was not reached, or no trial succeeded."""

    exit_code = 3


class StorageError(MnistSearchError):
    """A study cannot be opened, locked, read or written."""

    exit_code = 4


class ClusterError(MnistSearchError):
    """A cluster cannot be reached, or was lost."""

    exit_code = 4


class DataError(MnistSearchError):
    """A data set is damaged, is not what it claims to be, or cannot be had."""

    exit_code = 5


class ResourceError(MnistSearchError):
    """The disk or the memory is full."""

    exit_code = 6


class ThresholdError(MnistSearchError):
    """A required score was missed."""

    exit_code = 7
