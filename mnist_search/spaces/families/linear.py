"""Linear classifiers trained one image at a time, as scikit-learn's SGDClassifier does."""

from __future__ import annotations

from collections.abc import Iterator

from mnist_search.spaces.families.family import EPOCHS, Chosen, Family, setting_of
from mnist_search.spaces.parameters import Condition, Value
from mnist_search.specs import SGD, LinearClassifier, RunConfig, Training

_STEPPED = (Condition("policy", choices=("constant", "invscaling", "adaptive")),)
_SETTINGS = (
    setting_of(LinearClassifier, "penalty", "regularisation of the weights"),
    setting_of(
        LinearClassifier,
        "alpha",
        "strength of the penalty; policy optimal takes its step size from it, too",
    ),
    setting_of(LinearClassifier, "policy", "how the step size changes"),
    setting_of(
        LinearClassifier,
        "eta0",
        "first step size, without effect in policy optimal",
        needs=_STEPPED,
    ),
    setting_of(LinearClassifier, "average", "answer with the mean of the weights over all steps"),
    setting_of(
        LinearClassifier,
        "tolerance",
        "stop a class when its loss no longer falls by this; 0 trains all epochs",
        off=0.0,
    ),
)


def _make(chosen: Chosen, epochs: int) -> RunConfig:
    fields = {setting.name: chosen.get(setting.name) for setting in _SETTINGS}
    model = LinearClassifier(**{**fields, "tolerance": fields["tolerance"] or None})
    # SGDClassifier has its own steps; optimizer and batch size only say so.
    return RunConfig(model=model, training=Training(optimizer=SGD(), batch_size=1, epochs=epochs))


def _read(config: RunConfig) -> Iterator[dict[str, Value]]:
    if isinstance(config.model, LinearClassifier):
        fields = {setting.name: getattr(config.model, setting.name) for setting in _SETTINGS}
        yield {**fields, "tolerance": fields["tolerance"] or 0.0}


LINEAR = Family(
    name="linear",
    settings={setting.name: setting for setting in (*_SETTINGS, EPOCHS)},
    make=_make,
    read=_read,
)
