"""Stacks of layers that hypothesis draws."""

from __future__ import annotations

from hypothesis import strategies as st

from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Network,
    Pool,
)

ACTIVATIONS = st.sampled_from(["linear", "relu", "sigmoid", "tanh", "elu", "gelu", "swish"])
IMAGE_LAYERS = st.one_of(
    st.builds(
        Conv,
        filters=st.integers(1, 6),
        kernel=st.integers(1, 11),
        padding=st.sampled_from(["same", "valid"]),
        activation=ACTIVATIONS,
        bias=st.booleans(),
        stride=st.sampled_from([1, 1, 2, 3, 5]),
    ),
    st.builds(Pool, function=st.sampled_from(["max", "average"]), size=st.integers(2, 7)),
    st.builds(BatchNorm),
    st.builds(Dropout, rate=st.sampled_from([0.1, 0.5])),
    st.builds(Activate, activation=ACTIVATIONS),
)
VECTOR_LAYERS = st.one_of(
    st.builds(Dense, units=st.integers(1, 20), activation=ACTIVATIONS, bias=st.booleans()),
    st.builds(BatchNorm),
    st.builds(Dropout, rate=st.sampled_from([0.1, 0.5])),
    st.builds(Activate, activation=ACTIVATIONS),
)
NETWORKS = st.builds(
    lambda image, vector: Network(layers=(*image, Flatten(), *vector)),
    st.lists(IMAGE_LAYERS, min_size=1, max_size=6),
    st.lists(VECTOR_LAYERS, max_size=4),
)
