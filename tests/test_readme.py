"""What the README says can be typed works, and what can be typed is in the README."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from mnist_search.cli import app, execute

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def command_lines() -> list[str]:
    lines = [line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
    return [
        line.split("#")[0].strip()
        for line in lines
        if line.startswith("mnist-search ") and line.split("#")[0].strip()
    ]


def test_commands_work_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")
    for line in command_lines():
        assert execute(shlex.split(line)[1:]) == 0, (line, capfd.readouterr().err)
    assert {"report.html", "winner.json", "pictures"} <= {each.name for each in tmp_path.iterdir()}


def test_the_space_loads_and_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (space,) = [block for kind, block in BLOCKS if kind == "toml"]
    (tmp_path / "my.toml").write_text(space)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    words = ["run", "--space", "./my.toml", "-n", "3", "--dataset", "digits"]
    assert execute(words) == 0, capfd.readouterr().err


def manuals() -> list[Path]:
    folders = [ROOT / name for name in ("mnist_search", "search_spaces", "reports", "tests")]
    return [ROOT / "README.md", *(it for folder in folders for it in folder.rglob("README.md"))]


@pytest.mark.parametrize("manual", manuals(), ids=lambda manual: manual.parent.name)
def test_links_lead_somewhere(manual: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", manual.read_text()):
        assert (manual.parent / target).exists(), target


def test_there_are_commands_to_test() -> None:
    assert len(command_lines()) >= 6


def test_every_command_is_in_the_readme() -> None:
    named = {info.name or info.callback.__name__ for info in app.registered_commands}
    named |= {group.name for group in app.registered_groups}
    assert {name for name in named if f"mnist-search {name}" not in README} == set()


def test_every_command_has_help_with_an_example(capfd: pytest.CaptureFixture[str]) -> None:
    commands = [[info.name or info.callback.__name__] for info in app.registered_commands]
    for group in app.registered_groups:
        for info in group.typer_instance.registered_commands:
            commands.append([group.name, info.name or info.callback.__name__])
    for command in commands:
        assert execute([*command, "--help"]) == 0
        assert "Example" in capfd.readouterr().out, command


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    (extract,) = re.findall(r"command=\$\((sed .*?) README\.md\)", script)
    found = subprocess.run(
        ["bash", "-c", f"{extract} README.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(found) == 1
    assert found[0].startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert "pytest" in found[0]


def test_packages_of_the_readme_lines_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(re.findall(r"'\.\[(\w+)\]'", README))
    assert extras <= set(project["optional-dependencies"])
    assert project["scripts"]["mnist-search"] == "mnist_search.__main__:main"
