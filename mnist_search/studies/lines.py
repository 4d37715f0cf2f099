"""The lines of a study's journal: what each does, and that it is what was written.

They are those of Optuna's `JournalStorage`, whose tools open the file as it is. Each of ours
carries its number and a checksum beside what Optuna reads, so that a line which was cut, changed,
doubled or moved is found wherever it is. Lines without them come from other programs, such as the
notes of optuna-dashboard; these may set attributes and nothing else.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from mnist_search.errors import DataError
from mnist_search.studies.folder import damaged, open_file


class Operation(IntEnum):
    """What a line does, as Optuna's journals number it; the others are none of ours."""

    CREATE_STUDY = 0
    STUDY_ATTRIBUTE = 2
    STUDY_NOTE = 3
    CREATE_TRIAL = 4
    PARAMETER = 5
    STATE = 6
    REPORT = 7
    TRIAL_ATTRIBUTE = 8
    TRIAL_NOTE = 9


_NOTES = (Operation.STUDY_NOTE, Operation.TRIAL_NOTE)
_ATTRIBUTES = (Operation.STUDY_ATTRIBUTE, Operation.TRIAL_ATTRIBUTE, *_NOTES)
_OF_STUDIES = (Operation.STUDY_ATTRIBUTE, Operation.STUDY_NOTE, Operation.CREATE_TRIAL)
_TABLES_OF_A_TRIAL = (
    "params",
    "distributions",
    "user_attrs",
    "system_attrs",
    "intermediate_values",
)
_NUMBER, _CHECKSUM = "line", "crc32"
# As Optuna numbers them.
_STATES = ("running", "complete", "pruned", "fail", "waiting")
_LARGEST = 2**63
_CHUNK_BYTES = 2**22


class Lines:
    """The lines of a file, read one after the other as they get their ends."""

    def __init__(self, path: Path) -> None:
        """Start before the first line; `path` is for messages."""
        self._path = path
        # How far was read: bytes, lines, lines of ours, and the trials that they make.
        self.place = self.count = self._own = self._trials = 0

    def read(self, file: int) -> Iterator[dict[str, Any]]:
        """Yield what a file descriptor has more; half a line at the end stays for later.

        Raises:
            DataError: a line is not what was written.
        """
        size = os.fstat(file).st_size
        begun = b""
        while self.place + len(begun) < size:
            place = self.place + len(begun)
            content = os.pread(file, min(_CHUNK_BYTES, size - place), place)
            if not content:
                raise damaged(self._path, "it became shorter while it was read")
            *lines, begun = (begun + content).split(b"\n")
            for line in lines:
                log = self._parse(line)
                self.place += len(line) + 1
                self.count += 1
                yield log

    def sign(self, log: dict[str, Any]) -> bytes:
        """Return the next line of ours."""
        log = {**log, _NUMBER: self._own + 1}
        head = json.dumps(log, separators=(",", ":"), allow_nan=False)[:-1].encode()
        return b'%s,"%s":%d}\n' % (head, _CHECKSUM.encode(), zlib.crc32(head))

    def _parse(self, line: bytes) -> dict[str, Any]:
        try:
            log = json.loads(
                line.decode(), parse_constant=_number, parse_float=_number, parse_int=_integer
            )
        except (ValueError, RecursionError) as error:
            raise self._wrong(f"is no JSON: {error}") from error
        if not isinstance(log, dict) or log.get("op_code") not in list(Operation):
            raise self._wrong("is no line of a study")
        if _NUMBER in log:
            head = line.rpartition(b',"%s":' % _CHECKSUM.encode())[0]
            if log.get(_CHECKSUM) != zlib.crc32(head):
                raise self._wrong("has another content than was written")
            if log[_NUMBER] != self._own + 1:
                raise self._wrong(f"should be number {self._own + 1} of ours, not {log[_NUMBER]}")
            self._own += 1
        elif log["op_code"] not in _ATTRIBUTES:
            raise self._wrong("was written by another program, and is no note")
        self._check(log["op_code"], log)
        return log

    def _check(self, operation: int, log: dict[str, Any]) -> None:
        """Check what Optuna would pass over, or take for granted while a study is written."""
        if not isinstance(log.get("worker_id"), str):
            raise self._wrong("does not say who wrote it")
        if (operation == Operation.CREATE_STUDY) != (self.count == 0):
            raise self._wrong("must make the study if it is the first, and only then")
        if operation in _OF_STUDIES:
            if log.get("study_id") != 0:
                raise self._wrong("is about another study")
        elif operation != Operation.CREATE_STUDY:
            trial = log.get("trial_id")
            if type(trial) is not int or not 0 <= trial < self._trials:
                raise self._wrong("is about a trial that there is not")
        if operation in _ATTRIBUTES:
            attribute = log.get("system_attr" if operation in _NOTES else "user_attr")
            if not isinstance(attribute, dict) or len(attribute) != 1:
                raise self._wrong("must set one attribute")
        if operation == Operation.CREATE_TRIAL:
            if not all(isinstance(log.get(key, {}), dict) for key in _TABLES_OF_A_TRIAL):
                raise self._wrong("holds a list where a table should be")
            self._trials += 1

    def _wrong(self, what: str) -> DataError:
        return damaged(self._path, f"line {self.count + 1} {what}")


@dataclass(slots=True)
class Glimpse:
    """What a line or two say of a trial: its state, its first value, the reference that it is."""

    state: str
    value: float | None = None
    reference: str | None = None


def glance(path: Path) -> list[Glimpse]:
    """Return the trials of a journal in the order of their numbers, without Optuna.

    Raises:
        DataError: the journal is damaged.
        OSError, LookupError, TypeError: it cannot be read.
    """
    trials: list[Glimpse] = []
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        for log in Lines(path).read(file.fileno()):
            if log["op_code"] == Operation.CREATE_TRIAL:
                reference = log.get("user_attrs", {}).get("reference")
                value = (log.get("values") or [log.get("value")])[0]
                trials.append(Glimpse(_STATES[log.get("state", 0)], value, reference))
            elif log["op_code"] == Operation.STATE:
                trial = trials[log["trial_id"]]
                trial.state = _STATES[log["state"]]
                trial.value = (log["values"] or [trial.value])[0]
    return trials


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) >= _LARGEST:
        raise ValueError("an integer of more than 64 bits")
    return value
