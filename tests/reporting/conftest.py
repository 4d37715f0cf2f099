"""Made-up studies for the tests of the HTML report."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from mnist_search.analysis import Leaderboard, build_leaderboard
from mnist_search.analysis.confirmation import summarize_confirmation
from mnist_search.commands.portraits import Answered, Portrait
from mnist_search.references import REFERENCES
from mnist_search.reporting.html.page import render_page
from mnist_search.reporting.inside import Inside, look_inside
from mnist_search.reporting.leaderboard import render_leaderboard
from mnist_search.spaces import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    SearchSpace,
)
from mnist_search.specs import (
    DatasetRef,
    Environment,
    Failure,
    Record,
    RunResult,
    Score,
    Timings,
)
from mnist_search.studies.confirming import TestUse
from mnist_search.studies.reading import ConfirmedStudy
from mnist_search.studies.spec import SearchSpec, StudySpec
from mnist_search.training.weights import FeatureMaps

Study = tuple[StudySpec, list[Record]]
MakeStudy = Callable[..., Study]
MakePage = Callable[..., str]


def make_study(*, alien: str = "", trials: int = 40, fallback: bool = False) -> Study:
    """Return a search whose every free text begins with `alien`."""
    space = SearchSpace(
        name=f"{alien}space",
        family="mlp",
        parameters=(
            ChoiceParameter(f"{alien}optimizer", choices=(f"{alien}adam", f"{alien}sgd")),
            FloatParameter(
                f"{alien}momentum",
                low=0.5,
                high=0.99,
                conditions=(Condition(f"{alien}optimizer", choices=(f"{alien}sgd",)),),
            ),
            FloatParameter(f"{alien}rate", low=1e-4, high=1e-1, log=True),
            IntParameter(f"{alien}layers", low=1, high=3),
            ChoiceParameter(f"{alien}augmentation", choices=(True, False)),
        ),
    )
    dataset = DatasetRef(
        name=f"{alien}digits" if alien or fallback else "mnist",
        digest=f"{alien}00",
        train_images=60_000,
        test_images=10_000,
        fallback=fallback,
    )
    spec = StudySpec(
        name=f"{alien}study",
        dataset=dataset,
        search=SearchSpec(space=space, sampler="tpe", pruner="halving", epochs=8, seed=1),
    )
    return spec, [_record(number, alien, spec, space) for number in range(trials)]


def _record(number: int, alien: str, spec: StudySpec, space: SearchSpace) -> Record:
    draw = random.Random(number)
    (base,) = [each.config for each in REFERENCES if each.name == "mlp-784"]
    config = base.model_copy(update={"protocol": "held-out"})
    values = {f"{alien}optimizer": f"{alien}{draw.choice(['adam', 'sgd'])}"}
    if values[f"{alien}optimizer"] == f"{alien}sgd":
        values |= {f"{alien}momentum": draw.uniform(0.5, 0.99)}
    rate = 10 ** draw.uniform(-4, -1)
    values |= {f"{alien}rate": rate, f"{alien}layers": draw.randint(1, 3)}
    values |= {f"{alien}augmentation": draw.random() < 0.5}
    state = "failed" if number % 20 == 7 else ("pruned" if number % 3 == 1 else "complete")
    # Rates around 0.003 are best, and nothing else matters.
    right = 9_950 - int(400 * abs(-2.5 - math.log10(rate))) - draw.randint(0, 30)
    reached = right / 10_000
    result = RunResult(
        status=state,
        config_id=config.config_id,
        seed=number,
        failure=Failure(kind="error", message=f"{alien}broken") if state == "failed" else None,
        validation=Score(correct=right, total=10_000) if state == "complete" else None,
        reports=tuple((step, reached * (1 - 0.2 / step)) for step in (1, 4, 8, 16, 32)),
        parameters=10_000 * (number + 1),
        timings=Timings(fit_seconds=20.0 + number, inference_us_batch_256=5.0 + number),
        environment=Environment(
            system="Linux",
            python="3.11",
            processor=f"{alien}processor",
            cores=2,
            memory_bytes=2**32,
            features=(),
            packages={f"{alien}keras": f"{alien}3.15"},
        ),
    )
    started = 1e9 + 15.0 * number
    return Record(
        study=spec.name,
        number=number,
        kind="trial",
        state=state,
        values=values,
        config=config,
        seed=number,
        result=result,
        dataset=spec.dataset,
        started=started,
        finished=started + 25.0,
        worker=number % 2,
    )


def make_inside(record: Record, *, alien: str = "") -> Inside:
    """Return the inside of a run as its weights would show it, every label beginning so."""
    random_numbers = np.random.default_rng(1)
    # As many as MNIST has: counts of four digits need their room.
    images = np.zeros((11_000, 28, 28), np.uint8)
    images[:, 4:24, 9:19] = 200
    labels = np.arange(len(images)) % 10
    answered = Answered(
        images=images,
        labels=labels,
        classes=np.where(labels == 4, 9, labels),
        confidence=random_numbers.uniform(0.5, 1.0, len(images)),
        what=f"{alien}validation images",
    )
    portrait = Portrait(
        name=f"{alien}run",
        title=f"{alien}run",
        kernels={f"{n} {alien}D64": random_numbers.normal(0, 0.1 * n, (28, 64)) for n in (1, 2)},
        answered=answered,
        convolved=[FeatureMaps(layer=1, label=f"{alien}C8", maps=random_numbers.random((9, 9, 8)))],
        convolved_image=images[7],
        digit=7,
    )
    return look_inside(
        portrait,
        record,
        classes=[f"{alien}{digit}"[-30:] for digit in range(10)],
        missing=[f"{alien}learning curves"],
    )


def make_confirmed(records: list[Record]) -> ConfirmedStudy:
    """Return a confirmation of the first three complete trials, two seeds each."""
    chosen = [record for record in records if record.state == "complete"][:3]
    runs = []
    for place, trial in enumerate(chosen):
        assert trial.config is not None
        assert trial.result is not None
        training = trial.config.training.model_copy(update={"batch_size": 32 + place})
        config = trial.config.model_copy(update={"protocol": "confirm", "training": training})
        for seed in (1, 2):
            score = Score(correct=9_900 - 20 * place + seed, total=10_000)
            result = trial.result.model_copy(
                update={
                    "config_id": config.config_id, "seed": seed, "validation": None, "test": score,
                }
            )  # fmt: skip
            runs.append(
                trial.model_copy(
                    update={
                        "number": len(runs), "config": config, "seed": seed, "result": result,
                        "confirms": trial.number, "values": None,
                    }
                )
            )  # fmt: skip
    return ConfirmedStudy(
        study=records[0].study,
        confirmation=summarize_confirmation(runs, records, REFERENCES),
        use=TestUse(uses=1, runs=len(runs), new=None),
    )


def make_bench(dataset: DatasetRef) -> Study:
    """Return a benchmark of five references, each run once, one of them far below its figure."""
    spec = StudySpec(name="bench", dataset=dataset)
    records = []
    for number, reference in enumerate(REFERENCES[:5]):
        right = round(10_000 * (reference.published.accuracy or 0.98)) - 150 * (number == 2)
        result = RunResult(
            status="complete",
            config_id=reference.config.config_id,
            seed=number,
            test=Score(correct=right, total=10_000),
            parameters=1_000,
            timings=Timings(fit_seconds=20.0 + number, inference_us_batch_256=5.0 + number),
        )
        records.append(
            Record(
                study="bench", number=number, kind="reference", state="complete",
                reference=reference.name, config=reference.config, seed=number, result=result,
                dataset=dataset, started=2e9 + 30.0 * number, finished=2e9 + 30.0 * number + 25,
                worker=0,
            )
        )  # fmt: skip
    return spec, records


def board_text(boards: Leaderboard | Sequence[Leaderboard], width: int) -> str:
    """Return boards as a terminal that is so wide shows them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        return render_leaderboard(boards, "table")


@functools.cache
def make_page(*, bench: bool = False, **choices: object) -> str:
    """Return the page of one such study, confirmed and looked into, beside a benchmark."""
    spec, records = make_study(**choices)
    confirmed = make_confirmed(records)
    specs, every = [spec], list(records)
    if bench:
        suite, runs = make_bench(spec.dataset)
        specs, every = [spec, suite], [*records, *runs]
    board = build_leaderboard(every, REFERENCES, top=1000)
    (best, *_) = [row for row in board.rows if row.kind == "trial" and row.status == "complete"]
    (winner,) = [record for record in records if record.number == best.number]
    return render_page(
        board,
        every,
        specs,
        confirmations=[confirmed],
        insides=[make_inside(winner, alien=str(choices.get("alien", "")))],
    )


@pytest.fixture(name="make_study")
def _make_study() -> MakeStudy:
    return make_study


@pytest.fixture(name="make_page")
def _make_page() -> MakePage:
    return make_page
