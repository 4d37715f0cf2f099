"""References as rows of plain data, for tables and JSON."""

from __future__ import annotations

from typing import Any, assert_never

from mnist_search.references import OURS, REFERENCES, Reference
from mnist_search.specs.models import (
    Conv,
    Dense,
    Initializer,
    LinearClassifier,
    Model,
    ModelFamily,
    Network,
)
from mnist_search.specs.shapes import measure
from mnist_search.specs.training import Training

Row = dict[str, Any]


def reference_rows(*, family: ModelFamily | None = None, document: str | None = None) -> list[Row]:
    """Return one row for each reference of that family and document (None: any)."""
    return [
        reference_row(reference)
        for reference in (*REFERENCES, *OURS)
        if family in (None, reference.family) and document in (None, reference.document)
    ]


def reference_row(reference: Reference) -> Row:
    """Return a reference in one row; accuracies are fractions, None is unknown."""
    size = measure(reference.config.model)
    published = reference.published
    recipe = recipe_row(reference)
    return {
        "name": reference.name,
        "document": reference.document,
        "family": reference.family,
        "title": reference.title,
        "layers": reference.summary,
        "parameters": size.parameters,
        "trainable_parameters": size.trainable_parameters,
        "flops": size.flops,
        "published_accuracy": published.accuracy,
        "published_loss": published.loss,
        "published_train_accuracy": published.train_accuracy,
        "published_epochs": published.epochs,
        "published_fit_seconds": published.fit_seconds,
        "published_seconds_per_epoch": published.seconds_per_epoch,
        "optimizer": recipe["optimizer"],
        "batch_size": recipe["batch_size"],
        "has_corrected": reference.corrected is not None,
        "config_id": reference.config.config_id,
        "source": reference.source,
        "quirks": list(reference.quirks),
    }


def layer_rows(model: Model) -> list[Row]:
    """Return one row for each layer, the implied output layer last."""
    return [
        {
            "number": layer.number,
            "layer": layer.label,
            "output_shape": list(layer.output_shape),
            "parameters": layer.parameters,
            "trainable_parameters": layer.trainable_parameters,
            "flops": layer.flops,
            "initializer": initializer,
        }
        for layer, initializer in zip(measure(model).layers, _initializers(model), strict=True)
    ]


def recipe_row(reference: Reference) -> Row:
    """Return how the document trained the model, in the order of reading."""
    config = reference.config
    corrected = reference.corrected
    return {
        "protocol": config.protocol,
        **training_row(config.model, config.training),
        "raw_test_pixels": config.raw_test_pixels,
        "seed": reference.seed,
        "config_id": config.config_id,
        "corrected_config_id": None if corrected is None else corrected.config_id,
    }


def published_row(reference: Reference) -> Row:
    """Return the published figures, without the curves."""
    return reference.published.model_dump(mode="json", exclude={"curves"})


def detail_row(reference: Reference) -> Row:
    """Return all that is known of a reference in one nested row."""
    return {
        **reference_row(reference),
        "layer_shapes": layer_rows(reference.config.model),
        "recipe": recipe_row(reference),
        "published": reference.published.model_dump(mode="json"),
        "config": reference.config.model_dump(mode="json"),
    }


def training_row(model: Model, training: Training) -> Row:
    """Return how a model is trained."""
    match model:
        case Network():
            augmentation = training.augmentation
            return {
                "loss": "cross-entropy",
                "optimizer": training.optimizer.name,
                **training.optimizer.model_dump(exclude={"name"}),
                "schedule": training.schedule,
                "batch_size": training.batch_size,
                "epochs": training.epochs,
                "augmentation": None if augmentation is None else augmentation.model_dump(),
            }
        case LinearClassifier():
            # The optimizer of `training` only stands in for scikit-learn's own.
            return {
                "loss": "log loss of each class against the rest",
                "optimizer": "sgd",
                **model.model_dump(exclude={"kind"}),
                "batch_size": training.batch_size,
                "max_epochs": training.epochs,
            }
        case _:
            assert_never(model)


def _initializers(model: Model) -> list[str | None]:
    match model:
        case Network():
            hidden = [
                _spell(layer.initializer) if isinstance(layer, Conv | Dense) else None
                for layer in model.layers
            ]
            return [*hidden, _spell(model.output_initializer)]
        case LinearClassifier():
            return ["zeros"]
        case _:
            assert_never(model)


def _spell(initializer: Initializer) -> str:
    if initializer.stddev is None:
        return initializer.name
    return f"{initializer.name}({initializer.stddev:g})"
