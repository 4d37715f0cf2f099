"""The faults, done to Keras Tuner: each returns what happened, in words of what was counted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.peers.driving import Search, last_line, listed
from tests.faults.peers.of_optuna import told_of_seeds

TRIALS = 6


@contextmanager
def searching(
    folder: Path, *words: str, program: str = "keras_tuner_search.py"
) -> Iterator[Search]:
    """Yield a search that is gone in the end."""
    search = Search(folder=folder, program=program, words=words)
    try:
        yield search
    finally:
        search.close()


def outcome(search: Search, code: int) -> str:
    """Return what is on record and what was run."""
    states = search.keras_tuner_states()
    ended = search.count("ended")
    return f"exit {code}, {listed(states)}; {ended} trials run to their end for {states.total()}"


def killed_worker(folder: Path) -> str:
    """Kill it in its third trial, once, and start it again."""
    with searching(folder, "--trials", str(TRIALS)) as search:
        search.strike(search.start(), trials=3)
        code = search.run()[0]
        return f"trials run in the process of the search; started again: {outcome(search, code)}"


def killed_coordinator(folder: Path) -> str:
    """Kill it in its first, in its third and in a later trial, and start it again."""
    with searching(folder, "--trials", str(TRIALS)) as search:
        for trials in (1, 4, 6):
            search.strike(search.start(), trials=trials)
        code = search.run()[0]
        return outcome(search, code)


def killed_at_a_write(folder: Path) -> str:
    """Kill it when it writes its `oracle.json` and has not closed it, and start it again."""
    told = []
    for at in (2, 5):
        words = ("--trials", "4", "--seconds", "0")
        with searching(folder / str(at), *words) as search:
            struck = search.run("--strike", str(at))[0]
            code, _, err = search.run()
            how = outcome(search, code) if code == 0 else f"exit {code}, `{last_line(err)[:90]}`"
            told.append(f"at writing {at} (exit {struck}), started again: {how}")
    return "; ".join(told)


def hanging_trial(folder: Path) -> str:
    """Let the second trial hang."""
    with searching(folder, "--trials", "4", "--faults", "1=hang") as search:
        process = search.start()
        search.wait(process, trials=2)
        time.sleep(12)
        how = "still hung 12 s later" if process.exitcode is None else "had ended"
        return f"it has no time limit; {how}, {listed(search.keras_tuner_states())}"


def one_trial_claimed_twice(folder: Path) -> str:
    """Start two processes on the same project."""
    with searching(folder, "--trials", "4") as search:
        processes = [search.start() for _ in range(2)]
        codes = [search.end(process)[0] for process in processes]
        started = [line.split()[1] for line in search.log() if line.startswith("started")]
        twice = len(started) - len(set(started))
        states = search.keras_tuner_states()
        return (
            f"without its chief, two processes: exit {codes[0]} and {codes[1]}, {twice} trials "
            f"were run twice, {listed(states)}"
        )


def every_trial_fails(folder: Path) -> str:
    """Let every trial raise."""
    with searching(folder, "--trials", "40", "--faults", "*=raise") as search:
        code, _, err = search.run()
        tried = search.count("started")
        states = search.keras_tuner_states()
        return f"exit {code} after {tried} trials, {listed(states)}; `{last_line(err)[:80]}`"


def accuracies_that_are_no_numbers(folder: Path) -> str:
    """Let one trial return NaN and one infinity."""
    with searching(folder, "--trials", "5", "--faults", "1=nan,2=inf") as search:
        code, _, err = search.run()
        best = [line.removeprefix("best ") for line in search.log() if line.startswith("best")]
        how = f"best score {best[0]}" if best else f"`{last_line(err)[:80]}`"
        return f"exit {code}, {listed(search.keras_tuner_states())}; {how}"


def seeds_out_of_range(folder: Path) -> str:
    """Give it seeds."""
    with searching(folder, "keras-tuner", program="seeds.py") as search:
        code, out, err = search.run()
        return told_of_seeds(out) if code == 0 else f"exit {code}, `{last_line(err)[:80]}`"


def trial_that_always_fails(folder: Path) -> str:
    """Let its second trial end the process whenever it is tried, and start it four times."""
    with searching(folder, "--trials", "4", "--faults", "1=die") as search:
        for _ in range(4):
            search.run()
        tried = search.count("started 1")
        others = search.count("started") - tried
        states = listed(search.keras_tuner_states())
        return f"after 4 starts tried {tried} times, {others} other trials run ({states})"


def hostile_names(folder: Path) -> str:
    """Name a project `../victim`, beside which a folder of that name lies, and overwrite."""
    with searching(folder, "--trials", "1", "--name", "../victim", "--overwrite") as search:
        kept = search.folder / "victim" / "kept.txt"
        kept.parent.mkdir()
        kept.write_text("kept")
        (search.folder / "home").mkdir()
        code = search.run()[0]
        how = "was kept" if kept.exists() else "was deleted"
        return f"`../victim` with `overwrite=True`: exit {code}, the foreign folder {how}"


FAULTS = {
    "killed worker": killed_worker,
    "killed coordinator": killed_coordinator,
    "killed at a write": killed_at_a_write,
    "hanging trial": hanging_trial,
    "one trial claimed twice": one_trial_claimed_twice,
    "every trial fails": every_trial_fails,
    "accuracies that are no numbers": accuracies_that_are_no_numbers,
    "seeds out of range": seeds_out_of_range,
    "trial that always fails": trial_that_always_fails,
    "hostile names": hostile_names,
}
