"""Which search is meant: the settings that `run` and `plan` share, and the study of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from mnist_search.choices import EngineName, PrunerName, SamplerName
from mnist_search.commands.context import Context, TrainingKeywords, TrainingOptions, home_of
from mnist_search.commands.training import find_dataset, find_study_data, stored_spec
from mnist_search.commands.workers import choose_precision
from mnist_search.engines import default_pruner, default_sampler, parse_objectives
from mnist_search.errors import BudgetError, SpaceError, UsageError
from mnist_search.references import REFERENCES
from mnist_search.spaces import SearchSpace, Value, find_space
from mnist_search.specs import Record
from mnist_search.specs.result import OF_SPACE
from mnist_search.studies import (
    Ledger,
    SearchSpec,
    StudySpec,
    has_study,
    open_ledger,
    open_search,
    plain_name,
    read_study,
    study_folder,
    unused_name,
)
from mnist_search.studies.search import choose_first
from mnist_search.studies.spec import TAKEN, FirstPoint, origin_of, search_of
from mnist_search.studies.trials import best_first

# What a search has that names no epochs.
EPOCHS = 8
# The trials of a search that names no number, and where a study keeps the number that was named.
TRIALS = 50
TARGET = "trials"
# How many trials of another study a new one begins with.
MOST_TAKEN = 5


class SearchKeywords(TrainingKeywords, total=False):
    """The keywords of commands that search; None, or left out: not given.

    `objective` is `val_accuracy`, or `val_accuracy,COST`; `with_references` lets a new study
    begin with the references that are points of the space, `no_first` without the first points of
    the space or the default one.
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
    no_first: bool


class StudyKeywords(TypedDict, total=False):
    """The keywords that say which study is meant, by its name; `new`: another one than that.

    With `resume` it must be there, and has all settings that are not given. With `from_study` a
    new one begins with the best trials of that study.
    """

    study: str | None
    new: bool
    resume: bool
    from_study: str | None
    home: Path | str | None


class SearchCall(StudyKeywords, SearchKeywords, total=False):
    """The keywords of a search: of which study, and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenStudy:
    """The study that a search is meant to make or go on with; its spec has its name.

    `first` are what its first trials try, where it is a new one.
    """

    home: Path
    folder: Path
    spec: StudySpec
    first: Sequence[FirstPoint] = ()

    def open(self) -> Ledger:
        """Create the study, or open the one that is there."""
        return open_search(self.folder, self.spec, first=self.first)


def new_spec(space: str | None, settings: SearchKeywords, context: Context) -> StudySpec:
    """Return what a new search is about, under the name that it has by itself."""
    if space is None:
        raise UsageError(
            "a search needs a space",
            hint="--space cnn, mlp, linear or a TOML file, or --study with --resume",
        )
    found = find_space(space)
    engine = settings.get("engine") or "optuna"
    objectives = parse_objectives(settings.get("objective") or "val_accuracy")
    sampler = settings.get("sampler") or default_sampler(engine, objectives)
    pruner = settings.get("pruner") or default_pruner(sampler, objectives)
    seed = settings.get("seed") or 0
    dataset = find_dataset(settings.get("dataset"), context)
    epochs = settings.get("epochs") or EPOCHS
    most = found.most_epochs()
    if most is not None and most < (settings.get("epochs") or 0):
        context.notice(f"--epochs {epochs}: trials of space {found.name} train at most {most}")
    return StudySpec(
        name=plain_name(f"{found.name}-{dataset.name}-seed{seed}"),
        dataset=dataset,
        search=SearchSpec(
            space=found,
            engine=engine,
            sampler=sampler,
            pruner=pruner,
            objectives=objectives,
            epochs=epochs,
            seed=seed,
            max_params=settings.get("max_params"),
            max_flops=settings.get("max_flops"),
        ),
    )


def choose_study(space: str | None, settings: SearchCall, context: Context) -> ChosenStudy:
    """Return the study that is meant.

    Raises:
        UsageError: there is none to resume, or what is asked contradicts it, or itself.
    """
    name, other = settings.get("study"), settings.get("from_study")
    new, resume = settings.get("new", False), settings.get("resume", False)
    if new and resume:
        raise UsageError("--new and --resume exclude each other")
    if other is not None and resume:
        raise UsageError("--from and --resume exclude each other", hint="--from starts a new study")
    home = home_of(settings.get("home"), context)
    spec = None if resume and name is not None else new_spec(space, settings, context)
    if name is None:
        assert spec is not None
        name = spec.name
    folder = study_folder(home, name)
    if new:
        name = unused_name(home, name)
        folder = study_folder(home, name)
    stored = stored_spec(folder)
    if resume and stored is None:
        raise UsageError(
            f"there is no study {name} in {home} to resume", hint="leave --resume out to start it"
        )
    precision = settings.get("precision")
    if resume and stored is not None:
        spec = _resumed(stored, space, settings, context)
        precision = stored.precision if precision is None else precision
    assert spec is not None
    options = replace(TrainingOptions.of(settings), precision=precision)
    chosen = choose_precision(options, context, study=stored)
    spec = spec.model_copy(update={"name": name, "precision": chosen})
    first = _first(home, folder, spec, settings, context)
    return ChosenStudy(home=home, folder=folder, spec=spec, first=first)


def choose_target(trials: int | None, ledger: Ledger | None) -> int:
    """Return how many trials a study is to have: as asked, else as it was asked before, or 50."""
    if trials is not None or ledger is None:
        return TRIALS if trials is None else trials
    return ledger.attribute(TARGET, int, TRIALS)


def _resumed(
    stored: StudySpec, space: str | None, settings: SearchCall, context: Context
) -> StudySpec:
    """Return what a study is about, with whatever is given in the place of what it has."""
    search = search_of(stored)
    # Other names of settings are no fields of a search.
    given: Mapping[str, object] = settings
    changed = {name: given.get(name) for name in SearchSpec.model_fields}
    objective = settings.get("objective")
    changed["space"] = None if space is None else find_space(space)
    changed["objectives"] = None if objective is None else parse_objectives(objective)
    changed = {name: value for name, value in changed.items() if value is not None}
    dataset = find_study_data(stored.dataset, settings.get("dataset"), context)
    search = search.model_copy(update=changed)
    return stored.model_copy(update={"search": search, "dataset": dataset})


def _first(
    home: Path, folder: Path, spec: StudySpec, settings: SearchCall, context: Context
) -> list[FirstPoint]:
    """Return what the first trials of a new study try.

    Raises:
        UsageError: a study that is there did not begin so.
    """
    search, other = search_of(spec), settings.get("from_study")
    references = REFERENCES if settings.get("with_references", False) else ()
    first = choose_first(search.space, references, own=not settings.get("no_first", False))
    if not has_study(folder):
        taken = [] if other is None else _take_best(home, other, search, context)
        return [*taken, *first]
    with closing(open_ledger(folder)) as ledger:
        points = [name for name, _ in ledger.first_points()]
    begun = [name for name in points if name is not None]
    hint = "--new starts another study beside it, --study NAME names one"
    if other is not None and not any(name.startswith(f"{other}{TAKEN}") for name in begun):
        raise UsageError(f"study {spec.name} did not begin with trials of {other}", hint=hint)
    own = any(name is None or name.startswith(OF_SPACE) for name in points)
    if settings.get("no_first", False) and own:
        raise UsageError(f"study {spec.name} began with first points", hint=hint)
    wanted = {name for name, _ in first if name is not None and origin_of(name) is None}
    if wanted and not wanted.intersection(begun):
        raise UsageError(f"study {spec.name} did not begin with references", hint=hint)
    return []


def _take_best(home: Path, study: str, search: SearchSpec, context: Context) -> list[FirstPoint]:
    """Return the best trials of a study as points of the space that is to be searched.

    The notice is told which of them are no points of it.

    Raises:
        UsageError: none of them is, or the study is no search.
        BudgetError: no trial of the study is complete.
    """
    stored = read_study(home, study)
    search_of(stored.spec)
    best: dict[str, Record] = {}
    for record in best_first(stored.records):
        assert record.config is not None
        best.setdefault(record.config.config_id, record)
    if not best:
        raise BudgetError(f"no trial of study {study} is complete, so there is none to begin with")
    taken: list[FirstPoint] = []
    refused: list[str] = []
    for record in list(best.values())[:MOST_TAKEN]:
        values, why = _as_point(record, search.space)
        if values is None:
            refused.append(f"trial {record.number} of {study} is left out: {why}")
        else:
            taken.append((f"{study}{TAKEN}{record.number}", values))
    if not taken:
        raise UsageError(
            f"none of the best trials of {study} is a point of space {search.space.name}; "
            f"{refused[0]}",
            hint="name a study of the same family of networks",
        )
    for sentence in refused:
        context.notice(sentence)
    return taken


def _as_point(record: Record, space: SearchSpace) -> tuple[dict[str, Value] | None, str]:
    """Return the values of a trial, or else such that make the same network, and why not."""
    assert record.values is not None
    assert record.config is not None
    try:
        space.check(record.values)
    except SpaceError as error:
        return space.locate(record.config), error.problems[0]
    return record.values, ""
