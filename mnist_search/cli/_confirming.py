"""What `confirm` does between its options and its table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnist_search.cli._running import count_workers, exit_code, find_data, train_runs

if TYPE_CHECKING:
    from mnist_search.cli._settings import Surroundings
    from mnist_search.specs import Record
    from mnist_search.studies import ConfirmedStudy, Interrupt, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmOptions:
    """The options of `confirm`, but the format."""

    study: str
    top: int
    seeds: int
    references: Sequence[str]
    workers: str
    trial_timeout_seconds: float | None
    memory_limit_bytes: int | None
    home: Path | None
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations:
    """What came of it: what was found so far, and the ending."""

    found: ConfirmedStudy
    outcome: Outcome
    interrupt: Interrupt
    records: Sequence[Record]

    def finish(self, how: str = "the same command") -> int:
        """Return the exit code, telling `how` an interrupted confirmation goes on."""
        if self.outcome.ending == "interrupted":
            typer.echo(f"{how} goes on with the runs that are left", err=True)
        return exit_code(self.outcome, self.interrupt, self.records)


def confirm_study(options: ConfirmOptions, around: Surroundings) -> Confirmations:
    """Train what is not yet trained of a confirmation, and compare what there is."""
    from mnist_search.analysis.confirmation import summarize_confirmation
    from mnist_search.references import REFERENCES
    from mnist_search.studies import (
        ConfirmedStudy,
        choose_candidates,
        confirmation_spec,
        count_test_use,
        find_references,
        fresh_seeds,
        open_benchmark,
        open_ledger,
        plan_confirmation,
        read_records,
        read_test_labels,
        resolve_home,
        study_folder,
    )

    references = find_references(options.references)
    workers = count_workers(options.workers)
    home = resolve_home(options.home, around.environ)
    trials = read_records(home, [options.study])
    with closing(open_ledger(study_folder(home, options.study))) as search:
        spec = find_data(confirmation_spec(search.spec), around)
        seeds = fresh_seeds(search.spec, trials, options.seeds)
    candidates = choose_candidates(trials, references, top=options.top)
    runs = plan_confirmation(candidates, seeds)
    with closing(open_benchmark(study_folder(home, spec.name), spec)) as ledger:
        with ledger.exclusive():
            use = count_test_use(ledger, runs)
        outcome, interrupt = train_runs(
            ledger,
            runs,
            what=f"confirm {options.study} · {len(candidates)} models x {len(seeds)} seeds",
            workers=workers,
            trial_timeout_seconds=options.trial_timeout_seconds,
            memory_limit_bytes=options.memory_limit_bytes,
            quiet=options.quiet,
            around=around,
        )
        wanted = {run.key for run in runs}
        records = [record for record in ledger.records() if record.run_key in wanted]
    confirmation = summarize_confirmation(
        records, trials, REFERENCES, labels=read_test_labels(spec.dataset)
    )
    found = ConfirmedStudy(study=options.study, confirmation=confirmation, use=use)
    return Confirmations(found=found, outcome=outcome, interrupt=interrupt, records=records)
