"""A search with Keras Tuner whose trials train nothing, to be struck.

It runs in the folder that it is started in, and says in `log` what its trials do.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import time
from pathlib import Path
from typing import Any

import keras_tuner

parser = argparse.ArgumentParser()
parser.add_argument("--trials", type=int, default=10)
parser.add_argument("--seconds", type=float, default=0.3)
parser.add_argument("--name", default="s")
parser.add_argument("--overwrite", action="store_true")
parser.add_argument("--faults", default="", help="such as 1=nan,2=inf,3=hang,*=raise,1=die")
parser.add_argument("--strike", type=int, help="die at that writing of oracle.json")
options = parser.parse_args()
faults = dict(item.split("=") for item in filter(None, options.faults.split(",")))


def note(text: str) -> None:
    """Say what happens, on the disk before it goes on."""
    with Path("log").open("a") as log:
        log.write(f"{text}\n")
        log.flush()
        os.fsync(log.fileno())


class Search(keras_tuner.RandomSearch):  # type: ignore[misc]
    """A random search with a function in place of training."""

    def run_trial(self, trial: Any, *args: object, **named: object) -> dict[str, float]:
        """Return a score that is known in advance, unless a fault is asked for."""
        number = int(trial.trial_id)
        note(f"started {number} in {os.getpid()}")
        match faults.get(str(number), faults.get("*")):
            case "nan":
                return {"score": math.nan}
            case "inf":
                return {"score": math.inf}
            case "raise":
                raise ValueError("a fault was asked for")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                while True:
                    time.sleep(0.01)
        time.sleep(options.seconds)
        note(f"ended {number}")
        return {"score": -((trial.hyperparameters.get("x") - 1) ** 2)}


def strike(at: int) -> None:
    """Die when the file is written, and not yet closed."""
    from keras_tuner.src import utils

    opener, calls = utils.backend.io.File, []

    def opened(path: str, mode: str) -> Any:
        file = opener(path, mode)
        calls.append(path.endswith("oracle.json") and "w" in mode)
        if calls[-1] and calls.count(True) == at:
            write = file.write

            def write_and_die(text: str) -> None:
                write(text)
                os.kill(os.getpid(), signal.SIGKILL)

            file.write = write_and_die
        return file

    utils.backend.io.File = opened


if options.strike is not None:
    strike(options.strike)
space = keras_tuner.HyperParameters()
space.Float("x", -5, 5)
tuner = Search(
    objective=keras_tuner.Objective("score", "max"),
    max_trials=options.trials,
    hyperparameters=space,
    seed=1,
    directory="home",
    project_name=options.name,
    overwrite=options.overwrite,
)
note("ready")
tuner.search()
best = tuner.oracle.get_best_trials(1)
note(f"best {best[0].score if best else None}")
