"""The nets of the throughput benchmark, as a user of Keras and a user of PyTorch write them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

# batch sizes of the documents
BATCH_SIZES = {"cnn-simple": 200, "mlp-drop-2": 128, "cnn-plain": 100}


def keras_net(name: str) -> Any:
    """Build and compile a net for `fit` on images of shape (28, 28, 1) and integer labels."""
    import keras
    from keras import layers

    def mlp_drop_2() -> list[Any]:
        hidden: list[Any] = [layers.Flatten()]
        for units in (532, 384):
            hidden += [
                layers.Dense(units, activation="relu"),
                layers.BatchNormalization(),
                layers.Dropout(0.5),
            ]
        return hidden

    makers: dict[str, Callable[[], list[Any]]] = {
        "cnn-simple": lambda: [
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
        ],
        "mlp-drop-2": mlp_drop_2,
        "cnn-plain": lambda: [
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
        ],
    }
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *makers[name](),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ]
    )
    optimizer = keras.optimizers.Adadelta(1.0) if name == "cnn-plain" else keras.optimizers.Adam()
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def torch_net(name: str) -> tuple[Any, Any]:
    """Build a net for images of shape (1, 28, 28) and its optimizer."""
    import torch
    from torch import nn

    def perceptron(sizes: tuple[int, ...]) -> list[Any]:
        hidden: list[Any] = [nn.Flatten()]
        for before, units in itertools.pairwise(sizes):
            hidden += [
                nn.Linear(before, units),
                nn.ReLU(),
                nn.BatchNorm1d(units),
                nn.Dropout(0.5),
            ]
        return [*hidden, nn.Linear(sizes[-1], 10)]

    makers: dict[str, Callable[[], list[Any]]] = {
        "cnn-simple": lambda: [
            nn.Conv2d(1, 32, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.2),
            nn.Flatten(),
            nn.Linear(32 * 12 * 12, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        ],
        "mlp-drop-2": lambda: perceptron((784, 532, 384)),
        "cnn-plain": lambda: [
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 12 * 12, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        ],
    }
    model = nn.Sequential(*makers[name]())
    optimizers = torch.optim
    if name == "cnn-plain":
        return model, optimizers.Adadelta(model.parameters(), lr=1.0, rho=0.95)
    return model, optimizers.Adam(model.parameters())
