"""Where studies live on disk, and what they may be called."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from mnist_search.errors import UsageError
from mnist_search.specs import Record

DEFAULT_HOME = Path("mnist-search-runs")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def resolve_home(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of all studies: the option, MNIST_SEARCH_HOME, or ./mnist-search-runs."""
    if option is not None:
        return option
    named = environ.get("MNIST_SEARCH_HOME")
    return DEFAULT_HOME if named is None or named == "" else Path(named)


def study_folder(home: Path, name: str) -> Path:
    """Return the folder of a study; raises `UsageError` for a name that is no plain name."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"study name {name!r} must start with a letter or digit and hold only letters, "
            "digits, '_', '.' and '-', at most 64 of them"
        )
    return home / name


def plain_name(text: str) -> str:
    """Return a study name made from any text."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")
    return name[:48].rstrip("-._") or "study"


def list_studies(home: Path) -> list[str]:
    """Return the names of the studies in a home, sorted."""
    if not os.path.lexists(home):
        return []
    return sorted(path.parent.name for path in home.glob("*/study.db"))


def has_study(folder: Path) -> bool:
    """Return whether a study is there, as far as that can be seen; whatever is there in its name.

    `Path.exists` would raise where a folder on the way must not be entered.
    """
    return os.path.lexists(folder / "study.db")


def unused_name(home: Path, name: str) -> str:
    """Return `name`, or `name-2`, `name-3` … where it is taken."""
    candidate, count = name, 1
    while has_study(home / candidate):
        count += 1
        candidate = f"{name}-{count}"
    return candidate


def read_records(home: Path, names: Sequence[str]) -> list[Record]:
    """Return the records of the named studies, of all studies where none is named.

    Raises `UsageError` for a study that is not there.
    """
    from mnist_search.studies.opening import open_ledger

    records: list[Record] = []
    for name in names or list_studies(home):
        folder = study_folder(home, name)
        if not os.path.lexists(folder / "study.db"):
            there = list_studies(home)
            raise UsageError(
                f"there is no study {name} in {home}",
                hint=f"there are: {', '.join(there)}" if there else "`mnist-search run` makes one",
            )
        with closing(open_ledger(folder)) as ledger:
            records.extend(ledger.records())
    return records
