"""Which executor a command gets, and how many workers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mnist_search.errors import ResourceError, UsageError
from mnist_search.execution import Workers, create_executor, resolve_workers
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import available_cores
from tests.support.fake import FakeExecutor


def test_inline_is_a_fake() -> None:
    environ = {"MNIST_SEARCH_TRAINER": "tests.support.fake:inline"}
    executor = create_executor(Workers(count=3), environ=environ)
    assert isinstance(executor, FakeExecutor)
    assert (executor.slots, executor.free) == (3, 3)


def test_a_dotted_name_is_a_trainer_for_workers_that_start_at_once(tmp_path: Path) -> None:
    environ = {"MNIST_SEARCH_TRAINER": "tests.support.surrogate"}
    executor = create_executor(Workers(count=1), log_folder=tmp_path / "new", environ=environ)
    assert isinstance(executor, LocalExecutor)
    try:
        found = executor.slots, executor.threads, len(executor.process_ids)
        assert found == (1, available_cores(), 1)
        assert (tmp_path / "new" / "worker-0.log").exists()
    finally:
        executor.close()


def test_the_default_is_real_training(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def refuse(words: list[str], **_: object) -> None:
        started.append(words)
        raise OSError(24, "not now")

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(ResourceError, match="not now"):
        create_executor(Workers(count=1), environ={})
    assert "mnist_search.training" in started[0]


@pytest.mark.parametrize("text", ["auto", "AUTO "])
def test_auto_is_what_the_machine_carries_and_says_so(text: str) -> None:
    workers = resolve_workers(text)
    assert 1 <= workers.count <= available_cores()
    assert workers.reason is not None
    assert re.fullmatch(r"\d+ cores?; memory for \d+", workers.reason)


@pytest.mark.parametrize("workers", [1, available_cores() + 5])
def test_a_number_is_a_number_whatever_the_machine_carries(workers: int) -> None:
    assert resolve_workers(str(workers)) == Workers(count=workers)


@pytest.mark.parametrize("text", ["0", "-2", "two", "1.5", ""])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_workers(text)
    expected = f"workers must be auto or a whole number of at least 1, got {text!r}"
    assert str(caught.value) == expected
