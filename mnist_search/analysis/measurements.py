"""What the runs behind a row measured, put together: times, sizes, losses, where and with what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from mnist_search.analysis.statistics import interquartile_range, median
from mnist_search.specs import Environment, Epoch, RunConfig, RunResult, Timings

_PROPOSERS = ("optuna", "keras-tuner")


def measured(
    results: Sequence[RunResult], config: RunConfig | None, *, finished: bool
) -> dict[str, Any]:
    """Return by field of `Row` what `results`, its repeats, measured beside their accuracy."""
    # The runs that nothing disturbed; all of them where none was left in peace.
    timed = [result for result in results if not result.contended] or results
    times = [result.timings for result in timed]
    fit = [time.fit_seconds for time in times]
    steps = [seconds for time in times for seconds in time.step_seconds]
    epoch = [seconds for result in timed for seconds in _epoch_seconds(result.epochs)]
    epochs = max((epoch.epoch for result in results for epoch in result.epochs), default=0)
    if epochs == 0 and finished and config is not None:
        epochs = config.training.epochs
    memory = [time.peak_memory_bytes for time in times if time.peak_memory_bytes is not None]
    environments = [result.environment for result in results if result.environment is not None]
    tests = [result.test for result in results]
    return {
        "parameters": _first(result.parameters for result in results),
        "trainable_parameters": _first(result.trainable_parameters for result in results),
        "flops": _first(result.flops for result in results),
        "epochs": epochs,
        "test_loss": mean(None if test is None else test.loss for test in tests),
        "test_clipped_loss": mean(None if test is None else test.clipped_loss for test in tests),
        "fit_seconds": median(fit),
        "fit_seconds_iqr": interquartile_range(fit),
        "fit_cpu_seconds": _phase(times, "fit_cpu_seconds"),
        "seconds_per_epoch": median(epoch),
        "seconds_per_epoch_iqr": interquartile_range(epoch),
        "import_seconds": _phase(times, "import_seconds"),
        "data_seconds": _phase(times, "data_seconds"),
        "build_seconds": _phase(times, "build_seconds"),
        "first_step_seconds": _phase(times, "first_step_seconds"),
        "step_ms": _thousandfold(median(steps)),
        "step_ms_iqr": _thousandfold(interquartile_range(steps)),
        "inference_us": _phase(times, "inference_us_batch_256"),
        "inference_us_batch_1": _phase(times, "inference_us_batch_1"),
        "peak_memory_bytes": max(memory, default=None),
        "contended": any_of(result.contended for result in timed),
        "timed_runs": len(timed),
        "precision": results[0].precision,
        "threads": _first(result.threads for result in results),
        "machine_id": machine_of(results[0]),
        "machine": _machine(environments[0]) if environments else None,
        "device": environments[0].device.kind if environments else None,
        "device_name": environments[0].device.name if environments else None,
        "versions": _versions(environments),
        "config_ids": tuple(dict.fromkeys(result.config_id for result in results)),
    }


def machine_of(result: RunResult | None) -> str | None:
    """Return the machine that a result was measured on."""
    if result is None or result.environment is None:
        return None
    return result.environment.machine_id


def versions_of(result: RunResult) -> dict[str, str]:
    """Return the versions that a run computed with; packages that only propose are none of them."""
    environment = result.environment
    if environment is None:
        return {}
    packages = {k: v for k, v in environment.packages.items() if k not in _PROPOSERS}
    return {"python": environment.python, **packages}


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the known values, None where none is known."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def any_of(flags: Iterable[bool | None]) -> bool | None:
    """Return True if any flag is set, None if none is and one is unknown."""
    known = list(flags)
    if any(known):
        return True
    return False if known and None not in known else None


def _epoch_seconds(epochs: Sequence[Epoch]) -> list[float]:
    """Return the seconds of one epoch, for each line of a run.

    A line may stand for all the epochs since the one before it: scikit-learn trains a linear
    classifier in one go, and only its last epoch has a line.
    """
    before = [0, *(epoch.epoch for epoch in epochs)]
    return [
        (epoch.seconds + epoch.validation_seconds) / max(1, epoch.epoch - last)
        for last, epoch in zip(before, epochs, strict=False)
    ]


def _machine(environment: Environment) -> dict[str, object]:
    return {
        "machine_id": environment.machine_id,
        "processor": environment.processor,
        "cores": environment.cores,
        "memory_bytes": environment.memory_bytes,
        "features": environment.features,
        "system": environment.system,
        "device": environment.device.label,
    }


def _versions(environments: Sequence[Environment]) -> dict[str, str] | None:
    if not environments:
        return None
    found: dict[str, dict[str, None]] = {}
    for environment in environments:
        for package, version in {"python": environment.python, **environment.packages}.items():
            found.setdefault(package, {})[version] = None
    return {package: ", ".join(versions) for package, versions in found.items()}


def _phase(times: Sequence[Timings], name: str) -> float | None:
    return median(getattr(time, name) for time in times)


def _thousandfold(value: float | None) -> float | None:
    return None if value is None else 1e3 * value


def _first(values: Iterable[int | None]) -> int | None:
    return next((value for value in values if value is not None), None)
