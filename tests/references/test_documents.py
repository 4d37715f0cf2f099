"""Facts of the source documents that a slip of the pen would change unseen."""

from __future__ import annotations

import csv
import math

import pytest

from mnist_search.references import REFERENCES, Reference, get_reference
from mnist_search.references._base import CURVES as CURVES_FOLDER
from mnist_search.specs import (
    Adadelta,
    Adam,
    Augmentation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Initializer,
    LinearClassifier,
    Network,
)

RECIPES = {
    "A": (Adadelta(learning_rate=1.0, rho=0.95), 100, {3}),
    "B": (Adadelta(learning_rate=1.0, rho=0.95), 128, {12}),
    "C": (Adam(learning_rate=1e-3), 128, {30}),
    "D": (Adam(learning_rate=1e-3), 32, {30, 50}),
    "E": (Adam(learning_rate=1e-3), 200, {4, 10}),
}
NETWORKS = [reference for reference in REFERENCES if reference.family != "linear"]
CURVES = [reference for reference in REFERENCES if reference.published.curves]


def layers_of(reference: Reference) -> tuple[object, ...]:
    assert isinstance(reference.config.model, Network)
    return reference.config.model.layers


@pytest.mark.parametrize("reference", NETWORKS, ids=lambda reference: reference.name)
def test_recipe_of_the_document(reference: Reference) -> None:
    optimizer, batch_size, epochs = RECIPES[reference.document]
    training = reference.config.training
    assert training.optimizer == optimizer
    assert training.batch_size == batch_size
    assert training.epochs in epochs
    assert training.epochs == reference.published.epochs
    assert training.schedule == "constant"
    assert training.train_images is None


@pytest.mark.parametrize("reference", NETWORKS, ids=lambda reference: reference.name)
def test_activations_of_the_document(reference: Reference) -> None:
    sigmoid = reference.name in {"cnn-mnist-2", "cnn-mnist-3", "cnn-mnist-4"}
    activations = {
        layer.activation for layer in layers_of(reference) if isinstance(layer, Conv | Dense)
    }
    assert activations == {"sigmoid" if sigmoid else "relu"}


def test_paddings() -> None:
    same = {
        reference.name
        for reference in NETWORKS
        for layer in layers_of(reference)
        if isinstance(layer, Conv) and layer.padding == "same"
    }
    assert same == {"cnn-mnist-1", "cnn-double-32", "cnn-double-32-augmented"}


def test_document_c_orders_dense_norm_dropout() -> None:
    layers = layers_of(get_reference("mlp-drop-5"))[1:]
    assert [type(layer) for layer in layers] == [Dense, BatchNorm, Dropout] * 5
    assert {layer.rate for layer in layers if isinstance(layer, Dropout)} == {0.5}


@pytest.mark.parametrize(
    "reference",
    [reference for reference in REFERENCES if reference.document == "C"],
    ids=lambda reference: reference.name,
)
def test_document_c_spreads_kernels_by_their_width(reference: Reference) -> None:
    dense = [layer for layer in layers_of(reference) if isinstance(layer, Dense)]
    for layer in dense:
        assert layer.initializer.name == "random-normal"
        assert layer.initializer.stddev is not None
        # Cut off, not rounded, after three decimals.
        assert 0 <= math.sqrt(2 / layer.units) - layer.initializer.stddev < 1e-3
    assert isinstance(reference.config.model, Network)
    assert reference.config.model.output_initializer == Initializer(name="glorot-uniform")


def test_both_kernels_of_the_baseline_perceptron_are_normal() -> None:
    model = get_reference("mlp-784").config.model
    normal = Initializer(name="random-normal", stddev=0.05)
    assert isinstance(model, Network)
    assert model.output_initializer == normal
    assert [layer.initializer for layer in model.layers if isinstance(layer, Dense)] == [normal]


def test_only_one_convolution_has_no_bias() -> None:
    without = [
        (reference.name, layer.filters)
        for reference in NETWORKS
        for layer in layers_of(reference)
        if isinstance(layer, Conv) and not layer.bias
    ]
    assert without == [("cnn-mnist-2", 128)]


@pytest.mark.parametrize(
    ("name", "penalty"), [("logistic", "none"), ("logistic-l1", "l1"), ("logistic-l2", "l2")]
)
def test_linear_classifiers(name: str, penalty: str) -> None:
    config = get_reference(name).config
    assert isinstance(config.model, LinearClassifier)
    assert config.model.penalty == penalty
    assert config.model.policy == "optimal"
    assert (config.model.alpha, config.model.eta0, config.model.tolerance) == (1e-4, 0.01, 1e-3)
    assert (config.training.batch_size, config.training.epochs) == (1, 20_000)


def test_only_one_reference_augments() -> None:
    augmented = {
        reference.name: reference.config.training.augmentation
        for reference in REFERENCES
        if reference.config.training.augmentation is not None
    }
    assert augmented == {
        "cnn-double-32-augmented": Augmentation(rotation_degrees=10, zoom=0.1, shift=0.1)
    }


def test_seed_of_document_e_alone() -> None:
    assert {(reference.document, reference.seed) for reference in REFERENCES} == {
        ("A", None), ("B", None), ("C", None), ("D", None), ("E", 7),
    }  # fmt: skip


def test_training_accuracies_of_document_d() -> None:
    published = {
        reference.name: (
            reference.published.train_accuracy,
            reference.published.train_accuracy_evaluated,
        )
        for reference in REFERENCES
        if reference.document == "D"
    }
    assert published == {
        "logistic": (0.91145, 0.91145),
        "logistic-l1": (0.91390, 0.91390),
        "logistic-l2": (0.92040, 0.92040),
        "dnn": (0.997883, 0.9975),
        "dnn-dropout": (0.990883, 0.9984),
        "cnn-double-32": (0.993883, 0.9994),
        "cnn-double-32-augmented": (0.9851, 0.9959),
    }


def test_curves_belong_to_the_documents_that_print_them() -> None:
    printing = {"B", "D", "E"}
    assert [reference.name for reference in CURVES] == [
        reference.name for reference in NETWORKS if reference.document in printing
    ]


@pytest.mark.parametrize("reference", CURVES, ids=lambda reference: reference.name)
def test_curve_ends_at_the_published_figures(reference: Reference) -> None:
    published = reference.published
    last = published.curves[-1]
    assert len(published.curves) == published.epochs
    assert last.val_accuracy == published.accuracy
    assert last.val_loss == pytest.approx(published.loss, abs=5.1e-5)
    assert last.accuracy == pytest.approx(published.train_accuracy, abs=5.1e-5)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("cnn-mnist-1", 204),
        ("cnn-mnist-2", 239),
        ("cnn-mnist-3", 230),
        ("cnn-mnist-4", 241),
        ("mlp-784", 3),
        ("cnn-larger", 31),
    ],
)
def test_seconds_per_epoch(name: str, seconds: int) -> None:
    published = get_reference(name).published
    assert published.seconds_per_epoch is not None
    assert round(published.seconds_per_epoch) == seconds


def test_fit_seconds_of_document_a_keep_their_ratio() -> None:
    plain, regularized = (
        get_reference(name).published.fit_seconds for name in ("cnn-plain", "cnn-bn-dropout")
    )
    assert plain is not None
    assert regularized is not None
    assert regularized / plain == pytest.approx(2.21, abs=0.005)


def test_the_line_that_the_document_tore_apart() -> None:
    epoch = get_reference("cnn-mnist-2").published.curves[9]
    assert (epoch.loss, epoch.accuracy, epoch.seconds) == (0.0103, 0.9970, 238.0)
    assert (epoch.val_loss, epoch.val_accuracy) == (0.0839, 0.9744)


@pytest.mark.parametrize("reference", CURVES, ids=lambda reference: reference.name)
def test_file_of_a_curve_numbers_its_epochs(reference: Reference) -> None:
    with (CURVES_FOLDER / f"{reference.name}.csv").open(newline="") as file:
        epochs = [int(row["epoch"]) for row in csv.DictReader(file)]
    assert epochs == list(range(1, len(reference.published.curves) + 1))


def test_every_file_of_a_curve_is_read() -> None:
    names = {path.stem for path in CURVES_FOLDER.iterdir()}
    assert names == {reference.name for reference in CURVES}


def test_the_collapse_is_named() -> None:
    collapsed = [
        reference.name
        for reference in REFERENCES
        if any("collapsed" in quirk for quirk in reference.quirks)
    ]
    assert collapsed == ["cnn-mnist-3"]
    assert get_reference("cnn-mnist-3").published.accuracy * 10_000 == 1_135


SIGMOID_STEM = "C16(5x5 valid sigmoid) C32(5x5 valid sigmoid) MP C64(3x3 valid sigmoid) "
DOUBLE_32 = "C32(5x5 same) MP DO.25 C32(5x5 same) MP DO.25 Flatten D256 DO.5"


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("cnn-plain", "C32(3x3 valid) C64(3x3 valid) MP Flatten D128"),
        (
            "cnn-bn-dropout",
            "C32(3x3 valid) BN DO.25 C64(3x3 valid) BN MP DO.25 Flatten D128 BN DO.25",
        ),
        ("cnn-mnist-1", "C32(5x5 same) MP C64(5x5 same) MP Flatten D1024 DO.5"),
        (
            "cnn-mnist-2",
            f"{SIGMOID_STEM}C128(3x3 valid sigmoid no bias) BN Flatten "
            "D1024(sigmoid) D524(sigmoid)",
        ),
        (
            "cnn-mnist-3",
            f"{SIGMOID_STEM}C128(3x3 valid sigmoid) DO.5 Flatten D1024(sigmoid) D524(sigmoid)",
        ),
        (
            "cnn-mnist-4",
            f"{SIGMOID_STEM}C128(3x3 valid sigmoid) BN Flatten D1024(sigmoid) DO.2 D524(sigmoid)",
        ),
        ("dnn", "Flatten D128 D64 D32"),
        ("dnn-dropout", "Flatten D128 DO.2 D64 DO.2 D32 DO.2"),
        ("cnn-double-32", DOUBLE_32),
        ("cnn-double-32-augmented", DOUBLE_32),
        ("mlp-784", "Flatten D784"),
        ("cnn-simple", "C32(5x5 valid) MP DO.2 Flatten D128"),
        ("cnn-larger", "C30(5x5 valid) MP C15(3x3 valid) MP DO.2 Flatten D128 D50"),
    ],
)
def test_layers_in_their_order(name: str, summary: str) -> None:
    assert get_reference(name).summary == summary
