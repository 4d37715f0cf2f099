"""The time of day, from a clock that nobody sets while a session lasts."""

from __future__ import annotations

import time


def _uptime() -> float:
    # Goes on while a laptop sleeps, where the system has such a clock.
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


_ORIGIN = time.time() - _uptime()


def utc_seconds() -> float:
    """Return the seconds since 1970 in UTC; of two calls in one process the later is not less."""
    return _ORIGIN + _uptime()
