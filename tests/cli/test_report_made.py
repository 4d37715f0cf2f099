"""Reports tell how studies were made: every session with its command as it was typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.cli import execute

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line in an empty folder; return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = execute(list(arguments))
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def test_sessions_stand_in_json_markdown_and_html(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "<script>alert(1)<script>|`x` y"
    folder.mkdir()
    space = folder / "small.toml"
    space.write_text('family = "mlp"\n[parameters.dense_layers]\ntype = "int"\nlow = 1\nhigh = 2\n')
    words = ["run", "--space", str(space), "--study", "s", "-q", "--dataset", "digits"]
    for trials in ("2", "3"):
        assert cli(*words, "-n", trials)[0] == 0
    document = json.loads(cli("report", "s", "-f", "json")[1])
    (study,) = document["studies"]
    assert study["study"] == "s"
    first, second = study["sessions"]
    assert first["words"] == [*words, "-n", "2"]
    assert first["settings"] == {"MNIST_SEARCH_TRAINER": "tests.support.fake:inline"}
    assert [first["trials_before"], first["trials_after"]] == [0, 2]
    assert [second["trials_before"], second["trials_after"]] == [2, 3]
    assert first["started"] <= first["ended"] <= second["started"] <= second["ended"]
    assert second["command"].startswith(
        "MNIST_SEARCH_TRAINER=tests.support.fake:inline mnist-search run "
    )
    markdown = cli("report", "s", "-f", "markdown")[1]
    section = markdown[markdown.index("## How it was made") :]
    assert "<script>" not in section
    assert section.count("mnist-search run") == 2
    assert "| 0 → 2 |" in section
    page = cli("report", "s", "-f", "html")[1]
    made = page[page.index('id="made"') : page.index("</main>")]
    assert "<script>" not in made
    assert "&lt;script&gt;alert(1)" in made
    assert made.count("mnist-search run") == 2
    assert "A command that makes such a study" not in made


def test_benchmarks_and_confirmations_have_sessions_too(cli: Cli, space_file: Path) -> None:
    more = ["-q", "--dataset", "digits"]
    assert cli("run", "--space", str(space_file), "-n", "4", "--study", "s", *more)[0] == 0
    assert cli("confirm", "s", "--top", "1", "--seeds", "1", "-q")[0] == 0
    assert cli("bench", "mlp-784", "--full", "--study", "b", *more)[0] == 0
    studies = json.loads(cli("report", "-f", "json")[1])["studies"]
    typed = {study["study"]: study["sessions"][0]["words"][0] for study in studies}
    assert typed == {"b": "bench", "s": "run", "s-confirm": "confirm"}
