"""How this program starts other Pythons: on a path that no stray file of the user can get onto."""

# Not pathlib: until the path is safe, only what every Python has loaded may be imported.
# ruff: noqa: PTH120

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def safe_path() -> list[str]:
    """Return `sys.path` without the working folder and the script's.

    Python puts one of them first, so that a `socket.py` there would be imported in the place of
    the standard library's. A folder that this very package was imported from stays.
    """
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    script = _real_path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    unsafe = {None, _real_path("."), None if script is None else os.path.dirname(script)} - {home}
    return [entry for entry in sys.path if entry and _real_path(entry) not in unsafe]


def _real_path(entry: str) -> str | None:
    """Return where an entry is, None for one in a working folder that is removed by now."""
    try:
        return os.path.realpath(entry)
    except FileNotFoundError:
        return None


def python_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which another Python finds the modules of this one, safely.

    It is for `[sys.executable, …]`; what that process starts is on a safe path as well.
    """
    import sysconfig
    from pathlib import Path

    # What every Python finds by itself would be in the way of one of another version.
    standard = Path(sysconfig.get_path("stdlib"))
    added = [
        entry
        for entry in map(Path, safe_path())
        if entry.exists() and not entry.is_relative_to(standard)
    ]
    path = os.pathsep.join(map(str, added))
    return {**environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
