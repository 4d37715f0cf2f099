"""Which executor a command gets, and how many workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.errors import UsageError
from mnist_search.execution import create_executor, resolve_workers
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import available_cores
from tests.support.fake import FakeExecutor


def test_inline_is_a_fake() -> None:
    environ = {"MNIST_SEARCH_TRAINER": "tests.support.fake:inline"}
    executor = create_executor(3, threads=None, log_folder=None, environ=environ)
    assert isinstance(executor, FakeExecutor)
    assert (executor.slots, executor.free) == (3, 3)


def test_a_dotted_name_is_a_trainer_for_workers_that_start_at_once(tmp_path: Path) -> None:
    environ = {"MNIST_SEARCH_TRAINER": "tests.support.surrogate"}
    executor = create_executor(1, threads=2, log_folder=tmp_path / "new", environ=environ)
    assert isinstance(executor, LocalExecutor)
    try:
        assert (executor.slots, executor.threads, len(executor.process_ids)) == (1, 2, 1)
        assert (tmp_path / "new" / "worker-0.log").exists()
    finally:
        executor.close()


def test_the_default_is_real_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalExecutor, "start", lambda self: None)
    executor = create_executor(1, environ={})
    assert isinstance(executor, LocalExecutor)
    assert executor._launcher.trainer == "mnist_search.training"


@pytest.mark.parametrize(
    ("text", "workers"), [("auto", available_cores()), ("AUTO ", available_cores()), ("1", 1)]
)
def test_workers_are_resolved(text: str, workers: int) -> None:
    assert resolve_workers(text) == workers


def test_more_workers_than_cores_are_allowed() -> None:
    assert resolve_workers(str(available_cores() + 5)) == available_cores() + 5


@pytest.mark.parametrize("text", ["0", "-2", "two", "1.5", ""])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_workers(text)
    expected = f"workers must be auto or a whole number of at least 1, got {text!r}"
    assert str(caught.value) == expected
