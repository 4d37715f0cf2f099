"""A real study killed at random beside one that was left alone: do they come to the same?

`python -m tests.faults.real_study --figures reports/faults.json` runs
`mnist-search run --space mlp --trials 12` on MNIST twice with one worker, the second time with ten
kills. It goes on where it was when it is started again with the same `--home`, but what was to be
left alone then starts anew.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.faults.figures import keep_figures, provenance
from tests.faults.striking import TARGETS, kill, workers_of
from tests.processes import is_alive
from tests.support.journals import Study

LEFT_ALONE, KILLED = "left-alone", "killed"
OVER = ("COMPLETE", "PRUNED", "FAIL")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is run, how often it is killed, and where."""

    home: Path
    command: tuple[str, ...]
    trials: int
    kills: int
    seed: int

    def start(self, study: str) -> subprocess.Popen[bytes]:
        """Start the command for one of the studies, its progress shown."""
        words = [*self.command, "--workers", "1", "--study", study, "--home", str(self.home)]
        return subprocess.Popen(
            [sys.executable, "-m", "mnist_search", *words, "-f", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def of(self, study: str) -> Study:
        """Return a study, to be read with nothing of the program's."""
        return Study(path=self.home / study / "journal.log")

    def states(self, study: str) -> dict[int, str]:
        """Return the state of each trial; there may be no file yet."""
        found = self.of(study)
        return found.states() if found.path.exists() else {}

    def finished(self, study: str) -> int:
        """Return how many trials are over."""
        return sum(state in OVER for state in self.states(study).values())

    def facts(self, study: str) -> dict[str, dict[int, object]]:
        """Return what must be the same: parameters, states, values and curves of each trial."""
        trials = dict(enumerate(self.of(study).trials()))
        return {
            "parameters": {number: trial.params for number, trial in trials.items()},
            "states": {number: trial.state for number, trial in trials.items()},
            "values": {number: trial.values for number, trial in trials.items()},
            "curves": {
                number: trial.attributes["result"]["reports"] for number, trial in trials.items()
            },
        }


def main() -> None:
    """Run both studies and keep what came of it."""
    parser = argparse.ArgumentParser(description="Kill a real study at random.")
    parser.add_argument("--figures", type=Path, required=True)
    parser.add_argument("--home", type=Path, default=Path("mnist-search-runs") / "real-study")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--epochs", type=int, help="fewer, to try this script out")
    options = parser.parse_args()
    command = ["run", "--space", "mlp", "--trials", str(options.trials)]
    command += ["--dataset", options.dataset]
    if options.epochs is not None:
        command += ["--epochs", str(options.epochs)]
    plan = Plan(
        home=options.home,
        command=tuple(command),
        trials=options.trials,
        kills=options.kills,
        seed=options.seed,
    )
    plan.home.mkdir(parents=True, exist_ok=True)
    seconds = leave_alone(plan)
    strikes = strike(plan, mean_seconds=seconds / plan.trials)
    keep_figures(options.figures, "real_study", compare(plan, strikes, seconds))


def leave_alone(plan: Plan) -> float:
    """Run the study once without a break; return its seconds."""
    done = plan.home / f"{LEFT_ALONE}.json"
    if done.exists():
        return float(json.loads(done.read_text())["seconds"])
    shutil.rmtree(plan.home / LEFT_ALONE, ignore_errors=True)
    started = time.monotonic()
    finish(plan, LEFT_ALONE, plan.start(LEFT_ALONE))
    seconds = time.monotonic() - started
    done.write_text(json.dumps({"seconds": seconds}))
    return seconds


def strike(plan: Plan, *, mean_seconds: float) -> Counter[str]:
    """Run the study with its kills; return how often whom."""
    kept = plan.home / f"{KILLED}.json"
    strikes: list[str] = json.loads(kept.read_text()) if kept.exists() else []
    process = plan.start(KILLED)
    while len(strikes) < plan.kills:
        rng = random.Random(f"{plan.seed} {len(strikes)}")
        target = rng.choice(TARGETS)
        # One more trial after each kill, so that all kills fall into the study and each into
        # another trial: a worker's second death in the same trial would end that for good.
        goal = len(strikes) * (plan.trials - 1) // plan.kills
        while plan.finished(KILLED) < goal and process.poll() is None:
            time.sleep(0.05)
        time.sleep(rng.uniform(0, mean_seconds))
        while target != "coordinator" and not workers_of(process.pid) and process.poll() is None:
            time.sleep(0.05)
        victims = workers_of(process.pid)
        if process.poll() is not None:
            break
        if target != "coordinator" and not (victims and kill(rng.choice(victims))):
            continue
        if target != "worker":
            process.kill()
            process.wait()
            while any(map(is_alive, victims)):
                time.sleep(0.05)
            process = plan.start(KILLED)
        strikes.append(target)
        kept.write_text(json.dumps(strikes))
    finish(plan, KILLED, process)
    if len(strikes) < plan.kills:
        raise SystemExit(f"only {len(strikes)} kills met the study: take another --seed and --home")
    return Counter(strikes)


def finish(plan: Plan, study: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a study."""
    code = process.wait()
    if code != 0 or plan.finished(study) < plan.trials:
        raise SystemExit(f"{study}: exit {code}, {plan.finished(study)} trials are over")


def compare(plan: Plan, strikes: Counter[str], seconds: float) -> dict[str, object]:
    """Return how many trials are the same in both studies."""
    alone, killed = plan.facts(LEFT_ALONE), plan.facts(KILLED)
    numbers = range(plan.trials)
    same = {
        f"same_{what}": sum(alone[what].get(n) == killed[what].get(n) for n in numbers)
        for what in alone
    }
    return {
        **provenance("tensorflow", "keras", "optuna"),
        "command": " ".join(("mnist-search", *plan.command)),
        "trials": plan.trials,
        "trials_killed_study": len(killed["states"]),
        "kills": dict(strikes),
        **same,
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    main()
