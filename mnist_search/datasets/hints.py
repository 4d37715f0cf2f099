"""The NumPy line that turns data which is refused into data that is read."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from mnist_search.datasets.arrays import SIDE, SLOTS
from mnist_search.datasets.containers import Container, Form

# Every seventh image becomes a test image: of ten classes in turn that takes all, and of classes
# one after the other as well.
TEST_STRIDE = 7


def literal(path: Path | str) -> str:
    """Return a path or name as a Python string in plain ASCII."""
    return json.dumps(str(path))


def command(*statements: str) -> str:
    """Return the shell command that runs some Python."""
    return f"{_python()} -c {shlex.quote('; '.join(statements))}"


def output_name(path: Path) -> str:
    """Return the name of the file that a hint writes, in the working folder."""
    stem = path.name.partition(".")[0] or "data"
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in stem)[:100] + "-converted.npz"


def conversion(
    container: Container,
    *,
    images: str = "{}",
    classes: Sequence[int] | Sequence[str] | None = None,
    labels: str = "{}",
) -> str | None:
    """Return a hint that rewrites all four arrays; None where they are not there.

    `images` and `labels` are expressions with {} for an array; `classes` keeps what has these
    labels and numbers them from 0. Where there is no test part, a seventh becomes one.
    """
    slots = [slot for slot in SLOTS if slot in container.members]
    if not set(SLOTS[:2]) <= set(slots):
        return None
    split = len(slots) < len(SLOTS)
    code = ["import numpy as np", *container.setup]
    names = "xy" if split else "xyuv"
    for letter, slot in zip(names, SLOTS, strict=False):
        expression = images if slot[1] == "images" else labels
        code.append(f"{letter} = {expression.format(container.members[slot].code)}")
    if classes is not None:
        code.append(f"c = {json.dumps(list(classes))}")
        for image, label in zip(names[::2], names[1::2], strict=True):
            code.append(f"k = np.isin({label}, c)")
            code.append(f"{image}, {label} = {image}[k], np.searchsorted(c, {label}[k])")
    if split:
        code.append(f"t = np.arange(len(x)) % {TEST_STRIDE} == 0")
        code.append("x, y, u, v = x[~t], y[~t], x[t], y[t]")
    name = output_name(container.path)
    code.append(f"np.savez({literal(name)}, x_train=x, y_train=y, x_test=u, y_test=v)")
    does = ", with every seventh image as a test image" if split else ""
    return f"this writes {name}{does}: {command(*code)}"


def as_squares(form: Form) -> str | None:
    """Return the expression that makes images (n, 28, 28) of a form; None where none is known."""
    expression, shape = "{}", form.shape
    match shape:
        case (28 | 32 as height, width, count) if height == width != count:
            expression, shape = "np.moveaxis({}, -1, 0)", (count, height, width)
        case (_, 3 | 4, height, width):
            expression, shape = "{}[:, :3].mean(axis=1)", (shape[0], height, width)
        case (_, 1, height, width):
            expression, shape = "{}[:, 0]", (shape[0], height, width)
        case (_, height, width, 3 | 4):
            expression, shape = "{}[..., :3].mean(axis=-1)", (shape[0], height, width)
        case (_, height, width, 1):
            expression, shape = "{}[..., 0]", (shape[0], height, width)
        case (784, count):
            return "{}.T"
        case (count, pixels):
            side = round(pixels**0.5)
            colours, rest = divmod(pixels, 3)
            if side * side == pixels:
                expression = f"{{}}.reshape(-1, {side}, {side})"
            elif rest == 0 and (side := round(colours**0.5)) ** 2 == colours:
                expression = f"{{}}.reshape(-1, 3, {side}, {side}).mean(axis=1)"
            shape = (count, side, side)
    if len(shape) != 3 or min(shape) < 1:
        return None
    match shape[1:]:
        case (28, 28):
            pass
        case (32, 32):
            # Padded, as LeNet took MNIST: the digits are in the middle.
            expression += f"[:, 2:{SIDE + 2}, 2:{SIDE + 2}]"
        case (height, width):
            rows, columns = (f"np.arange({SIDE}) * {n} // {SIDE}" for n in (height, width))
            expression += f"[:, {rows}][:, :, {columns}]"
    if "mean" in expression and form.dtype.kind == "u":
        expression += f'.round().astype("{form.dtype.name}")'
    return None if expression == "{}" else expression


def _python() -> str:
    """Return what starts this interpreter: `python` where the shell would find it."""
    return "python" if shutil.which("python") == sys.executable else shlex.quote(sys.executable)
