"""The file of a study damaged, full or out of reach."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from mnist_search.studies import folder as folders

Here = Callable[..., Any]
Search = Callable[..., list[str]]


@pytest.fixture
def finished(over: Callable[[int], Any]) -> Any:
    """A study of four trials that is over."""
    return over(4)


def change(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def without_a_line(path: Path) -> None:
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(rows[:9] + rows[10:]))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a figure of another value": lambda path: change(path, b'"fit_seconds":', b'"fit_seconds":1'),
    "a line gone": without_a_line,
    "half of a line in the middle": lambda path: change(path, b'"op_code":6', b'"op_co'),
    "a text": lambda path: path.write_text("no journal\n" * 3),
    "empty": lambda path: os.truncate(path, 0),
}


def check_damaged(here: Here, search: Search, study: Any) -> None:
    before = study.path.read_bytes()
    for arguments in (search(6), ["report", "s"], ["report"]):
        here(*arguments).refused(5, "journal.log", "damaged")
    assert study.path.read_bytes() == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_refused_and_left_alone(
    here: Here, search: Search, finished: Any, damage: str
) -> None:
    DAMAGES[damage](finished.path)
    check_damaged(here, search, finished)


def test_control_damage_with_checksums_made_anew(here: Here, search: Search, finished: Any) -> None:
    DAMAGES["a figure of another value"](finished.path)
    *rows, _ = finished.path.read_bytes().split(b"\n")
    heads = [row.rpartition(b',"crc32":')[0] for row in rows]
    signed = [b'%s,"crc32":%d}\n' % (head, zlib.crc32(head)) for head in heads]
    finished.path.write_bytes(b"".join(signed))
    with pytest.raises(AssertionError, match="exit code 0, not 5"):
        check_damaged(here, search, finished)


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
    type(finished)(path=home / "s" / "journal.log").whole(4)


@needs_setpriv
def test_read_only_study_can_be_read_but_not_written(
    finished: Any, search: Search, public: Path
) -> None:
    check_read_only(finished, search, public, writable=False)


@needs_setpriv
def test_control_read_only_study_that_may_be_written(
    finished: Any, search: Search, public: Path
) -> None:
    with pytest.raises(AssertionError, match="assert 0 == 4"):
        check_read_only(finished, search, public, writable=True)


@needs_setpriv
@pytest.mark.parametrize("mode", [0o555, 0o444], ids=["not written", "not entered"])
def test_study_cannot_be_made_in_a_folder_of_others(
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


def fill_up(monkeypatch: pytest.MonkeyPatch, *, bytes_left: int) -> None:
    """Let the journal grow by so many bytes more, as a disk that gets full does."""
    write, left, rest = os.write, [bytes_left], [b""]

    def limited(file: int, data: bytes) -> int:
        if not bytes(data).startswith(b'{"op_code":') and bytes(data) != rest[0]:
            return write(file, data)
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = write(file, data[: left[0]])
        left[0] -= taken
        rest[0] = bytes(data[taken:])
        return taken

    monkeypatch.setattr(os, "write", limited)


@pytest.mark.parametrize("bytes_left", [20_000, 31_111, 40_007])
def test_full_disk_is_one_line_and_can_go_on(
    here: Here, search: Search, study: Any, bytes_left: int
) -> None:
    assert here(*search(1)).code == 0
    with pytest.MonkeyPatch.context() as monkeypatch:
        fill_up(monkeypatch, bytes_left=bytes_left)
        here(*search(12)).refused(6, "No space left")
    done = {n: state for n, state in study.states().items() if state in ("COMPLETE", "PRUNED")}
    assert here(*search(12)).code == 0
    study.whole(12)
    assert done.items() <= study.states().items()


def test_control_full_disk_without_a_translation(
    here: Here, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here(*search(1)).code == 0
    fill_up(monkeypatch, bytes_left=20_000)
    monkeypatch.setattr(folders, "_explain", lambda path, error: None)
    with pytest.raises(OSError, match="No space left"):
        here(*search(12))


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
import mnist_search.studies.folder as folder
import mnist_search.studies.ledger as ledger
arguments = sys.argv[1:]
codes = []
def free_bytes():
    stat = os.statvfs(home)
    return stat.f_bavail * stat.f_frsize
codes.append(execute(arguments))
folder.FREE_BYTES = 100 * 1024 if "--checked" in os.environ["HOW"] else 0
def fill(left):
    with (home / "ballast").open("wb") as ballast:
        while free_bytes() > left:
            ballast.write(bytes(4096))
            ballast.flush()
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
Path("seen.json").write_text(json.dumps(codes))
Path("journal.log").write_bytes((home / "s" / "journal.log").read_bytes())
"""


@pytest.mark.skipif(not has_user_namespaces(), reason="no user namespaces, so no small disk")
@pytest.mark.parametrize(
    ("how", "left", "message"),
    [
        ("--unchecked", 20_000, "No space left"),
        ("--checked", 90_000, "a trial needs 102,400"),
    ],
)
def test_small_disk_ends_in_one_line_and_goes_on_when_there_is_room(
    tmp_path: Path, search: Search, study: Any, how: str, left: int, message: str
) -> None:
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
    # A disk of 2 MB has never the room that a trial should have.
    assert json.loads((tmp_path / "seen.json").read_text()) == [6, 6, 0]
    type(study)(path=tmp_path / "journal.log").whole(12)
    errors = [line for line in ran.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert "a trial needs 67,108,864" in errors[0]
    assert message in errors[1]
    assert "Traceback" not in ran.stderr
