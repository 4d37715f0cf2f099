"""Kind H: users without a home folder or an entry, machines without a temporary folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_search.errors import ResourceError
from mnist_search.paths import home_folder, temporary_folder, user_path
from tests.troubles.conftest import Shell

NOBODY = """
import pwd
def unknown(_):
    raise KeyError("no such entry")
pwd.getpwuid = pwd.getpwnam = unknown
"""
NO_TEMP = """
import tempfile
tempfile._candidate_tempdir_list = lambda: ["/nowhere"]
"""


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--space", "mlp", "--trials", "1", "--epochs", "1", "-q"),
        ("data", "status"),
        ("doctor", "--quick", "-f", "json"),
        ("report",),
        ("spaces", "list"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("before", [NOBODY, NO_TEMP], ids=["nobody", "no-temp"])
def test_commands_work(shell: Shell, command: tuple[str, ...], before: str) -> None:
    done = shell(*command, before=before, HOME=None)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_a_path_below_no_home_folder_is_one_line(shell: Shell) -> None:
    done = shell("report", "--home", "~/studies", before=NOBODY, HOME=None)
    assert done.returncode == 2
    told = b"error: ~/studies: there is no home folder ~; hint: give the whole path\n"
    assert done.stderr == told


def test_a_named_home_needs_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", None)
    assert home_folder({"HOME": "/h"}) == Path("/h")
    assert user_path("~/x", {"HOME": "/h"}) == Path("/h/x")


def test_no_temporary_folder_is_a_lack_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/nowhere"])
    with pytest.raises(ResourceError, match="no folder for temporary files"):
        temporary_folder("x").__enter__()


def test_doctor_names_a_missing_temporary_folder(shell: Shell) -> None:
    done = shell("doctor", "--quick", "-f", "json", before=NO_TEMP)
    rows = {row["check"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows["temporary files"]["status"] == "fail"
    assert "TMPDIR" in rows["temporary files"]["hint"]


def test_a_proposer_without_a_temporary_folder_is_one_line(shell: Shell) -> None:
    command = ("run", "--engine", "keras-tuner", "--space", "mlp", "--trials", "3", "-q")
    done = shell(*command, before=NO_TEMP)
    assert done.returncode == 6
    assert done.stderr.splitlines()[-1] == (
        b"error: there is no folder for temporary files that can be written; "
        b"hint: set TMPDIR to one"
    )


def test_completion_below_no_home_folder_is_silent(shell: Shell) -> None:
    asked = {
        "_MNIST_SEARCH_COMPLETE": "complete_bash",
        "COMP_WORDS": "mnist-search report --home ~/x ",
        "COMP_CWORD": "4",
    }
    done = shell(before=NOBODY, HOME=None, **asked)
    assert (done.stdout.strip(), done.stderr) == (b"", b"")
