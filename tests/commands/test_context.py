"""What commands take from outside: signals heeded for a while, and no longer."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator

import pytest

from mnist_search.commands.context import Context, heed_signals
from mnist_search.commands.logged import LOGGER

HEEDED = {signal.SIGINT: None, signal.SIGTERM: 2}


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in HEEDED}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_signals_are_wishes_and_their_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with heed_signals(HEEDED) as interrupt:
        assert interrupt.level == 0
        signal.raise_signal(signal.SIGINT)
        assert (interrupt.level, interrupt.exit_code) == (1, 130)
        signal.raise_signal(signal.SIGINT)
        assert interrupt.level == 2
        signal.raise_signal(signal.SIGTERM)
        assert (interrupt.level, interrupt.exit_code) == (2, 143)
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with heed_signals(HEEDED) as interrupt:
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.level == 0
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_a_library_says_its_sentences_to_its_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=LOGGER):
        Context.of_this_process().notice("precision auto: float32")
    assert caplog.messages == ["precision auto: float32"]
