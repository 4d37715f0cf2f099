"""From what a user calls a run to its line in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.errors import UsageError
from mnist_search.specs import Record


def choose_run(
    records: Sequence[Record], name: str, *, study: str, seed: int | None = None
) -> Record:
    """Return the run that `name` means: a number, or a reference.

    Of several runs of a reference the first complete one, else the first that is over; `seed`
    leaves only the runs with it. Raises UsageError where there is no such run, or it is not over.
    """
    if name.isdecimal():
        found = [record for record in records if record.number == int(name)]
    else:
        found = [record for record in records if record.reference == name]
    if not found:
        raise UsageError(f"study {study} has no run {name}", hint=_what_there_is(records))
    if seed is not None:
        seeds = sorted({record.seed for record in found if record.seed is not None})
        found = [record for record in found if record.seed == seed]
        if not found:
            raise UsageError(
                f"study {study} has no run of {name} with seed {seed}",
                hint=f"its seeds: {', '.join(map(str, seeds))}" if seeds else None,
            )
    over = [record for record in found if record.result is not None]
    complete = [record for record in over if record.state == "complete"]
    if complete or over:
        return (complete or over)[0]
    raise UsageError(f"run {name} of study {study} is {found[0].state}, it has no result yet")


def run_name(record: Record, records: Sequence[Record]) -> str:
    """Return a name for files about a run: `trial-7`, `cnn-simple` or `cnn-simple-run-31`.

    The first run of a reference that came to its end has the plain name.
    """
    if record.kind == "trial" or record.reference is None:
        return f"trial-{record.number}"
    first = choose_run(records, record.reference, study=record.study)
    same = first.number == record.number
    return record.reference if same else f"{record.reference}-run-{record.number}"


def _what_there_is(records: Sequence[Record]) -> str | None:
    if not records:
        return None
    names = sorted({record.reference for record in records if record.reference is not None})
    numbers = f"its runs are 0 to {records[-1].number}"
    return numbers + (f", of {', '.join(names)}" if names else "")
