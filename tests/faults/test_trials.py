"""Trials that fail in every way."""

from __future__ import annotations

import contextlib
import json
import shutil
import types
from collections.abc import Callable
from typing import Any

import pytest

WORKERS = "tests.support.surrogate"

HOSTILE = """
import ctypes, os, time
import tests.support.surrogate as surrogate
run_job = surrogate.run_job

def hostile(job, report):
    match job.number:
        case 0: ctypes.string_at(0)
        case 1: os._exit(0)
        case 2: raise ValueError("bad\\x1b[31m [red]luck[/]")
        case 3:
            while True: pass
        case 4:
            ballast = bytearray(600 * 2**20)
            ballast[::4096] = b"x" * len(ballast[::4096])
            time.sleep(600)
        case 5:
            for _ in range(64): os.write(1, b"x" * 2**20)
        case 6: os.abort()
        case 7: os.write(3, b"1234567"); os._exit(0)
        case 8: time.sleep(600)
    return run_job(job, report)

surrogate.run_job = hostile
"""


def test_every_way_to_fail_costs_one_trial(command_line: Any) -> None:
    arguments = command_line.search(12, "--workers", "2", "--trial-timeout", "4s")
    ended = command_line.run(
        [*arguments, "--memory-limit", "500MB"], trainer=WORKERS, sabotage=HOSTILE
    )
    assert ended.code == 0, ended.err
    assert "\x1b" not in ended.err
    command_line.study.whole(12)
    results = command_line.study.attributes("result")
    failures = {
        number: (result["failure"]["kind"], result["failure"]["message"])
        for number, result in results.items()
        if result["status"] == "failed"
    }
    assert sorted(failures) == [0, 1, 2, 3, 4, 6, 7, 8]
    assert failures[0] == ("worker-died", "worker killed by signal 11 (Segmentation fault)")
    assert failures[1] == ("worker-died", "worker exited with code 0")
    assert failures[2][0] == "error"
    assert failures[3] == ("timeout", "ran longer than 4 s")
    assert failures[4][0] == "out-of-memory"
    assert "the limit is 500,000,000" in failures[4][1]
    assert failures[6] == ("worker-died", "worker killed by signal 6 (Aborted)")
    assert failures[8] == ("timeout", "ran longer than 4 s")
    logs = (command_line.study.path.parent / "logs").iterdir()
    assert sum(path.stat().st_size for path in logs) < 8 * 2**20


def test_control_hungry_trial_without_a_limit(command_line: Any) -> None:
    sabotage = (
        "import tests.support.surrogate as s\n"
        "run_job = s.run_job\n"
        "def hungry(job, report):\n"
        "    ballast = bytearray(600 * 2**20)\n"
        "    ballast[::4096] = b'x' * len(ballast[::4096])\n"
        "    return run_job(job, report)\n"
        "s.run_job = hungry\n"
    )
    arguments = command_line.search(1, "--workers", "1")
    assert command_line.run(arguments, trainer=WORKERS, sabotage=sabotage).code == 0
    assert command_line.study.states() == {0: "COMPLETE"}


@pytest.mark.parametrize("text", ["0MB", "4", "-1GB", "lots", "4 TB", ""])
def test_memory_limit_must_be_a_size(
    here: Callable[..., Any], search: Callable[..., list[str]], text: str
) -> None:
    here(*search(2), "--memory-limit", text).refused(2, "--memory-limit")


def test_every_trial_fails(
    here: Callable[..., Any],
    search: Callable[..., list[str]],
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=raise")
    here(*search(40)).refused(3, "failures in a row", "a fault was asked for")
    states = list(study.states().values())
    assert 10 <= states.count("FAIL") <= 12
    assert len(states) < 40
    assert here("report", "s").code == 0


def test_control_failing_trials_without_a_limit(
    here: Callable[..., Any],
    search: Callable[..., list[str]],
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=raise")
    monkeypatch.setattr("mnist_search.studies.loop.MAX_FAILURES_IN_A_ROW", 10**9)
    here(*search(15), "--pruner", "none").refused(3)
    assert list(study.states().values()) == ["FAIL"] * 15


def refuse_constant(text: str) -> float:
    raise AssertionError(f"{text} is no JSON")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("reported", [True, False], ids=["reported", "in the result"])
def test_numbers_that_are_none_are_never_the_best(
    here: Callable[..., Any],
    search: Callable[..., list[str]],
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
    value: float,
    reported: bool,
) -> None:
    from mnist_search.specs import Job
    from tests.support import surrogate

    honest = surrogate.run_job

    def lying(job: Job, report: Callable[[int, float], bool]) -> Any:
        if job.number not in (1, 2):
            return honest(job, report)
        if reported:
            report(1, value)
        result = honest(job, report)
        return result.model_copy(update={"validation": None, "reports": ((1, value),)})

    monkeypatch.setattr(surrogate, "surrogate_trainer", lying)
    ended = here(*search(6))
    assert ended.code == 0, ended.err
    study.whole(6)
    assert study.states()[1] == study.states()[2] == "FAIL"
    assert not {1, 2} & set(study.values())
    if reported:
        assert study.attributes("result")[1]["failure"]["kind"] == "diverged"
    rows = json.loads(ended.out, parse_constant=refuse_constant)["rows"]
    ranked = [row for row in rows if row["kind"] == "trial" and row["rank"] is not None]
    assert ranked
    assert not {"trial 1", "trial 2"} & {row["name"] for row in ranked}


def test_same_seed_gives_the_same_search(
    here: Callable[..., Any], search: Callable[..., list[str]], study: Any
) -> None:
    found = []
    for seed in ("5", "5", "6"):
        shutil.rmtree(study.path.parent, ignore_errors=True)
        assert here(*search(8), "--seed", seed).code == 0
        found.append((study.params(), study.values()))
    assert found[0] == found[1]
    assert found[0] != found[2]


@pytest.mark.parametrize("seed", ["-1", str(2**32), str(2**64), "text", "1.5"])
def test_seeds_out_of_range(
    here: Callable[..., Any], search: Callable[..., list[str]], seed: str
) -> None:
    here(*search(2), "--seed", seed).refused(2, "--seed")


@pytest.mark.parametrize("seed", ["0", str(2**32 - 1)])
def test_seeds_at_the_ends(
    here: Callable[..., Any], search: Callable[..., list[str]], seed: str
) -> None:
    assert here(*search(2), "--seed", seed).code == 0


def test_control_numpy_tells_it_in_its_own_way() -> None:
    import numpy as np

    with pytest.raises(ValueError, match="Seed must be between"):
        np.random.RandomState(2**32)


def unguarded(trainer: Any, job: Any, report: Any, *, threads: int | None) -> Any:
    return trainer(job, report)


def test_control_trial_that_raises_without_a_guard(
    here: Callable[..., Any], search: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "0=raise")
    assert here(*search(3)).code == 0
    monkeypatch.setattr("tests.support.fake.run_guarded", unguarded)
    with pytest.raises(RuntimeError, match="a fault was asked for"):
        here(*search(3), "--new")


def test_control_odd_numbers_without_a_guard(
    here: Callable[..., Any],
    search: Callable[..., list[str]],
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.support import surrogate

    honest = surrogate.run_job

    def lying(job: Any, report: Callable[[int, float], bool]) -> Any:
        result = honest(job, report)
        reports = ((1, float("inf")),)
        return result.model_copy(update={"validation": None, "reports": reports})

    monkeypatch.setattr(surrogate, "surrogate_trainer", lying)
    monkeypatch.setattr("tests.support.fake.run_guarded", unguarded)
    blind = types.SimpleNamespace(isfinite=lambda value: True)
    monkeypatch.setattr("mnist_search.specs.result.math", blind)
    with contextlib.suppress(Exception):
        here(*search(1), "--pruner", "none")
    # Optuna takes it for a value, and it would be the best of all.
    assert study.states() != {0: "FAIL"}


def test_every_command_that_trains_has_a_memory_limit(
    here: Callable[..., Any], search: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_search.execution import create_executor

    limits = []

    def spy(*args: Any, memory_limit_bytes: int | None, **more: Any) -> Any:
        limits.append(memory_limit_bytes)
        return create_executor(*args, memory_limit_bytes=memory_limit_bytes, **more)

    monkeypatch.setattr("mnist_search.commands.training.create_executor", spy)
    for words in (
        [*search(2), "--pruner", "none"],
        ["bench", "logistic", "--dataset", "digits", "-q"],
        ["confirm", "s", "--top", "1", "--seeds", "1", "-q"],
        ["explain", "s", "winner", "--ablate", "--seeds", "1", "-q"],
        ["verify", "x.json", "-q"],
    ):
        if words[0] == "verify":
            assert here("export", "s", "winner", "-o", "x.json").code == 0
        here(*words, "--memory-limit", "much").refused(2, "--memory-limit")
        ended = here(*words, "--memory-limit", "3GB")
        assert ended.code == 0, ended.err
    assert limits == [3_000_000_000] * 5
