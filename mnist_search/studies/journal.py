"""A study's journal as a backend of Optuna's `JournalStorage`, written by one process at a time.

Optuna's backend for files keeps a second lock, made of links. A killed process leaves it behind,
and the next one waits 30 seconds for it. Ours needs none: whoever writes holds the study's lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from mnist_search.errors import MnistSearchError, StorageError
from mnist_search.studies.folder import DRAFT, JOURNAL, damaged, named_errors, open_file
from mnist_search.studies.lines import Lines, Operation
from mnist_search.writing import sync

# After these a write waits until it is on the disk, with all that was written before: a report or
# a result counts only with the state that comes right after it. So a trial waits twice, when it is
# opened and when it is closed; each took 0.3 ms at best
# and 7 ms in the median on a disk that others used as well.
_WAIT_AFTER = (Operation.CREATE_STUDY, Operation.CREATE_TRIAL, Operation.STATE)


class StudyExistsError(StorageError):
    """A study cannot be created where one is."""


class Journal(BaseJournalBackend):
    """The lines of one file; reading needs nothing, writing `begin_writing`."""

    def __init__(self, path: Path) -> None:
        """Open the file for reading.

        Raises:
            DataError: it is no regular file.
            OSError: it cannot be opened.
        """
        self._path = path
        self._file = open_file(path, os.O_RDONLY)
        self._lines = Lines(path)
        self._writing = False

    def begin_writing(self) -> None:
        """Open the file for writing, and cut off half a line that a killed process left.

        The caller holds the study's lock.
        """
        os.close(self._file)
        self._file = open_file(self._path, os.O_RDWR | os.O_APPEND)
        size = os.fstat(self._file).st_size
        unread = os.pread(self._file, max(0, size - self._lines.place), self._lines.place)
        torn = len(unread) - (unread.rfind(b"\n") + 1)
        if torn:
            os.ftruncate(self._file, size - torn)
        self._writing = True

    def stop_writing(self) -> None:
        """Write no more; all that was written is on the disk then."""
        if self._writing:
            self._writing = False
            with named_errors(self._path):
                os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        try:
            self.stop_writing()
        finally:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def check_place(self) -> None:
        """Check that the file which is written is still the one that has the study's name.

        Raises:
            StorageError: it was removed or replaced.
        """
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), os.fstat(self._file)):
                return
        study = self._path.parent.name
        raise StorageError(
            f"{self._path} was removed or replaced while study {study} was written",
            hint="what was told as done until then went with it",
        )

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Yield the lines from a number on, as far as they have their end.

        Raises:
            DataError: a line is not what was written.
        """
        if log_number_from != self._lines.count:
            self._lines = Lines(self._path)
        for log in self._lines.read(self._file):
            if self._lines.count > log_number_from:
                yield log

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines, all or none of each.

        Raises:
            OSError: the disk is full, or fails.
        """
        for log in logs:
            self._append(log)

    def _append(self, log: dict[str, Any]) -> None:
        if not self._writing:
            raise RuntimeError(f"{self._path} is written outside of `Ledger.exclusive`")
        text = self._lines.sign(log)
        before = os.fstat(self._file).st_size
        try:
            with named_errors(self._path):
                written = 0
                while written < len(text):
                    written += os.write(self._file, text[written:])
                if log["op_code"] in _WAIT_AFTER:
                    os.fsync(self._file)
        except BaseException:
            try:
                # Else the next line would be the end of half a one, and be lost with it.
                os.ftruncate(self._file, before)
            except OSError:
                self._writing = False
            raise


def open_journal(path: Path) -> tuple[Journal, JournalStorage]:
    """Open a journal and read it as a whole.

    Raises:
        DataError: it is damaged, or no journal of ours.
        OSError: it cannot be opened.
    """
    journal = Journal(path)
    try:
        return journal, JournalStorage(journal)
    except (MnistSearchError, OSError):
        journal.close()
        raise
    except Exception as error:
        # The lines are whole, but Optuna cannot apply them: whatever it raises, they are wrong.
        journal.close()
        raise damaged(path, f"{type(error).__name__}: {error}") from error


@contextmanager
def new_journal(folder: Path) -> Iterator[JournalStorage]:
    """Yield an empty storage to write a study to; it is there as a whole or not at all.

    It is written as a draft that takes its name in the end. The caller holds the study's lock, so
    that a draft that is there is a dead process's, and the rename replaces no journal.

    Raises:
        StudyExistsError: there is a study.
    """
    draft, target = folder / DRAFT, folder / JOURNAL
    if os.path.lexists(target):
        raise StudyExistsError(
            f"study {folder.name} exists already in {folder}", hint="run the command again"
        )
    try:
        draft.unlink(missing_ok=True)
        os.close(open_file(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        with closing(Journal(draft)) as journal:
            journal.begin_writing()
            yield JournalStorage(journal)
        draft.rename(target)
        # Some file systems cannot, and then the file is safe anyway.
        with suppress(OSError):
            sync(folder)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
