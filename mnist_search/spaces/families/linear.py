"""Linear classifiers trained one image at a time, as scikit-learn's SGDClassifier does."""

from __future__ import annotations

from collections.abc import Iterator

from mnist_search.spaces.families.family import Family, Setting, Settings
from mnist_search.spaces.parameters import Condition, Value
from mnist_search.specs import SGD, LinearClassifier, RunConfig, Training

_SETTINGS = (
    Setting(
        name="penalty",
        kind="text",
        doc="regularisation of the weights",
        default="l2",
        choices=("none", "l1", "l2", "elasticnet"),
    ),
    Setting(
        name="alpha",
        kind="float",
        doc="strength of the penalty; policy optimal takes its step size from it, too",
        default=1e-4,
        low=0.0,
        low_included=False,
    ),
    Setting(
        name="policy",
        kind="text",
        doc="how the step size changes",
        default="optimal",
        choices=("optimal", "constant", "invscaling", "adaptive"),
    ),
    Setting(
        name="eta0",
        kind="float",
        doc="first step size, without effect in policy optimal",
        default=0.01,
        low=0.0,
        low_included=False,
        needs=(Condition("policy", choices=("constant", "invscaling", "adaptive")),),
    ),
    Setting(
        name="average",
        kind="bool",
        doc="answer with the mean of the weights over all steps",
        default=False,
    ),
    Setting(
        name="tolerance",
        kind="float",
        doc="stop a class when its loss no longer falls by this; 0 trains all epochs",
        default=0.0,
        low=0.0,
    ),
)


def _make(settings: Settings, epochs: int) -> RunConfig:
    tolerance = settings.number("tolerance")
    model = LinearClassifier.model_validate(
        {
            "penalty": settings.text("penalty"),
            "alpha": settings.number("alpha"),
            "policy": settings.text("policy"),
            "eta0": settings.number("eta0"),
            "average": settings.flag("average"),
            "tolerance": tolerance if tolerance > 0 else None,
        }
    )
    # SGDClassifier has its own steps; optimizer and batch size only say so.
    return RunConfig(model=model, training=Training(optimizer=SGD(), batch_size=1, epochs=epochs))


def _read(config: RunConfig) -> Iterator[dict[str, Value]]:
    model = config.model
    if isinstance(model, LinearClassifier):
        yield {
            "penalty": model.penalty,
            "alpha": model.alpha,
            "policy": model.policy,
            "eta0": model.eta0,
            "average": model.average,
            "tolerance": 0.0 if model.tolerance is None else model.tolerance,
        }


LINEAR = Family(
    name="linear",
    settings={setting.name: setting for setting in _SETTINGS},
    make=_make,
    read=_read,
)
