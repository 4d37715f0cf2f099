"""Does the faults to Optuna and Keras Tuner and keeps what happened for the report.

`python -m tests.faults.peers.run --figures reports/faults.json [--only optuna] [--rows 1,2]`
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.figures import keep_figures, provenance, read_figures
from tests.faults.peers import of_keras_tuner, of_optuna
from tests.faults.peers.driving import preload

PEERS: dict[str, dict[int, Callable[[Path], str]]] = {
    "optuna": of_optuna.ROWS,
    "keras-tuner": of_keras_tuner.ROWS,
}


def main() -> None:
    """Run what is asked for; rows that are not keep what they had."""
    parser = argparse.ArgumentParser(description="Do the faults to other tools.")
    parser.add_argument("--figures", type=Path, required=True)
    parser.add_argument("--only", choices=PEERS)
    parser.add_argument("--rows", default="")
    options = parser.parse_args()
    preload(*(name.replace("-", "_") for name in PEERS if options.only in (None, name)))
    wanted = {int(row) for row in filter(None, options.rows.split(","))}
    for peer, rows in PEERS.items():
        if options.only not in (None, peer):
            continue
        for row, run in rows.items():
            if wanted and row not in wanted:
                continue
            sys.stderr.write(f"{peer}, row {row}: ")
            with tempfile.TemporaryDirectory() as folder:
                told = run(Path(folder) / "run")
            sys.stderr.write(f"{told}\n")
            keep(options.figures, peer, row, fault=run.__doc__ or "", told=told)


def keep(path: Path, peer: str, row: int, *, fault: str, told: str) -> None:
    """Keep what one tool did at one row."""
    peers: dict[str, Any] = read_figures(path).get("peers", {})
    injected = fault.splitlines()[0].rstrip(".")
    found = {"injected": injected, "told": told, **provenance(peer)}
    peers[peer] = {**peers.get(peer, {}), str(row): found}
    keep_figures(path, "peers", peers)


if __name__ == "__main__":
    main()
