"""One run in full: its network layer by layer, hyperparameters, learning curve and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_search.commands.context import Context, home_of
from mnist_search.errors import UsageError
from mnist_search.references.rows import Row, layer_rows, training_row
from mnist_search.specs import Epoch, Record, RunConfig
from mnist_search.specs.shapes import UnbuildableError
from mnist_search.studies import choose_run, read_confirmed, read_records
from mnist_search.studies.explaining import WINNER, choose_trial

Fact = tuple[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run that is over.

    `confirmed` are the complete runs that trained the same trial again on all training images.
    """

    record: Record
    config: RunConfig
    layers: Sequence[Row]
    training: Mapping[str, Any]
    confirmed: Sequence[Record]

    @property
    def epochs(self) -> Sequence[Epoch]:
        """Return the learning curve."""
        return () if self.record.result is None else self.record.result.epochs

    def as_dict(self) -> dict[str, object]:
        """Return the run under its JSON keys."""
        record, result = self.record, self.record.result
        assert result is not None
        score = result.score
        return {
            "study": record.study,
            "number": record.number,
            "kind": record.kind,
            "reference": record.reference,
            "status": record.state,
            "protocol": self.config.protocol,
            "dataset": None if record.dataset is None else record.dataset.name,
            "seed": result.seed,
            "accuracy": None if score is None else score.accuracy,
            "scored_on": None if score is None else "validation" if result.validation else "test",
            "images": None if score is None else score.total,
            "confirmed_test_accuracies": [
                run.result.test.accuracy
                for run in self.confirmed
                if run.result is not None and run.result.test is not None
            ],
            "parameters": result.parameters,
            "trainable_parameters": result.trainable_parameters,
            "flops": result.flops,
            "values": record.values,
            "training": dict(self.training),
            "layers": list(self.layers),
            "epochs": [epoch.model_dump(mode="json") for epoch in result.epochs],
            "timings": result.timings.model_dump(mode="json"),
            "started": record.started,
            "finished": record.finished,
            "precision": result.precision,
            "threads": result.threads,
            "contended": result.contended,
            "failure": None if result.failure is None else result.failure.model_dump(mode="json"),
            "environment": None
            if result.environment is None
            else result.environment.model_dump(mode="json"),
            "config_id": self.config.config_id,
        }


def find_run(
    records: Sequence[Record],
    confirmed: Sequence[Record],
    name: str,
    *,
    study: str,
    seed: int | None = None,
) -> Record:
    """Return the run that `name` means: a number, a reference, or `winner`, as confirmed or best.

    Raises:
        UsageError: there is no such run, or it is not over.
        BudgetError: no trial is complete, so that none has won.
    """
    if name == WINNER:
        if seed is not None:
            raise UsageError("--seed says which run of a reference is meant, not of the winner")
        return choose_trial(records, confirmed, name, study=study)
    return choose_run(records, name, study=study, seed=seed)


def show(
    study: str,
    run: str | int = WINNER,
    *,
    seed: int | None = None,
    home: Path | str | None = None,
    context: Context | None = None,
) -> ShownRun:
    """Return all that is known of a run: a trial's number, `winner`, or a reference.

    Raises:
        UsageError: there is no such study or run, or it is not over.
    """
    context = Context.of_this_process() if context is None else context
    place = home_of(home, context)
    records = read_records(place, [study])
    confirmed = read_confirmed(place, study, notice=context.notice)
    record = find_run(records, confirmed, str(run), study=study, seed=seed)
    config = record.config
    if config is None or record.result is None:
        raise UsageError(f"run {record.number} of study {study} has no result yet")
    try:
        layers = layer_rows(config.model)
    except UnbuildableError:
        # Its failure says why.
        layers = []
    return ShownRun(
        record=record,
        config=config,
        layers=layers,
        training=training_row(config.model, config.training),
        confirmed=[
            each
            for each in confirmed
            if each.confirms == record.number and each.state == "complete"
        ],
    )
