"""What the tool printed and stored, read with nothing of ours between."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.journals import Study


def rows(text: str) -> list[dict[str, object]]:
    document = json.loads(text)
    assert document["schema_version"] == 1
    return document["rows"]


def trials(text: str) -> list[dict[str, object]]:
    return [row for row in rows(text) if row["kind"] == "trial"]


def stored_states(path: Path) -> list[str]:
    """Read the states with nothing of ours between."""
    return list(Study(path=path).states().values())
