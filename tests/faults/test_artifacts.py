"""Files that the tool writes and finds: torn, foreign, hostile."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import json
import os
import pickle
import signal
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import mnist_search
from mnist_search import writing
from mnist_search.errors import DataError
from mnist_search.studies import weights_path
from mnist_search.training import weights as weights_module
from mnist_search.training.weights import load_weights, save_weights
from mnist_search.writing import write_atomically

Here = Callable[..., Any]
PACKAGE = Path(mnist_search.__file__).parent


@pytest.fixture
def finished(here: Here, search: Callable[..., list[str]], study: Any) -> Any:
    assert here(*search(3), "--pruner", "none").code == 0
    return study


class Strike:
    """Ends a process at the n-th line that it runs of some modules."""

    def __init__(self, at: int, modules: tuple[Any, ...]) -> None:
        self.left = at
        self.files = {module.__file__ for module in modules}

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def survives(write: Callable[[], object], at: int, *modules: Any) -> bool:
    """Say whether a process that writes got to its end before the strike."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            sys.settrace(Strike(at, modules))
            write()
        finally:
            os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL)
    return code == 0


def strike_everywhere(path: Path, write: Callable[[], object], new: bytes, *modules: Any) -> int:
    """Kill a write at every line; return how often. The old file or the new one must be there."""
    at = 0
    while True:
        at += 1
        path.write_bytes(b"old")
        survived = survives(write, at, *modules)
        assert path.read_bytes() in ((new,) if survived else (b"old", new))
        if survived:
            return at - 1


WRITERS: dict[str, Callable[[Path], object]] = {
    "report": lambda path: write_atomically(path, "new" * 20_000),
    "weights": lambda path: save_weights({"1.kernel": np.ones((9, 9), np.float32)}, path),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_killed_at_every_line_of_a_write(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file.npz"
    WRITERS[kind](path)
    new = path.read_bytes()
    assert strike_everywhere(path, lambda: WRITERS[kind](path), new, writing, weights_module) > 20
    # The last one that was not struck has removed what the others left.
    assert list(tmp_path.iterdir()) == [path]


def test_control_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.npz"
    WRITERS["weights"](path)
    new = path.read_bytes()
    monkeypatch.setattr(weights_module, "replacing", contextlib.nullcontext)
    with pytest.raises(AssertionError):
        strike_everywhere(path, lambda: WRITERS["weights"](path), new, weights_module)


@pytest.mark.parametrize("command", ["report", "export"])
def test_commands_write_whole_files(
    forks: Any, finished: Any, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "out.json"
    words = {
        "report": ("report", "s", "-o", str(path)),
        "export": ("export", "s", "0", "--as", "json", "--output", str(path)),
    }[command]
    assert forks.run(words).code == 0
    new = path.read_bytes()
    for at in range(5, 50, 9):
        path.write_bytes(b"old")
        ended = forks.run(words, lambda at=at: sys.settrace(Strike(at, (writing,))))
        assert ended.code in (0, -signal.SIGKILL)
        assert path.read_bytes() in (b"old", new)
    assert forks.run(words).code == 0
    assert path.read_bytes() == new
    assert not list(tmp_path.glob(".*.part*"))


# Modules that write what is no artefact: logs, the null device, files of the kernel, pipes.
OTHER_WRITERS = {
    "cli/__init__.py",
    "reporting/insides.py",
    "engines/oracle.py",
    "execution/_output.py",
    "execution/_worker.py",
    "training/recorder.py",
    "commands/machine_checks.py",
    "studies/journal.py",
    "studies/lines.py",
    "studies/lock.py",
    "writing.py",
}
WRITING = ("write_text", "write_bytes", "savez", "savez_compressed", "savefig", "fdopen")


def writers() -> Iterator[tuple[str, str]]:
    """Yield (module, text) of every module that writes files."""
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            constants = [each.value for each in node.args if isinstance(each, ast.Constant)]
            modes = [each for each in constants if isinstance(each, str)]
            opens = name == "open" and any(set(mode) & set("wax+") for mode in modes)
            if opens or name in WRITING:
                yield str(path.relative_to(PACKAGE)), text
                break


def test_every_writer_uses_the_one_helper() -> None:
    found = dict(writers())
    assert {"training/weights.py", "datasets/catalog.py"} <= found.keys()
    alone = {name for name, text in found.items() if "from mnist_search.writing import" not in text}
    assert alone <= OTHER_WRITERS


class Marking:
    """An object that writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return stream.getvalue()


def array(shape: tuple[int, ...], descr: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    fields = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, fields)  # type: ignore[arg-type]
    return stream.getvalue() + data


def foreign_models(marker: Path) -> dict[str, bytes]:
    pickled = array((1,), "|O", pickle.dumps([Marking(marker)]))
    lambda_layer = json.dumps({"class_name": "Lambda", "config": {"function": "touch"}}).encode()
    return {
        "empty": b"",
        "text": b"no model",
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(500),
        "Keras with a Lambda": archive({"config.json": lambda_layer, "model.weights.h5": b"\x89"}),
        "pickle": pickle.dumps(Marking(marker)),
        "pickle in an array": archive({"1.kernel.npy": pickled}),
        "path of a member": archive({"../../outside.npy": array((1,), "<f4", bytes(4))}),
        "bomb": archive(
            {"1.kernel.npy": array((10**6,), "<f4", bytes(4 * 10**6))}, zipfile.ZIP_DEFLATED
        ),
        "lying shape": archive({"1.kernel.npy": array((10**13,), "<f4", b"")}),
        "half": archive({"1.kernel.npy": array((9,), "<f4", bytes(36))})[:100],
    }


MODELS = list(foreign_models(Path()))


def put_weights(study: Any, number: int, content: bytes, *, digest: str | None = None) -> None:
    """Store weights of a run; `digest` is the checksum that the study has, by default theirs."""
    path = weights_path(study.path.parent, number)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    found = hashlib.sha256(content).hexdigest() if digest is None else digest
    study.change(number, result={**study.attributes("result")[number], "weights_sha256": found})


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("known", [False, True], ids=["another checksum", "its own checksum"])
def test_foreign_model_is_refused(tmp_path: Path, kind: str, known: bool) -> None:
    marker = tmp_path / "marker"
    path = tmp_path / "run-0.weights.npz"
    path.write_bytes(foreign_models(marker)[kind])
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if known else "0" * 64
    words = "weights"
    if known and kind == "path of a member":
        # A name like any other: nothing is ever unpacked to a file.
        assert set(load_weights(path, sha256=digest)) == {"../../outside"}
    else:
        with pytest.raises(DataError, match=words) as caught:
            load_weights(path, sha256=digest)
        assert len(str(caught.value).splitlines()) == 1
    assert not marker.exists()
    assert sorted(tmp_path.iterdir()) == [path]


def test_control_pickles_would_run(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    content = foreign_models(marker)["pickle in an array"]
    with np.load(io.BytesIO(content), allow_pickle=True) as opened, contextlib.suppress(ValueError):
        opened["1.kernel"]
    assert marker.exists()


def test_what_is_no_file_neither_hangs_nor_fills_memory(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 2**40)
    for name in ("pipe", "folder", "zero", "huge", "none"):
        with pytest.raises(DataError):
            load_weights(tmp_path / name, sha256="0" * 64)


TELL = (
    "import atexit, sys\n"
    "atexit.register(lambda: open('loaded', 'w').write(str('keras' in sys.modules)))\n"
)


def test_commands_refuse_before_keras_is_loaded(command_line: Any, finished: Any) -> None:
    put_weights(finished, 0, b"\x89HDF\r\n\x1a\n" + bytes(500), digest="0" * 64)
    for words in (
        ["export", "s", "0", "--as", "keras", "--output", "x.keras"],
        ["figures", "s", "0", "--show"],
    ):
        ended = command_line.run(words, sabotage=TELL)
        ended.refused(5, "run-0.weights.npz", "not those that the study wrote")
        assert (command_line.folder / "loaded").read_text() == "False"
    assert not (command_line.folder / "x.keras").exists()
    (command_line.folder / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(500))
    command_line.run(["verify", "model.h5"], sabotage=TELL).refused(2, "model.h5")
    assert (command_line.folder / "loaded").read_text() == "False"


def test_recipe_with_other_layers_is_refused(here: Here, finished: Any, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    assert here("export", "s", "0", "--as", "json", "--output", str(recipe)).code == 0
    text = recipe.read_text()
    assert here("verify", str(recipe), "--dataset", "digits").code in (0, 7)
    recipe.write_text(text.replace('"kind": "dense"', '"kind": "lambda"', 1))
    assert recipe.read_text() != text
    here("verify", str(recipe), "--dataset", "digits").refused(2, "not an export")
