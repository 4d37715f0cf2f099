"""A place in Hyperband's brackets: how far a trial trains, and what it goes on from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mnist_search.specs._frozen import Frozen

# Under this name a slot carries its rung, from before it is claimed on.
RUNG = "rung"


class Rung(Frozen):
    """What was decided about a slot before it was claimed; it stays, however often it runs.

    Brackets are numbered in the order they began in, rounds of a bracket from 0 on. The trial
    trains from `initial_epoch` up to `epochs`, both counted from the start of its first ancestor.
    `continues` is the number of the trial that it goes on from, None in round 0. At most
    `promotes` trials of the round go on to the next, 0 in the last round.
    """

    bracket: Annotated[int, Field(ge=0)]
    round: Annotated[int, Field(ge=0)]
    initial_epoch: Annotated[int, Field(ge=0)]
    epochs: Annotated[int, Field(ge=1)]
    continues: Annotated[int, Field(ge=0)] | None
    promotes: Annotated[int, Field(ge=0)]
    values: dict[str, bool | int | float | str]
