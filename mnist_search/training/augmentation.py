"""Random affine changes of a batch of images, inside the graph."""

from __future__ import annotations

import math
from typing import Any

from mnist_search.specs import Augmentation
from mnist_search.training.backend import tf


def augment(images: Any, augmentation: Augmentation, seed: Any) -> Any:
    """Rotate, zoom and shift each image of a batch (n, rows, columns, 1) by its own random amount.

    Each amount is uniform, as in Keras 2's `ImageDataGenerator`: the angle in +-rotation_degrees,
    the zoom of each axis in 1 +- zoom, the shift of each axis in +-shift of its length. Bilinear,
    borders filled with the nearest pixel. `seed` holds two integers; the same ones give the
    same changes.
    """
    rows, columns = images.shape[1], images.shape[2]
    # uniform in -1..1: angle, zoom of rows and columns, shift of rows and columns
    amounts = tf.random.stateless_uniform([tf.shape(images)[0], 5], seed, minval=-1.0, maxval=1.0)
    angle, zoom_rows, zoom_columns, shift_rows, shift_columns = tf.unstack(amounts, axis=1)
    transforms = projections(
        angle=angle * math.radians(augmentation.rotation_degrees),
        zoom_rows=1.0 + zoom_rows * augmentation.zoom,
        zoom_columns=1.0 + zoom_columns * augmentation.zoom,
        shift_rows=shift_rows * (augmentation.shift * rows),
        shift_columns=shift_columns * (augmentation.shift * columns),
        rows=rows,
        columns=columns,
    )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=[rows, columns],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def projections(
    *,
    angle: Any,
    zoom_rows: Any,
    zoom_columns: Any,
    shift_rows: Any,
    shift_columns: Any,
    rows: int,
    columns: int,
) -> Any:
    """Return the (n, 8) projections from pixels of the new images to pixels of the old ones.

    About the centre c an output pixel o comes from rotation (zoom (o - c) + shift) + c; angles in
    radians, shifts in pixels.
    """
    cosine, sine = tf.cos(angle), tf.sin(angle)
    centre_row, centre_column = (rows - 1) / 2, (columns - 1) / 2
    # in terms of o itself: rotation (zoom o + offset) + c
    offset_row = shift_rows - zoom_rows * centre_row
    offset_column = shift_columns - zoom_columns * centre_column
    nothing = tf.zeros_like(angle)
    # x is the column and comes first, in coefficients and in results.
    return tf.stack(
        [
            cosine * zoom_columns,
            sine * zoom_rows,
            cosine * offset_column + sine * offset_row + centre_column,
            -sine * zoom_columns,
            cosine * zoom_rows,
            cosine * offset_row - sine * offset_column + centre_row,
            nothing,
            nothing,
        ],
        axis=1,
    )
