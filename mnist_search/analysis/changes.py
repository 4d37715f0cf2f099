"""How a run of a reference departs from the recipe that goes by the reference's name."""

from __future__ import annotations

from mnist_search.references import Reference
from mnist_search.specs import RunConfig, Training

# Fewer epochs or images make the same recipe shorter: `epochs_planned` and `train_images` tell.
_EFFORT = {"epochs", "train_images"}


def recipe_changes(reference: Reference, config: RunConfig) -> tuple[str, ...]:
    """Return what differs from the reference's own recipe under the same protocol.

    One phrase for each difference, such as `learning_rate 0.001` or `raw test pixels`; none for
    a run that is the reference's own, however short.
    """
    own = reference.run_config(config.protocol)
    found = [] if config.model == own.model else ["another model"]
    found += _training_changes(own.training, config.training)
    if config.raw_test_pixels != own.raw_test_pixels:
        found.append(f"{'raw' if config.raw_test_pixels else 'scaled'} test pixels")
    return tuple(found)


def is_own_recipe(reference: Reference, config: RunConfig) -> bool:
    """Say whether a configuration is the reference's own, in full, under its protocol."""
    return config == reference.run_config(config.protocol)


def _training_changes(own: Training, training: Training) -> list[str]:
    found = []
    if training.optimizer.name != own.optimizer.name:
        found.append(f"optimizer {training.optimizer.name}")
    else:
        before = own.optimizer.model_dump()
        for name, value in training.optimizer.model_dump().items():
            if value != before[name]:
                found.append(f"{name} {value:g}")
    for name in Training.model_fields.keys() - _EFFORT - {"optimizer", "augmentation"}:
        value = getattr(training, name)
        if value != getattr(own, name):
            found.append(f"{name} {value}")
    if training.augmentation != own.augmentation:
        match own.augmentation, training.augmentation:
            case _, None:
                found.append("not augmented")
            case None, _:
                found.append("augmented")
            case _:
                found.append("other augmentation")
    return found
