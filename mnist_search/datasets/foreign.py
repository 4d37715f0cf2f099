"""Files that are not read: what they are, and what turns them into a file that is."""

from __future__ import annotations

from pathlib import Path

from mnist_search.datasets.csvs import pair_of
from mnist_search.datasets.forms import FOUR_ARRAYS
from mnist_search.datasets.hints import command, literal, output_name
from mnist_search.datasets.idx import GZIP_MAGIC
from mnist_search.errors import DataError

RULE = (
    "a .npz file, a folder with the four IDX files or .npy files of MNIST, or CSV files with a "
    "label and 784 pixels in each line can be read"
)
KINDS = {
    b"\x93NUMPY": "a single NumPy array",
    b"\0\0\x08\x03": "a single IDX file",
    b"\0\0\x08\x01": "a single IDX file",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"((": "a pickle",
    b"(lp": "a pickle",
    b"MATLAB 5": "a MATLAB file",
    b"MATLAB 7": "an HDF5 file",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
TAR_MAGIC_AT = 257


def kind_of(start: bytes) -> str | None:
    """Return what a file is that begins so; None where that is not known."""
    if start[TAR_MAGIC_AT:].startswith(b"ustar"):
        return "a tar archive"
    return next((kind for magic, kind in KINDS.items() if start.startswith(magic)), None)


def refusal(path: Path, start: bytes) -> DataError:
    """Return the error of a file that begins so, with a hint that converts it."""
    kind = kind_of(start)
    if kind is None:
        told = start[:4].hex() or "nothing"
        return DataError(f"{path}: neither a .npz nor a CSV file: it starts with {told}", hint=RULE)
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return DataError(f"{path}: {kind} is not read", hint=_hint(kind, path, packed=packed))


def _hint(kind: str, path: Path, *, packed: bool) -> str:
    out, name = literal(output_name(path)), literal(path)
    save = f'np.savez({out}, **{{k: f[k] for k in f if k[0] != "_"}})'
    match kind:
        case "a pickle":
            raw = f"Path({name}).read_bytes()"
            code = command(
                "import gzip, pickle, numpy as np",
                "from pathlib import Path",
                f"raw = {f'gzip.decompress({raw})' if packed else raw}",
                '(a, b), (c, d), (u, v) = pickle.loads(raw, encoding="latin1")',
                f"np.savez({out}, x_train=np.concatenate([a, c]), y_train=np.concatenate([b, d]), "
                "x_test=u, y_test=v)",
            )
            return (
                "a pickle can run any code; where you trust it, and it holds pairs of images and "
                f"labels for training, validation and test: {code}"
            )
        case "a MATLAB file":
            loaded = f"import numpy as np; from scipy.io import loadmat; f = loadmat({name})"
            return f"this writes its arrays to {out}: {command(loaded, save)}"
        case "an HDF5 file":
            loaded = f"import h5py, numpy as np; f = h5py.File({name})"
            arrays = 'f = {k: f[k][()] for k in f if hasattr(f[k], "shape")}'
            return f"this writes its arrays to {out}: {command(loaded, arrays, save)}"
        case "a Parquet file":
            pair = pair_of(path)
            if len(pair) < 2:
                return "name the training file of a pair, such as train.parquet and test.parquet"
            train, test = literal(pair["train"]), literal(pair["test"])
            code = command(
                "import io, numpy as np, pandas as pd",
                "from PIL import Image",
                f"t, u = pd.read_parquet({train}), pd.read_parquet({test})",
                'f = lambda i: np.asarray(Image.open(io.BytesIO(i["bytes"])))',
                'x = lambda t: np.stack([f(i) for i in t["image"]]) if "image" in t '
                'else t.drop(columns="label").to_numpy()',
                f'np.savez({out}, x_train=x(t), y_train=t["label"], x_test=x(u), '
                'y_test=u["label"])',
            )
            return f"after `pip install pandas pyarrow pillow` this writes {out}: {code}"
        case "a single NumPy array":
            return f"images and labels for training and for the test are needed: {FOUR_ARRAYS}"
        case "a single IDX file":
            return f"name the folder with all four: {path.parent}"
        case "a tar archive":
            return "where it holds IDX, .npy or CSV files: unpack it and name the folder"
        case _:
            return RULE
