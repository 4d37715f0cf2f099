"""The peers' search loops, as a competent user of each library writes them.

`python peer_loops.py CONTESTANT SPACE DATA TRIALS EPOCHS SEED`; a line "time accuracy" goes to the
file PEER_LOG at the end of each trial, or "time accuracy trial" at the end of each of its epochs.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

import harness
from data import floats
from peer_space import KerasTunerChooser, OptunaChooser, RandomChooser, build


def main() -> None:
    """Run one contestant."""
    contestant, space, data, *budget = sys.argv[1:]
    trials, epochs, seed = map(int, budget)
    harness.use_installed()
    loops = {
        "keras-tuner-random": _keras_tuner,
        "keras-tuner-hyperband": _keras_tuner_hyperband,
        "optuna": _optuna,
        "ray": _ray,
    }
    loops[contestant](space, Path(data), trials, epochs, seed)


def _log(accuracy: float, trial: int | None = None) -> None:
    with Path(os.environ["PEER_LOG"]).open("a") as log:
        log.write(f"{time.time()} {accuracy}{'' if trial is None else f' {trial}'}\n")


def _held_out(data: Path) -> tuple[Any, Any, Any, Any]:
    import numpy as np

    with np.load(data) as arrays:
        images = len(arrays["x_train"])
    return floats(data, held_out=images // 6)


def _tuner_parts(space: str, data: Path, epochs: int) -> tuple[Any, Any, dict[str, Any]]:
    import keras_tuner

    images, labels, val_images, val_labels = _held_out(data)

    class Network(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            model, _ = build(space, KerasTunerChooser(hp), images=len(images), epochs=epochs)
            return model

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            history = model.fit(*args, batch_size=hp.get("batch_size"), **kwargs)
            _log(max(history.history["val_accuracy"]))
            return history

    fitting = {"x": images, "y": labels, "validation_data": (val_images, val_labels), "verbose": 0}
    return keras_tuner, Network(), fitting


def _keras_tuner(space: str, data: Path, trials: int, epochs: int, seed: int) -> None:
    library, network, fitting = _tuner_parts(space, data, epochs)
    with tempfile.TemporaryDirectory() as folder:
        tuner = library.RandomSearch(
            network,
            objective="val_accuracy",
            max_trials=trials,
            seed=seed,
            directory=folder,
            max_consecutive_failed_trials=10,
        )
        tuner.search(epochs=epochs, **fitting)


def _keras_tuner_hyperband(space: str, data: Path, trials: int, epochs: int, seed: int) -> None:
    library, network, fitting = _tuner_parts(space, data, epochs)
    with tempfile.TemporaryDirectory() as folder:
        tuner = library.Hyperband(
            network,
            objective="val_accuracy",
            max_epochs=epochs,
            factor=3,
            hyperband_iterations=100,
            seed=seed,
            directory=folder,
            max_consecutive_failed_trials=10,
        )
        tuner.oracle.max_trials = trials
        tuner.search(**fitting)


def _optuna(space: str, data: Path, trials: int, epochs: int, seed: int) -> None:
    import keras
    import optuna

    images, labels, val_images, val_labels = _held_out(data)

    class Pruning(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self, trial: optuna.Trial) -> None:
            super().__init__()
            self._trial = trial

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self._trial.report(logs["val_accuracy"], epoch)
            if self._trial.should_prune():
                _log(logs["val_accuracy"])
                raise optuna.TrialPruned

    def objective(trial: optuna.Trial) -> float:
        keras.backend.clear_session()
        model, batch_size = build(space, OptunaChooser(trial), images=len(images), epochs=epochs)
        history = model.fit(
            images,
            labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(val_images, val_labels),
            callbacks=[Pruning(trial)],
            verbose=0,
        )
        best = max(history.history["val_accuracy"])
        _log(best)
        return float(best)

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(),
    )
    study.optimize(objective, n_trials=trials)


def _ray(space: str, data: Path, trials: int, epochs: int, seed: int) -> None:
    import ray
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler

    def train(config: dict[str, Any]) -> None:
        import keras

        images, labels, val_images, val_labels = _held_out(data)
        model, batch_size = build(
            space, RandomChooser(config["draw"]), images=len(images), epochs=epochs
        )

        class Telling(keras.callbacks.Callback):  # type: ignore[misc]
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                # It may be the last: Ray ends the process of a trial that it stops.
                _log(logs["val_accuracy"], config["draw"])
                tune.report({"val_accuracy": logs["val_accuracy"]})

        model.fit(
            images,
            labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(val_images, val_labels),
            callbacks=[Telling()],
            verbose=0,
        )

    # Ray's own processes find it by the path alone; as here, what is installed comes first.
    path = [os.environ["PYTHONPATH"], sysconfig.get_path("purelib"), os.environ[harness.EXTRA]]
    os.environ["PYTHONPATH"] = os.pathsep.join(path)
    ray.init(
        include_dashboard=False,
        configure_logging=False,
        runtime_env={
            "env_vars": {
                **{name: os.environ[name] for name in ("PYTHONPATH", "PEER_LOG")},
                "TF_NUM_INTRAOP_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            }
        },
    )
    tuner = tune.Tuner(
        tune.with_resources(train, {"cpu": 1}),
        param_space={"draw": tune.grid_search([1000 * seed + n for n in range(trials)])},
        tune_config=tune.TuneConfig(
            metric="val_accuracy", mode="max", scheduler=ASHAScheduler(max_t=epochs)
        ),
    )
    tuner.fit()
    ray.shutdown()


if __name__ == "__main__":
    main()
