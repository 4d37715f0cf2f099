"""A model as a script of its own, which needs keras, tensorflow and numpy alone."""

from __future__ import annotations

import json
from typing import assert_never

from mnist_search.analysis import describe
from mnist_search.analysis.words import percent, plural
from mnist_search.errors import UsageError
from mnist_search.exporting import parts
from mnist_search.exporting.layers import layer_code, optimizer_code, output_code
from mnist_search.exporting.recipe import Export, render_mark
from mnist_search.specs import BatchNorm, LinearClassifier, Network, Training

# Keras' own name of a data set; whatever else a study was about comes from a file.
DOWNLOADS = {"mnist": "mnist", "fashion-mnist": "fashion_mnist"}


def render_script(export: Export) -> str:
    """Return the script: the same network, start, optimizer, schedule and augmentation.

    It trains on what the run trained on, and scores on what the run was scored on; only the order
    of the images and the random numbers are its own.

    Raises:
        UsageError: the model is a linear classifier, which scikit-learn trains, not Keras.
    """
    model = export.config.model
    match model:
        case Network():
            return _render(export, model)
        case LinearClassifier():
            raise UsageError(
                f"{export.name} is a linear classifier that scikit-learn trains, "
                "which a script for Keras cannot",
                hint="export it --as json or --as keras",
            )
        case _:
            assert_never(model)


def _render(export: Export, network: Network) -> str:
    config, training = export.config, export.config.training
    logits = "from_logits=True"
    corrected = config.protocol in ("held-out", "confirm") and any(
        isinstance(layer, BatchNorm) for layer in network.layers
    )
    subset = training.train_images is not None
    held_out = config.protocol == "held-out"
    sections = [
        _head(export),
        parts.IMPORTS,
        _constants(export),
        parts.LOAD_DATA.format(download=_download(export)),
        parts.STRATIFIED if held_out or subset else None,
        _select(export),
        parts.SCHEDULES.get(training.schedule),
        None if training.augmentation is None else parts.AUGMENT,
        _build_model(export, network),
        parts.MAKE_OPTIMIZER.format(optimizer=optimizer_code(training)),
        parts.CORRECT_AVERAGES if corrected else None,
        parts.TRAIN.format(
            prepared="pixels" if training.augmentation is None else "augment(pixels)",
            labels="tf.one_hot(labels, 10)" if training.label_smoothing > 0 else "labels",
            loss=f"CategoricalCrossentropy({logits}, label_smoothing={training.label_smoothing!r})"
            if training.label_smoothing > 0
            else f"SparseCategoricalCrossentropy({logits})",
            callbacks=_callbacks(training),
            correct="    correct_averages(model, total_steps)\n" if corrected else "",
        ),
        parts.MAIN,
    ]
    return "\n\n\n".join(section.strip("\n") for section in sections if section is not None) + "\n"


def _callbacks(training: Training) -> str:
    if training.schedule != "reduce-on-plateau":
        return ""
    factor, patience = training.plateau_factor, training.plateau_patience
    return (
        ", callbacks=[\n        keras.callbacks.ReduceLROnPlateau("
        f'monitor="loss", factor={factor!r}, patience={patience})\n    ]'
    )


def _head(export: Export) -> str:
    expected = export.expected
    lines = [
        f"{export.name} of study {export.study}, exported by mnist-search.",
        "",
        describe(export.config),
        f"Protocol {export.config.protocol}, data {export.dataset.name} "
        f"({export.dataset.train_images:,} + {export.dataset.test_images:,} images), "
        f"{export.precision}.",
        f"Expected: {percent(expected.accuracy)} of {expected.images:,} {expected.on} images, "
        f"{plural(expected.n, 'seed')}; one more run has {100 * expected.low:.2f} to "
        f"{percent(expected.high)} in 95 of 100 cases.",
        "Measured with " + ", ".join(f"{k} {v}" for k, v in export.versions.items()) + ".",
        "",
        "Needs keras, tensorflow and numpy. The data comes from the .npz file that",
        "MNIST_SEARCH_DATA names (x_train, y_train, x_test, y_test)"
        + (", else from Keras." if export.dataset.name in DOWNLOADS else "."),
        "    python FILE [--seed N] [--save MODEL.keras]",
        "Exit code 0: within the interval, 7: outside it, 5: other data than expected.",
    ]
    # Names come from outside; a comment ends where a line does.
    clean = ("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    return "\n".join(f"# {line}".rstrip() for line in clean) + f"\n#\n{render_mark(export)}"


def _constants(export: Export) -> str:
    training, expected = export.config.training, export.expected
    lines = [
        f"EPOCHS = {training.epochs}",
        f"BATCH_SIZE = {training.batch_size}",
        f"SEED = {export.seeds[0]}",
        f"EXPECTED, LOW, HIGH = {expected.accuracy!r}, {expected.low!r}, {expected.high!r}",
        f'SCORED_ON = "{expected.on}"',
        f"DIGEST = {json.dumps(export.dataset.digest)}",
        f"SCORED_DIVISOR = {1.0 if export.config.raw_test_pixels else 255.0}",
    ]
    if export.config.raw_test_pixels:
        lines[-1] += "  # the document left its test images unscaled"
    augmentation = training.augmentation
    if augmentation is not None:
        lines += [
            f"ROTATION_DEGREES = {augmentation.rotation_degrees!r}",
            f"ZOOM, SHIFT = {augmentation.zoom!r}, {augmentation.shift!r}",
        ]
    return "\n".join(lines)


def _download(export: Export) -> str:
    name = DOWNLOADS.get(export.dataset.name)
    if name is None:
        how = f"mnist-search data save {export.dataset.name} -o images.npz"
        if export.dataset.name != "digits":
            how = "mnist-search data save FILE -o images.npz, of the images of the study"
        return f'sys.exit("set MNIST_SEARCH_DATA to what this writes: {how}")'
    return f"(x_train, y_train), (x_test, y_test) = keras.datasets.{name}.load_data()"


def _select(export: Export) -> str:
    size = export.config.training.train_images
    lines = ["def select(x_train, y_train, x_test, y_test):"]
    if export.config.protocol == "held-out":
        lines += [
            "    # A fixed sixth of the training images is held out; the test images stay unseen.",
            "    held_out = stratified(y_train, len(y_train) // 6, seed=19980112)",
            "    rest = np.setdiff1d(np.arange(len(y_train)), held_out)",
            *(
                [
                    "    # The other half of them has steered the search.",
                    "    half = stratified(y_train[held_out], len(held_out) // 2, seed=5_000)",
                    "    scored = held_out[half]",
                ]
                if export.dataset.held_out == "halves"
                else ["    scored = held_out"]
            ),
            "    x_scored, y_scored = x_train[scored], y_train[scored]",
            "    x_train, y_train = x_train[rest], y_train[rest]",
        ]
    else:
        lines += ["    x_scored, y_scored = x_test, y_test"]
    if size is not None:
        lines += [
            f"    part = stratified(y_train, {size}, seed=60_000)",
            "    x_train, y_train = x_train[part], y_train[part]",
        ]
    return "\n".join([*lines, "    return x_train, y_train, x_scored, y_scored"])


def _build_model(export: Export, network: Network) -> str:
    layers = [layer_code(layer, export.precision) for layer in network.layers]
    layers.append(output_code(network.output_initializer))
    inside = "\n".join(f"            {layer}," for layer in layers)
    return (
        "def build_model():\n"
        '    """From images (n, 28, 28, 1) in 0..1 to logits (n, 10)."""\n'
        "    return keras.Sequential(\n        [\n"
        f"            keras.Input((28, 28, 1)),\n{inside}\n        ]\n    )"
    )
