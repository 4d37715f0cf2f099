"""Made-up studies for the tests of the HTML report."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.references import REFERENCES
from mnist_search.reporting import render_page
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
from mnist_search.studies.spec import SearchSpec, StudySpec

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


def make_page(**choices: object) -> str:
    """Return the page of one such study."""
    spec, records = make_study(**choices)
    return render_page(build_leaderboard(records, REFERENCES, top=1000), records, [spec])


@pytest.fixture(name="make_study")
def _make_study() -> MakeStudy:
    return make_study


@pytest.fixture(name="make_page")
def _make_page() -> MakePage:
    return make_page
