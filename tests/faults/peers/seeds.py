"""Seeds that a search may be given: which are taken, and whether they fix what is suggested."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable

SEEDS: dict[str, int | str] = {
    "0": 0,
    "-1": -1,
    "2^32": 2**32,
    "2^64": 2**64,
    "text": "text",
}


def of_optuna(seed: int | str) -> list[float]:
    """Return the first suggestions of Optuna."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed)  # type: ignore[arg-type]
    study = optuna.create_study(sampler=sampler)
    return [study.ask().suggest_float("x", -5, 5) for _ in range(3)]


def of_keras_tuner(seed: int | str) -> list[float]:
    """Return the first suggestions of Keras Tuner."""
    import keras_tuner

    space = keras_tuner.HyperParameters()
    space.Float("x", -5, 5)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=keras_tuner.Objective("score", "max"),
        max_trials=3,
        hyperparameters=space,
        seed=seed,
    )
    oracle._set_project_dir(tempfile.mkdtemp(), "s")
    oracle.verbose = 0
    return [oracle.create_trial(f"t{n}").hyperparameters.get("x") for n in range(3)]


def try_seed(suggest: Callable[[int | str], list[float]], seed: int | str) -> str:
    """Return `fixed`, `random` or the error that a seed gives."""
    try:
        found = [suggest(seed) for _ in range(3)]
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "fixed" if found[0] == found[1] == found[2] else "random"


if __name__ == "__main__":
    suggest = of_optuna if sys.argv[1] == "optuna" else of_keras_tuner
    told = {name: try_seed(suggest, seed) for name, seed in SEEDS.items()}
    sys.stdout.write(json.dumps(told) + "\n")
