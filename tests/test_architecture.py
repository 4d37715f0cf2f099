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
    "choices",
    "errors",
    "paths",
    "writing",
    "interpreter",
    "specs",
    "spaces",
    "references",
    "datasets",
    "engines",
    "execution",
    "training",
    "analysis",
    "studies",
    "planning",
    "exporting",
    "commands",
    "reporting",
    "cli",
)
# Rooms that may import a library at the top of a module; elsewhere only inside functions.
HOMES = {
    "ray": set(),
    "tensorflow": {"training"},
    "keras": {"training"},
    "sklearn": {"training"},
    "keras_tuner": set(),
    "optuna": {"engines", "studies"},
    "sqlalchemy": set(),
    # The room of charts is imported late, as `test_charts_are_imported_late` has it.
    "altair": {"reporting/charts"},
    "vl_convert": {"reporting/charts", "reporting/html"},
    "PIL": set(),
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
            homes = {room, path.relative_to(PACKAGE).parent.as_posix()}
            assert homes & HOMES[library], f"{room} imports {library} at the top of a module"
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


def test_charts_are_imported_late() -> None:
    statement = (
        "import mnist_search.studies, mnist_search.reporting.opened,"
        " mnist_search.reporting.leaderboard, mnist_search.reporting.drawing,"
        " mnist_search.reporting.inside;"
        "from mnist_search.cli import execute; execute(['report', '--home', 'nowhere'])"
    )
    drawing = {"altair", "vl_convert", "PIL", "jsonschema"}
    assert not loaded_after(statement) & drawing
    assert "altair" in loaded_after("import mnist_search.reporting.charts.studies")


def test_light_import_check_can_fail() -> None:
    assert "numpy" in loaded_after("import numpy")


def test_parent_of_a_search_never_loads_tensorflow() -> None:
    statement = (
        "import mnist_search.studies, mnist_search.execution, mnist_search.engines.optuna,"
        " mnist_search.analysis, mnist_search.reporting, mnist_search.datasets,"
        " mnist_search.exporting; mnist_search.datasets.resolve('digits', environ={})"
    )
    assert not loaded_after(statement) & {"tensorflow", "keras", "keras_tuner", "sklearn"}


def test_modules_of_logic_stay_small() -> None:
    long = {
        str(path.relative_to(PACKAGE)): lines
        for path in modules()
        if (lines := len(path.read_text().splitlines())) > 350
    }
    assert not long


LIBRARIES = {"ray", "optuna", "keras_tuner", "keras", "tensorflow", "typer"}
# Names that a library does not promise, and why there is no way around them. One that is not used
# any more has to go from the list.
PRIVATE = {
    "execution/connection.py": {
        "_private": "Ray waits for minutes for a cluster that is gone: asked for its address first",
        "_worker_logs_enabled": "Ray tells what its daemons say on stdout, among the rows",
    },
    "engines/pruners.py": {
        "_get_bracket_id": "Optuna's Hyperband says only so which bracket a restored trial is in",
    },
    "engines/samplers.py": {
        "_find_sample_id": "Optuna counts quasi-random points by its storage, and loses some",
    },
    "engines/oracle.py": {
        "_seed_state": "an oracle has one stream of random numbers, not one for each trial",
        "_random_state": "the same of its Gaussian process",
        "_random_values": "ends a search after 21 points in a row that were tried before",
        "_compute_values_hash": "tells the grid's points apart, inactive parameters left out",
        "_record_values": "restores a trial, which Keras Tuner does only from files of its own",
        "_save_trial": "writes such a file at every step",
        "_brackets": "restores where a trial of hyperband stood",
        "_increment_bracket_num": "the same",
        "_start_new_bracket": "the same",
        "_remove_completed_brackets": "would change the numbers by which trials know theirs",
    },
    "training/backend.py": {
        "_registry": "TensorFlow's gradient registry holds the graph of every run, 5 MB each",
    },
}


def private_names(path: Path) -> set[str]:
    """Return the names that a module takes from a library although they begin with `_`.

    Of attributes nobody knows whose they are: those of `self` count where a class is derived from
    a library's and does not set them, all others where the module has to do with a library.
    """
    tree = ast.parse(path.read_text())
    origins: dict[str, str] = {}
    found: set[str] = set()
    named: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    origins[alias.asname or alias.name.split(".")[0]] = alias.name
                    named.add(alias.name)
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    # The room of training takes its libraries from a module of its own.
                    if module == "mnist_search.training.backend":
                        module = alias.name.replace("tf", "tensorflow")
                    origins[alias.asname or alias.name] = module
                    named.add(f"{module}.{alias.name}")
            # What `import_module` is given.
            case ast.Constant(value=str(text)) if text.isprintable() and " " not in text:
                named.add(text)
    of_library = {name for name in named if name.split(".")[0] in LIBRARIES}
    if not of_library:
        return set()
    found |= {part for name in of_library for part in name.split(".") if is_private(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if isinstance(node.value, ast.Name):
                owner = node.value.id
                if owner in ("self", "cls") or origins.get(owner) in sys.stdlib_module_names:
                    continue
            found.add(node.attr)
        if isinstance(node, ast.ClassDef):
            bases = {ast.unparse(base).split(".")[0] for base in node.bases}
            if any(origins.get(base, "").split(".")[0] in LIBRARIES for base in bases):
                found |= taken_over(node)
    return found


def taken_over(derived: ast.ClassDef) -> set[str]:
    """Return private names that a class has from its base, or has only for its base to call."""
    used, own = set(), set()
    for node in ast.walk(derived):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Load()):
                used.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                own.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
    methods = {node.name for node in derived.body if isinstance(node, ast.FunctionDef)}
    return {name for name in (used - own - methods) | (methods - used) if is_private(name)}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_private_names_of_libraries_are_those_with_a_reason() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): private_names(path) for path in modules()}
    assert {path: names for path, names in found.items() if names} == {
        path: set(reasons) for path, reasons in PRIVATE.items()
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from optuna.samplers._tpe import sampler", "_tpe"),
        ("import optuna\nprint(optuna.study._optimize)", "_optimize"),
        ("import optuna\nstudy = optuna.create_study()\nstudy._storage.close()", "_storage"),
        ("import optuna\nclass A(optuna.B):\n    def f(self): return self._x", "_x"),
        ("from keras import Model\nclass A(Model):\n    def _build(self): return 1", "_build"),
        ("from importlib import import_module as i\ni('keras.src').a._b", "_b"),
        ("from mnist_search.training.backend import keras\nprint(keras.Model()._b)", "_b"),
    ],
)
def test_private_names_are_seen(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)
    assert private_names(path) == {name}


def test_names_of_one_s_own_are_not_private_names_of_a_library(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import os\nfrom optuna import A\nclass B(A):\n    _c = 1\n"
        "    def _d(self):\n        self._e = self._d() + self._c\n        os._exit(self._e)\n"
    )
    assert private_names(path) == set()


def module_name(path: Path) -> str:
    parts = ("mnist_search", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows() -> dict[str, set[str]]:
    """Return which modules each module imports, at its top or in a function.

    A package stands for its own `__init__`; the root, which hands out names late, is left out.
    """
    known = {module_name(path): path for path in modules()}
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        targets: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                each = {f"{node.module}.{alias.name}" for alias in node.names}
                targets |= {one if one in known else node.module for one in each}
        found[name] = (targets & known.keys()) - {name, "mnist_search"}
    del found["mnist_search"]
    return found


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules that lie on a circle of imports."""
    left = dict(graph)
    while True:
        # Whoever imports nothing that is left cannot lie on a circle.
        free = [name for name, targets in left.items() if not targets & left.keys()]
        if not free:
            break
        for name in free:
            del left[name]
    reached = {target for targets in left.values() for target in targets}
    return sorted(name for name in left if name in reached)


def test_no_imports_go_in_a_circle() -> None:
    assert circles(arrows()) == []


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module_name(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
