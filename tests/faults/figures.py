"""Figures of the long runs, kept in one JSON file that the report reads."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from mnist_search.specs import describe_environment

PACKAGES = ("optuna", "sqlalchemy", "keras-tuner", "keras", "tensorflow")


def provenance(*packages: str) -> dict[str, object]:
    """Return the machine, the versions and the date of a run."""
    here = describe_environment()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{here.processor}, {here.cores} cores",
        "system": here.system,
        "python": here.python,
        "versions": {name: metadata.version(name) for name in packages},
    }


def read_figures(path: Path) -> dict[str, Any]:
    """Return the figures so far, none without a file."""
    figures: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return figures


def keep_figures(path: Path, key: str, figures: object) -> None:
    """Replace the figures of one run, and leave those of the others."""
    text = json.dumps({**read_figures(path), key: figures}, indent=1, sort_keys=True) + "\n"
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.write_text(text)
    draft.replace(path)
