"""`mnist-search run`: search a space."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_search.cli._completing import complete_study
from mnist_search.cli.options import (
    ClusterOption,
    ConfirmReferencesOption,
    ConfirmSeedsOption,
    DatasetOption,
    DeviceOption,
    EngineOption,
    EpochsOption,
    FormatOption,
    HomeOption,
    MaxFlopsOption,
    MaxParamsOption,
    MemoryLimitOption,
    NoFirstOption,
    ObjectiveOption,
    PrecisionOption,
    PrunerOption,
    QuietOption,
    SamplerOption,
    SeedOption,
    SpaceOption,
    TimeBudgetOption,
    TrialsOption,
    TrialTimeoutOption,
    VerboseOption,
    WithReferencesOption,
    WorkerCpusOption,
    WorkerGpusOption,
    WorkersOption,
    WorkersPerGpuOption,
    on_command_line,
    refuse_without,
)
from mnist_search.cli.streams import say

if TYPE_CHECKING:
    from mnist_search.commands.searching import SearchKeywords, StudyKeywords


def run(
    context: typer.Context,
    space: SpaceOption = None,
    trials: TrialsOption = None,
    study: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_STUDY",
            autocompletion=complete_study,
            help="Name of the study.",
            show_default="from space, data set and seed",
        ),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Start another study, even if this one exists.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with a study that must exist, with the settings that it has."
        ),
    ] = False,
    from_study: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="STUDY",
            autocompletion=complete_study,
            help="Begin a new study with the best trials of this one.",
            show_default="none",
        ),
    ] = None,
    engine: EngineOption = None,
    objective: ObjectiveOption = None,
    sampler: SamplerOption = None,
    pruner: PrunerOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    max_params: MaxParamsOption = None,
    max_flops: MaxFlopsOption = None,
    workers: WorkersOption = "auto",
    device: DeviceOption = "auto",
    workers_per_gpu: WorkersPerGpuOption = None,
    cluster: ClusterOption = None,
    worker_cpus: WorkerCpusOption = None,
    worker_gpus: WorkerGpusOption = None,
    time_budget: TimeBudgetOption = None,
    trial_timeout: TrialTimeoutOption = None,
    memory_limit: MemoryLimitOption = None,
    keep_models: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100_000,
            envvar="MNIST_SEARCH_KEEP_MODELS",
            metavar="K",
            help="Keep the trained weights of the K best trials, 0: of none.",
            show_default="3, or as so far",
        ),
    ] = None,
    with_references: WithReferencesOption = False,
    no_first: NoFirstOption = False,
    confirm: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            envvar="MNIST_SEARCH_CONFIRM",
            metavar="K",
            help="Afterwards train the best K trials again on all training images and test them, "
            "as the command `confirm` does.",
        ),
    ] = None,
    confirm_seeds: ConfirmSeedsOption = None,
    confirm_references: ConfirmReferencesOption = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Make nothing: print what the run would cost, as the command `plan` does.",
        ),
    ] = False,
    dataset: DatasetOption = None,
    precision: PrecisionOption = None,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Search a space and rank its trials beside the references.

    The same command resumes an interrupted study, and adds trials when --trials is raised;
    `run --study NAME --resume` does with all settings of the study.

    With --confirm it ends with the honest winner: the best trials trained again and tested.

    Example: mnist-search run --space cnn --trials 50 --seed 1, or
    mnist-search run --space cnn --trials 50 --confirm 3 --confirm-references cnn-double-32
    """
    from mnist_search.cli.concluding import conclude
    from mnist_search.cli.session import Signals, context_of, tell
    from mnist_search.commands.confirm import confirm as train_best
    from mnist_search.commands.plan import plan_rest
    from mnist_search.commands.search import search
    from mnist_search.reporting.plan import render_plan
    from mnist_search.studies import find_references

    if confirm is None:
        refuse_without(context, "--confirm", "confirm_seeds", "confirm_references")
    references = confirm_references or []
    # A wrong name must not wait for the end of the search.
    find_references(references)
    signals = Signals()
    here = context_of(context, signals, quiet=quiet, verbose=verbose)
    if resume and study is not None and not on_command_line(context, "dataset"):
        # A variable names the images of studies to come; this one has its own.
        dataset = None
    settings: SearchKeywords = {
        "engine": engine,
        "objective": objective,
        "sampler": sampler,
        "pruner": pruner,
        "epochs": epochs,
        "seed": seed,
        "max_params": max_params,
        "max_flops": max_flops,
        "with_references": with_references,
        "no_first": no_first,
        "workers": workers,
        "device": device,
        "workers_per_gpu": workers_per_gpu,
        "cluster": cluster,
        "worker_cpus": worker_cpus,
        "worker_gpus": worker_gpus,
        "trial_timeout_seconds": trial_timeout,
        "memory_limit_bytes": memory_limit,
        "dataset": dataset,
        "precision": precision,
    }
    which: StudyKeywords = {
        "study": study,
        "new": new,
        "resume": resume,
        "from_study": from_study,
        "home": home,
    }
    if dry_run:
        planned = plan_rest(
            space,
            trials=trials,
            time_budget_seconds=time_budget,
            context=here,
            **which,
            **settings,
        )
        if confirm is not None:
            tell("the confirmation is not part of the plan")
        if planned is not None:
            say(render_plan(planned, format), nl=False)
        return signals.exit_code or 0
    result = search(
        space,
        trials=trials,
        time_budget_seconds=time_budget,
        keep_models=keep_models,
        context=here,
        **which,
        **settings,
    )
    confirmation = None
    if confirm is not None:
        confirmation = partial(
            train_best,
            result.study,
            top=confirm,
            seeds=3 if confirm_seeds is None else confirm_seeds,
            references=references,
            home=home,
            workers=workers,
            device=device,
            workers_per_gpu=workers_per_gpu,
            cluster=cluster,
            worker_cpus=worker_cpus,
            worker_gpus=worker_gpus,
            trial_timeout_seconds=trial_timeout,
            memory_limit_bytes=memory_limit,
            context=here,
        )
    again = f"the same command with --study {result.study} in place of --new"
    return conclude(
        result, format, signals, confirm=confirmation, again=again if new else "the same command"
    )
