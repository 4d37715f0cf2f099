"""Results that need no training: of networks over a limit, and of configurations tried before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mnist_search.specs import Failure, Job, Record, RunConfig, RunResult
from mnist_search.specs.shapes import Size, UnbuildableError, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """How large a model may be; None: no limit. `flops` are forward operations per image."""

    params: int | None = None
    flops: int | None = None

    def excess(self, size: Size) -> dict[str, float]:
        """Return the share by which each limit is exceeded, below 0 where it is kept."""
        shares = {}
        if self.params is not None:
            shares["params"] = size.parameters / self.params - 1.0
        if self.flops is not None:
            shares["flops"] = size.flops / self.flops - 1.0
        return shares

    def verdict(self, size: Size) -> str | None:
        """Return which limit is exceeded, None where all are kept."""
        if self.params is not None and size.parameters > self.params:
            return f"{size.parameters:,} parameters are more than --max-params {self.params:,}"
        if self.flops is not None and size.flops > self.flops:
            return f"{size.flops:,} operations are more than --max-flops {self.flops:,}"
        return None


def size_of(config: RunConfig) -> Size | None:
    """Return what the model costs, None where it cannot be built: its run will say why."""
    try:
        return measure(config.model)
    except UnbuildableError:
        return None


def too_large(job: Job, size: Size, *, message: str) -> RunResult:
    """Return the result of a model that was not trained because of its size."""
    return RunResult(
        status="pruned",
        config_id=job.config.config_id,
        seed=job.seed,
        failure=Failure(kind="too-large", message=message),
        parameters=size.parameters,
        trainable_parameters=size.trainable_parameters,
        flops=size.flops,
        precision=job.precision,
    )


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
