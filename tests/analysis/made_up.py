"""Made-up records and ways to find their rows."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.analysis import Leaderboard, Row
from mnist_search.references import get_reference
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Dense,
    Environment,
    Epoch,
    Flatten,
    Network,
    Precision,
    Protocol,
    Record,
    RunConfig,
    RunResult,
    Score,
    Timings,
    Training,
)

MNIST = DatasetRef(name="mnist", digest="m", train_images=60_000, test_images=10_000)
DIGITS = DatasetRef(name="digits", digest="d", train_images=1_437, test_images=360, fallback=True)


def machine(name: str = "cpu") -> Environment:
    return Environment(
        system="Linux",
        python="3.11",
        processor=name,
        cores=2,
        memory_bytes=None,
        features=(),
        packages={},
    )


def recipe(units: int = 32, *, protocol: Protocol = "held-out", epochs: int = 2) -> RunConfig:
    return RunConfig(
        model=Network(layers=(Flatten(), Dense(units=units))),
        training=Training(optimizer=Adam(), batch_size=128, epochs=epochs),
        protocol=protocol,
    )


def result(
    config: RunConfig,
    *,
    seed: int = 0,
    val: int | None = None,
    test: int | None = None,
    fit: float | None = 60.0,
    steps: tuple[float, ...] = (),
    collapsed: bool | None = False,
    contended: bool | None = False,
    on: str = "cpu",
    precision: Precision = "float32",
    images: int = 10_000,
    predictions: str | None = None,
) -> RunResult:
    return RunResult(
        status="complete",
        config_id=config.config_id,
        seed=seed,
        validation=None if val is None else Score(correct=val, total=10_000),
        test=None if test is None else Score(correct=test, total=images),
        collapsed=collapsed,
        contended=contended,
        precision=precision,
        predictions=predictions,
        threads=1,
        timings=Timings(fit_seconds=fit, step_seconds=steps),
        environment=machine(on),
    )


def trial(
    number: int,
    val: int,
    *,
    units: int = 32,
    fit: float | None = 60.0,
    on: str = "cpu",
    reference: str | None = None,
    contended: bool | None = False,
) -> Record:
    config = recipe(units)
    return Record(
        study="s",
        number=number,
        kind="trial",
        state="complete",
        reference=reference,
        values={"units": units},
        config=config,
        dataset=MNIST,
        result=result(config, seed=number, val=val, fit=fit, on=on, contended=contended),
    )


def repeat(
    name: str,
    number: int,
    test: int,
    *,
    protocol: Protocol = "documented",
    seed: int = 0,
    on: str = "cpu",
    precision: Precision = "float32",
    fit: float = 60.0,
    collapsed: bool = False,
    predictions: str | None = None,
    finished: float = 0.0,
    steps: tuple[float, ...] = (),
) -> Record:
    config = get_reference(name).run_config(protocol)
    return Record(
        study="s",
        number=number,
        kind="reference",
        state="complete",
        reference=name,
        config=config,
        dataset=MNIST,
        finished=finished,
        result=result(
            config,
            seed=seed,
            test=test,
            on=on,
            precision=precision,
            fit=fit,
            collapsed=collapsed,
            predictions=predictions,
            steps=steps,
        ),
    )


def reference_run(
    name: str,
    *,
    seed: int = 0,
    protocol: Protocol = "documented",
    config: RunConfig | None = None,
    dataset: DatasetRef = MNIST,
    finished: float = 0.0,
    **measured: object,
) -> Record:
    """Make a complete run of a reference, or of another recipe under its name."""
    recipe = get_reference(name).run_config(protocol) if config is None else config
    return Record(
        study="s",
        number=0,
        kind="reference",
        state="complete",
        reference=name,
        config=recipe,
        seed=seed,
        dataset=dataset,
        finished=finished,
        result=RunResult.model_validate(
            {"status": "complete", "config_id": recipe.config_id, "seed": seed, **measured}
        ),
    )


def curve(val_accuracies: Sequence[float], *, accuracy: float = 0.9) -> tuple[Epoch, ...]:
    """Make the epochs of a run, by their accuracies on the validation images."""
    return tuple(
        Epoch(
            epoch=number,
            loss=0.2,
            accuracy=accuracy,
            val_loss=0.5,
            val_accuracy=val_accuracy,
            seconds=1.0,
            validation_seconds=0.1,
        )
        for number, val_accuracy in enumerate(val_accuracies, start=1)
    )


def open_record(number: int, state: str, *, name: str | None = None) -> Record:
    return Record.model_validate(
        {
            "study": "s",
            "number": number,
            "kind": "trial" if name is None else "reference",
            "state": state,
            "reference": name,
            "config": None if name is None else get_reference(name).config,
            "dataset": MNIST,
        }
    )


def named(board: Leaderboard, name: str) -> Row:
    (row,) = [row for row in board.rows if row.name == name]
    return row


def names(rows: Sequence[Row]) -> list[str]:
    return [row.name for row in rows]


def with_change(record: Record, **changes: object) -> Record:
    """Change the recipe of a run, as its config and in its result."""
    assert record.config is not None
    assert record.result is not None
    config = record.config.model_copy(update=changes)
    result = record.result.model_copy(update={"config_id": config.config_id})
    return record.model_copy(update={"config": config, "result": result})
