"""The manual of the space files says what there is, and its example loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mnist_search.spaces import list_spaces, load_space
from mnist_search.spaces.families import FAMILIES, get_family

MANUAL = (Path(__file__).parents[2] / "search_spaces" / "README.md").read_text()


def test_the_example_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL)
    file = tmp_path / "mine.toml"
    file.write_text(example)
    space = load_space(file)
    assert {"filters_1_1", "filters_2_1", "momentum"} <= {each.name for each in space.parameters}


def test_every_shipped_space_is_named() -> None:
    assert [name for name in list_spaces() if f"`{name}.toml`" not in MANUAL] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_every_setting_has_its_values(family: str) -> None:
    for setting in get_family(family).settings.values():  # type: ignore[arg-type]
        rows = [row for row in MANUAL.splitlines() if row.startswith(f"| `{setting.name}` |")]
        # a setting that two families have with different values has a row for each
        assert any(all(f"`{each}`" in row for each in setting.choices) for row in rows), setting
