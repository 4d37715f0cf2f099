"""What the documents ask and claim of their own models, as pairs of references."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from mnist_search.specs import Protocol

Quantity = Literal[
    "test accuracy",
    "test loss",
    "epochs to 97 %",
    "training less test accuracy",
    "coefficients at zero",
]
Direction = Literal["higher", "lower", "equal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two references, or two protocols of one: does `first` do better than `second`?

    `about` are the traits (see `differing_traits`) in which the question wants them to differ;
    where they differ in others too, the answer says so.
    """

    document: str
    question: str
    first: str
    second: str
    about: frozenset[str]
    first_protocol: Protocol = "documented"
    second_protocol: Protocol = "documented"


def _contrast(
    document: str, question: str, first: str, second: str, about: str, protocol: str = ""
) -> Contrast:
    protocols: dict[str, tuple[Protocol, Protocol]] = {
        "": ("documented", "documented"),
        "corrected": ("corrected", "corrected"),
        "both": ("documented", "corrected"),
    }
    return Contrast(
        document=document,
        question=question,
        first=first,
        second=second,
        about=frozenset(about.split()),
        first_protocol=protocols[protocol][0],
        second_protocol=protocols[protocol][1],
    )


def _perceptrons() -> Iterator[Contrast]:
    """Yield the questions of document C: depth within a style, style within a depth."""
    for style, named in (("relu", "plain"), ("batch", "batch-norm"), ("drop", "BN + dropout")):
        question = f"Does depth help {named} perceptrons?"
        for shallow, deep in itertools.combinations((2, 3, 5), 2):
            first, second = f"mlp-{style}-{deep}", f"mlp-{style}-{shallow}"
            yield _contrast("C", question, first, second, "depth widths")
    for first, second, question, about in (
        ("batch", "relu", "Does batch-norm help?", "norm"),
        ("drop", "relu", "Do batch-norm and dropout together help?", "norm dropout"),
        ("drop", "batch", "Does dropout help beside batch-norm?", "dropout"),
    ):
        for depth in (2, 3, 5):
            yield _contrast("C", question, f"mlp-{first}-{depth}", f"mlp-{second}-{depth}", about)


_HIDDEN: Final = "family depth widths activation norm penalty"
_CONVOLUTIONS: Final = "family depth widths kernels padding pooling"
_A: Final = "Do batch-norm and dropout help"
_RAW: Final = "What do unscaled test pixels do?"
_NORM_B: Final = "Does batch-norm keep a sigmoid CNN from collapsing?"
_RELU_B: Final = "Is relu better than sigmoid with batch-norm?"

CONTRASTS: Final[tuple[Contrast, ...]] = (
    _contrast("A", f"{_A}, as documented?", "cnn-bn-dropout", "cnn-plain", "norm dropout"),
    _contrast("A", f"{_A}, corrected?", "cnn-bn-dropout", "cnn-plain", "norm dropout", "corrected"),
    _contrast("A", _RAW, "cnn-plain", "cnn-plain", "", "both"),
    _contrast("A", _RAW, "cnn-bn-dropout", "cnn-bn-dropout", "", "both"),
    _contrast("B", _RELU_B, "cnn-mnist-1", "cnn-mnist-2", "activation norm"),
    _contrast("B", _RELU_B, "cnn-mnist-1", "cnn-mnist-4", "activation norm"),
    _contrast("B", _NORM_B, "cnn-mnist-2", "cnn-mnist-3", "norm"),
    _contrast("B", _NORM_B, "cnn-mnist-4", "cnn-mnist-3", "norm"),
    _contrast("B", "Does dropout help beside batch-norm?", "cnn-mnist-4", "cnn-mnist-2", "dropout"),
    *_perceptrons(),
    _contrast("D", "Does an l1 penalty help?", "logistic-l1", "logistic", "penalty"),
    _contrast("D", "Does an l2 penalty help?", "logistic-l2", "logistic", "penalty"),
    _contrast("D", "Is l2 better than l1?", "logistic-l2", "logistic-l1", "penalty"),
    _contrast("D", "Do hidden layers help?", "dnn", "logistic-l2", _HIDDEN),
    _contrast("D", "Does dropout help?", "dnn-dropout", "dnn", "dropout"),
    _contrast("D", "Do convolutions help?", "cnn-double-32", "dnn-dropout", _CONVOLUTIONS),
    _contrast(
        "D",
        "Does augmentation help within the published epochs?",
        "cnn-double-32-augmented",
        "cnn-double-32",
        "augmentation",
    ),
    _contrast("E", "Do convolutions help?", "cnn-simple", "mlp-784", _CONVOLUTIONS),
    _contrast("E", "Do convolutions help?", "cnn-larger", "mlp-784", _CONVOLUTIONS),
    _contrast(
        "E", "Does a larger CNN help?", "cnn-larger", "cnn-simple", "depth widths kernels pooling"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence of a document: of each pair the first is `direction` in `quantity`.

    Of equal accuracies the whole interval of the difference must lie within ±0.3 points.
    """

    document: str
    sentence: str
    quantity: Quantity
    direction: Direction
    pairs: tuple[tuple[str, str], ...]
    protocol: Protocol = "documented"


_DEPTHS: Final = (2, 3, 5)
_NINE: Final = tuple(f"mlp-{style}-{d}" for style in ("relu", "batch", "drop") for d in _DEPTHS)
_BN_DROPOUT: Final = (("cnn-bn-dropout", "cnn-plain"),)

CLAIMS: Final[tuple[Claim, ...]] = (
    Claim(
        document="A",
        sentence="Batch-norm converges faster.",
        quantity="epochs to 97 %",
        direction="lower",
        pairs=_BN_DROPOUT,
        protocol="corrected",
    ),
    Claim(
        document="A",
        sentence="Batch-norm and dropout are less overfitted.",
        quantity="training less test accuracy",
        direction="lower",
        pairs=_BN_DROPOUT,
        protocol="corrected",
    ),
    Claim(
        document="B",
        sentence="More convolutions lower the accuracy.",
        quantity="test accuracy",
        direction="lower",
        pairs=(("cnn-mnist-2", "cnn-mnist-1"), ("cnn-mnist-4", "cnn-mnist-1")),
    ),
    Claim(
        document="C",
        sentence="Dropout lowers the test loss.",
        quantity="test loss",
        direction="lower",
        pairs=tuple(
            (f"mlp-drop-{depth}", f"mlp-{style}-{depth}")
            for depth in _DEPTHS
            for style in ("batch", "relu")
        ),
    ),
    Claim(
        document="C",
        sentence="The accuracy is about the same for all models.",
        quantity="test accuracy",
        direction="equal",
        pairs=tuple(itertools.combinations(_NINE, 2)),
    ),
    Claim(
        document="D",
        sentence="The l1 penalty drives coefficients to zero.",
        quantity="coefficients at zero",
        direction="higher",
        pairs=(("logistic-l1", "logistic"), ("logistic-l1", "logistic-l2")),
    ),
)
