"""`--precision auto`: said, recorded as what was used, and kept by the study."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let this process take the machine for one whose processor has those flags."""

    def put(flags: str) -> None:
        monkeypatch.setattr(
            "mnist_search.specs.environment._cpu_info",
            lambda root: {"flags": flags, "model name": "made up"},
        )

    return put


def precisions(out: str) -> set[str]:
    rows = json.loads(out)["rows"]
    return {row["precision"] for row in rows if row["status"] == "complete"}


@pytest.mark.parametrize(
    ("flags", "expected", "reason"),
    [
        ("fpu avx2 avx512_bf16 amx_bf16", "bfloat16", "has avx512_bf16, amx_bf16"),
        ("fpu avx2 avx512f", "float32", "has no fast bfloat16"),
    ],
)
def test_search_says_and_records_what_auto_came_to(
    cli: Cli,
    processor: Callable[[str], None],
    space_file: Path,
    flags: str,
    expected: str,
    reason: str,
) -> None:
    processor(flags)
    arguments = ("run", "--space", str(space_file), "-n", "3", "-f", "json")
    code, out, err = cli(*arguments, "--precision", "auto")
    assert code == 0, err
    assert f"precision auto: {expected}, because the processor {reason}" in err
    assert precisions(out) == {expected}


def test_study_goes_on_as_it_was_made_wherever_it_goes(
    cli: Cli, processor: Callable[[str], None], space_file: Path
) -> None:
    arguments = ("run", "--space", str(space_file), "--precision", "auto", "-f", "json")
    processor("amx_bf16")
    assert cli(*arguments, "-n", "2")[0] == 0
    processor("avx2")
    code, out, err = cli(*arguments, "-n", "4")
    assert code == 0, err
    assert "precision auto: bfloat16, as study " in err
    assert precisions(out) == {"bfloat16"}
    code, _, err = cli(*arguments, "-n", "4", "--precision", "float32")
    assert code == 2
    assert "was made with precision bfloat16, not float32" in err


def test_bench_takes_auto_as_well(cli: Cli, processor: Callable[[str], None]) -> None:
    processor("avx512_bf16")
    code, out, err = cli("bench", "cnn-simple", "--quick", "--precision", "auto", "-f", "json")
    assert code == 0, err
    assert "precision auto: bfloat16" in err
    assert "bfloat16" in precisions(out)


def test_float32_stays_the_default(
    cli: Cli, processor: Callable[[str], None], space_file: Path
) -> None:
    processor("amx_bf16")
    code, out, err = cli("run", "--space", str(space_file), "-n", "2", "-f", "json")
    assert code == 0, err
    assert "precision auto" not in err
    assert precisions(out) == {"float32"}


def test_hyperband_of_keras_tuner_has_no_pruner_beside_it(cli: Cli, space_file: Path) -> None:
    arguments = ("run", "--space", str(space_file), "--engine", "keras-tuner")
    code, out, err = cli(*arguments, "--sampler", "hyperband", "--pruner", "median")
    assert (code, out) == (2, "")
    assert "--pruner must be none, got median" in err
    assert not Path("mnist-search-runs").exists()
