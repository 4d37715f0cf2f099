"""Document B: four CNNs, relu against sigmoid, batch-norm against dropout, 12 epochs."""

from __future__ import annotations

from functools import partial
from typing import Final

from mnist_search.references._base import Reference, publish_curves, stack
from mnist_search.specs.training import Adadelta, Training

_reference: Final = partial(
    Reference,
    document="B",
    source="Notebook CNN_MNIST_1 to CNN_MNIST_4, four CNNs with their training logs and a closing "
    "table",
    # Adadelta() meant a rate of 1.0 in the Keras of the document.
    training=Training(optimizer=Adadelta(learning_rate=1.0, rho=0.95), batch_size=128, epochs=12),
)
_SCALED_LOSS: Final = "The closing table prints the test loss times 100."
_UNDEFINED: Final = (
    "The closing table names test1_loss and test1_accuracy, which the code never sets: there they "
    "are called test_loss and test_accuracy, and the table as printed cannot come from it."
)
_HEADING_D512: Final = "The heading announces a dense layer of 512; the code has 524."

_CONVOLUTIONS: Final = "C16(5x5 valid sigmoid) C32(5x5 valid sigmoid) MP C64(3x3 valid sigmoid)"
_LAST: Final = "C128(3x3 valid sigmoid)"
_DENSE: Final = "D1024(sigmoid) D524(sigmoid)"


REFERENCES: Final = (
    _reference(
        name="cnn-mnist-1",
        title="CNN with relu and one dropout",
        model=stack("C32(5x5 same) MP C64(5x5 same) MP Flatten D1024 DO.5"),
        published=publish_curves("cnn-mnist-1", accuracy=0.9932, loss=0.0227041470241536),
        quirks=(_SCALED_LOSS, _UNDEFINED),
    ),
    _reference(
        name="cnn-mnist-2",
        title="Sigmoid CNN with batch-norm",
        model=stack(f"{_CONVOLUTIONS} C128(3x3 valid sigmoid no bias) BN Flatten {_DENSE}"),
        published=publish_curves("cnn-mnist-2", accuracy=0.9900, loss=0.029902513770171207),
        quirks=(
            "The heading announces a second max pooling; the code has one.",
            _HEADING_D512,
            "The bias is left out for the sake of the batch-norm, but the sigmoid stands between "
            "the two, so that the batch-norm cannot make up for it.",
            "The line of epoch 10 repeats the training figures as those of the validation; the "
            "true ones stand in the torn line above epoch 11.",
            _SCALED_LOSS,
        ),
    ),
    _reference(
        name="cnn-mnist-3",
        title="Sigmoid CNN with dropout",
        model=stack(f"{_CONVOLUTIONS} {_LAST} DO.5 Flatten {_DENSE}"),
        published=publish_curves("cnn-mnist-3", accuracy=0.1135, loss=2.3011466354370116),
        quirks=(
            "It collapsed: 11.35 % is the share of the digit 1 in the test images, the score of "
            "one constant answer, and the loss is near ln 10.",
            _HEADING_D512,
            _SCALED_LOSS,
        ),
    ),
    _reference(
        name="cnn-mnist-4",
        title="Sigmoid CNN with batch-norm and dropout",
        model=stack(f"{_CONVOLUTIONS} {_LAST} BN Flatten D1024(sigmoid) DO.2 D524(sigmoid)"),
        published=publish_curves("cnn-mnist-4", accuracy=0.9909, loss=0.029612665722063683),
        quirks=(
            "The heading announces a dropout of 0.5; the code and the closing table have 0.2.",
            _SCALED_LOSS,
        ),
    ),
)
