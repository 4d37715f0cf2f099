"""Does the faults to Optuna and Keras Tuner and keeps what happened for the report.

`python -m tests.faults.peers.run --figures FILE.json [--only optuna] [--faults SIGTERM]`
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

PEERS: dict[str, dict[str, Callable[[Path], str]]] = {
    "optuna": of_optuna.FAULTS,
    "keras-tuner": of_keras_tuner.FAULTS,
}


def main() -> None:
    """Run what is asked for; faults that are not keep what they had."""
    parser = argparse.ArgumentParser(description="Do the faults to other tools.")
    parser.add_argument("--figures", type=Path, required=True)
    parser.add_argument("--only", choices=PEERS)
    parser.add_argument("--faults", default="")
    options = parser.parse_args()
    preload(*(name.replace("-", "_") for name in PEERS if options.only in (None, name)))
    wanted = {*filter(None, options.faults.split(","))}
    for peer, faults in PEERS.items():
        if options.only not in (None, peer):
            continue
        for name, run in faults.items():
            if wanted and name not in wanted:
                continue
            sys.stderr.write(f"{peer}, {name}: ")
            with tempfile.TemporaryDirectory() as folder:
                told = run(Path(folder) / "run")
            sys.stderr.write(f"{told}\n")
            keep(options.figures, peer, name, fault=run.__doc__ or "", told=told)


def keep(path: Path, peer: str, name: str, *, fault: str, told: str) -> None:
    """Keep what one tool did at one fault."""
    peers: dict[str, Any] = read_figures(path).get("peers", {})
    injected = fault.splitlines()[0].rstrip(".")
    found = {"injected": injected, "told": told, **provenance(peer)}
    peers[peer] = {**peers.get(peer, {}), name: found}
    keep_figures(path, "peers", peers)


if __name__ == "__main__":
    main()
