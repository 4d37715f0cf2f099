"""Small pictures as PNG in a data address, for a page that loads nothing."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np

Colour = tuple[int, int, int]

# Stops of the colour scales of matplotlib that the pictures of `figures` have, evenly spaced.
SEQUENTIAL: tuple[Colour, ...] = (
    (68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37),
)  # fmt: skip
DIVERGING: tuple[Colour, ...] = (
    (178, 24, 43), (244, 165, 130), (247, 247, 247), (146, 197, 222), (33, 102, 172),
)  # fmt: skip
_COLOURS = 255


def grey_picture(pixels: np.ndarray) -> str:
    """Return (height, width) grey values, 0 to 255, as a picture that is dark where they are high.

    The picture is a data address.
    """
    return _address(255 - np.asarray(pixels, dtype=np.uint8))


def coloured_picture(
    values: np.ndarray, limits: tuple[float, float], stops: Sequence[Colour]
) -> str:
    """Return (height, width) values as colours between two limits; nan is transparent."""
    low, high = limits
    span = high - low if high > low else 1.0
    shares = np.clip((np.asarray(values, dtype=np.float64) - low) / span, 0.0, 1.0)
    # Index 0 is what is transparent.
    places = 1 + np.round(np.nan_to_num(shares) * (_COLOURS - 1)).astype(np.uint8)
    return _address(np.where(np.isfinite(values), places, 0).astype(np.uint8), _palette(stops))


def _palette(stops: Sequence[Colour]) -> bytes:
    places = np.linspace(0, len(stops) - 1, _COLOURS)
    channels = [
        np.interp(places, range(len(stops)), [stop[channel] for stop in stops])
        for channel in range(3)
    ]
    return bytes(3) + np.round(np.stack(channels, axis=1)).astype(np.uint8).tobytes()


def _address(pixels: np.ndarray, palette: bytes | None = None) -> str:
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if palette is None else 3, 0, 0, 0)
    # Each line says first how it is filtered: not at all.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels], axis=1).tobytes()
    parts = [_chunk(b"IHDR", header)]
    if palette is not None:
        parts += [_chunk(b"PLTE", palette), _chunk(b"tRNS", b"\0")]
    parts += [_chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(parts)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def mosaic(sheets: np.ndarray, columns: int) -> np.ndarray:
    """Lay (height, width, channels) out in rows of so many channels, with gaps that are nan."""
    height, width, channels = sheets.shape
    gap = max(1, width // 14)
    rows = -(-channels // columns)
    laid = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for channel in range(channels):
        row, column = divmod(channel, columns)
        top, left = row * (height + gap), column * (width + gap)
        laid[top : top + height, left : left + width] = sheets[:, :, channel]
    return laid
