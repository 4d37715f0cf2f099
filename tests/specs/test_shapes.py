"""Shapes, parameters and flops against hand-made numbers."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_search.references import get_reference, reference_names
from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LinearClassifier,
    Network,
    Pool,
)
from mnist_search.specs.models import Padding
from mnist_search.specs.shapes import Size, UnbuildableError, label, measure, summarize
from tests.specs.stacks import IMAGE_LAYERS, VECTOR_LAYERS

# Total and trainable, as the documents' summaries print them or Keras counted them.
PARAMETERS = {
    "cnn-plain": (1_199_882, 1_199_882),
    "cnn-bn-dropout": (1_200_778, 1_200_330),
    "cnn-mnist-1": (3_274_634, 3_274_634),
    "cnn-mnist-2": (5_367_950, 5_367_694),
    "cnn-mnist-3": (5_367_566, 5_367_566),
    "cnn-mnist-4": (5_368_078, 5_367_822),
    "mlp-relu-2": (365_250, 365_250),
    "mlp-batch-2": (629_806, 627_974),
    "mlp-drop-2": (629_806, 627_974),
    "mlp-relu-3": (750_005, 750_005),
    "mlp-batch-3": (835_129, 832_561),
    "mlp-drop-3": (433_627, 432_145),
    "mlp-relu-5": (1_400_970, 1_400_970),
    "mlp-batch-5": (1_457_293, 1_452_695),
    "mlp-drop-5": (1_227_785, 1_223_797),
    "logistic": (7_850, 7_850),
    "logistic-l1": (7_850, 7_850),
    "logistic-l2": (7_850, 7_850),
    "dnn": (111_146, 111_146),
    "dnn-dropout": (111_146, 111_146),
    "cnn-double-32": (430_698, 430_698),
    "cnn-double-32-augmented": (430_698, 430_698),
    "mlp-784": (623_290, 623_290),
    "cnn-simple": (592_074, 592_074),
    "cnn-larger": (59_933, 59_933),
    # counted by hand, layer by layer
    "speed-99": (39_898, 39_674),
    "speed-995": (88_218, 87_802),
}


@pytest.mark.parametrize("name", reference_names())
def test_parameters_of_the_references(name: str) -> None:
    size = measure(get_reference(name).config.model)
    assert (size.parameters, size.trainable_parameters) == PARAMETERS[name]


def test_every_hand_number_is_used() -> None:
    assert set(PARAMETERS) == set(reference_names())


def test_layers_of_the_larger_cnn() -> None:
    size = measure(get_reference("cnn-larger").config.model)
    assert [(layer.number, layer.label, layer.output_shape) for layer in size.layers] == [
        (1, "C30(5x5 valid)", (24, 24, 30)),
        (2, "MP", (12, 12, 30)),
        (3, "C15(3x3 valid)", (10, 10, 15)),
        (4, "MP", (5, 5, 15)),
        (5, "DO.2", (5, 5, 15)),
        (6, "Flatten", (375,)),
        (7, "D128", (128,)),
        (8, "D50", (50,)),
        (9, "D10(softmax)", (10,)),
    ]
    assert [layer.parameters for layer in size.layers] == [
        780, 0, 4_065, 0, 0, 0, 48_128, 6_450, 510,
    ]  # fmt: skip


def test_flops_are_two_for_each_multiply_add_of_the_kernels() -> None:
    network = Network(
        layers=(Conv(filters=2, kernel=3), BatchNorm(), Pool(size=13), Flatten(), Dense(units=5))
    )
    convolution = 26 * 26 * 2 * (3 * 3 * 1)
    assert measure(network).flops == 2 * (convolution + (2 * 2 * 2) * 5 + 5 * 10)


def test_same_padding_counts_the_padded_pixels() -> None:
    network = Network(layers=(Conv(filters=1, kernel=28, padding="same"), Flatten()))
    assert measure(network).layers[0].flops == 2 * 28**2 * 28**2
    assert measure(network).layers[0].output_shape == (28, 28, 1)


@pytest.mark.parametrize(
    ("padding", "stride", "extent"),
    [("same", 2, 14), ("same", 3, 10), ("same", 28, 1), ("valid", 2, 13), ("valid", 3, 9)],
)
def test_strides_divide_places_and_flops(padding: Padding, stride: int, extent: int) -> None:
    conv = Conv(filters=4, kernel=3, padding=padding, stride=stride)
    layer = measure(Network(layers=(conv, Flatten()))).layers[0]
    assert layer.output_shape == (extent, extent, 4)
    assert layer.flops == 2 * extent * extent * 4 * 3 * 3
    assert layer.parameters == 4 * 3 * 3 + 4


def test_batch_norm_keeps_two_of_four_values_from_training() -> None:
    on_image = measure(Network(layers=(Conv(filters=7, kernel=1), BatchNorm(), Flatten())))
    on_vector = measure(Network(layers=(Flatten(), BatchNorm())))
    assert (on_image.layers[1].parameters, on_image.layers[1].trainable_parameters) == (28, 14)
    assert (on_vector.layers[1].parameters, on_vector.layers[1].trainable_parameters) == (
        4 * 784,
        2 * 784,
    )


def test_bias_is_counted_only_where_there_is_one() -> None:
    def parameters(bias: bool) -> int:
        layers = (Conv(filters=3, kernel=5, bias=bias), Flatten(), Dense(units=4, bias=bias))
        return measure(Network(layers=layers)).parameters

    assert parameters(bias=True) - parameters(bias=False) == 3 + 4


@pytest.mark.parametrize(("pool", "extent"), [(2, 14), (3, 9), (5, 5), (9, 3), (14, 2)])
def test_pooling_drops_the_pixels_left_over(pool: int, extent: int) -> None:
    network = Network(layers=(Pool(size=pool), Flatten()))
    assert measure(network).layers[0].output_shape == (extent, extent, 1)


def test_classes_widen_the_output() -> None:
    assert measure(Network(layers=(Flatten(),)), classes=26).parameters == 785 * 26
    assert measure(LinearClassifier(), classes=26).parameters == 785 * 26


def test_linear_classifier_is_one_layer() -> None:
    size = measure(LinearClassifier(penalty="l1"))
    assert (size.parameters, size.flops, len(size.layers)) == (7_850, 15_680, 1)
    assert size.layers[0].output_shape == (10,)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            (Pool(size=7), Conv(filters=8, kernel=5)),
            "layer 2 (C8(5x5 valid)) has a 5x5 kernel, which valid padding does not let exceed "
            "the image, here 4x4",
        ),
        (
            (Pool(size=14), Pool(size=3), Flatten()),
            "layer 2 (MP(3x3)) pools 3x3 pixels, which leaves nothing of a 2x2 image",
        ),
        (
            (Flatten(), Conv(filters=8, kernel=3)),
            "layer 2 (C8(3x3 valid)) needs an image, but comes after a Flatten and gets a vector "
            "of 784 values",
        ),
        (
            (Flatten(), Dense(units=64), Pool()),
            "layer 3 (MP) needs an image, but comes after a Flatten and gets a vector of 64 values",
        ),
        (
            (Conv(filters=8, kernel=3), Dense(units=64), Flatten()),
            "layer 2 (D64) needs a vector, but no Flatten comes before it and it gets a 26x26x8 "
            "image",
        ),
        (
            (Conv(filters=8, kernel=3),),
            "layer 2 (D10(softmax)), the output, needs a vector, but no Flatten comes before it "
            "and it gets a 26x26x8 image",
        ),
        (
            (),
            "layer 1 (D10(softmax)), the output, needs a vector, but no Flatten comes before it "
            "and it gets a 28x28x1 image",
        ),
    ],
)
def test_unbuildable_networks_say_why(layers: tuple[Layer, ...], message: str) -> None:
    with pytest.raises(UnbuildableError) as caught:
        measure(Network(layers=layers))
    assert str(caught.value) == message


def test_unbuildable_error_is_a_value_error_that_crosses_processes() -> None:
    error = pickle.loads(pickle.dumps(UnbuildableError("layer 1 (MP) is wrong")))
    assert isinstance(error, ValueError)
    assert str(error) == "layer 1 (MP) is wrong"


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Conv(filters=32, kernel=3), "C32(3x3 valid)"),
        (Conv(filters=8, kernel=1, padding="same", activation="elu"), "C8(1x1 same elu)"),
        (Conv(filters=8, kernel=5, bias=False), "C8(5x5 valid no bias)"),
        (Conv(filters=16, kernel=4, stride=2), "C16(4x4/2 valid)"),
        (Dense(units=128), "D128"),
        (Dense(units=128, activation="linear", bias=False), "D128(linear no bias)"),
        (Dropout(rate=0.25), "DO.25"),
        (Pool(), "MP"),
        (Pool(function="average", size=3), "AP(3x3)"),
        (Activate(activation="gelu"), "gelu"),
        (BatchNorm(), "BN"),
        (Flatten(), "Flatten"),
    ],
)
def test_labels(layer: Layer, expected: str) -> None:
    assert label(layer) == expected


def test_summaries() -> None:
    network = Network(layers=(Conv(filters=4, kernel=3), Pool(), Flatten(), Dropout(rate=0.5)))
    assert summarize(network) == "C4(3x3 valid) MP Flatten DO.5"
    assert summarize(LinearClassifier(penalty="none")) == "one-against-rest(no penalty)"


@given(st.lists(st.one_of(IMAGE_LAYERS, VECTOR_LAYERS, st.builds(Flatten)), max_size=8))
def test_any_stack_is_either_measured_or_refused_with_its_layer(layers: list[Layer]) -> None:
    network = Network(layers=tuple(layers))
    match measured_or_refused(network):
        case str(refusal):
            assert re.match(r"layer \d+ \(.+\)", refusal)
            assert "\n" not in refusal
        case size:
            assert len(size.layers) == len(layers) + 1
            assert size.layers[-1].output_shape == (10,)
            assert all(extent > 0 for layer in size.layers for extent in layer.output_shape)
            assert size.parameters == sum(layer.parameters for layer in size.layers)
            assert 0 < size.trainable_parameters <= size.parameters


def measured_or_refused(network: Network) -> Size | str:
    try:
        return measure(network)
    except UnbuildableError as error:
        return str(error)


def test_measuring_loads_no_numpy() -> None:
    code = (
        "import sys; from mnist_search.specs.shapes import measure; "
        "from mnist_search.specs import Flatten, Network; measure(Network(layers=(Flatten(),))); "
        "print(sorted({'numpy', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
