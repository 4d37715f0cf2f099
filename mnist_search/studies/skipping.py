"""Results that need no training: of networks over a limit, and of configurations tried before."""

from __future__ import annotations

from collections.abc import Iterable

from mnist_search.specs import Failure, Job, Record, RunConfig, RunResult
from mnist_search.specs.shapes import UnbuildableError, measure
from mnist_search.studies.spec import SearchSpec


def excess(search: SearchSpec, config: RunConfig) -> dict[str, float]:
    """Return the share by which a model exceeds each limit of a search, below 0 where it does not.

    What cannot be built exceeds nothing: its run will say why.
    """
    return {name: size / limit - 1.0 for name, size, limit in _limits(search, config)}


def too_large(search: SearchSpec, job: Job) -> RunResult | None:
    """Return the result of a model that is not trained because of its size, None for others."""
    for name, size, limit in _limits(search, job.config):
        if size > limit:
            what = {"params": "parameters", "flops": "operations"}[name]
            message = f"{size:,} {what} are more than --max-{name} {limit:,}"
            measured = measure(job.config.model)
            return RunResult(
                status="pruned",
                config_id=job.config.config_id,
                seed=job.seed,
                failure=Failure(kind="too-large", message=message),
                parameters=measured.parameters,
                trainable_parameters=measured.trainable_parameters,
                flops=measured.flops,
                precision=job.precision,
            )
    return None


def is_trained(result: RunResult) -> bool:
    """Return whether a result comes from training, and not from a limit or an earlier trial."""
    limited = result.failure is not None and result.failure.kind == "too-large"
    return result.duplicate_of is None and not limited


class Memory:
    """The trained trials of a study by their configuration, the first of each."""

    def __init__(self, records: Iterable[Record]) -> None:
        """Take up what the ledger holds."""
        self._known: dict[str, tuple[int, RunResult]] = {}
        for record in records:
            if record.result is not None and record.state in ("complete", "pruned"):
                self.note(record.number, record.result)

    def note(self, number: int, result: RunResult) -> None:
        """Take up a finished trial; a failed one may do better another time."""
        if result.failure is None and is_trained(result) and result.status != "failed":
            self._known.setdefault(result.config_id, (number, result))

    def recall(self, config: RunConfig) -> RunResult | None:
        """Return the marked copy of the result of a trial with this configuration, if there is one.

        Its weights stay the first trial's.
        """
        known = self._known.get(config.config_id)
        if known is None:
            return None
        number, result = known
        return result.model_copy(update={"duplicate_of": number, "weights_sha256": None})


def _limits(search: SearchSpec, config: RunConfig) -> list[tuple[str, int, int]]:
    """Return (name, size, limit) for each limit that a search has."""
    try:
        size = measure(config.model)
    except UnbuildableError:
        return []
    found = (
        ("params", size.parameters, search.max_params),
        ("flops", size.flops, search.max_flops),
    )
    return [(name, size, limit) for name, size, limit in found if limit is not None]
