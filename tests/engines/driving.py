"""Engines driven by hand over an Optuna study in memory."""

from __future__ import annotations

import optuna

from mnist_search.engines import Engine, Proposal, create_engine
from mnist_search.spaces import SearchSpace

EPOCHS = 8


def create(
    space: SearchSpace,
    *,
    sampler: str = "tpe",
    pruner: str = "none",
    seed: int = 0,
    slots: int = 20,
    study: optuna.Study | None = None,
) -> Engine:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if study is None:
        study = waiting_study(slots)
    return create_engine(study, space, sampler=sampler, pruner=pruner, seed=seed, epochs=EPOCHS)


def waiting_study(slots: int) -> optuna.Study:
    study = optuna.create_study(direction="maximize")
    for _ in range(slots):
        study.enqueue_trial({})
    return study


def score_of(proposal: Proposal) -> float:
    return 0.5 + int(proposal.values["units_1"]) / 200


def drain(engine: Engine, limit: int = 1000) -> list[Proposal]:
    proposals = []
    while (proposal := engine.ask()) is not None and len(proposals) < limit:
        proposals.append(proposal)
        engine.tell(proposal, score_of(proposal))
    return proposals
