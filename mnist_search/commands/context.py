"""What commands take from the world outside, and what all that train have in common."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from mnist_search.choices import DeviceChoice, PrecisionChoice

if TYPE_CHECKING:
    from mnist_search.studies import Interrupt, Invocation
    from mnist_search.studies.progress import Progress


class TrainingKeywords(TypedDict, total=False):
    """The keywords of commands that train, as `TrainingOptions` has them."""

    workers: int | str
    device: DeviceChoice
    workers_per_gpu: int | None
    cluster: str | None
    worker_cpus: int | None
    worker_gpus: float | None
    trial_timeout_seconds: float | None
    memory_limit_bytes: int | None
    precision: PrecisionChoice | None
    dataset: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """How a command trains: how many runs at once, within which limits, on which images.

    `workers` is a number or `auto`: processes of this machine, or with `cluster`, which is `auto`
    or HOST:PORT, actors of a Ray cluster with `worker_cpus` (1) and `worker_gpus` (0) each. On
    the `device` gpu each has a GPU, or `workers_per_gpu` share one; `auto` is gpu where TensorFlow
    can use one, and in a cluster where `worker_gpus` asks for it. A
    `precision` or `dataset` of None is that of the study; where there is none yet, float32 and
    `auto`.
    """

    workers: int | str = "auto"
    device: DeviceChoice = "auto"
    workers_per_gpu: int | None = None
    cluster: str | None = None
    worker_cpus: int | None = None
    worker_gpus: float | None = None
    trial_timeout_seconds: float | None = None
    memory_limit_bytes: int | None = None
    precision: PrecisionChoice | None = None
    dataset: str | None = None

    @classmethod
    def of(cls, call: TrainingKeywords) -> TrainingOptions:
        """Return those keywords of a call that say how to train."""
        own = TrainingKeywords.__optional_keys__
        return cls(**{name: value for name, value in call.items() if name in own})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a command takes from the world outside.

    `typed` are the words of the command line, for the record of sessions. `notice` is given
    sentences for the user. `progress` makes a display for one session of training; `interrupt`
    is entered while runs train. `quiet` leaves out notices
    that are about progress.
    """

    environ: Mapping[str, str]
    clock: Callable[[], float]
    now: Callable[[], float]
    typed: Sequence[str]
    notice: Callable[[str], None]
    progress: Callable[[], Progress]
    interrupt: Callable[[], AbstractContextManager[Interrupt]]
    quiet: bool = False

    @classmethod
    def of_this_process(
        cls,
        *,
        typed: Sequence[str] = (),
        notice: Callable[[str], None] | None = None,
        progress: Callable[[], Progress] | None = None,
        interrupt: Callable[[], AbstractContextManager[Interrupt]] | None = None,
        quiet: bool = False,
    ) -> Context:
        """Return the real environment and clocks, and else what suits a library.

        That is: sentences and runs that are over go to the logger `mnist_search`, at the level
        INFO, and Ctrl-C leaves the study whole before `KeyboardInterrupt` is raised.
        """
        from mnist_search.commands.logged import LOGGER, LoggedProgress
        from mnist_search.studies.owner import utc_seconds

        return cls(
            environ=os.environ,
            clock=time.monotonic,
            now=utc_seconds,
            typed=typed,
            notice=logging.getLogger(LOGGER).info if notice is None else notice,
            progress=LoggedProgress if progress is None else progress,
            interrupt=_keyboard_interrupts if interrupt is None else interrupt,
            quiet=quiet,
        )

    def invocation(self) -> Invocation:
        """Return what is stored about this call."""
        from mnist_search import __version__
        from mnist_search.specs import describe_environment
        from mnist_search.studies import describe_invocation

        machine = describe_environment().machine_id
        return describe_invocation(self.typed, self.environ, version=__version__, machine=machine)


def home_of(home: Path | str | None, context: Context | None) -> Path:
    """Return the folder of all studies: as given, else that of the environment."""
    from mnist_search.studies.folder import resolve_home

    environ = os.environ if context is None else context.environ
    return resolve_home(home, environ)


@contextmanager
def heed_signals(urgent: Mapping[signal.Signals, int | None]) -> Iterator[Interrupt]:
    """Turn signals into wishes to stop, for as long as the block runs.

    `urgent` has the level of each signal's wish, None: one more each time.
    """
    from mnist_search.studies import Interrupt

    interrupt = Interrupt()

    def heed(number: int, _: object) -> None:
        interrupt.request(exit_code=128 + number, level=urgent[signal.Signals(number)])

    # What `nohup` and shells let a command ignore stays ignored.
    heeded = [number for number in urgent if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, heed) for number in heeded}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _keyboard_interrupts() -> Iterator[Interrupt]:
    # In another thread there are no handlers, and no KeyboardInterrupt either.
    here = threading.current_thread() is threading.main_thread()
    with heed_signals({signal.SIGINT: None} if here else {}) as interrupt:
        yield interrupt
    if interrupt.level > 0:
        raise KeyboardInterrupt
