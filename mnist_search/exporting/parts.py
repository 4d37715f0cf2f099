"""The parts of an exported script that are the same in every script; {…} is filled in."""

from __future__ import annotations

from typing import Final

IMPORTS: Final = """
import argparse
import hashlib
import math
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["KERAS_NNX_ENABLED"] = "0"

import keras
import numpy as np
import tensorflow as tf

# Whatever keras.json and the environment say: the score was measured with these.
keras.config.set_image_data_format("channels_last")
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_dtype_policy("float32")
keras.config.set_max_epochs(None)
keras.config.set_max_steps_per_epoch(None)
"""

LOAD_DATA: Final = '''
def load_data():
    """Images (n, 28, 28) uint8 and labels (n,), for training and for the test."""
    path = os.environ.get("MNIST_SEARCH_DATA")
    if path:
        with np.load(os.path.expanduser(path), allow_pickle=False) as archive:
            names = ("x_train", "y_train", "x_test", "y_test")
            x_train, y_train, x_test, y_test = (archive[name] for name in names)
    else:
        {download}
    x_train, x_test = x_train.reshape(-1, 28, 28), x_test.reshape(-1, 28, 28)
    if "-".join([digest(x_train, y_train), digest(x_test, y_test)]) != DIGEST:
        print("these are not the images that the score was measured on", file=sys.stderr)
        sys.exit(5)
    return x_train, y_train.astype("int32"), x_test, y_test.astype("int32")


def digest(images, labels):
    found = hashlib.blake2b(digest_size=16)
    for array in (images, labels):
        array = np.ascontiguousarray(array, dtype=np.uint8)
        found.update(f"{{array.dtype.str}}{{array.shape}}".encode())
        found.update(array.data)
    return found.hexdigest()
'''

STRATIFIED: Final = '''
def stratified(labels, size, seed):
    """A fixed choice of images with the digits in their shares, ascending."""
    if size >= len(labels):
        return np.arange(len(labels))
    order = np.argsort(np.random.PCG64(seed).random_raw(len(labels)), kind="stable")
    quotas, remainders = np.divmod(np.bincount(labels, minlength=10) * size, len(labels))
    for label in np.argsort(-remainders, kind="stable")[: size - quotas.sum()]:
        quotas[label] += 1
    shuffled = labels[order]
    chosen = [order[shuffled == label][:quota] for label, quota in enumerate(quotas)]
    return np.sort(np.concatenate(chosen))
'''

ONE_CYCLE: Final = '''
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """A tenth of the peak up to it in 30 % of the steps, then down to 0 along a cosine."""

    def __init__(self, peak, total_steps):
        self.peak = peak
        self.total_steps = total_steps
        self.warm_steps = round(0.3 * total_steps)

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        climb = step / max(self.warm_steps, 1)
        fall = (step - self.warm_steps) / max(self.total_steps - self.warm_steps, 1)
        return self.peak * keras.ops.where(
            step < self.warm_steps,
            0.1 + 0.9 * climb,
            (1 + keras.ops.cos(math.pi * keras.ops.minimum(fall, 1.0))) / 2,
        )

    def get_config(self):
        return {"peak": self.peak, "total_steps": self.total_steps}
'''

WARM_UP_LINEAR: Final = '''
class WarmUpLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A tenth of the peak up to it in a share of the steps, then down to 0, along lines."""

    def __init__(self, peak, total_steps, share):
        self.peak = peak
        self.total_steps = total_steps
        self.share = share
        self.warm_steps = round(share * total_steps)

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        climb = step / max(self.warm_steps, 1)
        left = (self.total_steps - step) / max(self.total_steps - self.warm_steps, 1)
        return self.peak * keras.ops.where(
            step < self.warm_steps, 0.1 + 0.9 * climb, keras.ops.maximum(left, 0.0)
        )

    def get_config(self):
        return {"peak": self.peak, "total_steps": self.total_steps, "share": self.share}
'''

# The schedules that Keras does not have.
SCHEDULES: Final = {"one-cycle": ONE_CYCLE, "warm-up-linear": WARM_UP_LINEAR}

AUGMENT: Final = '''
def augment(pixels):
    """Rotate, zoom and shift each image by its own random amount; borders repeat."""
    amounts = tf.random.uniform([tf.shape(pixels)[0], 5], minval=-1.0, maxval=1.0)
    angle, zoom_rows, zoom_columns, shift_rows, shift_columns = tf.unstack(amounts, axis=1)
    angle = angle * math.radians(ROTATION_DEGREES)
    zoom_rows, zoom_columns = 1.0 + zoom_rows * ZOOM, 1.0 + zoom_columns * ZOOM
    centre = 27 / 2
    offset_row = shift_rows * (SHIFT * 28) - zoom_rows * centre
    offset_column = shift_columns * (SHIFT * 28) - zoom_columns * centre
    cosine, sine, nothing = tf.cos(angle), tf.sin(angle), tf.zeros_like(angle)
    # From pixels of the new images to pixels of the old ones; x is the column and comes first.
    transforms = [
        cosine * zoom_columns,
        sine * zoom_rows,
        cosine * offset_column + sine * offset_row + centre,
        -sine * zoom_columns,
        cosine * zoom_rows,
        cosine * offset_row - sine * offset_column + centre,
        nothing,
        nothing,
    ]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack(transforms, axis=1),
        output_shape=[28, 28],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
'''

MAKE_OPTIMIZER: Final = """
def make_optimizer(total_steps):
    return {optimizer}
"""

CORRECT_AVERAGES: Final = '''
def correct_averages(model, steps):
    """Take out of the moving averages what they remember of their start, 0 and 1."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            start = layer.momentum**steps
            if 1e-4 <= start < 1.0:
                layer.moving_mean.assign(layer.moving_mean / (1.0 - start))
                layer.moving_variance.assign((layer.moving_variance - start) / (1.0 - start))
'''

TRAIN: Final = """
def prepare(images, labels):
    pixels = tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0
    return {prepared}, {labels}


def train(x_train, y_train, seed):
    keras.utils.set_random_seed(seed)
    model = build_model()
    total_steps = math.ceil(len(y_train) / BATCH_SIZE) * EPOCHS
    model.compile(
        optimizer=make_optimizer(total_steps),
        loss=keras.losses.{loss},
        metrics=["accuracy"],
        jit_compile=False,
    )
    batches = tf.data.Dataset.from_tensor_slices((x_train, y_train))
    batches = batches.shuffle(len(y_train), seed=seed).batch(BATCH_SIZE).map(prepare).prefetch(2)
    model.fit(batches, epochs=EPOCHS, verbose=2{callbacks})
{correct}    return model
"""

MAIN: Final = """
def main():
    parser = argparse.ArgumentParser(description="Train and score an exported network.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--save", metavar="MODEL.keras", help="keep it, from pixels in 0..255")
    options = parser.parse_args()
    x_train, y_train, x_scored, y_scored = select(*load_data())
    model = train(x_train, y_train, options.seed)
    pixels = x_scored[..., np.newaxis].astype("float32") / np.float32(SCORED_DIVISOR)
    answers = model.predict(pixels, batch_size=500, verbose=0).argmax(axis=1)
    accuracy = float(np.mean(answers == y_scored))
    within = LOW <= accuracy <= HIGH
    print(
        f"{100 * accuracy:.2f} % of {len(y_scored)} {SCORED_ON} images, expected "
        f"{100 * EXPECTED:.2f} % ({100 * LOW:.2f} to {100 * HIGH:.2f} %): "
        f"{'within' if within else 'outside'} the interval"
    )
    if options.save:
        scaled = [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255), *model.layers]
        keras.Sequential([*scaled, keras.layers.Softmax(dtype="float32")]).save(options.save)
    return 0 if within else 7


if __name__ == "__main__":
    sys.exit(main())
"""
