from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_search.datasets import CATALOG, Means, find_again, find_data
from mnist_search.datasets.catalog import RemoteFile, Source
from mnist_search.datasets.finding import inspect
from mnist_search.errors import DataError, UsageError
from mnist_search.specs import DatasetRef

Write = Callable[..., Path]


class Bench:
    """`find_data` with a folder for Keras' cache and a server, or none."""

    def __init__(self, folder: Path, catalog: dict[str, Source]) -> None:
        self.catalog = catalog
        self.environ = {"KERAS_HOME": str(folder / "keras"), "HOME": str(folder)}
        self.cached = folder / "keras" / "datasets" / "mnist.npz"
        self.said: list[str] = []

    def resolve(self, name: str, **environ: str) -> DatasetRef:
        return find_data(name, self.means(**environ)).ref

    def means(self, **environ: str) -> Means:
        return Means(
            environ={**self.environ, **environ},
            notice=self.said.append,
            catalog=self.catalog,
        )

    def cache(self, body: bytes) -> None:
        self.cached.parent.mkdir(parents=True)
        self.cached.write_bytes(body)


@pytest.fixture
def bench(tmp_path: Path, catalog: dict[str, Source], server: Any) -> Bench:
    (file,) = catalog["mnist"].files
    here = replace(file, url=f"{server.origin}mnist.npz")
    return Bench(tmp_path, {"mnist": replace(catalog["mnist"], files=(here,))})


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_variable_comes_first(bench: Bench, npz: Write, name: str) -> None:
    path = npz()
    bench.cache(b"never looked at")
    ref = bench.resolve(name, MNIST_SEARCH_DATA=str(path))
    assert (ref.name, ref.path, ref.fallback) == ("mnist", str(path), False)
    assert (ref.train_images, ref.test_images) == (120, 30)
    assert bench.said == []


def test_arrays_count_not_the_file(bench: Bench, npz: Write, idx: Write) -> None:
    refs = [
        bench.resolve("mnist", MNIST_SEARCH_DATA=str(path))
        for path in (npz(), idx("plain"), idx("zipped", zipped=True))
    ]
    assert len({ref.digest for ref in refs}) == 1


def test_empty_variable_counts_as_unset(bench: Bench, archive: bytes) -> None:
    bench.cache(archive)
    assert bench.resolve("mnist", MNIST_SEARCH_DATA="").path == str(bench.cached)


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_other_data_has_its_own_name(
    bench: Bench, npz: Write, arrays: dict[str, np.ndarray], key: str
) -> None:
    changed = arrays[key].copy()
    changed.flat[0] ^= 1
    path = npz("my\x1bown.npz", **{key: changed})
    ref = bench.resolve("auto", MNIST_SEARCH_DATA=str(path))
    assert ref.name == "npz:my?own"
    with pytest.raises(DataError, match=r"does not hold MNIST but npz:my\?own \(120 \+ 30 images"):
        bench.resolve("mnist", MNIST_SEARCH_DATA=str(path))


@pytest.mark.parametrize("name", ["auto", "mnist"])
@pytest.mark.parametrize("body", [None, b"", b"damaged"])
def test_bad_variable_is_an_error_in_every_mode(
    bench: Bench, tmp_path: Path, archive: bytes, name: str, body: bytes | None
) -> None:
    bench.cache(archive)
    path = tmp_path / "bad.npz"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(DataError, match=r"^MNIST_SEARCH_DATA: .*bad\.npz: ") as caught:
        bench.resolve(name, MNIST_SEARCH_DATA=str(path))
    assert caught.value.exit_code == 5
    assert "unset it" in str(caught.value.hint)


def test_variable_with_tilde_relative_path_and_folder(
    bench: Bench, npz: Write, idx: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folder = npz(), idx()
    monkeypatch.chdir(tmp_path)
    assert bench.resolve("mnist", MNIST_SEARCH_DATA="~/own.npz").path == str(path)
    assert bench.resolve("mnist", MNIST_SEARCH_DATA="own.npz").path == str(path)
    assert bench.resolve("mnist", MNIST_SEARCH_DATA="idx").path == str(folder)


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_cached_file_is_used_offline(bench: Bench, server: Any, archive: bytes, name: str) -> None:
    bench.cache(archive)
    ref = bench.resolve(name)
    assert (ref.name, ref.path) == ("mnist", str(bench.cached))
    assert server.asked == []


def test_cached_file_of_other_bytes_but_the_same_arrays(
    bench: Bench, server: Any, arrays: dict[str, np.ndarray]
) -> None:
    bench.cached.parent.mkdir(parents=True)
    np.savez(bench.cached, **arrays)
    assert bench.resolve("mnist").name == "mnist"
    assert server.asked == []


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_download(bench: Bench, server: Any, archive: bytes, name: str) -> None:
    server.put("mnist.npz", archive)
    ref = bench.resolve(name)
    assert (ref.name, ref.path) == ("mnist", str(bench.cached))
    assert bench.said == [f"downloading {server.origin}mnist.npz"]
    assert bench.resolve(name) == ref
    assert server.asked == ["/mnist.npz"]


def test_damaged_cache_is_fetched_again(bench: Bench, server: Any, archive: bytes) -> None:
    server.put("mnist.npz", archive)
    bench.cache(archive[:-100])
    assert bench.resolve("mnist").name == "mnist"
    assert "not a readable .npz file" in bench.said[0]
    assert bench.cached.read_bytes() == archive


def test_other_data_in_the_cache_is_not_taken_for_mnist(
    bench: Bench, npz: Write, arrays: dict[str, np.ndarray]
) -> None:
    bench.cache(npz(x_test=arrays["x_test"] ^ 1).read_bytes())
    with pytest.raises(DataError, match=r"does not hold MNIST but other images, and .*HTTP 404"):
        bench.resolve("mnist")


def test_mnist_never_falls_back(bench: Bench) -> None:
    with pytest.raises(DataError, match=r"no MNIST at .*mnist\.npz, and .*HTTP 404") as caught:
        bench.resolve("mnist")
    hint = str(caught.value.hint)
    for way in ("MNIST_SEARCH_DATA", "mnist-search data fetch", "--dataset digits"):
        assert way in hint
    assert "\n" not in caught.value.message + hint


def test_auto_falls_back_and_says_why(bench: Bench) -> None:
    ref = bench.resolve("auto")
    assert (ref.name, ref.path, ref.fallback) == ("digits", None, True)
    assert "HTTP 404 Not Found; scikit-learn's embedded digits stand in" in bench.said[-1]


def test_digits_asked_for_are_no_fallback(bench: Bench, server: Any) -> None:
    ref = bench.resolve("digits", MNIST_SEARCH_DATA="/nowhere")
    assert (ref.name, ref.train_images, ref.test_images) == ("digits", 1500, 297)
    assert not ref.fallback
    assert server.asked == []


@pytest.mark.parametrize("name", ["", "mnst", "MNIST"])
def test_unknown_name(
    bench: Bench, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=rf"dataset must be auto, mnist, .* got '{name}'"):
        bench.resolve(name)


def test_path(bench: Bench, idx: Write, npz: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = idx("letters", y_test=bytes((0, 0, 8, 1, 0, 0, 0, 30)) + bytes(30))
    assert bench.resolve(str(folder)).name == "idx:letters"
    monkeypatch.chdir(folder.parent)
    assert bench.resolve("letters").path == str(folder)
    assert bench.resolve(str(npz())).name == "mnist"
    with pytest.raises(DataError, match=r"none\.npz: No such file"):
        bench.resolve("none.npz")


def test_unreadable_cache(bench: Bench, archive: bytes) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    bench.cache(archive)
    bench.cached.parent.chmod(0)
    try:
        with pytest.raises(DataError):
            bench.resolve("mnist")
        assert bench.resolve("auto").fallback
    finally:
        bench.cached.parent.chmod(0o700)


def test_cache_in_an_impossible_place(bench: Bench, npz: Write) -> None:
    below_a_file = str(npz())
    with pytest.raises(DataError, match="cannot be written"):
        bench.resolve("mnist", KERAS_HOME=below_a_file)
    assert bench.resolve("auto", KERAS_HOME=below_a_file).fallback


def fashion_of(catalog: dict[str, Source], origin: str, bodies: dict[str, bytes]) -> Source:
    files = tuple(
        RemoteFile(
            url=f"{origin}{name}",
            path=f"fashion-mnist/{name}",
            sha256=hashlib.sha256(body).hexdigest(),
        )
        for name, body in bodies.items()
    )
    return Source(
        name="fashion-mnist",
        title="Fashion-MNIST",
        place="fashion-mnist",
        files=files,
        idx_md5=catalog["mnist"].idx_md5,
        class_names=CATALOG["fashion-mnist"].class_names,
    )


def test_fashion_mnist(bench: Bench, server: Any, idx: Write) -> None:
    bodies = {path.name: path.read_bytes() for path in idx(zipped=True).iterdir()}
    bench.catalog = {"fashion-mnist": fashion_of(bench.catalog, server.origin, bodies)}
    for name, body in bodies.items():
        server.put(name, body)
    first = bench.resolve("fashion-mnist")
    assert first.name == "fashion-mnist"
    assert len(server.asked) == 4
    assert {path.name for path in Path(str(first.path)).iterdir()} == set(bodies)
    lost = Path(str(first.path)) / "t10k-images-idx3-ubyte.gz"
    lost.write_bytes(gzip.compress(b"damaged"))
    assert bench.resolve("fashion-mnist") == first
    assert server.asked[4:] == ["/t10k-images-idx3-ubyte.gz"]
    del server.pages["t10k-images-idx3-ubyte.gz"]
    lost.unlink()
    with pytest.raises(DataError, match=r"t10k-images.* is missing, and .*HTTP 404") as caught:
        bench.resolve("fashion-mnist")
    assert "data fetch fashion-mnist" in str(caught.value.hint)


def test_own_data_is_told_and_published_data_is_not(
    bench: Bench, npz: Write, arrays: dict[str, np.ndarray]
) -> None:
    assert bench.resolve(str(npz())).name == "mnist"
    assert bench.said == []
    path = npz(x_test=arrays["x_test"] // 2)
    bench.resolve(str(path))
    assert bench.said[0].startswith(f"read {path}: x_train (120, 28, 28) uint8 as images")


def test_refusal_of_the_variable_keeps_its_hint(bench: Bench, npz: Write) -> None:
    path = npz(x_test=None, y_test=None)
    with pytest.raises(DataError, match=r"MNIST_SEARCH_DATA: .*x_test is missing") as caught:
        bench.resolve("auto", MNIST_SEARCH_DATA=str(path))
    assert "every seventh image as a test image" in str(caught.value.hint)


def look_again(bench: Bench, ref: DatasetRef, **environ: str) -> DatasetRef:
    return find_again(
        ref,
        {**bench.environ, **environ},
        notice=bench.said.append,
        catalog=bench.catalog,
    )


def moved(bench: Bench, npz: Write, folder: Path) -> tuple[DatasetRef, Path]:
    """Return the reference to a file, and where the file is now."""
    ref = bench.resolve(str(npz()))
    place = folder / "elsewhere" / "data.npz"
    place.parent.mkdir()
    Path(str(ref.path)).rename(place)
    return ref, place


def test_data_is_found_where_it_was(bench: Bench, npz: Write) -> None:
    ref = bench.resolve(str(npz()))
    npz(x_test=None, y_test=None)
    assert look_again(bench, ref, MNIST_SEARCH_DATA="/nowhere") == ref
    digits = bench.resolve("digits")
    assert look_again(bench, digits) == digits
    assert bench.said == []


def test_data_is_found_again_by_the_variable(bench: Bench, npz: Write, tmp_path: Path) -> None:
    ref, place = moved(bench, npz, tmp_path)
    found = look_again(bench, ref, MNIST_SEARCH_DATA=str(place))
    assert found == ref.model_copy(update={"path": str(place)})
    assert bench.said == [
        f"{ref.path}: No such file or directory; the same images are read from {place}"
    ]


def test_data_is_found_again_in_the_cache(
    bench: Bench, npz: Write, archive: bytes, arrays: dict[str, np.ndarray]
) -> None:
    ref = bench.resolve(str(npz()))
    other = npz(x_train=arrays["x_train"] ^ 1)
    bench.cache(archive)
    assert look_again(bench, ref, MNIST_SEARCH_DATA=str(other)).path == str(bench.cached)
    assert "the train images of mnist are not those of this study" in bench.said[0]


def test_data_that_is_found_nowhere(bench: Bench, npz: Write, tmp_path: Path) -> None:
    ref, _ = moved(bench, npz, tmp_path)
    with pytest.raises(DataError, match="do not hold the same images either") as caught:
        look_again(bench, ref, MNIST_SEARCH_DATA=str(npz("changed.npz", x_test=None)))
    assert "--dataset or MNIST_SEARCH_DATA" in str(caught.value.hint)
    assert bench.said == []


def test_no_home_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    bench.environ = {}
    with pytest.raises(DataError, match="no MNIST: there is no home folder"):
        bench.resolve("mnist")
    assert bench.resolve("auto").fallback
    with pytest.raises(DataError, match="there is no home folder ~"):
        bench.resolve("~/mnist.npz")


def test_paths_below_a_home_folder(bench: Bench, npz: Write, tmp_path: Path) -> None:
    path = npz()
    assert bench.resolve(f"~/{path.name}").path == str(path)
    assert bench.resolve("mnist", MNIST_SEARCH_DATA=f"~/{path.name}").path == str(path)
    with pytest.raises(DataError, match="there is no home folder ~nobody-of-that-name"):
        bench.resolve("~nobody-of-that-name/mnist.npz")


def test_addresses_and_hashes_are_those_of_keras() -> None:
    import importlib.util

    spec = importlib.util.find_spec("keras")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "src" / "datasets"
    mnist, fashion = (folder / "mnist.py").read_text(), (folder / "fashion_mnist.py").read_text()
    assert CATALOG["mnist"].files[0].sha256 in mnist
    for text, name in ((mnist, "mnist"), (fashion, "fashion-mnist")):
        for file in CATALOG[name].files:
            origin, _, remote = file.url.rpartition("/")
            assert f"{origin}/" in text
            assert remote in text


def test_place_of_the_cache() -> None:
    mnist = CATALOG["mnist"]
    assert mnist.location({"HOME": "/h"}) == Path("/h/.keras/datasets/mnist.npz")
    assert mnist.location({"HOME": "/h", "KERAS_HOME": "~/k"}) == Path("/h/k/datasets/mnist.npz")
    assert mnist.location({"KERAS_HOME": "/k"}) == Path("/k/datasets/mnist.npz")


@pytest.mark.skipif("MNIST_SEARCH_DATA" not in os.environ, reason="needs the real MNIST")
def test_the_real_mnist() -> None:
    ref = inspect(Path(os.environ["MNIST_SEARCH_DATA"])).ref
    assert ref.name == "mnist"
    assert ref.digest == "d652e6bf4478a49d8244e02ac52f1e23-562b8f08aaea2e981a4dbf288bc58abe"
    assert (ref.train_images, ref.test_images) == (60_000, 10_000)
