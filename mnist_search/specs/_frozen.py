"""The base of every experiment value."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable, strictly validated value with a JSON round trip."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


def without(data: Any, obsolete: Collection[str]) -> Any:
    """Return stored data without the keys that only older versions wrote."""
    if not isinstance(data, dict):
        return data
    return {key: value for key, value in data.items() if key not in obsolete}


def added_field(default: Any, **rules: Any) -> Any:
    """Return a field that version 0.1 did not have, with the bounds that pydantic knows.

    It is left out of the JSON where it has its default, which says what version 0.1 did without
    it: so a configuration keeps the `config_id` under which older studies know it.
    """
    return Field(default=default, exclude_if=lambda value: value == default, **rules)
