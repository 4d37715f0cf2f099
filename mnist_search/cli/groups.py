"""Options that go together, declared once as a dataclass: Typer knows single ones alone."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints


def takes_groups(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command for Typer; each of its parameters that is a dataclass is many options.

    The fields of the dataclass are the options, in its place.
    """
    options: list[inspect.Parameter] = []
    groups: dict[str, type] = {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        group = parameter.annotation
        if not is_dataclass(group):
            options.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        assert isinstance(group, type)
        groups[parameter.name] = group
        hints = get_type_hints(group, include_extras=True)
        options += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=hints[field.name],
            )
            for field in fields(group)
        ]

    @functools.wraps(command)
    def call(**given: object) -> object:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        return command(**given)

    call.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    return call


def keywords(*groups: object) -> dict[str, Any]:
    """Return the options of groups by their names, as the functions of commands take them."""
    return {name: value for group in groups for name, value in vars(group).items()}
