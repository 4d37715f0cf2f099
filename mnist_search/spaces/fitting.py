"""Whether the networks of a space can be built at all on images of 28x28 pixels."""

from __future__ import annotations

from mnist_search.spaces.families import get_family
from mnist_search.spaces.parameters import ChoiceParameter, Parameter, Value
from mnist_search.spaces.space import SearchSpace
from mnist_search.specs.shapes import UnbuildableError, measure


def never_fits(space: SearchSpace) -> str | None:
    """Return why some number of blocks leaves no pixels, however roomy the rest is chosen."""
    return _first_misfit(space, roomy=True)


def seldom_fits(space: SearchSpace) -> str | None:
    """Return why the tightest network of the space cannot be built, None if it can.

    Trials at such points fail; a space without them wastes none.
    """
    return _first_misfit(space, roomy=False)


def _first_misfit(space: SearchSpace, *, roomy: bool) -> str | None:
    if space.family != "cnn":
        return None
    blocks = {p.name: p for p in space.parameters}.get("blocks")
    for number in [None] if blocks is None else _values(blocks):
        values: dict[str, Value] = {}
        for parameter in space.active(values):
            if parameter is blocks and number is not None:
                values["blocks"] = number
            else:
                values[parameter.name] = _extreme(space, parameter, roomy=roomy)
        try:
            measure(space.config(values, epochs=1).model)
        except UnbuildableError as error:
            start = "" if number is None else f"{number} blocks "
            return f"{start}must leave pixels for every layer, but {error}"
    return None


def _extreme(space: SearchSpace, parameter: Parameter, *, roomy: bool) -> Value:
    resolved = get_family(space.family).resolve(parameter.name)
    values = _values(parameter)
    match None if resolved is None else resolved[0].name:
        case "kernel" | "stride" | "convs":
            return min(values) if roomy else max(values)
        case "padding" | "pool":
            return min(values, key=lambda value: (value in ("same", "none")) != roomy)
        case _:
            return values[0]


def _values(parameter: Parameter) -> list[Value]:
    if isinstance(parameter, ChoiceParameter):
        return list(parameter.choices)
    return [parameter.low, parameter.high]
