"""Clocks that jump, zones that change, and time in which nobody listened."""

from __future__ import annotations

import itertools
import json
import math
import time
from calendar import timegm
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnist_search.commands.context import Context
from mnist_search.studies import ledger, loop, read_records, read_study
from mnist_search.studies.journal import Journal
from tests.support import fake

Here = Callable[..., Any]
Search = Callable[..., list[str]]

HOME = Path("mnist-search-runs")
HOUR = 3600


# Whenever it is read, the clock of the machine has been set forth or back by an hour.
HOURS = itertools.cycle((0, 1, -1))


def leaping_seconds() -> float:
    return time.perf_counter() + HOUR * next(HOURS)


# For the controls, which must fail whoever else reads the clock.
_back, _forth = itertools.count(0, -HOUR), itertools.count(0, HOUR)


def set_back() -> float:
    return float(next(_back))


def set_forth() -> float:
    return float(next(_forth))


@pytest.fixture
def unsteady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock of the machine whenever it is read."""
    monkeypatch.setattr(time, "time", leaping_seconds)


def check_times(here: Here, search: Search, study: Any) -> None:
    limits = ("--trial-timeout", "30s", "--time-budget", "10m")
    ended = here(*search(4, *limits))
    assert ended.code == 0, ended.err
    study.whole(4)
    assert "FAIL" not in study.states().values()
    for record in read_records(HOME, ["s"]):
        assert record.started is not None
        assert record.finished is not None
        assert 0 <= record.finished - record.started < HOUR
    [session] = read_study(HOME, "s").sessions
    assert session.ended is not None
    assert 0 <= session.ended - session.started < HOUR
    for text in (here("report", "s", "-f", "markdown"), here("report", "s", "-f", "json")):
        assert text.code == 0


@pytest.mark.usefixtures("unsteady")
def test_clock_that_is_set_while_a_search_runs(here: Here, search: Search, study: Any) -> None:
    check_times(here, search, study)


@pytest.mark.usefixtures("unsteady")
def test_control_times_of_trials_from_the_clock_of_the_machine(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "utc_seconds", set_back)
    with pytest.raises(AssertionError):
        check_times(here, search, study)


def take_clock(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float]) -> None:
    """Let the command line take its time from that clock."""
    real = Context.of_this_process
    monkeypatch.setattr(
        Context, "of_this_process", lambda **given: replace(real(**given), clock=clock)
    )


@pytest.mark.usefixtures("unsteady")
def test_control_limits_from_the_clock_of_the_machine(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_clock(monkeypatch, set_forth)
    with pytest.raises(AssertionError):
        check_times(here, search, study)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Travel."""

    def travel(name: str) -> None:
        patched.setenv("TZ", name)
        time.tzset()

    with pytest.MonkeyPatch.context() as patched:
        yield travel
    time.tzset()


def check_zones(here: Here, search: Search, zone: Callable[[str], None]) -> None:
    # Names of zones need files that a machine may not have; these are offsets, signs reversed.
    zone("EAST-9")
    assert here(*search(2)).code == 0
    zone("WEST8")
    assert here(*search(4)).code == 0
    seen = []
    for name in ("EAST-9", "WEST8", "UTC0"):
        zone(name)
        records = read_records(HOME, ["s"])
        report = json.loads(here("report", "s", "-f", "json").out)
        seen.append(([(r.started, r.finished) for r in records], report))
    assert seen[0] == seen[1] == seen[2]
    times = [started for started, _ in seen[0][0] if started is not None]
    assert times[0] <= times[2], "the second session was earlier than the first"
    assert abs(times[0] - time.time()) < HOUR


def test_zone_that_changes_between_sessions(
    here: Here, search: Search, zone: Callable[[str], None]
) -> None:
    check_zones(here, search, zone)


def test_control_times_of_the_zone(
    here: Here, search: Search, zone: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "utc_seconds", lambda: float(timegm(time.localtime())))
    with pytest.raises(AssertionError):
        check_zones(here, search, zone)


class Hands:
    """A clock that stands still but for what is done with its hands."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    clock = Hands()
    take_clock(monkeypatch, clock)
    return clock


def slow_down_storage(monkeypatch: pytest.MonkeyPatch, hands: Hands) -> None:
    """Let every write to the study take two seconds."""
    append = Journal.append_logs

    def slow(*args: Any, **named: Any) -> None:
        hands.now += 2
        append(*args, **named)

    monkeypatch.setattr(Journal, "append_logs", slow)


def stop_for_an_hour(monkeypatch: pytest.MonkeyPatch, hands: Hands) -> None:
    """Let the coordinator sleep for an hour while its trials run, as after SIGSTOP."""
    poll, calls = fake.FakeExecutor.poll, itertools.count()

    def stopped(self: Any, timeout_seconds: float) -> Any:
        hands.now += HOUR if next(calls) == 3 else 0.1
        return poll(self, timeout_seconds)

    monkeypatch.setattr(fake.FakeExecutor, "poll", stopped)


FAULTS = {"50": slow_down_storage, "11": stop_for_an_hour}


def check_not_overdue(here: Here, search: Search, study: Any) -> None:
    ended = here(*search(4, "--trial-timeout", "20s"))
    assert ended.code == 0, ended.err
    study.whole(4)
    assert "FAIL" not in study.states().values()


@pytest.mark.parametrize("row", FAULTS)
def test_trials_do_not_pay_for_a_coordinator_that_does_not_listen(
    here: Here,
    search: Search,
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
    hands: Hands,
    row: str,
) -> None:
    FAULTS[row](monkeypatch, hands)
    check_not_overdue(here, search, study)
    # Much more went by than a trial may take.
    assert hands.now > 2 * 20


@pytest.mark.parametrize("row", FAULTS)
def test_control_when_all_time_counts(
    here: Here,
    search: Search,
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
    hands: Hands,
    row: str,
) -> None:
    FAULTS[row](monkeypatch, hands)
    monkeypatch.setattr(loop, "ROUND_SECONDS", math.inf)
    with pytest.raises(AssertionError):
        check_not_overdue(here, search, study)


def check_budget(here: Here, search: Search, study: Any, hands: Hands) -> None:
    # Each poll takes a second, so two trials of 60 epochs take a minute.
    arguments = search(4, "--time-budget", "9s", "--epochs", "60", "--pruner", "none")
    here(*arguments).refused(3, "no trial succeeded")
    assert hands.now <= 9 + loop.GRACE_SECONDS
    assert set(study.states().values()) == {"WAITING"}


@pytest.fixture
def slow_polls(monkeypatch: pytest.MonkeyPatch, hands: Hands) -> None:
    poll = fake.FakeExecutor.poll

    def slow(self: Any, timeout_seconds: float) -> Any:
        hands.now += 1
        return poll(self, timeout_seconds)

    monkeypatch.setattr(fake.FakeExecutor, "poll", slow)


@pytest.mark.usefixtures("slow_polls")
def test_time_budget_ends_long_trials(here: Here, search: Search, study: Any, hands: Hands) -> None:
    check_budget(here, search, study, hands)


@pytest.mark.usefixtures("slow_polls")
def test_control_budget_looked_at_between_trials_only(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch, hands: Hands
) -> None:
    def wait_for_all(session: Any) -> None:
        while session.running:
            for event in session.executor.poll(0):
                match event:
                    case loop.Reported():
                        loop._on_reported(session, event)
                    case loop.Finished():
                        loop._on_finished(session, event)

    monkeypatch.setattr(loop, "_give_back", wait_for_all)
    with pytest.raises(AssertionError):
        check_budget(here, search, study, hands)
