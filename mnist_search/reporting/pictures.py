"""Small pictures as PNG in a data address, for charts and a page that load nothing."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

if TYPE_CHECKING:
    import numpy as np

# Read back from a file, it still can be nothing but a picture.
Picture = Annotated[str, StringConstraints(pattern=r"^data:image/png;base64,[A-Za-z0-9+/=]+$")]
Colouring = Literal["ink", "sequential", "diverging"]

# Low, middle and high: dark ink on white; viridis in short; red against, blue for.
_STOPS = {
    "ink": ("#ffffff", "#808080", "#000000"),
    "sequential": ("#440154", "#21918c", "#fde725"),
    "diverging": ("#b2182b", "#f7f7f7", "#2166ac"),
}
# Viewers smooth what they enlarge, so that small pictures are enlarged here.
_SMALLEST = 56


def picture_of(
    values: np.ndarray, low: float, high: float, colouring: Colouring = "ink"
) -> Picture:
    """Return (height, width) values between two limits as colours; what is not finite is low."""
    import numpy as np
    from PIL import Image, ImageOps

    span = high - low if high > low else 1.0
    shares = np.nan_to_num((np.asarray(values, dtype=np.float64) - low) / span)
    grey = np.round(255 * np.clip(shares, 0.0, 1.0)).astype(np.uint8)
    black, mid, white = _STOPS[colouring]
    image = ImageOps.colorize(Image.fromarray(grey), black=black, mid=mid, white=white)
    factor = max(1, -(-_SMALLEST // max(grey.shape)))
    # A palette takes a third of the bytes of colours.
    enlarged = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    enlarged.quantize(64).save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
