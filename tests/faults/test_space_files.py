"""Space files that anybody may have written, and spaces that are odd."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
import tomllib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.spaces import files, loader

GOOD = 'family = "mlp"\n[parameters.units]\ntype = "choice"\nchoices = [16, 32]\nper = "dense"\n'
ONE_LAYER = "[fixed]\ndense_layers = 1\n"
HEAD = 'family = "mlp"\n[parameters.dense_dropout]\n'

Here = Callable[..., Any]
Refused = Callable[..., Any]


@pytest.fixture
def refused(here: Here) -> Refused:
    """Check that each command that takes a space file refuses it with the same one line."""

    def check(path: Path, *words: str) -> Any:
        search = ("run", "--space", str(path), "-n", "2", "--dataset", "digits")
        for arguments in (search, ("spaces", "show", str(path))):
            ended = here(*arguments)
            ended.refused(2, *words)
        assert not Path("mnist-search-runs").exists()
        return ended

    return check


BROKEN_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "must not be empty"),
    "binary": (b"\x7fELF\x02\x01\0\0\0", "must be a text file, got a binary one"),
    "Latin-1": ("description = 'né'".encode("latin-1"), "line 1: must be UTF-8 text"),
    "UTF-16": (GOOD.encode("utf-16"), "binary"),
    "syntax": (b"family = 'mlp'\nlow = = 3\n", "line 2, column 7"),
}


@pytest.mark.parametrize("kind", BROKEN_FILES)
def test_file_that_is_no_text(refused: Refused, tmp_path: Path, kind: str) -> None:
    content, words = BROKEN_FILES[kind]
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    refused(path, "mine.toml", words)


def test_what_is_no_file_neither_hangs_nor_fills_memory(refused: Refused, tmp_path: Path) -> None:
    refused(tmp_path / "none.toml", "there is no such file")
    refused(tmp_path / "no\0ne.toml", "cannot be read")
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    refused(folder, "got a folder")
    os.mkfifo(tmp_path / "pipe.toml")
    refused(tmp_path / "pipe.toml", "got a pipe or device")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    refused(tmp_path / "zero.toml", "got a pipe or device")
    assert peak_of_a_large_file(refused, tmp_path) < 20 * 2**20


def peak_of_a_large_file(refused: Refused, tmp_path: Path) -> int:
    large = tmp_path / "large.toml"
    large.touch()
    os.truncate(large, 100 * 2**20)
    tracemalloc.start()
    try:
        refused(large, "large.toml")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_control_without_a_bound(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_BYTES", 2**28)
    assert peak_of_a_large_file(refused, tmp_path) > 100 * 2**20


def test_control_an_unasked_pipe_hangs(forks: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")

    def read_at_once() -> None:
        stat.S_ISREG = lambda mode: True

    pid = forks.start(("spaces", "show", str(tmp_path / "pipe.toml")), read_at_once)
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    # It had not ended by itself.
    assert forks.end(pid).code == -signal.SIGKILL


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (GOOD + ONE_LAYER).encode(),
        (GOOD + ONE_LAYER).replace("\n", "\r\n").encode(),
    ],
    ids=["BOM", "CRLF"],
)
def test_editors_of_other_systems(here: Here, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    assert here("spaces", "show", str(path)).code == 0


@pytest.mark.parametrize("suffix", ["toml", "yaml"])
def test_yaml_is_no_space_and_runs_nothing(refused: Refused, tmp_path: Path, suffix: str) -> None:
    marker = tmp_path / "marker"
    path = tmp_path / f"mine.{suffix}"
    path.write_text(f"!!python/object/apply:os.system ['touch {marker}']")
    refused(path, f"mine.{suffix}")
    assert not marker.exists()


TOML = {
    "deep arrays": "a = " + "[" * 500 + "]" * 500,
    "deep tables": "a = " + "{a = " * 5000,
    "digits": "a = " + "9" * 5000,
    "hexadecimal": "family = 0x" + "f" * 5000,
    "impossible date": "a = 2024-02-31",
    "duplicate table": "[a]\n[a]\n",
    "duplicate key": "a = 1\na = 2\n",
    "control character": 'a = "\x1b[31m"',
    "lone surrogate": 'a = "\\ud800"',
    "dotted past a value": "a = 1\na.b = 2\n",
}


@pytest.mark.parametrize("kind", TOML)
def test_hostile_toml(here: Here, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TOML[kind])
    ended = here("spaces", "show", str(path))
    assert ended.code == 2
    lines = ended.err.splitlines()
    assert lines
    assert all(line.startswith("error: ") and len(line) < 500 for line in lines)
    assert all(line.isprintable() for line in lines)
    assert not any("digits of" in line for line in lines)


def test_control_the_parser_alone(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "read_toml", lambda path: tomllib.loads(path.read_text()))
    escaped = set()
    for kind, text in TOML.items():
        path = tmp_path / "mine.toml"
        path.write_text(text)
        try:
            here("spaces", "show", str(path))
        except (ValueError, RecursionError) as error:
            escaped.add(f"{kind}: {type(error).__name__}")
    assert {"deep arrays: RecursionError", "digits: ValueError"} <= escaped


FLOAT = 'type = "float"\n'
VALUES: dict[str, tuple[str, str]] = {
    "low above high": (FLOAT + "low = 0.5\nhigh = 0.1", "low must be <= high"),
    "log from zero": (FLOAT + "low = 0.0\nhigh = 0.5\nlog = true", "low must be > 0"),
    "step zero": (FLOAT + "low = 0.0\nhigh = 0.5\nstep = 0", "step must be > 0"),
    "step too wide": (FLOAT + "low = 0.0\nhigh = 0.5\nstep = 2.0", "step must be <= high - low"),
    "NaN": (FLOAT + "low = nan\nhigh = 0.5", "dense_dropout.low: must be a finite number"),
    "infinity": (FLOAT + "low = 0.0\nhigh = inf", "dense_dropout.high: must be a finite number"),
    "number as text": (FLOAT + 'low = "1e-4"\nhigh = 0.5', 'got "1e-4"'),
    "bool for number": (FLOAT + "low = false\nhigh = 0.5", "got false"),
    "date": (FLOAT + "low = 2024-01-01\nhigh = 0.5", "got the date 2024-01-01"),
    "empty choices": ('type = "choice"\nchoices = []', "choices: must not be empty"),
    "same choices": ('type = "choice"\nchoices = [0.1, 0.1]', "must differ from each other"),
    "beyond the setting": (FLOAT + "low = 0.0\nhigh = 1e308", "high: must be a finite number >= 0"),
    "unknown key": (FLOAT + "hihg = 1\nlow = 0.0\nhigh = 0.5", 'did you mean "high"?'),
    "unknown type": ('type = "flaot"\nlow = 0.0\nhigh = 0.5', 'did you mean "float"?'),
    "no type": ("low = 0.0\nhigh = 0.5", "dense_dropout.type: must be one of"),
}


@pytest.mark.parametrize("mistake", VALUES)
def test_impossible_values(refused: Refused, tmp_path: Path, mistake: str) -> None:
    table, words = VALUES[mistake]
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + table)
    refused(path, "mine.toml: dense_dropout", words)


def test_all_mistakes_at_once(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('family = "mlp"\nfmaily = 1\n[parameters.dense_dropout]\ntype = "float"\n')
    ended = here("run", "--space", str(path), "-n", "2", "--dataset", "digits")
    assert (ended.code, ended.err.count("error: ")) == (2, 3)


def test_control_without_the_rules(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_search.spaces import loader, parameters

    for module in (loader, parameters):
        monkeypatch.setattr(module, "range_problems", lambda *_, **__: [])
    for mistake in ("low above high", "step zero"):
        path = tmp_path / "mine.toml"
        path.write_text(HEAD + VALUES[mistake][0])
        arguments = ("run", "--space", str(path), "-n", "2", "--dataset", "digits")
        with pytest.raises((ValueError, ArithmeticError)):
            here(*arguments)


@pytest.fixture
def four_points(tmp_path: Path) -> Path:
    path = tmp_path / "four.toml"
    path.write_text(
        GOOD + '[parameters.optimizer]\ntype = "choice"\nchoices = ["adam", "sgd"]\n' + ONE_LAYER
    )
    return path


def states_of(here: Here, study: Any, space: Path) -> list[str]:
    words = f"run --space {space} -n 10 --study s --dataset digits --sampler grid -f json"
    ended = here(*words.split())
    assert ended.code == 0, ended.err
    assert "space exhausted: 4 trials" in ended.err
    return list(study.states().values())


def test_space_smaller_than_the_trials(here: Here, study: Any, four_points: Path) -> None:
    for _ in range(2):
        states = states_of(here, study, four_points)
        assert len(states) == 4
        assert set(states) <= {"COMPLETE", "PRUNED", "FAIL"}


def test_control_sampler_that_finds_no_end(
    here: Here, study: Any, four_points: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_search.engines.samplers import Walk

    monkeypatch.setattr(Walk, "untried", lambda self, place: place)
    with pytest.raises(AssertionError, match="space exhausted"):
        states_of(here, study, four_points)
    assert len(study.states()) > 4


@pytest.fixture
def too_deep(tmp_path: Path) -> Path:
    """Write a space in which the larger kernel leaves nothing of the image for the last block."""
    path = tmp_path / "deep.toml"
    path.write_text(
        'family = "cnn"\n[parameters.kernel]\ntype = "choice"\nchoices = [3, 7]\n'
        '[parameters.filters]\ntype = "choice"\nchoices = [2, 3]\n'
        '[fixed]\nblocks = 3\npadding = "valid"\n'
    )
    return path


def failures_of(here: Here, study: Any, space: Path) -> list[dict[str, str]]:
    words = f"run --space {space} -n 4 --study s --dataset digits --sampler grid -f json"
    ended = here(*words.split())
    assert ended.code == 0, ended.err
    study.whole(4)
    results = study.attributes("result").values()
    failures = [result["failure"] for result in results if result["failure"] is not None]
    for row in json.loads(ended.out)["rows"]:
        assert row["kind"] != "trial" or (row["status"] == "failed") == (row["rank"] is None)
    return failures


def test_networks_that_cannot_be_built(here: Here, study: Any, too_deep: Path) -> None:
    failures = failures_of(here, study, too_deep)
    assert [failure["kind"] for failure in failures] == ["unbuildable"] * 2
    assert all("layer" in failure["message"] for failure in failures)


def test_spaces_without_any_network(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = 'family = "cnn"\n[parameters.filters]\ntype = "int"\nhigh = 4\n'
    path.write_text(head + "low = 0\n")
    refused(path, "filters.low: must be a whole number")
    path.write_text(head + 'low = 1\n[fixed]\nblocks = 4\nkernel = 5\npadding = "valid"\n')
    refused(path, "blocks")


def test_control_without_a_look_at_the_shapes(
    here: Here, study: Any, too_deep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(Exception):
        """What is not caught."""

    monkeypatch.setattr("tests.support.surrogate.UnbuildableError", Other)
    failures = failures_of(here, study, too_deep)
    assert [failure["kind"] for failure in failures] == ["error"] * 2
