"""What a study has run, in a moment: no Optuna, no models of what it holds."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mnist_search.studies.folder import DATABASE, JOURNAL, check_file, open_file
from mnist_search.studies.lines import Lines, Operation

# As Optuna numbers them.
_STATES = ("running", "complete", "pruned", "fail", "waiting")


@dataclass(slots=True)
class Glimpse:
    """A trial: its state, its first value, and the reference that it is."""

    state: str
    value: float | None = None
    reference: str | None = None


def glance(folder: Path) -> list[Glimpse]:
    """Return the trials of a study in the order of their numbers.

    Raises:
        DataError: the study is damaged.
        OSError, sqlite3.Error, ValueError, LookupError: it cannot be read.
    """
    if not os.path.lexists(folder / JOURNAL):
        return _glance_at_database(folder / DATABASE)
    file = open_file(folder / JOURNAL, os.O_RDONLY)
    trials: list[Glimpse] = []
    try:
        for log in Lines(folder / JOURNAL).read(file):
            if log["op_code"] == Operation.CREATE_TRIAL:
                reference = log.get("user_attrs", {}).get("reference")
                values = log.get("values") or [log.get("value")]
                state = _STATES[log.get("state", 0)]
                trials.append(Glimpse(state=state, value=values[0], reference=reference))
            elif log["op_code"] == Operation.STATE:
                trial = trials[log["trial_id"]]
                trial.state = _STATES[log["state"]]
                trial.value = (log["values"] or [trial.value])[0]
    finally:
        os.close(file)
    return trials


def _glance_at_database(path: Path) -> list[Glimpse]:
    check_file(path)
    address = f"{path.resolve(strict=True).as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=1)) as connection:
        rows = connection.execute(
            "SELECT state, (SELECT value FROM trial_values v WHERE v.trial_id = t.trial_id"
            " AND objective = 0), (SELECT value_json FROM trial_user_attributes a"
            " WHERE a.trial_id = t.trial_id AND key = 'reference') FROM trials t ORDER BY number"
        ).fetchall()
    return [
        Glimpse(
            state=state.lower(),
            value=value,
            reference=None if reference is None else str(json.loads(reference)),
        )
        for state, value, reference in rows
    ]
