"""Space files, data, weights and recipes of any content: a value or one line, never a traceback."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mnist_search.datasets.finding import read_part
from mnist_search.errors import DataError, MnistSearchError, SpaceError, UsageError
from mnist_search.exporting import read_export
from mnist_search.spaces import SearchSpace, load_space
from mnist_search.spaces.rows import setting_rows
from mnist_search.training.weights import load_weights

LONGEST_LINE = 1000


def cheaply(examples: int) -> settings:
    """Return settings for the same few examples on every machine."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def check_told(error: MnistSearchError) -> None:
    lines = str(error).split("\n")
    assert lines
    assert all(line.isprintable() and 0 < len(line) < LONGEST_LINE for line in lines)


# Space files

TEXTS = st.text(max_size=12) | st.sampled_from(["1e-4", "no", "[red]", "a" * 5000, "é\u202e", ""])
INTEGERS = st.integers(-3, 40) | st.sampled_from([2**31, 2**63, 2**64, -(10**400), 10**4000])
FLOATS = st.floats() | st.sampled_from([1e308, -1e308, 5e-324, 0.1])


def quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in text) + '"'


def number(value: float) -> str:
    return repr(value) if np.isfinite(value) else {True: "inf", False: "-inf"}.get(value > 0, "nan")


VALUES = st.recursive(
    TEXTS.map(lambda text: quoted("".join(c for c in text if not 0xD800 <= ord(c) < 0xE000)))
    | INTEGERS.map(lambda value: hex(value) if value >= 10**400 else str(value)[:4000])
    | FLOATS.map(number)
    | st.sampled_from(["true", "false", "2024-01-01", "07:30:00", "1979-05-27T07:32:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"k{n} = {item}" for n, item in enumerate(items)) + "}"
        )
    ),
    max_leaves=6,
)
FAMILIES = st.sampled_from(["cnn", "mlp", "linear"]).map(quoted) | VALUES
KNOWN = (
    "blocks convs filters kernel padding pool dense_layers units alpha optimizer learning_rate "
    "momentum batch_size filters_1_1 units_9 unist"
)
NAMES = st.sampled_from(KNOWN.split()) | TEXTS.map(
    lambda text: quoted("".join(c for c in text if not 0xD800 <= ord(c) < 0xE000))
)
TYPES = st.sampled_from(['"int"', '"float"', '"choice"']) | VALUES
KEYS = st.sampled_from(["low", "high", "step", "log", "choices", "per", "when", "type", "lwo"])
TABLES = st.tuples(NAMES, TYPES, st.dictionaries(KEYS, VALUES, max_size=5))


def table(content: tuple[str, str, dict[str, str]]) -> str:
    name, kind, keys = content
    lines = [f"[parameters.{name}]", f"type = {kind}", *(f"{k} = {v}" for k, v in keys.items())]
    return "\n".join(lines)


SPACES = st.builds(
    lambda family, tables, fixed, more: "\n".join(
        [f"family = {family}", more, *map(table, tables), "[fixed]", *fixed]
    ),
    FAMILIES,
    st.lists(TABLES, max_size=5),
    st.lists(st.tuples(NAMES, VALUES).map(" = ".join), max_size=4),
    st.sampled_from(["", "description = 3", "familly = 1", "[parameters]", "\x00", "a.b.c = 1"]),
)


def loads(content: bytes, folder: Path) -> bool:
    """Load a space and use all of it, or check what is told of it; return whether it loads."""
    path = folder / "fuzzed.toml"
    path.write_bytes(content)
    try:
        space = load_space(path)
    except SpaceError as error:
        check_told(error)
        return False
    assert space.config(space.defaults(), epochs=1).config_id
    assert SearchSpace.from_json(space.to_json()).space_id == space.space_id
    assert setting_rows(space)
    size = space.size()
    assert size is None or size >= 1
    return True


@cheaply(150)
@given(SPACES)
@example('family = "cnn"\n[parameters.blocks]\ntype = "int"\nlow = 1\nhigh = 4\n')
@example('family = "cnn"\nfamily = "cnn"')
@example("[parameters]\n[parameters]\n")
@example(f"[parameters.{'a' * 5000}]\n" * 2)
@example("a = " + "[" * 900 + "]" * 900)
@example("a = " + "{b = " * 900 + "1" + "}" * 900)
def test_space_files_of_any_content(tmp_path: Path, text: str) -> None:
    loads(text.encode("utf-8", "surrogatepass"), tmp_path)


@cheaply(60)
@given(st.binary(max_size=200))
def test_space_files_of_any_bytes(tmp_path: Path, content: bytes) -> None:
    loads(content, tmp_path)


def test_large_spaces_take_bounded_memory(tmp_path: Path) -> None:
    many = "\n".join(
        f'[parameters.x{n}]\ntype = "choice"\nchoices = [{", ".join(map(str, range(200)))}]'
        for n in range(300)
    )
    wide = f"[fixed]\nunits = [{', '.join(['1'] * 100_000)}]"
    for content in (many, wide):
        tracemalloc.start()
        try:
            assert not loads(f'family = "mlp"\n{content}\n'.encode(), tmp_path)
            assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
        finally:
            tracemalloc.stop()


# Data, weights and recipes: sound files, changed

IMAGES = np.zeros((14, 28, 28), np.uint8)
IMAGES[:, 3, 3] = 9
LABELS = (np.arange(14) % 2).astype(np.uint8)


def idx_bytes(array: np.ndarray) -> bytes:
    head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


def npz_bytes(save: Callable[..., None], **arrays: Any) -> bytes:
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


STORED = npz_bytes(np.savez, x_train=IMAGES, y_train=LABELS)
PACKED = npz_bytes(np.savez_compressed, x_train=IMAGES, y_train=LABELS)
PLAIN_IDX = idx_bytes(IMAGES)
PACKED_IDX = gzip.compress(PLAIN_IDX, mtime=0)
WEIGHTS = npz_bytes(np.savez, **{"1.kernel": np.ones((4, 3), np.float32)})

# Where, how many bytes go, and what comes in their place; the ends are where formats begin.
PLACES = st.integers(0, 120) | st.integers(-400, -1) | st.integers(0, 20_000)
CHANGES = st.lists(
    st.tuples(PLACES, st.integers(0, 40), st.binary(max_size=8)), min_size=1, max_size=3
)
CUTS = st.none() | PLACES


def changed(content: bytes, changes: list[tuple[int, int, bytes]], cut: int | None) -> bytes:
    made = bytearray(content)
    for place, gone, new in changes:
        start = place % max(1, len(made)) if place < 0 else min(place, len(made))
        made[start : start + gone] = new
    return bytes(made if cut is None else made[: cut % (len(made) + 1)])


@cheaply(150)
@given(st.sampled_from([STORED, PACKED, PLAIN_IDX, PACKED_IDX]), CHANGES, CUTS)
def test_data_of_any_content(
    tmp_path: Path, sound: bytes, changes: list[tuple[int, int, bytes]], cut: int | None
) -> None:
    content = changed(sound, changes, cut)
    path = tmp_path / "fuzzed.npz"
    if sound[:2] == b"PK":
        path.write_bytes(content)
    else:
        path = tmp_path / "fuzzed"
        path.mkdir(exist_ok=True)
        for name in path.iterdir():
            name.unlink()
        end = ".gz" if sound is PACKED_IDX else ""
        (path / f"train-images-idx3-ubyte{end}").write_bytes(content)
        (path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(LABELS))
    try:
        part = read_part(path, "train")
    except DataError as error:
        check_told(error)
        return
    assert part.images.shape == (len(part.labels), 28, 28)


DTYPES = ["|u1", "|O", "<f8", "<U1000000000", "|V999999999", "M8[ns]", "<i8", "b1", "S0", ",", ""]
HEADERS = st.builds(
    lambda descr, order, shape, more: (
        f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}{more}}}"
    ),
    st.sampled_from(DTYPES).map(repr) | st.sampled_from(["[('a', '<i4')]", "None", "3", "['x']"]),
    st.sampled_from(["False", "True", "0", "None"]),
    st.lists(st.integers(-2, 30) | st.sampled_from([14, 28, 2**31, 2**63, 10**30]), max_size=4).map(
        lambda shape: repr(tuple(shape))
    )
    | st.sampled_from(["(14, 28, 28)", "[14, 28, 28]", "(True,)", "()", "14", "(1.0,)"]),
    st.sampled_from(["", ", 'more': 1", "}, {", "__import__('os')", "," * 3000]),
)


@cheaply(120)
@given(HEADERS, st.sampled_from([0, 14, IMAGES.size, 2 * IMAGES.size]))
@example("{'descr': '|u1', 'fortran_order': False, 'shape': (14, 28, 28)}", IMAGES.size)
def test_arrays_with_any_header(tmp_path: Path, header: str, data_bytes: int) -> None:
    text = header.encode()
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"\x07" * data_bytes
    path = tmp_path / "fuzzed.npz"
    labels = io.BytesIO()
    np.save(labels, LABELS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", member)
        archive.writestr("y_train.npy", labels.getvalue())
    # All grey: that is wrong as well, so nothing of it is ever read.
    with pytest.raises(DataError) as caught:
        read_part(path, "train")
    check_told(caught.value)


@cheaply(100)
@given(CHANGES, CUTS)
def test_weights_of_any_content(
    tmp_path: Path, changes: list[tuple[int, int, bytes]], cut: int | None
) -> None:
    path = tmp_path / "run-0.weights.npz"
    path.write_bytes(changed(WEIGHTS, changes, cut))
    try:
        # With its own checksum, as a study of a stranger brings it along.
        found = load_weights(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    except DataError as error:
        check_told(error)
        return
    assert all(isinstance(array, np.ndarray) for array in found.values())


@cheaply(100)
@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["kind", "config", "seeds", "name"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ).map(repr)
)
@example("[" * 100_000)
@example('{"kind": "mnist-search export", "seeds": ' + "9" * 5000 + "}")
@example("# mnist-search export: {}")
def test_recipes_of_any_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "fuzzed.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError) as caught:
        read_export(path)
    check_told(caught.value)


def test_control_a_reader_without_care_raises_anything(tmp_path: Path) -> None:
    raised = set()
    for content in (PACKED[:-20], PACKED[:60], changed(PACKED, [(40, 8, b"\xff" * 8)], None)):
        try:
            with np.load(io.BytesIO(content), allow_pickle=True) as archive:
                archive["x_train"]
        except Exception as error:
            raised.add(type(error))
    assert raised
    assert not raised & {DataError}
