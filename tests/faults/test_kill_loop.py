"""A study killed again and again, checked by an independent reader.

`--rounds 1000` is the whole of it; `--figures FILE` keeps what was counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.faults.figures import keep_figures, provenance
from tests.faults.striking import Tally, batter, count_writes, strike_writes

STRIKES_PER_UNIT = 6
TRIALS_OF_WRITES = 4


def spread(count: int, choices: list[Any]) -> list[Any]:
    """Return so many of the choices, evenly; all of them again and again where there are fewer."""
    if count > len(choices):
        return [choices[index % len(choices)] for index in range(count)]
    return [choices[index * len(choices) // count] for index in range(count)]


def strike_at_random(line: Any, folder: Path, *, seed: int, strikes: int) -> Tally:
    """Strike so often, in as many studies as it takes."""
    tally = Tally()
    while (left := strikes - tally.kills.total()) > 0 and not tally.details:
        own = replace(line, folder=folder / str(tally.studies))
        own.folder.mkdir(parents=True)
        tally.add(batter(own, seed=1000 * seed + tally.studies, strikes=left, workers=2))
    return tally


def strike_at_writes(line: Any, folder: Path, *, points: list[tuple[str, int]]) -> Tally:
    """Strike at those lines."""
    own = replace(line, folder=folder)
    return strike_writes(own, points=points, trials=TRIALS_OF_WRITES)


def plan(line: Any, rounds: int, home: Path) -> tuple[list[Callable[[], Tally]], int]:
    """Return units of work, half of them at random moments, and the number of lines."""
    counting = replace(line, folder=home / "undisturbed")
    counting.folder.mkdir(parents=True)
    writes = count_writes(counting, trials=TRIALS_OF_WRITES)
    at_random = (rounds + 1) // 2
    points = [(when, at) for at in range(1, writes + 1) for when in ("before", "amid", "after")]
    chosen = spread(rounds - at_random, points)
    units: list[Callable[[], Tally]] = []
    for first in range(0, at_random, STRIKES_PER_UNIT):
        strikes = min(STRIKES_PER_UNIT, at_random - first)
        folder = home / f"random-{first}"
        units.append(partial(strike_at_random, line, folder, seed=first, strikes=strikes))
    for first in range(0, len(chosen), STRIKES_PER_UNIT):
        some = chosen[first : first + STRIKES_PER_UNIT]
        units.append(partial(strike_at_writes, line, home / f"writes-{first}", points=some))
    return units, writes


def figures_of(tally: Tally, *, writes: int, seconds: float) -> dict[str, object]:
    """Return what the report says of the loop."""
    kinds = ("lost", "duplicated", "left_behind", "other_than_n", "told_twice", "wrong_values")
    found = {kind: tally.wrong[kind] for kind in (*kinds, "half_made", "damaged", "failed")}
    return {
        **provenance("optuna"),
        "rounds": tally.kills.total(),
        "kills": dict(tally.kills),
        "studies": tally.studies,
        "trials": tally.trials,
        "acknowledged": tally.acknowledged,
        "lines_of_a_study": writes,
        "found": found,
        "seconds": round(seconds, 1),
    }


def test_kill_loop(
    command_line: Any,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
    tmp_path: Path,
) -> None:
    rounds, figures_file = (request.config.getoption(name) for name in ("--rounds", "--figures"))
    started = time.monotonic()
    units, writes = plan(command_line, rounds, tmp_path)
    tally = Tally()
    with ThreadPoolExecutor(request.config.getoption("--strikers")) as pool:
        for found in pool.map(lambda unit: unit(), units):
            tally.add(found)
    if figures_file is not None:
        seconds = time.monotonic() - started
        keep_figures(figures_file, "kill_loop", figures_of(tally, writes=writes, seconds=seconds))
    tally.check()
    # A line more or less may come of the clock; every other strike must have met.
    assert rounds - 2 <= tally.kills.total() <= rounds
    record_property("fact", f"{rounds} kills: nothing lost, doubled or left behind, always N")


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        (
            "import mnist_search.studies.search as s\n"
            "tell = s.SearchWork.finish\n"
            "def finish(self, assignment, result, *, worker):\n"
            "    if assignment.number != 1: tell(self, assignment, result, worker=worker)\n"
            "s.SearchWork.finish = finish\n",
            "told as done and lost",
        ),
        (
            "from mnist_search.studies import Ledger\nLedger.recover = lambda self: (0, 0)\n",
            "trials left behind",
        ),
        (
            "import mnist_search.studies.search as s\n"
            "class More(s.SearchWork):\n"
            "    def __init__(self, ledger, records, *, trials, **more):\n"
            "        super().__init__(ledger, records, trials=trials + len(records), **more)\n"
            "s.SearchWork = More\n",
            "not 0..N-1",
        ),
    ],
    ids=["told before written", "no recovery", "N more at every start"],
)
def test_control_kill_loop(command_line: Any, sabotage: str, found: str) -> None:
    tally = batter(
        command_line,
        seed=2,
        strikes=1,
        workers=2,
        targets=("coordinator",),
        progress=(2,),
        sabotage=sabotage,
    )
    with pytest.raises(AssertionError, match=found):
        tally.check()


def searches(command_line: Any, tmp_path: Path, **how: Any) -> list[tuple[Any, Any]]:
    """Return the parameters and values of a search left alone and of one that was killed."""
    found = []
    for name, strikes in (("undisturbed", 0), ("killed", 1)):
        line = replace(command_line, folder=tmp_path / name)
        line.folder.mkdir()
        batter(
            line, seed=3, strikes=strikes, workers=1, targets=("both",), progress=(2,), **how
        ).check()
        found.append((line.study.params(), line.study.values()))
    return found


def test_killed_search_equals_an_undisturbed_one(command_line: Any, tmp_path: Path) -> None:
    undisturbed, killed = searches(command_line, tmp_path)
    assert killed == undisturbed


def test_control_without_a_seed_for_each_trial(command_line: Any, tmp_path: Path) -> None:
    # One generator for the whole session, as a sampler of Optuna has it.
    sabotage = (
        "import os, random\n"
        "import mnist_search.engines.samplers as s\n"
        "rng = random.Random(5)\n"
        "s.derive_seed = lambda *_: rng.randrange(2**32)\n"
    )
    undisturbed, killed = searches(command_line, tmp_path, sabotage=sabotage)
    assert killed != undisturbed
