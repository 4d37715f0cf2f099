"""The data sets that are known by name: where they live and how they are recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mnist_search.datasets.arrays import Part, idx_md5
from mnist_search.datasets.places import expand
from mnist_search.datasets.readers import IDX_NAMES
from mnist_search.paths import home_folder

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file to download; `path` is relative to the `datasets` folder of Keras' cache."""

    url: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A published data set.

    `place` is its file or folder in the `datasets` folder of Keras' cache. `idx_md5` are the
    MD5s of the unpacked IDX files of train images, train labels, test images, test labels: they
    identify the arrays, whatever file holds them.
    """

    name: str
    title: str
    place: str
    files: tuple[RemoteFile, ...]
    idx_md5: tuple[str, str, str, str]
    class_names: tuple[str, ...]

    def location(self, environ: Mapping[str, str]) -> Path | None:
        """Return where Keras keeps it: below KERAS_HOME or ~/.keras; None: there is no home."""
        named = environ.get("KERAS_HOME")
        if named:
            return expand(named, environ) / "datasets" / self.place
        home = home_folder(environ)
        return None if home is None else home.absolute() / ".keras" / "datasets" / self.place

    def holds(self, train: Part, test: Part) -> bool:
        """Tell whether these arrays are this data set."""
        arrays = (train.images, train.labels, test.images, test.labels)
        # The small ones first: they tell most other data apart.
        pairs = sorted(zip(arrays, self.idx_md5, strict=True), key=lambda pair: pair[0].size)
        return all(idx_md5(array) == md5 for array, md5 in pairs)


# The SHA-256 of mnist.npz is the one that Keras checks; the MD5s are those of the original files,
# as torchvision and others publish them for the unpacked form.
MNIST = Source(
    name="mnist",
    title="MNIST",
    place="mnist.npz",
    files=(
        RemoteFile(
            url=f"{ORIGIN}mnist.npz",
            path="mnist.npz",
            sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
    idx_md5=(
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    ),
    class_names=tuple("0123456789"),
)

# Keras checks no hash here. The SHA-256s belong to the files of Zalando's release, which have the
# same names and sizes at Keras' address; the MD5s are those of the unpacked files.
FASHION_MNIST = Source(
    name="fashion-mnist",
    title="Fashion-MNIST",
    place="fashion-mnist",
    files=tuple(
        RemoteFile(url=f"{ORIGIN}{name}.gz", path=f"fashion-mnist/{name}.gz", sha256=sha256)
        for name, sha256 in zip(
            IDX_NAMES.values(),
            (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
            strict=True,
        )
    ),
    idx_md5=(
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)

CATALOG: Mapping[str, Source] = {source.name: source for source in (MNIST, FASHION_MNIST)}


def class_names(dataset: str) -> tuple[str, ...]:
    """Return what the labels 0 to 9 stand for; digits unless the data set is known."""
    source = CATALOG.get(dataset)
    return MNIST.class_names if source is None else source.class_names
