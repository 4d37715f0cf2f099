"""A process that works at a study: which it is, what was typed, and the time by its clock."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from mnist_search.specs import Frozen

# What is shown and stored in the place of a secret.
HIDDEN = "***"
# The start of the machine is told in whole seconds, and again when its clock was set a little.
BOOT_SECONDS = 5
_COMMAND_CHARACTERS = 160
_SECRET = r"[\w-]*(?:password|passwd|pwd|passphrase|token|secret|api[_-]?key)[\w-]*"
_URL_PASSWORD = re.compile(r"(\w://[^\s:/@]*):\S*@")
_ASSIGNED = re.compile(rf"({_SECRET}=)[^\s&;]+", re.IGNORECASE)
_NAME = re.compile(_SECRET, re.IGNORECASE)


class Owner(Frozen):
    """A process, unique across reuse of its number and restarts of the machine.

    `booted` is when the machine was started and `since` when the process took the study, both in
    seconds since 1970; `started` counts the seconds from the one to the start of the process.
    """

    host: str
    booted: float
    pid: int
    started: float
    since: float
    command: str

    def __str__(self) -> str:
        """Say who it is, for a sentence."""
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.since))
        return f"process {self.pid} on {self.host} since {since} ({self.command})"

    def is_process_of(self, other: Owner) -> bool:
        """Return whether both are the same process, whenever it took the study."""
        return (
            (self.host, self.pid, self.started) == (other.host, other.pid, other.started)
            # Neither changes while the machine runs, but for the setting of its clock.
            and abs(self.booted - other.booted) <= BOOT_SECONDS
        )


def this_process() -> Owner:
    """Return the process that asks, as an owner from now on."""
    program, *words = sys.argv
    name = Path(program).parent.name if Path(program).stem == "__main__" else Path(program).name
    command = " ".join(" ".join([name.replace("_", "-"), *without_secrets(words)]).split())
    booted = psutil.boot_time()
    return Owner(
        host=platform.node(),
        booted=booted,
        pid=os.getpid(),
        started=round(psutil.Process().create_time() - booted, 2),
        since=utc_seconds(),
        command=command[:_COMMAND_CHARACTERS],
    )


def is_running(owner: Owner) -> bool:
    """Return whether that very process runs on this machine, now.

    A number that another process has by now, a machine that was started again and a process of
    another machine all mean no: then the lock alone decides.
    """
    if owner.host != platform.node():
        return False
    try:
        process, booted = psutil.Process(owner.pid), psutil.boot_time()
        started = round(process.create_time() - booted, 2)
        status = process.status()
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False
    # A dead process whose parent has not asked for it yet holds no study.
    if status in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
        return False
    return owner.is_process_of(owner.model_copy(update={"booted": booted, "started": started}))


def is_secret(name: str) -> bool:
    """Return whether an option or a variable of that name holds a secret."""
    return _NAME.fullmatch(name) is not None


def without_secrets(words: Sequence[str]) -> list[str]:
    """Return the words with the passwords of URLs and the values of secret options hidden."""
    shown: list[str] = []
    for number, word in enumerate(words):
        before = words[number - 1] if number > 0 else ""
        option, equals, _ = word.partition("=")
        if before.startswith("-") and is_secret(before) and not word.startswith("-"):
            shown.append(HIDDEN)
        elif equals and option.startswith("-") and is_secret(option):
            shown.append(f"{option}={HIDDEN}")
        else:
            plain = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", word)
            shown.append(_ASSIGNED.sub(rf"\1{HIDDEN}", plain))
    # Names of files may hold what the JSON of a study cannot.
    return [word.encode("utf-8", "backslashreplace").decode() for word in shown]


def _uptime() -> float:
    # Goes on while a laptop sleeps, where the system has such a clock.
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


_ORIGIN = time.time() - _uptime()


def utc_seconds() -> float:
    """Return the seconds since 1970 in UTC; of two calls in one process the later is not less."""
    return _ORIGIN + _uptime()
