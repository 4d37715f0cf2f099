"""A search with Optuna, as its manual shows it, to be struck: `optuna_search.py --trials 10`.

It runs in the folder that it is started in, and says in `log` what its objective does.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import time
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState
from sqlalchemy.engine.default import DefaultDialect

parser = argparse.ArgumentParser()
parser.add_argument("--trials", type=int, default=10)
parser.add_argument("--seconds", type=float, default=0.3)
parser.add_argument("--timeout", type=float)
parser.add_argument("--careful", action="store_true", help="heartbeats, retries, a callback's end")
parser.add_argument("--faults", default="", help="such as 1=nan,2=inf,3=hang,*=raise,0=die")
parser.add_argument("--strike", help="such as before:7, to die at the 7th transaction")
options = parser.parse_args()
faults = dict(item.split("=") for item in filter(None, options.faults.split(",")))


def note(text: str) -> None:
    """Say what happens, on the disk before it goes on."""
    with Path("log").open("a") as log:
        log.write(f"{text}\n")
        log.flush()
        os.fsync(log.fileno())


def objective(trial: optuna.Trial) -> float:
    """Return a score that is known in advance, unless a fault is asked for."""
    x = trial.suggest_float("x", -5, 5)
    # Optuna 5.0.0 cannot tell it from the trial itself.
    stored = trial.study.trials[trial.number]
    original = RetryHeartbeatStaleTrialCallback.retried_trial_number(stored)
    number = trial.number if original is None else original
    note(f"started {number} in {os.getpid()}")
    match faults.get(str(number), faults.get("*")):
        case "nan":
            return math.nan
        case "inf":
            return math.inf
        case "raise":
            raise ValueError("a fault was asked for")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            while True:
                time.sleep(0.01)
    time.sleep(options.seconds)
    return -((x - 1) ** 2)


def strike(when: str, at: int) -> None:
    """Die before or after a transaction that writes something."""
    commit, calls = DefaultDialect.do_commit, []

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        calls.append(connection.dbapi_connection.in_transaction)
        struck = calls[-1] and calls.count(True) == at
        if struck and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if struck:
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


if options.strike is not None:
    when, number = options.strike.split(":")
    strike(when, int(number))
url = "sqlite:///study.db"
storage: RDBStorage | str = url
if options.careful:
    storage = RDBStorage(
        url,
        heartbeat_interval=1,
        grace_period=2,
        heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
    )
study = optuna.create_study(
    study_name="s",
    storage=storage,
    direction="maximize",
    sampler=optuna.samplers.TPESampler(seed=1),
    load_if_exists=True,
)
if options.careful:
    enough = MaxTrialsCallback(options.trials, states=(TrialState.COMPLETE,))
    study.optimize(objective, timeout=options.timeout, catch=(Exception,), callbacks=[enough])
else:
    study.optimize(objective, n_trials=options.trials, timeout=options.timeout, catch=(Exception,))
