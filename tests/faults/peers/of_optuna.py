"""The faults, done to Optuna: each returns what happened, in words made of what was counted."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.peers.driving import Search, last_line, listed

TRIALS = 10


@contextmanager
def searching(folder: Path, *words: str, program: str = "optuna_search.py") -> Iterator[Search]:
    """Yield a search that is gone in the end."""
    search = Search(folder=folder, program=program, words=words)
    try:
        yield search
    finally:
        search.close()


def both_ways(folder: Path, run: Callable[[Search], str], *, plain_trials: int = TRIALS) -> str:
    """Do it to the plainest program and to one with heartbeats, retries and `MaxTrialsCallback`.

    A plain process counts for itself, so that each of two is asked for half.
    """
    ways = {
        "plain": ("--trials", str(plain_trials)),
        "with heartbeats and retries": ("--trials", str(TRIALS), "--careful"),
    }
    told = []
    for label, words in ways.items():
        with searching(folder / label, *words) as search:
            told.append(f"{label}: {run(search)}")
    return "; ".join(told)


def killed_worker(folder: Path) -> str:
    """Kill one of two processes that share a study."""

    def run(search: Search) -> str:
        first = search.start("--seconds", "4")
        search.wait(first, trials=1)
        second = search.start("--seconds", "4")
        search.wait(second, trials=2, alone=True)
        second.kill()
        search.end(second)
        code = search.end(first)[0]
        return f"{listed(search.optuna_states())} of {TRIALS}, exit {code}"

    return both_ways(folder, run, plain_trials=TRIALS // 2)


def killed_coordinator(folder: Path) -> str:
    """Kill the search three times in a trial and start the same program again."""

    def run(search: Search) -> str:
        for trials in (2, 5, 8):
            search.strike(search.start(), trials=trials)
        code = search.run()[0]
        states = search.optuna_states()
        return (
            f"{TRIALS} trials asked for, {states.total()} on record ({listed(states)}), exit {code}"
        )

    return both_ways(folder, run)


def killed_at_a_write(folder: Path) -> str:
    """Kill it before and after some of its transactions, and start it again each time."""
    with searching(folder, "--trials", "4", "--seconds", "0") as search:
        points = [f"{when}:{at}" for at in (1, 2, 3, 5) for when in ("before", "after")]
        for point in points:
            code = search.run("--strike", point)[0]
            if code != -signal.SIGKILL:
                return f"exit {code} at {point}"
        code = search.run()[0]
        with closing(sqlite3.connect(search.folder / "study.db")) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        how = "sound" if sound else "damaged"
        return f"{len(points)} kills, the file is {how}; {listed(search.optuna_states())}"


def sigterm(folder: Path) -> str:
    """End the search as a scheduler does."""
    with searching(folder, "--trials", str(TRIALS)) as search:
        code = search.strike(search.start(), trials=3, how=signal.SIGTERM)
        return f"exit {code}, {listed(search.optuna_states())}"


def hanging_trial(folder: Path) -> str:
    """Let the second trial hang, with a time limit of 2 s for the study."""
    with searching(folder, "--trials", "4", "--timeout", "2", "--faults", "1=hang") as search:
        process = search.start()
        search.wait(process, trials=2)
        time.sleep(12)
        runs = process.exitcode is None
        states = search.optuna_states()
        how = "still hung 12 s later" if runs else "had ended"
        return f"`timeout=2`: {how}, {listed(states)}"


def one_trial_claimed_twice(folder: Path) -> str:
    """Let two processes claim the one waiting trial, with a pause between look and write."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with searching(folder, program="optuna_claims.py") as search:
        url = f"sqlite:///{search.folder / 'study.db'}"
        study = optuna.create_study(study_name="s", storage=url)
        study.enqueue_trial({"x": 1.0})
        processes = [search.start() for _ in range(2)]
        ends = [search.end(process) for process in processes]
        claimed = [out.strip() or last_line(err) for _, out, err in ends]
        double = claimed[0] == claimed[1]
        how = "both got trial" if double else "they got trials"
        return f"{how} {' and '.join(dict.fromkeys(claimed))}"


def file_of_another_program(folder: Path) -> str:
    """Give it the database of another program."""
    with searching(folder, "--trials", "1") as search:
        with closing(sqlite3.connect(search.folder / "study.db")) as connection:
            connection.execute("CREATE TABLE bookmarks (address TEXT)")
            connection.commit()
        code = search.run()[0]
        with closing(sqlite3.connect(search.folder / "study.db")) as connection:
            tables = len(connection.execute("SELECT name FROM sqlite_master").fetchall()) - 1
        return f"exit {code}, made {tables} tables and indexes in it"


def every_trial_fails(folder: Path) -> str:
    """Let every trial raise."""
    with searching(folder, "--trials", "40", "--faults", "*=raise") as search:
        code = search.run()[0]
        return f"with `catch`: exit {code} after {listed(search.optuna_states())}"


def accuracies_that_are_no_numbers(folder: Path) -> str:
    """Let one trial return NaN and one infinity."""
    import optuna

    with searching(folder, "--trials", "5", "--faults", "1=nan,2=inf") as search:
        code = search.run()[0]
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        url = f"sqlite:///{search.folder / 'study.db'}"
        study = optuna.load_study(study_name="s", storage=url)
        states = [trial.state.name for trial in study.trials]
        return (
            f"exit {code}, NaN: {states[1]}, infinity: {states[2]}; "
            f"best trial {study.best_trial.number} with {study.best_value:.4g}"
        )


def seeds_out_of_range(folder: Path) -> str:
    """Give it seeds."""
    with searching(folder, "optuna", program="seeds.py") as search:
        return told_of_seeds(search.run()[1])


def told_of_seeds(answer: str) -> str:
    """Return what became of each seed."""
    words = {"fixed": "fixes the search", "random": "does not fix it"}
    found = json.loads(answer)
    return "; ".join(f"{name}: {words.get(what, what)[:90]}" for name, what in found.items())


def trial_that_always_fails(folder: Path) -> str:
    """Let one trial end its process whenever it is tried, and start the program six times."""
    words = ("--trials", "3", "--careful", "--faults", "0=die")
    with searching(folder, *words) as search:
        for _ in range(6):
            search.run()
            # Longer than the grace period after the last heartbeat.
            time.sleep(3)
        tried = search.count("started 0")
        states = search.optuna_states()
        others = search.count("started") - tried
        return f"after 6 starts tried {tried} times, {others} other trials run ({listed(states)})"


def hostile_names(folder: Path) -> str:
    """Give it hostile names."""
    with searching(folder, program="optuna_names.py") as search:
        _, out, err = search.run()
        found = json.loads(out)
        shown = "raw" if "\x1b[31m" in err else "not"
        said = "; ".join(f"{name}: {what}" for name, what in found.items())
        return f"{said}; terminal codes are {shown} in its log"


FAULTS = {
    "killed worker": killed_worker,
    "killed coordinator": killed_coordinator,
    "killed at a write": killed_at_a_write,
    "SIGTERM": sigterm,
    "hanging trial": hanging_trial,
    "one trial claimed twice": one_trial_claimed_twice,
    "file of another program": file_of_another_program,
    "every trial fails": every_trial_fails,
    "accuracies that are no numbers": accuracies_that_are_no_numbers,
    "seeds out of range": seeds_out_of_range,
    "trial that always fails": trial_that_always_fails,
    "hostile names": hostile_names,
}
