"""The file of a study damaged, full or out of reach (rows 37, 40, 42, 43)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from mnist_search.studies import storage

Here = Callable[..., Any]
Search = Callable[..., list[str]]


@pytest.fixture
def finished(over: Callable[[int], Any]) -> Any:
    """A study of four trials that is over."""
    return over(4)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def zero_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'trials'"
        page = connection.execute(query).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    overwrite(path, (page - 1) * size, bytes(size))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "garbage header": lambda path: overwrite(path, 0, b"garbage!" * 16),
    "half of it gone": lambda path: os.truncate(path, path.stat().st_size // 2),
    "its last byte gone": lambda path: os.truncate(path, path.stat().st_size - 1),
    "a page of zeros": zero_a_table,
    "a text": lambda path: Path.write_text(path, "no database\n" * 3) and None,
    "empty": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_rows_37_38_damaged_file_is_refused_and_left_alone(
    here: Here, search: Search, finished: Any, damage: str
) -> None:
    DAMAGES[damage](finished.path)
    before = finished.path.read_bytes()
    for arguments in (search(6), ["report", "s"], ["report"]):
        here(*arguments).refused(5, "study.db")
    assert finished.path.read_bytes() == before


def test_control_of_row_37_without_a_look_at_the_file(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import optuna

    zero_a_table(finished.path)
    monkeypatch.setattr("mnist_search.studies.opening.check_study_file", lambda path: None)
    here("report", "s").refused(5, "study.db", "damaged")
    monkeypatch.setattr(storage, "_explain", lambda path, error: None)
    with pytest.raises(optuna.exceptions.OptunaError):
        here("report", "s")


def test_row_37_write_ahead_log_of_a_dead_writer_is_read(
    here: Here, search: Search, finished: Any, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(finished.path)) as writer:
        writer.execute("UPDATE trials SET state = 'RUNNING' WHERE number = 3")
        writer.commit()
        for name in ("study.db", "study.db-wal"):
            shutil.copy(finished.path.with_name(name), tmp_path / name)
    finished.path.with_name("lock").unlink()
    for name in ("study.db", "study.db-wal"):
        shutil.copy(tmp_path / name, finished.path.with_name(name))
    assert finished.states()[3] == "RUNNING"
    assert here(*search(4)).code == 0
    finished.whole(4)


def nobody(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python without root's right to ignore permissions."""
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return subprocess.run(
        [*(drop if os.geteuid() == 0 else []), sys.executable, "-c", script, *arguments],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )


needs_setpriv = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root cannot be refused anything"
)


@pytest.fixture
def public(space_file: Path) -> Iterator[Path]:
    """A folder with a space in it, open to all as those of pytest are not."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(space_file, folder / "small.toml").chmod(0o644)
        yield folder


def as_nobody(search: Search, public: Path, home: Path, trials: int) -> Any:
    words = [
        str(public / "small.toml") if "small.toml" in word else word for word in search(trials)
    ]
    script = "import sys; from mnist_search.cli import execute; sys.exit(execute(sys.argv[1:]))"
    read = nobody(script, "report", "s", "--home", str(home))
    if "ModuleNotFoundError" in read.stderr:
        pytest.skip("another user cannot read this Python")
    return read, nobody(script, *words, "--home", str(home))


def check_read_only(finished: Any, search: Search, public: Path, *, writable: bool) -> None:
    home = public / "home"
    shutil.copytree(finished.path.parents[1], home)
    for folder in (home, home / "s"):
        folder.chmod(0o777 if writable else 0o555)
    for path in (home / "s").iterdir():
        path.chmod(0o666 if writable else 0o444)
    read, written = as_nobody(search, public, home, 6)
    assert read.returncode == 0, read.stderr
    assert "trial 0" in read.stdout
    assert "Traceback" not in written.stderr
    assert written.returncode == 4, written.stderr
    type(finished)(path=home / "s" / "study.db").whole(4)


@needs_setpriv
def test_row_40_read_only_study_can_be_read_but_not_written(
    finished: Any, search: Search, public: Path
) -> None:
    check_read_only(finished, search, public, writable=False)


@needs_setpriv
def test_control_of_row_40_study_that_may_be_written(
    finished: Any, search: Search, public: Path
) -> None:
    with pytest.raises(AssertionError, match="assert 0 == 4"):
        check_read_only(finished, search, public, writable=True)


@needs_setpriv
@pytest.mark.parametrize("mode", [0o555, 0o444], ids=["not written", "not entered"])
def test_row_40_study_cannot_be_made_in_a_folder_of_others(
    search: Search, public: Path, mode: int
) -> None:
    home = public / "home"
    home.mkdir()
    home.chmod(mode)
    read, made = as_nobody(search, public, home, 4)
    assert (read.returncode, made.returncode) == (2, 4), made.stderr
    for ended in (read, made):
        assert ended.stderr.startswith("error: ")
        assert "Traceback" not in ended.stderr
    assert "Permission denied" in made.stderr
    home.chmod(0o755)
    assert not list(home.iterdir())


def fill_up(monkeypatch: pytest.MonkeyPatch, *, pages_left: int) -> None:
    """Let the database of a study grow by so many pages more, as a disk that gets full does."""
    from sqlalchemy import event

    inner = storage.open_storage

    def outer(path: Path, *, create: bool = False) -> Any:
        opened = inner(path, create=create)
        if create:
            return opened

        @event.listens_for(opened.engine, "connect")
        def limit(connection: Any, _: object) -> None:
            # A limit below the present size counts as that size.
            count = connection.execute("PRAGMA page_count").fetchone()[0]
            pages = count if seen else count + pages_left
            seen.append(min(pages, *seen) if seen else pages)
            connection.execute(f"PRAGMA max_page_count = {seen[-1] if len(seen) == 1 else seen[0]}")

        seen: list[int] = []
        opened.engine.dispose()
        return opened

    monkeypatch.setattr("mnist_search.studies.opening.open_storage", outer)


@pytest.mark.parametrize("pages_left", [0, 2, 6])
def test_row_43_full_database_is_one_line_and_can_go_on(
    here: Here, search: Search, study: Any, pages_left: int
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        fill_up(monkeypatch, pages_left=pages_left)
        here(*search(12)).refused(6, "no space left")
    done = {n: state for n, state in study.states().items() if state in ("COMPLETE", "PRUNED")}
    assert here(*search(12)).code == 0
    study.whole(12)
    assert done.items() <= study.states().items()


def test_control_of_row_43_without_a_translation(
    here: Here, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_up(monkeypatch, pages_left=1)
    monkeypatch.setattr(storage, "_explain", lambda path, error: None)
    with pytest.raises(Exception, match=r"full|commit") as caught:
        here(*search(12))
    assert not hasattr(caught.value, "exit_code")


def has_user_namespaces() -> bool:
    try:
        return subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


FULL_DISK = """
import json, os, sys
from pathlib import Path
home = Path("mnist-search-runs")
home.mkdir()
assert os.system(f"mount -t tmpfs -o size=2m none {home}") == 0
sys.path[:0] = [p for p in os.environ["PYTHONPATH"].split(os.pathsep) if p]
from mnist_search.cli import execute
import mnist_search.studies.storage as storage
arguments = sys.argv[1:]
codes = []
def limits():
    stat = os.statvfs(home)
    return stat.f_bavail * stat.f_frsize
codes.append(execute(arguments))
storage.FREE_BYTES = 100 * 1024 if "--checked" in os.environ["HOW"] else 0
def fill(left):
    with (home / "ballast").open("wb") as ballast:
        while limits() > left:
            ballast.write(bytes(4096))
            ballast.flush()
storage_open = storage.open_storage
import mnist_search.studies.ledger as ledger
recover = ledger.Ledger.recover
def then_fill(self):
    found = recover(self)
    fill(int(os.environ["LEFT"]))
    return found
ledger.Ledger.recover = then_fill
codes.append(execute(arguments))
ledger.Ledger.recover = recover
(home / "ballast").unlink()
codes.append(execute(arguments))
import sqlite3
connection = sqlite3.connect(home / "s" / "study.db")
states = connection.execute("SELECT number, state FROM trials ORDER BY number").fetchall()
sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
Path("seen.json").write_text(json.dumps([codes, states, sound]))
"""


@pytest.mark.skipif(not has_user_namespaces(), reason="no user namespaces, so no small disk")
@pytest.mark.parametrize(
    ("how", "left", "message"),
    [
        ("--unchecked", 40_000, "no space left"),
        ("--checked", 90_000, "a trial needs 102,400"),
    ],
)
def test_row_42_full_disk_ends_in_one_line_and_goes_on_when_there_is_room(
    tmp_path: Path, search: Search, how: str, left: int, message: str
) -> None:
    import json

    (tmp_path / "script.py").write_text(FULL_DISK)
    ran = subprocess.run(
        ["unshare", "-Urm", sys.executable, "script.py", *search(12)],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "MNIST_SEARCH_TRAINER": "tests.support.fake:inline",
            "HOW": how,
            "LEFT": str(left),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    codes, states, sound = json.loads((tmp_path / "seen.json").read_text())
    # A disk of 2 MB has never the room that a trial should have.
    assert codes == [6, 6, 0]
    assert sound == "ok"
    assert [number for number, _ in states] == list(range(12))
    assert {state for _, state in states} <= {"COMPLETE", "PRUNED", "FAIL"}
    errors = [line for line in ran.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert "a trial needs 67,108,864" in errors[0]
    assert message in errors[1]
    assert "Traceback" not in ran.stderr
