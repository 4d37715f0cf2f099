"""Where space files are: given by path, in ./search_spaces, or shipped with the package."""

from __future__ import annotations

import os
from pathlib import Path

import mnist_search
from mnist_search.errors import SpaceError
from mnist_search.spaces.loader import load_space
from mnist_search.spaces.space import SearchSpace
from mnist_search.spaces.wording import did_you_mean, show

LOCAL = Path("search_spaces")


def packaged_folder() -> Path:
    """Return the folder of the shipped spaces: inside a wheel, or beside the package's sources."""
    package = Path(mnist_search.__file__).parent
    inside = package / "search_spaces"
    return inside if inside.is_dir() else package.parent / "search_spaces"


def list_spaces() -> dict[str, Path]:
    """Return the files of all spaces by name; a file in ./search_spaces hides a shipped one."""
    found: dict[str, Path] = {}
    for folder in (LOCAL, packaged_folder()):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find_space(name_or_path: str | Path) -> SearchSpace:
    """Load a space by name, or from the file if it is a path or ends in .toml.

    Raises SpaceError if there is none, and with everything that is wrong with the file.
    """
    text = str(name_or_path)
    separators = {os.sep, os.altsep or os.sep}
    if text.endswith(".toml") or any(separator in text for separator in separators):
        return load_space(Path(text))
    spaces = list_spaces()
    if text in spaces:
        return load_space(spaces[text])
    problem = f"there is no search space named {show(text)}{did_you_mean(text, spaces)}"
    hint = f"spaces: {', '.join(spaces)}; a file is given by its path, as ./my.toml"
    raise SpaceError((problem,), hint=hint)
