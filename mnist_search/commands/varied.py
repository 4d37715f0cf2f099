"""What `vary` trains: the model that is meant, the values around it, the runs and their study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypedDict

from mnist_search.analysis.designs import Design, Kind, documented_choices, make_design, without
from mnist_search.commands.context import Context, TrainingKeywords, home_of
from mnist_search.commands.training import (
    Trainer,
    find_dataset,
    find_study_data,
    stored_spec,
)
from mnist_search.commands.workers import choose_precision
from mnist_search.errors import UsageError
from mnist_search.references import get_reference, reference_names
from mnist_search.spaces import Value, find_space, list_spaces
from mnist_search.spaces.varying import Variable, buildable, parse_choice
from mnist_search.specs import ModelFamily, RunConfig, derive_seed
from mnist_search.studies import (
    Run,
    StudySpec,
    plain_name,
    read_confirmed,
    read_study,
    study_folder,
)
from mnist_search.studies.explaining import choose_trial
from mnist_search.studies.folder import name_beside
from mnist_search.studies.spec import search_of

# Values by the names of hyperparameters; or lines such as `dropout=0,0.2` and `units=64:512`.
Settings = Mapping[str, Sequence[Value]] | Sequence[str]
SEEDS = 3


class VaryKeywords(TypedDict, total=False):
    """The keywords that say what is trained: how many seeds, which design, how many epochs.

    `study` is the name of the study of the runs, by default one for the model. `epochs` is by
    default what the model has.
    """

    seeds: int
    factorial: bool
    screen: bool
    epochs: int | None
    study: str | None
    home: Path | str | None


class VaryCall(VaryKeywords, TrainingKeywords, total=False):
    """The keywords of `vary`: what is trained, and how."""


class LeftOut(NamedTuple):
    """A value that no network can be built with, and why."""

    values: Mapping[str, Value]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """A model with all that is needed to train what is varied around it."""

    model: str
    config: RunConfig
    design: Design
    configs: Sequence[RunConfig]
    left_out: Sequence[LeftOut]
    runs: Sequence[Run]
    seeds: Sequence[int]
    spec: StudySpec
    folder: Path


class _Model(NamedTuple):
    name: str
    config: RunConfig
    family: ModelFamily
    # Of a trial, what its search is about, and its number.
    search: StudySpec | None = None
    trial: int | None = None


def prepare(
    model: str,
    settings: Settings | None,
    trainer: Trainer,
    call: VaryCall,
) -> Varied:
    if call.get("factorial", False) and call.get("screen", False):
        raise UsageError("--factorial and --screen exclude each other")
    kind: Kind = "one at a time"
    if call.get("factorial", False):
        kind = "full table"
    elif call.get("screen", False):
        kind = "screening"
    place = home_of(call.get("home"), trainer.context)
    found = _find_model(model, place, trainer.context)
    epochs = call.get("epochs")
    config = found.config
    if epochs is not None:
        training = config.training.model_copy(update={"epochs": epochs})
        config = config.model_copy(update={"training": training})
    variable = Variable.of(config, found.family)
    design, left_out = _buildable(variable, _choices(variable, settings, kind), kind)
    configs = [variable.change(point) for point in design.points]
    count = call.get("seeds", SEEDS)
    seeds = [derive_seed(0, "vary", number) for number in range(count)]
    # The model itself is the reference, unless it is trained for another number of epochs.
    named = {found.config: found.name} if found.name in reference_names() else {}
    runs = [
        Run(config=each, seed=seed, reference=named.get(each))
        for seed in seeds
        for each in dict.fromkeys(configs)
    ]
    spec = _spec(found, place, trainer, call.get("study"))
    return Varied(
        model=found.name,
        config=config,
        design=design,
        configs=configs,
        left_out=left_out,
        runs=runs,
        seeds=seeds,
        spec=spec,
        folder=study_folder(place, spec.name),
    )


def _find_model(text: str, home: Path, context: Context) -> _Model:
    """Return the model that is meant; raises UsageError for none."""
    study, colon, trial = text.rpartition(":")
    if colon and study:
        search = read_study(home, study)
        space = search_of(search.spec).space
        confirmed = read_confirmed(home, study, notice=context.notice)
        record = choose_trial(search.records, confirmed, trial, study=study)
        if record.config is None:
            raise UsageError(f"trial {record.number} of study {study} has not run")
        return _Model(
            f"{study}:{record.number}", record.config, space.family, search.spec, record.number
        )
    if text in list_spaces() or text.endswith(".toml"):
        space = find_space(text)
        config = space.config(space.defaults(), epochs=8)
        return _Model(f"defaults of {space.name}", config, space.family)
    try:
        reference = get_reference(text)
    except UsageError as error:
        told = "a model must be a reference, STUDY:TRIAL, STUDY:winner or a space"
        raise UsageError(f"{told}, got {text!r}", hint=error.hint) from error
    return _Model(reference.name, reference.run_config("held-out"), reference.family)


def _choices(
    variable: Variable, settings: Settings | None, kind: Kind
) -> dict[str, Sequence[Value]]:
    if not settings:
        if kind != "one at a time":
            option = "--factorial" if kind == "full table" else "--screen"
            raise UsageError(f"{option} needs the hyperparameters by name: --set NAME=VALUE,VALUE")
        return documented_choices(variable)
    if isinstance(settings, Mapping):
        return {name: variable.read(name, values) for name, values in settings.items()}
    found: dict[str, Sequence[Value]] = {}
    for text in settings:
        name, values = parse_choice(variable, text)
        if name in found:
            raise UsageError(f"--set {name} is given twice")
        found[name] = values
    return found


def _buildable(
    variable: Variable, choices: Mapping[str, Sequence[Value]], kind: Kind
) -> tuple[Design, list[LeftOut]]:
    """Return a design without the networks that cannot be built, and what those are."""
    design = make_design(variable, choices, kind)
    left_out = []
    for point in design.points:
        built = buildable(variable, point)
        if isinstance(built, str):
            changed = {name: value for name, value in point.items() if value != design.own[name]}
            left_out.append(LeftOut(changed, built))
    if not left_out:
        return design, []
    if kind == "screening":
        values, reason = left_out[0]
        raise UsageError(
            f"a screening needs all of its networks, and {tell_values(values)} cannot be built: "
            f"{reason}",
            hint="name other values",
        )
    kept = without(design, lambda point: isinstance(buildable(variable, point), str))
    return kept, left_out


def _spec(model: _Model, home: Path, trainer: Trainer, study: str | None) -> StudySpec:
    """Return what the study of the runs is about: for a trial, the data of its search."""
    options, context = trainer.options, trainer.context
    if model.search is not None:
        name = name_beside(model.search.name, f"-vary-{model.trial}") if study is None else study
        dataset = find_study_data(model.search.dataset, options.dataset, context)
    else:
        # Nothing is selected here, so that all held-out images can measure.
        dataset = find_dataset(options.dataset, context).model_copy(update={"held_out": "whole"})
        name = plain_name(f"vary-{model.name}-{dataset.name}") if study is None else study
    stored = stored_spec(study_folder(home, name))
    precision = choose_precision(
        options,
        context,
        study=stored or model.search,
        default="float32" if model.search is None else model.search.precision,
    )
    return StudySpec(name=name, dataset=dataset, precision=precision)


def tell_values(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
