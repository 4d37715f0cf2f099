"""What `doctor` says about one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the doctor: what was looked at, how it is, and what helps.

    `details` holds raw figures for programs; their names carry the units.
    """

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    hint: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the finding under its JSON keys."""
        return {
            "check": self.check,
            "status": self.status,
            "found": self.found,
            "hint": self.hint,
            **self.details,
        }
