"""What can be said against a search before it is created."""

from __future__ import annotations

import importlib.util

from mnist_search.engines.base import EngineName, SamplerName
from mnist_search.errors import UsageError
from mnist_search.spaces import SearchSpace

SAMPLERS: dict[EngineName, tuple[SamplerName, ...]] = {
    "optuna": ("tpe", "random", "qmc", "grid", "brute-force", "cmaes", "gp"),
    "keras-tuner": ("bayesian", "random", "grid"),
}
# Samplers that need a package which is not installed with the rest.
_PACKAGES: dict[SamplerName, str] = {"cmaes": "cmaes", "gp": "torch"}
_EXHAUSTIVE: tuple[SamplerName, ...] = ("grid", "brute-force")


def default_sampler(engine: EngineName) -> SamplerName:
    """Return the sampler of an engine that learns."""
    return SAMPLERS[engine][0]


def check_sampler(engine: EngineName, sampler: SamplerName, space: SearchSpace) -> None:
    """Raise UsageError where the engine has no such sampler, or it cannot search the space."""
    if sampler not in SAMPLERS[engine]:
        raise UsageError(
            f"engine {engine} has no sampler {sampler}",
            hint=f"it has {', '.join(SAMPLERS[engine])}",
        )
    if engine == "keras-tuner":
        # Its grid takes ten values of a float without step.
        return
    package = _PACKAGES.get(sampler)
    if package is not None and importlib.util.find_spec(package) is None:
        raise UsageError(
            f"sampler {sampler} needs the package {package}, which is not installed",
            hint=f"pip install 'mnist-search[{sampler}]'",
        )
    if sampler not in _EXHAUSTIVE:
        return
    for parameter in space.parameters:
        if parameter.count is None:
            raise UsageError(
                f"sampler {sampler} needs a finite space, but {parameter.name} of space "
                f"{space.name} is a float without step",
                hint=f"give {parameter.name} a step or choices, or choose another --sampler",
            )
