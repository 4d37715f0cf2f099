"""`spaces list`, `spaces show` and `spaces check`, through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mnist_search
from mnist_search.cli import execute
from mnist_search.references import REFERENCES, get_reference
from mnist_search.spaces import find_space

BROKEN = 'family = "cnn"\n[parameters.blocks]\ntype = "int"\nlow = 3\nhigh = 1\nhihg = 2\n'
TIGHT = 'family = "cnn"\n[parameters.kernel]\ntype = "choice"\nchoices = [3, 20]\n'
TIGHT += '[fixed]\npadding = "valid"\n'


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert execute(["spaces", *arguments, "-f", "json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    content: dict[str, Any] = json.loads(printed.out)
    assert content["schema_version"] == 1
    return content


def test_list_has_the_shipped_spaces_and_their_references(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = run_json(capsys, "list")["rows"]
    assert [row["name"] for row in rows] == ["cnn", "cnn-documented", "fast", "linear", "mlp"]
    assert set(rows[0]) >= {"name", "family", "parameters", "description", "source", "references"}
    known = {reference.name for reference in REFERENCES}
    assert all(set(row["references"]) <= known for row in rows)
    assert [row["name"] for row in rows if not row["references"]] == ["fast"]


def test_list_shows_local_spaces_and_leaves_out_broken_ones(
    capsys: pytest.CaptureFixture[str], space_file: Path
) -> None:
    folder = Path("search_spaces")
    folder.mkdir()
    (folder / "broken.toml").write_text(BROKEN)
    space_file.rename(folder / "small.toml")
    content = run_json(capsys, "list")
    assert [row["name"] for row in content["rows"]][2:] == ["fast", "linear", "mlp", "small"]
    assert content["rows"][5]["source"] == str(folder / "small.toml")
    assert any("broken.toml" in note and "2 in all" in note for note in content["notes"])


def test_show_tells_each_setting(capsys: pytest.CaptureFixture[str], space_file: Path) -> None:
    rows = {row["name"]: row for row in run_json(capsys, "show", str(space_file))["rows"]}
    assert rows["units"]["parameters"] == ["units_1", "units_2"]
    assert (
        rows["units"] | {"role": "searched", "per": "dense", "choices": [16, 32, 64]}
        == (rows["units"])
    )
    rate = rows["learning_rate_adam"]
    assert (rate["low"], rate["high"], rate["log"], rate["step"]) == (1e-4, 1e-2, True, None)
    assert rate["when"] == "optimizer = adam"
    assert (rows["dense_dropout"]["step"], rows["dense_dropout"]["range"]) == (
        0.25,
        "0 to 0.5, step 0.25",
    )
    assert (rows["batch_size"]["role"], rows["batch_size"]["value"]) == ("fixed", 64)
    assert (rows["activation"]["role"], rows["activation"]["value"]) == ("default", "relu")


def test_show_tells_where_the_references_lie(capsys: pytest.CaptureFixture[str]) -> None:
    content = run_json(capsys, "show", "cnn", "--references")
    points = {row["name"]: row["values"] for row in content["rows"]}
    assert points["cnn-larger"] is None
    assert points["cnn-simple"] == find_space("cnn").locate(get_reference("cnn-simple").config)
    assert content["notes"] == ["5 of 10 references of the family cnn lie inside"]
    everywhere = run_json(capsys, "show", "cnn-documented", "--references")["rows"]
    assert len(everywhere) == 10
    assert all(row["values"] for row in everywhere)


@pytest.mark.parametrize("format", ["table", "csv", "markdown"])
@pytest.mark.parametrize(
    "command", [("list",), ("show", "cnn"), ("show", "cnn", "--references")], ids=" ".join
)
def test_every_format_prints(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], format: str
) -> None:
    assert execute(["spaces", *command, "-f", format]) == 0
    printed = capsys.readouterr()
    assert "cnn" in printed.out or "blocks" in printed.out
    assert printed.err == ""


def test_check_says_ok(capsys: pytest.CaptureFixture[str], space_file: Path) -> None:
    assert execute(["spaces", "check", str(space_file), "cnn"]) == 0
    printed = capsys.readouterr()
    first, second = printed.out.splitlines()
    assert first == f"ok: {space_file}: family mlp, 7 parameters, countless points"
    assert second.startswith("ok: ")
    assert printed.err == ""


def test_check_prints_every_mistake_of_every_file(
    capsys: pytest.CaptureFixture[str], space_file: Path
) -> None:
    Path("one.toml").write_text(BROKEN)
    Path("two.toml").write_text("family = 3\n")
    assert execute(["spaces", "check", "one.toml", str(space_file), "two.toml", "no.toml"]) == 2
    printed = capsys.readouterr()
    assert printed.out.startswith(f"ok: {space_file}")
    errors = [line for line in printed.err.splitlines() if line.startswith("error: ")]
    assert errors[-1].startswith("error: no.toml: there is no such file")
    assert errors[:-1] == [
        'error: one.toml: blocks.hihg: unknown key; did you mean "high"?',
        "error: one.toml: blocks: low must be <= high, got low = 3, high = 1",
        "error: two.toml: family: must be one of mlp, cnn, linear, got 3",
        "error: two.toml: parameters: must have at least one table [parameters.NAME], got none",
    ]
    assert "Traceback" not in printed.err


def test_check_notes_points_that_cannot_be_built(capsys: pytest.CaptureFixture[str]) -> None:
    Path("tight.toml").write_text(TIGHT)
    assert execute(["spaces", "check", "tight.toml"]) == 0
    printed = capsys.readouterr()
    assert "note: tight.toml: trials may fail to build" in printed.err


def test_unknown_name_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["spaces", "show", "cnm"]) == 2
    assert 'did you mean "cnn"' in capsys.readouterr().err


def test_module_is_light() -> None:
    code = "import sys; import mnist_search.cli.spaces; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(mnist_search.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"pydantic", "numpy", "optuna", "rich", "keras", "tensorflow", "tomllib"}
    assert not heavy & set(loaded.stdout.split())
