"""Data that is refused: what it is, and the command that turns it into data that is read."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnist_search.datasets.arrays import SIDE, SLOTS
from mnist_search.datasets.places import is_packed, pair_of
from mnist_search.datasets.readers import Container, keras_name
from mnist_search.errors import DataError

# Every seventh image becomes a test image: of ten classes in turn that takes all, and of classes
# one after the other as well.
TEST_STRIDE = 7
RULE = (
    "a .npz file, a folder with the four IDX files or .npy files of MNIST, or CSV files with a "
    "label and 784 pixels in each line can be read"
)
FOUR_ARRAYS = (
    "np.savez with x_train (n, 28, 28), y_train (n,), x_test and y_test writes a file that can "
    "be read"
)
# What files of other formats begin with.
FORMATS = {
    "a single NumPy array": (b"\x93NUMPY",),
    "a single IDX file": (b"\0\0\x08\x03", b"\0\0\x08\x01"),
    "a pickle": (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"((", b"(lp"),
    "a MATLAB file": (b"MATLAB 5",),
    "an HDF5 file": (b"MATLAB 7", b"\x89HDF"),
    "a Parquet file": (b"PAR1",),
    "a picture": (b"\x89PNG", b"\xff\xd8\xff"),
}
TAR_MAGIC_AT = 257
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


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
    code = [
        "import numpy as np",
        "from mnist_search.datasets import read_arrays",
        f"d = read_arrays({_literal(container.path)})",
    ]
    names = "xy" if split else "xyuv"
    for letter, slot in zip(names, SLOTS, strict=False):
        array, expression = f'd["{keras_name(slot)}"]', images if slot[1] == "images" else labels
        code.append(f"{letter} = {expression.format(array)}")
    if classes is not None:
        code.append(f"c = {json.dumps(list(classes))}")
        for image, label in zip(names[::2], names[1::2], strict=True):
            code.append(f"k = np.isin({label}, c)")
            code.append(f"{image}, {label} = {image}[k], np.searchsorted(c, {label}[k])")
    if split:
        code.append(f"t = np.arange(len(x)) % {TEST_STRIDE} == 0")
        code.append("x, y, u, v = x[~t], y[~t], x[t], y[t]")
    name = _output_name(container.path)
    code.append(f"np.savez({_literal(name)}, x_train=x, y_train=y, x_test=u, y_test=v)")
    does = ", with every seventh image as a test image" if split else ""
    return f"this writes {name}{does}: {_command(*code)}"


def as_squares(images: NDArray[Any]) -> str | None:
    """Return the expression that makes images (n, 28, 28) of others; None where none is known."""
    expression, shape = "{}", images.shape
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
    if "mean" in expression and images.dtype.kind == "u":
        expression += f'.round().astype("{images.dtype.name}")'
    return None if expression == "{}" else expression


def format_of(start: bytes) -> str | None:
    """Return what a file is that begins so; None where that is not known."""
    if start[TAR_MAGIC_AT:].startswith(b"ustar"):
        return "a tar archive"
    return next((told for told, magics in FORMATS.items() if start.startswith(magics)), None)


def refusal(path: Path, start: bytes) -> DataError:
    """Return the error of a file that begins so, with a hint that converts it."""
    told = format_of(start)
    if told is None:
        found = start[:4].hex() or "nothing"
        message = f"{path}: neither a .npz nor a CSV file: it starts with {found}"
        return DataError(message, hint=RULE)
    return DataError(f"{path}: {told} is not read", hint=_convert(told, path))


def packed_archive(path: Path) -> DataError:
    """Return the error of a .npz file that is gzipped once more, with the command that unpacks."""
    name = _output_name(path)
    return DataError(
        f"{path}: a .npz file within a gzip file is not read",
        hint=f"this writes {name}: gunzip -c {shlex.quote(str(path))} > {name}",
    )


def _convert(told: str, path: Path) -> str:
    name = _output_name(path)
    out, here = _literal(name), _literal(path)
    save = f'np.savez({out}, **{{k: f[k] for k in f if k[0] != "_"}})'
    writes = f"this writes its arrays to {name}"
    match told:
        case "a pickle":
            raw = f"Path({here}).read_bytes()"
            code = _command(
                "import gzip, pickle, numpy as np",
                "from pathlib import Path",
                f"raw = {f'gzip.decompress({raw})' if is_packed(path) else raw}",
                '(a, b), (c, d), (u, v) = pickle.loads(raw, encoding="latin1")',
                f"np.savez({out}, x_train=np.concatenate([a, c]), y_train=np.concatenate([b, d]), "
                "x_test=u, y_test=v)",
            )
            return (
                "a pickle can run any code; where you trust it, and it holds pairs of images and "
                f"labels for training, validation and test: {code}"
            )
        case "a MATLAB file":
            loaded = f"import numpy as np; from scipy.io import loadmat; f = loadmat({here})"
            return f"{writes}: {_command(loaded, save)}"
        case "an HDF5 file":
            loaded = f"import h5py, numpy as np; f = h5py.File({here})"
            arrays = 'f = {k: f[k][()] for k in f if hasattr(f[k], "shape")}'
            return f"{writes}: {_command(loaded, arrays, save)}"
        case "a Parquet file":
            pair = pair_of(path)
            if len(pair) < 2:
                return "name the training file of a pair, such as train.parquet and test.parquet"
            train, test = _literal(pair["train"]), _literal(pair["test"])
            code = _command(
                "import io, numpy as np, pandas as pd",
                "from PIL import Image",
                f"t, u = pd.read_parquet({train}), pd.read_parquet({test})",
                'f = lambda i: np.asarray(Image.open(io.BytesIO(i["bytes"])))',
                'x = lambda t: np.stack([f(i) for i in t["image"]]) if "image" in t '
                'else t.drop(columns="label").to_numpy()',
                f'np.savez({out}, x_train=x(t), y_train=t["label"], x_test=x(u), '
                'y_test=u["label"])',
            )
            return f"after `pip install pandas pyarrow pillow` this writes {name}: {code}"
        case "a single NumPy array":
            return f"images and labels for training and for the test are needed: {FOUR_ARRAYS}"
        case "a single IDX file":
            return f"name the folder with all four, by names with train and test: {path.parent}"
        case "a tar archive":
            return "where it holds IDX, .npy or CSV files: unpack it and name the folder"
        case _:
            return RULE


def _literal(path: Path | str) -> str:
    """Return a path or name as a Python string in plain ASCII."""
    return json.dumps(str(path))


def _command(*statements: str) -> str:
    """Return the shell command that runs some Python, whatever modules the folder holds."""
    python = "python" if shutil.which("python") == sys.executable else shlex.quote(sys.executable)
    return f"{python} -P -c {shlex.quote('; '.join(statements))}"


def _output_name(path: Path) -> str:
    """Return the name of the file that a hint writes, in the working folder."""
    stem = path.name.partition(".")[0] or "data"
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in stem)[:100] + "-converted.npz"
