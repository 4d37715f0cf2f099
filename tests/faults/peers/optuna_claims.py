"""Claims the one waiting trial of a study, and waits for a second process before it writes.

The wait stands where a slow disk or a busy machine would put it: between the look at the trial's
state and the change of it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import optuna
from sqlalchemy import event

storage = optuna.storages.RDBStorage("sqlite:///study.db")
study = optuna.load_study(study_name="s", storage=storage)
waited = False


@event.listens_for(storage.engine, "before_cursor_execute")
def wait(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    """Wait for the other process, or for so long that it will not come."""
    global waited
    if waited or not statement.startswith("UPDATE trials SET state"):
        return
    waited = True
    Path(f"at-{os.getpid()}").touch()
    deadline = time.monotonic() + 30
    while len(list(Path().glob("at-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)


sys.stdout.write(f"{study.ask().number}\n")
