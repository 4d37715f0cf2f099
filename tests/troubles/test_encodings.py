"""Kind G: output that the terminal's encoding lacks, and names that are no UTF-8."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.troubles.conftest import Shell

COMMANDS = (
    "run", "plan", "bench", "confirm", "explain", "export", "verify", "check", "report",
    "figures", "doctor", "references", "spaces", "data", "studies", "show", "dashboard",
)  # fmt: skip
HELP = """
import sys
from mnist_search.cli import execute
from mnist_search.cli.streams import prepare_streams
prepare_streams()
for name in sys.argv[1:]:
    assert execute([name, "--help"]) == 0
sys.exit()
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
@pytest.mark.parametrize("columns", ["40", "100"])
def test_every_help_can_be_printed(shell: Shell, encoding: str, columns: str) -> None:
    done = shell(*COMMANDS, before=HELP, PYTHONIOENCODING=encoding, COLUMNS=columns)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert text.count("Usage: mnist-search ") == len(COMMANDS)
    assert max(map(len, text.splitlines())) <= int(columns)


def test_without_the_guard_help_fails(shell: Shell) -> None:
    raw = "import sys\nfrom mnist_search.cli import execute\nsys.exit(execute(['run', '--help']))"
    assert b"UnicodeEncodeError" in shell(before=raw, PYTHONIOENCODING="ascii").stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
@pytest.mark.parametrize("form", ["table", "markdown", "csv", "json"])
def test_rows_can_be_printed(shell: Shell, encoding: str, form: str) -> None:
    done = shell("report", "-f", form, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "cnn-double-32-augmented" in done.stdout.decode(encoding)


def test_a_mistake_is_one_line_in_any_encoding(shell: Shell) -> None:
    done = shell("report", "λ…", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    done.stderr.decode("ascii")


def test_home_whose_name_is_no_utf_8(shell: Shell, tmp_path: Path) -> None:
    home = b"h\xff\xe9"
    command = ("run", "--space", "mlp", "--trials", "2", "--epochs", "1", "-q", "--home")
    done = shell(*command, home)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "here").iterdir()] == [
        home.decode("utf-8", "surrogateescape")
    ]
    shown = shell("report", "--home", home, "-f", "csv")
    assert (shown.returncode, shown.stdout.count(b",trial,")) == (0, 2)


def test_output_whose_name_is_no_utf_8(shell: Shell, tmp_path: Path) -> None:
    assert shell("report", "-o", b"\xff.csv").returncode == 0
    (written,) = (tmp_path / "here").iterdir()
    assert written.read_text().startswith("rank,")
