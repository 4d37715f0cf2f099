"""Imports point one way, and heavy libraries stay in their rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mnist_search

PACKAGE = Path(mnist_search.__file__).parent

# A room may import from itself and from the rooms before it.
ROOMS = (
    "errors",
    "writing",
    "specs",
    "spaces",
    "references",
    "datasets",
    "engines",
    "execution",
    "training",
    "analysis",
    "studies",
    "exporting",
    "reporting",
    "notebook",
    "cli",
)
# Rooms that may import a library at the top of a module; elsewhere only inside functions.
HOMES = {
    "tensorflow": {"training"},
    "keras": {"training"},
    "sklearn": {"training"},
    "keras_tuner": set(),
    "optuna": {"engines", "studies"},
    "sqlalchemy": set(),
    "matplotlib": set(),
    "scipy": set(),
    "rich": {"reporting"},
    "typer": {"cli"},
    "numpy": {"datasets", "training", "analysis", "reporting"},
}
# Rooms that may import these at all, even inside functions.
ALLOWED = {"tensorflow": {"training"}, "keras": {"training"}, "typer": {"cli"}, "click": set()}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield (module, whether it is imported when the module is) of every import statement."""
    tree = ast.parse(path.read_text())
    late = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING")
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            names = [node.module]
        else:
            continue
        for name in names:
            yield name, id(node) not in late


def test_every_room_is_known() -> None:
    found = {room_of(path) for path in modules()} - {"__init__", "__main__"}
    assert found == set(ROOMS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    before = ROOMS[: ROOMS.index(room) + 1]
    for name, _ in imports(path):
        parts = name.split(".")
        if parts[0] == "mnist_search" and len(parts) > 1:
            assert parts[1] in before, f"{room} must not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    room = room_of(path)
    for name, at_import in imports(path):
        library = name.split(".")[0]
        if at_import and library in HOMES:
            assert room in HOMES[library], f"{room} imports {library} at the top of a module"
        if library in ALLOWED:
            assert room in ALLOWED[library], f"{room} must not touch {library}"


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import mnist_search",
        "import mnist_search.cli",
        "from mnist_search.cli import execute; execute(['--help'])",
        "from mnist_search.cli import execute; execute(['run', '--help'])",
    ],
    ids=["package", "import", "help", "run-help"],
)
def test_command_line_starts_light(statement: str) -> None:
    heavy = {"tensorflow", "keras", "keras_tuner", "optuna", "sklearn", "numpy", "sqlalchemy"}
    assert not loaded_after(statement) & heavy


def test_light_import_check_can_fail() -> None:
    assert "numpy" in loaded_after("import numpy")


def test_parent_of_a_search_never_loads_tensorflow() -> None:
    statement = (
        "import mnist_search.studies, mnist_search.execution, mnist_search.engines._optuna,"
        " mnist_search.analysis, mnist_search.reporting, mnist_search.datasets,"
        " mnist_search.exporting"
    )
    assert not loaded_after(statement) & {"tensorflow", "keras", "keras_tuner", "sklearn"}


def test_modules_of_logic_stay_small() -> None:
    long = {
        str(path.relative_to(PACKAGE)): lines
        for path in modules()
        if (lines := len(path.read_text().splitlines())) > 350
    }
    assert not long
