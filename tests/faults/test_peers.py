"""The scripts that do the faults to other tools run, and keep what they saw."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.faults.figures import keep_figures
from tests.faults.peers import of_optuna
from tests.faults.peers.run import PEERS, keep

DEMANDED = {
    "killed worker",
    "killed coordinator",
    "hanging trial",
    "one trial claimed twice",
    "accuracies that are no numbers",
    "seeds out of range",
    "trial that always fails",
    "hostile names",
}


def test_demanded_faults_are_done_to_both() -> None:
    assert all(rows.keys() >= DEMANDED for rows in PEERS.values())
    # The first line says in the report what was done.
    assert all(run.__doc__ for rows in PEERS.values() for run in rows.values())


def test_fault_is_done_to_a_process_of_its_own(tmp_path: Path) -> None:
    told = of_optuna.FAULTS["one trial claimed twice"](tmp_path / "run")
    # Whatever this version does, it is one of these.
    assert re.fullmatch(r"both got trial 0|they got trials .+", told)
    assert len(list((tmp_path / "run").glob("at-*"))) == 2, "they did not meet"


def test_what_was_seen_is_kept_beside_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    keep_figures(path, "kill_loop", {"rounds": 1000})
    keep(path, "optuna", "killed worker", fault="Kill it.\n\nMore.", told="dead")
    keep(path, "optuna", "SIGTERM", fault="Kill it again.", told="dead again")
    keep(path, "optuna", "killed worker", fault="Kill it.", told="alive")
    found = json.loads(path.read_text())
    assert found["kill_loop"] == {"rounds": 1000}
    rows = found["peers"]["optuna"]
    assert {row: (each["injected"], each["told"]) for row, each in rows.items()} == {
        "killed worker": ("Kill it", "alive"),
        "SIGTERM": ("Kill it again", "dead again"),
    }
    assert set(rows["killed worker"]["versions"]) == {"optuna"}
    assert list(tmp_path.iterdir()) == [path]
