"""What the tool printed and stored, read with nothing of ours between."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path


def rows(text: str) -> list[dict[str, object]]:
    document = json.loads(text)
    assert document["schema_version"] == 1
    return document["rows"]


def trials(text: str) -> list[dict[str, object]]:
    return [row for row in rows(text) if row["kind"] == "trial"]


def stored_states(path: Path) -> list[str]:
    """Read the states with nothing of ours between."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT state FROM trials ORDER BY number")]
