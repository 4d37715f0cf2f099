"""Kind K: file systems that cannot do what a study needs are asked, not known by name."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.troubles.conftest import Shell

RUN = ("run", "--space", "mlp", "-n", "1", "--study", "s", "--home", "h", "-q")


def taken_away(what: str) -> str:
    """Return Python that lets a system call answer something else, as the kernel's rules may."""
    name, _, answer = what.partition("=")
    value = "None" if answer == "0" else f"_refuse({answer})"
    module, function = name.rsplit(".", 1)
    return (
        f"import errno, os, {module}\n"
        "def _refuse(number):\n"
        "    raise OSError(number, os.strerror(number))\n"
        f"{module}.{function} = lambda *_, **__: {value}\n"
    )


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("fcntl.flock=errno.ENOLCK", "h/s/lock cannot be locked: No locks available"),
        ("fcntl.flock=errno.EOPNOTSUPP", "h/s/lock cannot be locked: Operation not supported"),
        ("fcntl.flock=0", "h/s/lock can be locked twice: locks keep nobody out there"),
    ],
)
def test_a_lock_that_is_none_gets_a_sentence(what: str, told: str, shell: Shell) -> None:
    done = shell(*RUN, before=taken_away(what))
    hint = "; hint: name a folder of another disk with --home"
    assert (done.returncode, done.stdout.decode()) == (4, "")
    assert done.stderr.decode() == f"error: {told}{hint}\n"


@pytest.mark.parametrize("link", ["os.link", "os.symlink"])
def test_links_are_not_needed(link: str, shell: Shell) -> None:
    done = shell(*RUN, before=taken_away(f"{link}=errno.EPERM"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("syscalls", "rule", "told"),
    [
        ("flock", "error=ENOLCK", "cannot be locked: No locks available"),
        ("flock", "retval=0", "can be locked twice"),
        ("link,linkat,symlink,symlinkat", "error=EPERM", None),
        ("rename,renameat,renameat2", "error=EXDEV", "cannot do this: name a folder of another"),
    ],
)
def test_the_kernel_itself_refuses(
    syscalls: str, rule: str, told: str | None, shell: Shell
) -> None:
    strace = shutil.which("strace")
    # A name that this machine's kernel never had is skipped with a question mark.
    calls = ",".join(f"?{call}" for call in syscalls.split(","))
    options = ["-f", "-qq", "-o", os.devnull, "-e", f"trace={calls}", "-e"]
    trial = [str(strace), *options, f"inject={calls}:{rule}"]
    if strace is None or subprocess.run([*trial, "true"], capture_output=True, check=False).stderr:
        pytest.skip("strace is not installed, or may not trace here")
    done = shell(*RUN, under=trial)
    if told is None:
        assert done.returncode == 0, done.stderr
        return
    assert (done.returncode, told in done.stderr.decode()) == (4, True), done.stderr
    assert done.stderr.decode().count("\n") == 1


def test_a_disk_that_cannot_be_written(shell: Shell) -> None:
    read_only = (
        "import errno, os\n"
        "def mkdir(path, *_, **__):\n"
        "    raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)\n"
        "os.mkdir = mkdir\n"
    )
    done = shell(*RUN, before=read_only)
    assert (done.returncode, done.stderr.count(b"\n")) == (4, 1)
    assert b"Read-only file system" in done.stderr
    assert b"name a folder of another disk with --home" in done.stderr
