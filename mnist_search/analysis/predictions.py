"""The answers of a run to the test images, packed."""

from __future__ import annotations

import base64
import binascii
import zlib

from mnist_search.errors import DataError


def pack_predictions(classes: bytes) -> str:
    """Pack one byte per image as base64 of zlib, as `RunResult.predictions` has it."""
    return base64.b64encode(zlib.compress(classes, 9)).decode("ascii")


def unpack_predictions(text: str, images: int) -> bytes:
    """Unpack the classes answered for `images` test images, one byte each.

    Raises:
        DataError: the text is damaged, or holds another number of images.
    """
    inflater = zlib.decompressobj()
    try:
        # Bounded, so that a damaged or hostile line of a ledger cannot fill the memory.
        classes = inflater.decompress(base64.b64decode(text, validate=True), images + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise DataError(f"packed predictions are damaged: {error}") from error
    if len(classes) != images or not inflater.eof:
        count = f"more than {images}" if len(classes) > images else str(len(classes))
        raise DataError(f"packed predictions must hold {images} images, got {count}")
    return classes
