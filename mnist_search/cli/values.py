"""The small languages that values of options are in."""

from __future__ import annotations

import re
from collections.abc import Callable

from mnist_search.errors import UsageError
from mnist_search.paths import shorten

# Longer than anything that runs, and short enough for every clock; more than any machine has.
_MOST_SECONDS = 1e9
_MOST_BYTES = 1e15
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)")
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(MB|GB|MiB|GiB)", re.IGNORECASE)
_UNIT_BYTES = {"mb": 10**6, "gb": 10**9, "mib": 2**20, "gib": 2**30}


def duration(option: str) -> Callable[[str], float]:
    """Return what reads the seconds of `90s`, `20m` or `1.5h` for an option."""

    def parse(text: str) -> float:
        match = _DURATION.fullmatch(text.strip())
        seconds = 0.0 if match is None else float(match[1]) * _UNIT_SECONDS[match[2]]
        if not 0 < seconds <= _MOST_SECONDS:
            raise UsageError(
                f"{option} must be a positive duration such as 90s, 20m or 1.5h, "
                f"got {shorten(repr(text))}"
            )
        return seconds

    return parse


def size(option: str) -> Callable[[str], int]:
    """Return what reads the bytes of `800MB`, `4GB` or `3.5GiB` for an option."""

    def parse(text: str) -> int:
        match = _SIZE.fullmatch(text.strip())
        found = 0.0 if match is None else float(match[1]) * _UNIT_BYTES[match[2].lower()]
        if not 1 <= found <= _MOST_BYTES:
            raise UsageError(
                f"{option} must be a positive size such as 800MB or 4GB, got {shorten(repr(text))}"
            )
        return int(found)

    return parse
