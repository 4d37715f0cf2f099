from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_search.errors import SpaceError
from mnist_search.spaces import files, load_space
from mnist_search.spaces.files import LARGEST_BYTES, read_toml

GOOD = b'family = "linear"\n[parameters.alpha]\ntype = "float"\nlow = 1e-4\nhigh = 1e-2\n'


def problem_of(path: Path) -> str:
    with pytest.raises(SpaceError) as caught:
        read_toml(path)
    (problem,) = caught.value.problems
    assert problem.isprintable()
    return problem


def problems_of_file(path: Path) -> tuple[str, ...]:
    try:
        load_space(path)
    except SpaceError as error:
        return error.problems or ("a SpaceError\nwithout problems",)
    return ()


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "must not be empty"),
        (b"  \n\n", "must not be empty"),
        (b"\x7fELF\x02\x01\0\0\0", "must be a text file, got a binary one"),
        (b'family = "cnn"\n# \xff\n', "line 2: must be UTF-8 text, got the byte 0xff"),
        ("family = 'cnn'".encode("utf-16"), "binary"),
        (b'family = "cnn"\nlow = = 3\n', "line 2, column 7: Invalid value"),
        (b"[a]\n[a]\n", "line 2, column 3: Cannot declare ('a',) twice"),
        (b"a = 1\na = 2\n", "line 2, column 6: Cannot overwrite a value"),
        (b"a = " + b"[" * 500 + b"]" * 500, "line 1: tables, arrays and dotted keys must not be"),
        (b"#\na = " + b"[" * 90_000, "line 2: tables, arrays and dotted keys must not be nested"),
        (b"a" + b".a" * 40_000 + b" = 1", "nested more than 16 deep"),
        (b"[" + b"a . " * 20_000 + b"a]", "nested more than 16 deep"),
        (b"a = " + b"9" * 5000, "digits"),
        (b"a = 2024-02-31", "date"),
        (b'a = "\x1b[31m"', "Illegal character"),
        (b"a" * (LARGEST_BYTES + 1), "must not be larger than 100,000 bytes"),
    ],
)
def test_bad_content_is_one_sentence(tmp_path: Path, content: bytes, rule: str) -> None:
    path = written(tmp_path, content)
    problem = problem_of(path)
    assert problem.startswith(f"{path}: ")
    assert rule in problem


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + GOOD, GOOD.replace(b"\n", b"\r\n"), GOOD.rstrip()]
)
def test_byte_order_mark_and_line_ends_do_not_matter(tmp_path: Path, content: bytes) -> None:
    assert load_space(written(tmp_path, content)) == load_space(written(tmp_path, GOOD))


@pytest.mark.parametrize(
    "text",
    [
        f"'{'[.' * 50}'",
        f'"{"{." * 50}"',
        f'"\\"{"[." * 50}"',
        f'"""\n{"[." * 50}\n"""',
        f"'''{'[.' * 50}'''",
    ],
)
def test_brackets_in_texts_and_comments_are_no_nesting(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, f"# {'[.' * 50}\n[a.b]\nc.d = [[1.5], {{e = {text}}}]\n".encode())
    assert set(read_toml(path)) == {"a"}


def test_a_deeper_bound_lets_deeper_files_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, b"a" + b".a" * 20 + b" = 1")
    assert "more than 16 deep" in problem_of(path)
    monkeypatch.setattr(files, "DEEPEST", 20)
    assert set(read_toml(path)) == {"a"}


def test_tables_side_by_side_are_no_nesting(tmp_path: Path) -> None:
    path = written(tmp_path, b"[a.b]\nc = [1.5, 2.5, [3.5]]\n[d.e]\nf.g = {h.i = []}\n")
    assert set(read_toml(path)) == {"a", "d"}


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "there is no such file" in problem_of(tmp_path / "none.toml")
    assert "got a folder" in problem_of(tmp_path)
    assert "cannot be read" in problem_of(Path("a\0b.toml"))
    assert "cannot be read" in problem_of(tmp_path / ("n" * 300 + ".toml"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe_and_device_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert "got a pipe or device" in problem_of(tmp_path / "pipe.toml")
    assert "got a pipe or device" in problem_of(Path("/dev/zero"))


def test_control_characters_of_a_path_are_escaped(tmp_path: Path) -> None:
    assert "\\x1b[31m\\n" in problem_of(tmp_path / "\x1b[31m\n.toml")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_files_load_or_raise_space_errors(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = bytearray((Path(__file__).parents[2] / "search_spaces" / "cnn.toml").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    path = tmp_path_factory.getbasetemp() / "mutated.toml"
    path.write_bytes(text)
    problems = problems_of_file(path)
    assert all(problem.isprintable() for problem in problems)
