"""Which run a user means."""

from __future__ import annotations

import pytest

from mnist_search.errors import UsageError
from mnist_search.specs import Record, RunResult
from mnist_search.studies import choose_run, run_name


def record(
    number: int, state: str, *, reference: str | None = "cnn-simple", seed: int = 0
) -> Record:
    over = state in ("complete", "pruned", "failed")
    result = RunResult(status=state, config_id="0" * 16, seed=seed) if over else None
    kind = "trial" if reference is None else "reference"
    return Record(
        study="s", number=number, kind=kind, state=state, reference=reference, seed=seed,
        result=result,
    )  # fmt: skip


RUNS = [
    record(0, "failed"),
    record(1, "complete", reference="mlp-784"),
    record(2, "complete", seed=1),
    record(3, "complete", seed=2),
    record(4, "waiting", reference="dnn"),
]


@pytest.mark.parametrize(
    ("name", "seed", "number"),
    [("3", None, 3), ("0", None, 0), ("cnn-simple", None, 2), ("cnn-simple", 2, 3),
     ("cnn-simple", 0, 0), ("mlp-784", 0, 1)],
)  # fmt: skip
def test_run_is_found(name: str, seed: int | None, number: int) -> None:
    assert choose_run(RUNS, name, study="s", seed=seed).number == number


@pytest.mark.parametrize(
    ("name", "seed", "message", "hint"),
    [
        ("9", None, "study s has no run 9", "0 to 4, of cnn-simple, dnn, mlp-784"),
        ("nothing", None, "no run nothing", "0 to 4"),
        ("cnn-simple", 7, "no run of cnn-simple with seed 7", "its seeds: 0, 1, 2"),
        ("dnn", None, "run dnn of study s is waiting", None),
    ],
)
def test_run_that_is_not_there_is_one_sentence(
    name: str, seed: int | None, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        choose_run(RUNS, name, study="s", seed=seed)
    assert (caught.value.hint is None) is (hint is None)
    assert hint is None or hint in str(caught.value.hint)


def test_names_for_files_tell_runs_apart() -> None:
    names = [run_name(run, RUNS) for run in RUNS[:4]]
    assert names == ["cnn-simple-run-0", "mlp-784", "cnn-simple", "cnn-simple-run-3"]
    trial = record(5, "complete", reference=None)
    assert run_name(trial, [trial]) == "trial-5"
