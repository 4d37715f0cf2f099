"""The shipped `cnn` and `mlp` spaces, by hand, as a user of Keras writes them for a tuner."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol

ACTIVATIONS = ("relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu")
LEARNING_RATES = {
    "cnn": {
        "adam": (3e-4, 2e-2),
        "adamw": (3e-4, 2e-2),
        "nadam": (3e-4, 5e-3),
        "rmsprop": (1e-4, 3e-3),
        "sgd": (1e-2, 3e-1),
        "adadelta": (0.2, 2.0),
    },
    "mlp": {
        "adam": (1e-4, 5e-3),
        "adamw": (1e-4, 1e-2),
        "nadam": (1e-4, 5e-3),
        "rmsprop": (1e-4, 3e-3),
        "sgd": (1e-2, 5e-1),
        "adadelta": (0.2, 2.0),
    },
}
LOWEST_MOMENTUM = {"cnn": 0.7, "mlp": 0.5}


class Chooser(Protocol):
    """What a tuner offers for one trial."""

    def whole(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Choose an integer."""

    def real(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Choose a real number."""

    def one_of(self, name: str, choices: Sequence[Any]) -> Any:
        """Choose one of several."""


class OptunaChooser:
    """Chooses with an `optuna.Trial`."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial

    def whole(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Choose an integer."""
        return int(self._trial.suggest_int(name, low, high, log=log))

    def real(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Choose a real number."""
        return float(self._trial.suggest_float(name, low, high, step=step, log=log))

    def one_of(self, name: str, choices: Sequence[Any]) -> Any:
        """Choose one of several."""
        return self._trial.suggest_categorical(name, choices)


class KerasTunerChooser:
    """Chooses with Keras Tuner's `HyperParameters`."""

    def __init__(self, hp: Any) -> None:
        self._hp = hp

    def whole(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Choose an integer."""
        return int(self._hp.Int(name, low, high, sampling="log" if log else "linear"))

    def real(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Choose a real number."""
        kind = "log" if log else "linear"
        return float(self._hp.Float(name, low, high, step=step, sampling=kind))

    def one_of(self, name: str, choices: Sequence[Any]) -> Any:
        """Choose one of several."""
        return self._hp.Choice(name, list(choices))


class RandomChooser:
    """Chooses at random, and remembers nothing."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def whole(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Choose an integer."""
        if not log:
            return self._random.randint(low, high)
        drawn = self._random.uniform(math.log(low - 0.5), math.log(high + 0.5))
        return min(high, max(low, round(math.exp(drawn))))

    def real(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Choose a real number."""
        if log:
            return math.exp(self._random.uniform(math.log(low), math.log(high)))
        if step is not None:
            return low + step * self._random.randint(0, round((high - low) / step))
        return self._random.uniform(low, high)

    def one_of(self, name: str, choices: Sequence[Any]) -> Any:
        """Choose one of several."""
        return self._random.choice(list(choices))


def build(space: str, choose: Chooser, *, images: int, epochs: int) -> tuple[Any, int]:
    """Choose and compile a network of a space; return it and its batch size."""
    import keras

    body = _convolutions(choose) if space == "cnn" else _perceptron(choose)
    batch_size = choose.whole("batch_size", 32, 512, log=True)
    augmented = choose.one_of("augmentation", [True, False])
    smoothing = 0.0
    if space == "cnn":
        smoothing = choose.one_of("label_smoothing", [0.0, 0.1])
    steps = epochs * -(-images // batch_size)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(_augmentation() if augmented else []),
            *body,
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=_optimizer(space, choose, steps),
        loss=_smoothed(smoothing) if smoothing > 0 else "sparse_categorical_crossentropy",
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model, batch_size


def _smoothed(smoothing: float) -> Callable[[Any, Any], Any]:
    from keras import losses, ops

    def loss(labels: Any, answers: Any) -> Any:
        targets = ops.one_hot(ops.cast(ops.reshape(labels, (-1,)), "int32"), 10)
        return losses.categorical_crossentropy(targets, answers, label_smoothing=smoothing)

    return loss


def _augmentation() -> list[Any]:
    from keras import layers

    fill: Any = {"fill_mode": "nearest"}
    return [
        layers.RandomRotation(10 / 360, **fill),
        layers.RandomZoom(0.1, **fill),
        layers.RandomTranslation(0.1, 0.1, **fill),
    ]


def _convolutions(choose: Chooser) -> list[Any]:
    from keras import layers

    blocks = choose.whole("blocks", 1, 3)
    convs = choose.whole("convs", 1, 2)
    kernels = [
        choose.one_of(f"kernel_{block}", [3, 5]) if convs == 1 else 3
        for block in range(1, blocks + 1)
    ]
    padding = choose.one_of("padding", ["same", "valid"]) if blocks < 3 else "same"
    paddings = [padding] * blocks
    pool = choose.one_of("pool", ["max", "average", "none"])
    pools = [pool] * blocks
    if pool == "none" and blocks == 3:
        paddings[2] = choose.one_of("padding_3", ["same", "valid"])
    if pool != "none" and blocks == 2 and convs == 1 and kernels[1] == 3:
        pools[0] = choose.one_of("pool_1", ["max", "average", "none"])
    activation = choose.one_of("activation", [it for it in ACTIVATIONS if it != "sigmoid"])
    norm = choose.one_of(
        "conv_norm",
        ["none", "before-activation", "after-activation", "after-pooling", "before-head"],
    )
    start = choose.one_of("initializer", ["glorot-uniform", "he-normal"]).replace("-", "_")
    found: list[Any] = []
    widths = ((8, 16, 32), (8, 16, 32, 64), (16, 32, 64))
    for block in range(blocks):
        filters = choose.one_of(f"filters_{block + 1}", widths[block])
        for place in range(convs):
            strided = pool == "none" and block < 2 and place == 0
            found.append(
                layers.Conv2D(
                    filters,
                    kernels[block],
                    strides=2 if strided else 1,
                    padding=paddings[block],
                    kernel_initializer=start,
                )
            )
            found += _activated(activation, norm)
        if pools[block] != "none":
            found.append(
                layers.MaxPooling2D(2) if pools[block] == "max" else layers.AveragePooling2D(2)
            )
        if norm == "after-pooling":
            found.append(layers.BatchNormalization())
        found.append(layers.Dropout(choose.real(f"conv_dropout_{block + 1}", 0, 0.4, step=0.05)))
    if norm == "before-head":
        found.append(layers.BatchNormalization())
    norms = ["none", "before-activation", "after-activation"]
    found.append(layers.Flatten())
    return found + _dense(choose, (0, 2), (32, 256), activation, norms, 0.5, start)


def _perceptron(choose: Chooser) -> list[Any]:
    from keras import layers

    activation = choose.one_of("activation", ACTIVATIONS)
    start = choose.one_of("initializer", ["glorot-uniform", "he-normal", "lecun-normal"])
    norms = ["none", "before-activation", "after-activation", "before-head"]
    hidden = _dense(choose, (1, 5), (32, 1024), activation, norms, 0.6, start.replace("-", "_"))
    return [layers.Flatten(), *hidden]


def _dense(
    choose: Chooser,
    depths: tuple[int, int],
    widths: tuple[int, int],
    activation: str,
    norms: Sequence[str],
    most_dropout: float,
    start: str,
) -> list[Any]:
    from keras import layers

    norm = choose.one_of("dense_norm", norms)
    dropout = choose.real("dense_dropout", 0, most_dropout, step=0.05)
    found: list[Any] = []
    for number in range(1, choose.whole("dense_layers", *depths) + 1):
        units = choose.whole(f"units_{number}", *widths, log=True)
        found.append(layers.Dense(units, kernel_initializer=start))
        found += [*_activated(activation, norm), layers.Dropout(dropout)]
    if norm == "before-head":
        found.append(layers.BatchNormalization())
    return found


def _activated(activation: str, norm: str) -> list[Any]:
    from keras import layers

    active = layers.Activation(activation)
    match norm:
        case "before-activation":
            return [layers.BatchNormalization(), active]
        case "after-activation":
            return [active, layers.BatchNormalization()]
        case _:
            return [active]


def _optimizer(space: str, choose: Chooser, steps: int) -> Any:
    import keras

    name = choose.one_of("optimizer", list(LEARNING_RATES[space]))
    peak = choose.real(f"learning_rate_{name}", *LEARNING_RATES[space][name], log=True)
    schedules = keras.optimizers.schedules
    linear = ["warm-up-linear"] if space == "cnn" else []
    match choose.one_of("schedule", ["constant", "cosine", "one-cycle", *linear]):
        case "cosine":
            rate: Any = schedules.CosineDecay(peak, steps)
        case "one-cycle":
            rise = max(1, int(0.3 * steps))
            rate = schedules.CosineDecay(
                peak / 25, max(1, steps - rise), warmup_target=peak, warmup_steps=rise
            )
        case "warm-up-linear":
            rate = _warm_up_linear(peak, steps)
        case _:
            rate = peak
    match name:
        case "sgd":
            momentum = choose.real("momentum", LOWEST_MOMENTUM[space], 0.98)
            nesterov = choose.one_of("nesterov", [True, False])
            return keras.optimizers.SGD(rate, momentum=momentum, nesterov=nesterov)
        case "adamw":
            decay = choose.real("weight_decay", 1e-4, 1e-1, log=True)
            return keras.optimizers.AdamW(rate, weight_decay=decay)
        case "adadelta":
            return keras.optimizers.Adadelta(rate, rho=0.95)
        case "nadam":
            return keras.optimizers.Nadam(rate)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate)
        case _:
            return keras.optimizers.Adam(rate)


def _warm_up_linear(peak: float, steps: int) -> Any:
    import keras

    rise = max(1, round(0.2 * steps))

    class WarmUpLinear(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            """Return the rate at a step."""
            step = keras.ops.cast(step, "float32")
            up = 0.1 + 0.9 * step / rise
            down = keras.ops.maximum((steps - step) / max(1, steps - rise), 0.0)
            return peak * keras.ops.where(step < rise, up, down)

    return WarmUpLinear()
