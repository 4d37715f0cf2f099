"""Running what a command has planned: data, workers, progress, signals, exit code."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnist_search.errors import BudgetError

if TYPE_CHECKING:
    from mnist_search.cli._settings import Surroundings
    from mnist_search.execution import Executor, PrecisionChoice, Workers
    from mnist_search.reporting.live import Display
    from mnist_search.specs import DatasetRef, Precision, Record
    from mnist_search.studies import Interrupt, Ledger, Outcome, Run, StudySpec
    from mnist_search.studies.progress import Best


def find_data(spec: StudySpec, around: Surroundings) -> StudySpec:
    """Return the specification with the place where the images of its study are now.

    Raises:
        DataError: they are in none of the places that are known.
    """
    from functools import partial

    import typer

    from mnist_search.datasets import find_again

    found = find_again(spec.dataset, around.environ, notice=partial(typer.echo, err=True))
    return spec.model_copy(update={"dataset": found})


def train_runs(
    ledger: Ledger,
    runs: Sequence[Run],
    *,
    what: str,
    workers: Workers,
    trial_timeout_seconds: float | None,
    quiet: bool,
    around: Surroundings,
    memory_limit_bytes: int | None = None,
) -> tuple[Outcome, Interrupt]:
    """Train whatever of the runs the study does not hold, showing progress, heeding signals."""
    from mnist_search.studies import Limits, recorded_session, run_benchmark

    with (
        show_progress(around, quiet=quiet) as progress,
        interruptible() as interrupt,
        ledger.exclusive(),
        recorded_session(ledger, around.invocation(), now=around.now),
    ):
        held = {r.run_key for r in ledger.records() if r.state == "complete"}
        done = sum(run.key in held for run in runs)
        begin(progress, ledger, what=what, total=len(runs), done=done, workers=workers, noun="run")
        outcome = run_benchmark(
            ledger,
            runs,
            lambda: start_executor(
                workers.count, ledger.folder, around, memory_limit_bytes=memory_limit_bytes
            ),
            progress=progress,
            interrupt=interrupt,
            limits=Limits(trial_timeout_seconds=trial_timeout_seconds),
            clock=around.clock,
        )
    return outcome, interrupt


def resolve_dataset(name: str, around: Surroundings) -> DatasetRef:
    """Find the data set, telling on stderr what the user should know."""
    from mnist_search.datasets import resolve

    def notice(sentence: str) -> None:
        print(sentence, file=around.stderr)

    return resolve(name, environ=around.environ, notice=notice)


def choose_precision(choice: PrecisionChoice, around: Surroundings) -> Precision:
    """Return the number format to compute in, telling on stderr what `auto` comes to."""
    from mnist_search.execution import resolve_precision
    from mnist_search.specs import describe_environment

    if choice != "auto":
        return choice
    here = describe_environment()
    chosen = resolve_precision(choice, here)
    features = ", ".join(here.fast_bfloat16)
    reason = f"the processor has {features}" if features else "the processor has no fast bfloat16"
    print(f"precision auto: {chosen}, because {reason}", file=around.stderr)
    return chosen


def keep_precision(
    choice: PrecisionChoice, spec: StudySpec, folder: Path, around: Surroundings
) -> StudySpec:
    """Return the spec with the number format that the study in `folder` has, if `auto` is asked."""
    from mnist_search.studies import has_study, open_ledger

    if choice != "auto" or not has_study(folder):
        return spec
    with closing(open_ledger(folder)) as ledger:
        kept = ledger.spec.precision
    if kept != spec.precision:
        print(f"precision auto: {kept}, as study {spec.name} was made", file=around.stderr)
    return spec.model_copy(update={"precision": kept})


def count_workers(text: str) -> Workers:
    """Return the workers that `auto` or a number asks for."""
    from mnist_search.execution import resolve_workers

    return resolve_workers(text)


def start_executor(
    workers: int, folder: Path, around: Surroundings, *, memory_limit_bytes: int | None = None
) -> Executor:
    """Start workers that log into the folder of their study."""
    from mnist_search.execution import create_executor

    return create_executor(
        workers,
        threads=None,
        log_folder=folder / "logs",
        memory_limit_bytes=memory_limit_bytes,
        environ=around.environ,
    )


@contextmanager
def show_progress(around: Surroundings, *, quiet: bool) -> Iterator[Display]:
    """Show progress on stderr for as long as the block runs."""
    from mnist_search.reporting.live import create_progress

    with create_progress(around.stderr, environ=around.environ, quiet=quiet) as progress:
        yield progress


def begin(
    progress: Display,
    ledger: Ledger,
    *,
    what: str,
    total: int,
    done: int,
    workers: Workers,
    noun: Literal["trial", "run"] = "trial",
    budget_seconds: float | None = None,
) -> None:
    """Say what is about to run, where, with how many workers and why."""
    from mnist_search.specs import available_cores
    from mnist_search.studies.progress import Opening

    count, cores = workers.count, available_cores()
    threads = max(1, cores // count)
    shared = f"{_count(count, 'worker')} x {_count(threads, 'thread')}"
    if workers.reason is not None:
        shared = f"{shared} ({workers.reason})"
    dataset = ledger.spec.dataset
    progress.begin(
        Opening(
            headline=f"{what} · {dataset.name} {dataset.train_images:,} + "
            f"{dataset.test_images:,} images · {ledger.spec.precision} · {shared} · "
            f"{ledger.folder}",
            total=total,
            done=done,
            workers=count,
            noun=noun,
            best=_best_so_far(ledger.records()) if noun == "trial" else None,
            budget_seconds=budget_seconds,
            log_folder=ledger.folder / "logs",
        )
    )
    if dataset.fallback:
        progress.note(
            "WARNING: this is NOT MNIST, which was neither found nor downloadable: the 1,797 "
            "digits of scikit-learn stand in for it "
            "(set MNIST_SEARCH_DATA, or `mnist-search data fetch`)"
        )
    if count > cores:
        progress.note(f"WARNING: {count} workers share {cores} cores; their times are unfit")


def _best_so_far(records: Sequence[Record]) -> Best | None:
    """Return the best complete run of the sessions before this one."""
    from mnist_search.analysis import describe
    from mnist_search.studies.progress import Best

    best: Best | None = None
    for record in records:
        accuracy = None if record.result is None else record.result.last_accuracy
        if record.state != "complete" or accuracy is None or record.config is None:
            continue
        if best is None or accuracy > best.accuracy:
            label = describe(record.config)
            best = Best(name=f"trial {record.number}", label=label, accuracy=accuracy)
    return best


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Turn signals into wishes to stop, for as long as the block runs."""
    from mnist_search.studies import Interrupt

    interrupt = Interrupt()
    handlers = {
        signal.SIGINT: lambda *_: interrupt.request(exit_code=130),
        signal.SIGTERM: lambda *_: interrupt.request(exit_code=143, level=2),
        signal.SIGHUP: lambda *_: interrupt.request(exit_code=129, level=2),
    }
    before = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        # What `nohup` and shells let a command ignore stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(outcome: Outcome, interrupt: Interrupt, records: Sequence[Record]) -> int:
    """Return the exit code of a session; raises BudgetError where nothing came of it."""
    if outcome.ending == "interrupted":
        return interrupt.exit_code
    failure = outcome.first_failure
    reason = "" if failure is None else f": {failure.kind}: {failure.message}"
    if outcome.ending == "failing":
        raise BudgetError(
            f"stopped after {outcome.failed} failures in a row{reason}",
            hint="`mnist-search report -f json` holds every reason",
        )
    # A network that was too large to be trained counts as pruned, with its reason.
    failed = [record.result is not None and record.result.failure is not None for record in records]
    ended = [record.state in ("complete", "pruned") for record in records]
    if not any(over and not bad for over, bad in zip(ended, failed, strict=True)):
        raise BudgetError(f"no trial succeeded{reason}")
    return 0
