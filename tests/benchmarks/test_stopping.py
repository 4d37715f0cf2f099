"""Rules that stop trials are played rightly, and the benchmark runs from end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.driving import ENVIRONMENT, FOLDER, call

PLAY = (
    "import stopping\n"
    "rule = stopping.read_rule(given['rule'], epochs=2)\n"
    "print(json.dumps(stopping.play(given['curves'], rule)))"
)


def curve(*looks: tuple[int, float, float]) -> dict[str, Any]:
    return {"looks": looks}


GOOD = curve((1, 1.0, 0.5), (4, 4.0, 0.8), (8, 8.0, 0.9))
SLOW_STARTER = curve((1, 1.0, 0.4), (4, 4.0, 0.9), (8, 8.0, 0.95))
FADING = curve((1, 1.0, 0.6), (4, 4.0, 0.7), (8, 8.0, 0.8))
HOPELESS = curve((1, 1.0, 0.7), (4, 4.0, 0.1))


@pytest.mark.parametrize(
    ("rule", "ends"),
    [
        ("none", [(8.0, 0.9), (16.0, 0.95), (24.0, 0.8), (28.0, 0.1)]),
        ("2:1", [(8.0, 0.9), (9.0, None), (17.0, 0.8), (21.0, 0.1)]),
        ("2:1,4", [(8.0, 0.9), (9.0, None), (13.0, None), (17.0, None)]),
        ("2:4", [(8.0, 0.9), (16.0, 0.95), (20.0, None), (24.0, None)]),
    ],
)
def test_a_trial_ends_at_the_look_that_stops_it(
    rule: str, ends: list[tuple[float, float | None]]
) -> None:
    curves = [GOOD, SLOW_STARTER, FADING, HOPELESS]
    assert call(PLAY, {"rule": rule, "curves": curves}) == [list(end) for end in ends]


def test_expected_seconds_count_the_orders_that_came_to_nothing() -> None:
    code = "import stopping\nprint(json.dumps([stopping.expected(given, t) for t in (0.9, 0.99)]))"
    played = [[(5.0, 0.8), (9.0, 0.95)], [(3.0, 0.9), (9.0, None)], [(4.0, None), (6.0, 0.7)]]
    met, never = call(code, played)
    assert met == {"seconds": pytest.approx((9.0 + 3.0 + 6.0) / 2), "met": pytest.approx(2 / 3)}
    assert never == {"seconds": None, "met": 0.0}


def benchmark(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FOLDER / "stopping.py"), "--output", str(output), *options],
        env=os.environ | ENVIRONMENT | {"MNIST_SEARCH_TRAINER": "tests.support.fake:inline"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_short_one_writes_its_file_and_goes_on(tmp_path: Path) -> None:
    output = tmp_path / "stopping.json"
    short = ("--images", "600", "--repeats", "3", "--rules", "halving", "2:1,4,16", "none")
    done = benchmark(output, "--networks", "10", *short)
    assert done.returncode == 0, done.stderr
    done = benchmark(output, "--networks", "12", *short)
    assert "cnn, 0, 10: measured" in done.stderr
    document = json.loads(output.read_text())
    assert document["budget"] == {"networks": 12, "epochs": 8, "images": 600}
    halving, _, trained, *_, whole = document["rows"]
    assert (halving["rule"], halving["networks"]) == ("halving", "all")
    assert (whole["rule"], whole["networks"]) == ("none", "the better half")
    assert halving["best"] <= trained["best"]
    assert whole["expected"]["2"]["met"] == 1.0
    assert len(document["provenance"]) == 2


@pytest.mark.parametrize("rule", ["halvin", "2", "1:1", "2:a", "2:3", "2:1,64"])
def test_a_rule_that_cannot_be_played_is_named(tmp_path: Path, rule: str) -> None:
    done = benchmark(tmp_path / "stopping.json", "--rules", rule)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert rule in line
