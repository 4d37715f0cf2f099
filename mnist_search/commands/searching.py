"""Which search is meant: the settings that `run` and `plan` share, and the study of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from mnist_search.choices import EngineName, PrunerName, SamplerName
from mnist_search.commands.bench import stored_spec
from mnist_search.commands.context import Context, TrainingKeywords, TrainingOptions
from mnist_search.commands.training import choose_precision, find_dataset
from mnist_search.engines import default_pruner, default_sampler, parse_objectives
from mnist_search.errors import UsageError
from mnist_search.spaces import find_space
from mnist_search.studies import (
    SearchSpec,
    StudySpec,
    has_study,
    plain_name,
    resolve_home,
    study_folder,
    unused_name,
)

# The trials of a search that names no number.
TRIALS = 50


class SearchKeywords(TrainingKeywords, total=False):
    """The keywords of commands that search; None, or left out: not given.

    `objective` is `val_accuracy`, or `val_accuracy,COST`; `with_references` lets a new study
    begin with the references that are points of the space.
    """

    engine: EngineName | None
    objective: str | None
    sampler: SamplerName | None
    pruner: PrunerName | None
    epochs: int | None
    seed: int | None
    max_params: int | None
    max_flops: int | None
    with_references: bool


class StudyKeywords(TypedDict, total=False):
    """The keywords that say which study is meant, by its name; `new`: another one than that.

    With `resume` it must be there, and has all settings that are not given.
    """

    study: str | None
    new: bool
    resume: bool
    home: Path | str | None


class SearchCall(StudyKeywords, SearchKeywords, total=False):
    """The keywords of a search: of which study, and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenStudy:
    """The study that a search is meant to make or go on with; its spec has its name."""

    home: Path
    folder: Path
    spec: StudySpec


def training_of(settings: SearchKeywords) -> TrainingOptions:
    """Return those of the settings that say how to train."""
    return TrainingOptions(
        workers=settings.get("workers", "auto"),
        trial_timeout_seconds=settings.get("trial_timeout_seconds"),
        memory_limit_bytes=settings.get("memory_limit_bytes"),
        precision=settings.get("precision"),
        dataset=settings.get("dataset"),
    )


def new_spec(space: str | None, settings: SearchKeywords, context: Context) -> StudySpec:
    """Return what a new search is about, under the name that it has by itself."""
    if space is None:
        raise UsageError("a search needs a space", hint="--space cnn, mlp, linear or a TOML file")
    found = find_space(space)
    engine = settings.get("engine")
    engine = "optuna" if engine is None else engine
    objective = settings.get("objective")
    objectives = parse_objectives("val_accuracy" if objective is None else objective)
    sampler = settings.get("sampler")
    sampler = default_sampler(engine, objectives) if sampler is None else sampler
    pruner = settings.get("pruner")
    epochs, seed = settings.get("epochs"), settings.get("seed")
    seed = 0 if seed is None else seed
    dataset = find_dataset(settings.get("dataset"), context)
    return StudySpec(
        name=f"{found.name}-{dataset.name}-seed{seed}",
        dataset=dataset,
        search=SearchSpec(
            space=found,
            engine=engine,
            sampler=sampler,
            pruner=default_pruner(sampler, objectives) if pruner is None else pruner,
            objectives=objectives,
            epochs=8 if epochs is None else epochs,
            seed=seed,
            max_params=settings.get("max_params"),
            max_flops=settings.get("max_flops"),
        ),
    )


def choose_study(
    space: str | None,
    settings: SearchCall,
    context: Context,
) -> ChosenStudy:
    """Return the study that is meant.

    Raises:
        UsageError: there is none to resume, or what is asked contradicts itself.
    """
    study, home = settings.get("study"), settings.get("home")
    new, resume = settings.get("new", False), settings.get("resume", False)
    if new and resume:
        raise UsageError("--new and --resume exclude each other")
    place = resolve_home(None if home is None else Path(home), context.environ)
    spec = new_spec(space, settings, context)
    name = plain_name(spec.name) if study is None else study
    folder = study_folder(place, name)
    if new:
        name = unused_name(place, name)
        folder = study_folder(place, name)
    elif resume and not has_study(folder):
        raise UsageError(
            f"there is no study {name} in {place} to resume", hint="leave --resume out to start it"
        )
    precision = choose_precision(settings.get("precision"), context, study=stored_spec(folder))
    spec = spec.model_copy(update={"name": name, "precision": precision})
    return ChosenStudy(home=place, folder=folder, spec=spec)
