"""The journal: every line whole, in its place, and on the disk before it counts."""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mnist_search.errors import DataError, MnistSearchError
from mnist_search.specs import Score
from mnist_search.studies import Ledger, StudySpec, create_ledger, open_ledger
from mnist_search.studies.folder import JOURNAL
from mnist_search.studies.lines import glance
from tests.studies.test_ledger import open_trial, read_all, result


@pytest.fixture
def written(tmp_path: Path, spec: StudySpec) -> Path:
    """Return the journal of a study with one complete trial and one that runs."""
    first = [("mlp-784", {"optimizer": "adam"})]
    made = create_ledger(tmp_path / "test", spec, first=first)
    with closing(made) as ledger, ledger.exclusive():
        number = open_trial(ledger)
        ledger.report(number, 1, 0.5)
        ledger.close_trial(number, result(ledger), worker=0)
        open_trial(ledger)
        ledger.set_seconds_used(1.0)
    return tmp_path / "test" / JOURNAL


def check_damaged(path: Path) -> str:
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        read_all(path.parent)
    assert "\n" not in caught.value.message
    assert path.name in caught.value.message
    with suppress(DataError), closing(open_ledger(path.parent)) as ledger, ledger.exclusive():
        ledger.recover()
    assert path.read_bytes() == before
    return caught.value.message


def signed(log: dict[str, Any]) -> bytes:
    """Return a line with its checksum, as a stranger can make it too."""
    log.pop("crc32", None)
    head = json.dumps(log, separators=(",", ":"))[:-1].encode()
    return b'%s,"crc32":%d}\n' % (head, zlib.crc32(head))


def swap(lines: list[bytes], one: int, other: int) -> list[bytes]:
    lines[one], lines[other] = lines[other], lines[one]
    return lines


DAMAGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "cut in the middle": lambda lines: [*lines[:5], lines[5][:20], *lines[6:]],
    "cut line joined with the next": lambda lines: [*lines[:5], lines[5][:20] + lines[6]],
    "missing": lambda lines: lines[:5] + lines[6:],
    "doubled": lambda lines: [*lines[:8], lines[7], *lines[8:]],
    "doubled last": lambda lines: [*lines, lines[-1]],
    "out of order": lambda lines: swap(lines, 6, 7),
    "first two out of order": lambda lines: swap(lines, 0, 1),
    "empty line": lambda lines: [*lines[:4], b"\n", *lines[4:]],
    "a byte of another value": lambda lines: [*lines[:8], lines[8].replace(b"1", b"2", 1)],
    "of another journal": lambda lines: [*lines, lines[1].replace(b'"line":2', b'"line":3')],
    "a text": lambda lines: [b"no journal\n"] * 3,
    "a number": lambda lines: [*lines, b"17\n"],
    "bytes": lambda lines: [*lines, b"\xff\xfe\0\n"],
    "nothing": lambda lines: [],
    "deeply nested": lambda lines: [*lines, b'{"op_code":2,"a":' + b"[" * 100_000 + b"\n"],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_line_is_found_wherever_it_is(written: Path, damage: str) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    written.write_bytes(b"".join(DAMAGES[damage](lines)))
    check_damaged(written)


def foreign(operation: int, **fields: Any) -> bytes:
    return json.dumps({"op_code": operation, "worker_id": "x", **fields}).encode() + b"\n"


FOREIGN = {
    "another study": foreign(0, study_name="other", directions=[2]),
    "no study any more": foreign(1, study_id=0),
    "a trial": foreign(4, study_id=0, datetime_start=None),
    "a state": foreign(6, trial_id=1, state=1, values=[1.0]),
    "a note to another study": foreign(2, study_id=7, user_attr={"a": 1}),
    "a note to a trial that there is not": foreign(8, trial_id=7, user_attr={"a": 1}),
    "a note to no trial": foreign(8, trial_id=None, user_attr={"a": 1}),
    "two notes in one": foreign(8, trial_id=0, user_attr={"a": 1, "b": 2}),
    "no attribute": foreign(8, trial_id=0),
    "an unknown operation": foreign(99),
    "infinity": foreign(8, trial_id=0, user_attr={"a": 1}).replace(b": 1}", b": 1e999}"),
    "not a number": foreign(8, trial_id=0, user_attr={"a": float("nan")}),
    "a large integer": foreign(8, trial_id=0, user_attr={"a": 10**40}),
    "nobody": b'{"op_code":8,"trial_id":0,"user_attr":{"a":1}}\n',
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_line_other_than_a_note_is_refused(written: Path, kind: str) -> None:
    written.write_bytes(written.read_bytes() + FOREIGN[kind])
    assert "line " in check_damaged(written)


def test_notes_of_optunas_tools_are_no_damage(written: Path) -> None:
    before = read_all(written.parent)
    storage = JournalStorage(JournalFileBackend(str(written)))
    storage.set_study_system_attr(0, "dashboard:note", "the best so far")
    storage.set_trial_user_attr(1, "mine", 3)
    assert read_all(written.parent) == before
    with closing(open_ledger(written.parent)) as ledger, ledger.exclusive():
        assert ledger.recover() == (1, 0)
    read_all(written.parent)


STRANGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "unknown state": lambda log: log.update(state=99),
    "state null": lambda log: log.update(state=None),
    "bad date": lambda log: log.update(datetime_start="yesterday"),
    "no date": lambda log: log.pop("datetime_start"),
    "index out of range": lambda log: log["params"].update(optimizer=77),
    "value of another type": lambda log: log["params"].update(dense_layers="x"),
    "value without its range": lambda log: log["distributions"].pop("dense_layers"),
    "range of another type": lambda log: log["distributions"].update(dense_layers="{}"),
    "range null": lambda log: log.update(distributions=None),
    "attributes of another type": lambda log: log.update(user_attrs=[1]),
    "attributes an empty list": lambda log: log.update(user_attrs=[]),
    "attributes null": lambda log: log.update(user_attrs=None),
    "no run": lambda log: log["user_attrs"].update(run=None),
    "reports of another type": lambda log: log.update(intermediate_values={"x": "y"}),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_line_that_a_stranger_signed_is_one_line_too(written: Path, kind: str) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    for place, line in enumerate(lines):
        log = json.loads(line)
        if log["op_code"] == 4:
            STRANGE[kind](log)
            lines[place] = signed(log)
            break
    written.write_bytes(b"".join(lines))
    check_damaged(written)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_every_flipped_byte_is_found(written: Path, place: float, byte: int) -> None:
    sound = written.read_bytes()
    at = int(place * len(sound))
    try:
        written.write_bytes(sound[:at] + bytes([sound[at] ^ byte]) + sound[at + 1 :])
        if at == len(sound) - 1:
            # Then the last line has no end: it was never written to its end.
            read_all(written.parent)
        else:
            check_damaged(written)
    finally:
        written.write_bytes(sound)


def error_of(folder: Path) -> str | None:
    try:
        read_all(folder)
    except MnistSearchError as error:
        return error.message
    return None


KEYS = st.sampled_from(
    [
        *("op_code", "state", "values", "value", "params", "distributions", "datetime_start"),
        *("user_attrs", "user_attr", "system_attr", "trial_id", "study_id", "study_name", "step"),
        *("datetime_complete", "intermediate_value", "intermediate_values", "directions"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.just(2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(which=st.integers(0, 200), key=KEYS, value=VALUES, gone=st.booleans())
def test_lines_of_any_content_are_read_or_one_line(
    written: Path, which: int, key: str, value: Any, gone: bool
) -> None:
    sound = written.read_bytes()
    lines = sound.splitlines(keepends=True)
    place = which % len(lines)
    log = json.loads(lines[place])
    if gone:
        log.pop(key, None)
    else:
        log[key] = value
    lines[place] = signed(log)
    try:
        written.write_bytes(b"".join(lines))
        told = error_of(written.parent)
        assert told is None or "\n" not in told
        with suppress(MnistSearchError, LookupError, TypeError, ValueError):
            glance(written)
    finally:
        written.write_bytes(sound)


# Half a line at the end


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_half_a_last_line_is_passed_over_and_cut_off_by_the_next_writer(
    written: Path, kept: int
) -> None:
    before, whole = read_all(written.parent), written.read_bytes()
    torn = whole + whole.splitlines()[-1][:kept]
    written.write_bytes(torn)
    assert read_all(written.parent) == before
    assert written.read_bytes() == torn, "a reader has written"
    with closing(open_ledger(written.parent)) as ledger, ledger.exclusive():
        assert written.read_bytes() == whole
        ledger.set_seconds_used(2.0)
    with closing(open_ledger(written.parent)) as again:
        assert again.seconds_used() == 2.0


def fail_once(
    monkeypatch: pytest.MonkeyPatch, name: str, *, number: int, after_bytes: int | None = None
) -> None:
    """Let the next call fail, perhaps after some bytes were written."""
    real, calls = getattr(os, name), []

    def failing(file: int, *arguments: Any) -> Any:
        calls.append(1)
        if after_bytes is not None and len(calls) == 1:
            return real(file, arguments[0][:after_bytes])
        if len(calls) == (1 if after_bytes is None else 2):
            raise OSError(number, os.strerror(number))
        return real(file, *arguments)

    monkeypatch.setattr(os, name, failing)


@pytest.mark.parametrize(
    ("name", "number", "after_bytes"),
    [("write", errno.ENOSPC, None), ("write", errno.ENOSPC, 30), ("fsync", errno.EIO, None)],
    ids=["full", "full in the middle", "failing disk"],
)
def test_line_after_one_that_failed_is_not_lost(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    number: int,
    after_bytes: int | None,
) -> None:
    path = ledger.folder / JOURNAL
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        fail_once(patch, name, number=number, after_bytes=after_bytes)
        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            open_trial(ledger)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before
    assert ledger.count() == 0
    ledger.close_trial(open_trial(ledger), result(ledger), worker=0)
    with closing(open_ledger(ledger.folder)) as again:
        assert again.states() == ["complete"]


def test_nothing_is_written_after_a_line_that_cannot_be_taken_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail_once(patch, "write", number=errno.ENOSPC, after_bytes=30)
        fail_once(patch, "ftruncate", number=errno.EIO)
        with pytest.raises(OSError, match="No space left"):
            open_trial(ledger)
    with pytest.raises(RuntimeError):
        open_trial(ledger)
    with closing(open_ledger(ledger.folder)) as again:
        assert again.count() == 0


def test_what_counts_is_on_the_disk(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    real, synced = os.fsync, []

    def fsync(file: int) -> None:
        real(file)
        synced.append((ledger.folder / JOURNAL).stat().st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    number = open_trial(ledger)
    assert synced == [(ledger.folder / JOURNAL).stat().st_size]
    ledger.report(number, 1, 0.5)
    assert len(synced) == 1
    ledger.close_trial(number, result(ledger), worker=0)
    assert synced[1:] == [(ledger.folder / JOURNAL).stat().st_size]


def test_results_that_are_no_numbers_are_never_written(ledger: Ledger) -> None:
    number = open_trial(ledger)
    odd = Score(correct=9, total=10).model_copy(update={"loss": float("nan")})
    lying = result(ledger).model_copy(update={"validation": odd})
    with pytest.raises(ValueError, match="not JSON compliant"):
        ledger.close_trial(number, lying, worker=0)
    read_all(ledger.folder)


def test_glance_sees_what_the_ledger_holds(written: Path) -> None:
    found = glance(written)
    assert [(each.state, each.value, each.reference) for each in found] == [
        ("complete", 0.9, None),
        ("running", None, None),
    ]
