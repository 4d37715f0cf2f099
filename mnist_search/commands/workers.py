"""How many workers train, on which device, and in which number format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from mnist_search.choices import Precision
from mnist_search.commands.context import Context, TrainingOptions
from mnist_search.errors import UsageError
from mnist_search.execution import (
    ClusterOptions,
    Workers,
    find_gpus,
    gpu_is_there,
    resolve_workers,
)
from mnist_search.specs import Device, describe_environment
from mnist_search.studies import StudySpec


def choose_precision(
    options: TrainingOptions,
    context: Context,
    *,
    study: StudySpec | None = None,
    default: Precision = "float32",
) -> Precision:
    """Return the number format to compute in: as asked, and of `auto` as the study was made.

    The notice is told what `auto` comes to on the device.
    """
    if options.precision is None:
        return default
    if options.precision != "auto":
        return options.precision
    if study is not None:
        context.notice(f"precision auto: {study.precision}, as study {study.name} was made")
        return study.precision
    here = describe_environment(device=_slowest_gpu(options, context))
    # Elsewhere it is slower.
    chosen: Precision = "bfloat16" if here.fast_bfloat16 else "float32"
    what = "processor" if here.device.kind == "cpu" else "GPU"
    reason = f"the {what} has {', '.join(here.fast_bfloat16) or 'no fast bfloat16'}"
    if here.device.kind == "gpu" and here.device.compute_capability is None:
        reason = "the compute capability of the GPU is unknown"
    context.notice(f"precision auto: {chosen}, because {reason}")
    return chosen


def _slowest_gpu(options: TrainingOptions, context: Context) -> Device | None:
    """Return the GPU of the lowest capability that is trained on; None: the processor is."""
    if options.cluster is not None:
        # Those of a cluster may not be there yet.
        return Device(kind="gpu") if _cluster_gpus(options) else None
    gpus, _ = _choose_gpus(options, context)
    return min(gpus.values(), key=lambda gpu: gpu.compute_capability or (0, 0), default=None)


def count_workers(options: TrainingOptions, context: Context, *, linear: bool = False) -> Workers:
    """Return the workers that the options ask for; the notice is told of GPUs that cannot be used.

    `linear`: what they train are linear classifiers, which scikit-learn does on the processor.
    """
    if options.cluster is None:
        if options.worker_cpus is not None or options.worker_gpus is not None:
            raise UsageError("--worker-cpus and --worker-gpus need --cluster")
        if linear:
            if options.device == "gpu":
                raise UsageError("--device must be auto or cpu: linear classifiers use no GPU")
            options = replace(options, device="cpu")
        gpus, problem = _choose_gpus(options, context)
        if problem is not None:
            context.notice(f"device auto: cpu, because {problem.message} ({problem.hint})")
        per_gpu = options.workers_per_gpu
        if per_gpu is not None and not gpus:
            raise UsageError("--workers-per-gpu needs a GPU to train on, and none is used")
        return resolve_workers(str(options.workers), gpus=gpus, per_gpu=per_gpu or 1)
    if options.workers_per_gpu is not None:
        raise UsageError("--workers-per-gpu is of this machine", hint="--worker-gpus 0.5 shares")
    cluster = ClusterOptions(
        address=options.cluster,
        worker_cpus=1 if options.worker_cpus is None else options.worker_cpus,
        worker_gpus=_cluster_gpus(options),
    )
    return resolve_workers(str(options.workers), cluster)


def _choose_gpus(
    options: TrainingOptions, context: Context
) -> tuple[Mapping[str, Device], UsageError | None]:
    """Return the GPUs to train on, and why there are none where one seems to be there."""
    match options.device:
        case "cpu":
            return {}, None
        case "gpu":
            return find_gpus(context.environ), None
        case "auto":
            if not gpu_is_there(context.environ):
                return {}, None
            try:
                return find_gpus(context.environ), None
            except UsageError as problem:
                return {}, problem
        case _:
            assert_never(options.device)


def _cluster_gpus(options: TrainingOptions) -> float:
    """Return how many GPUs each worker has in a cluster."""
    asked = options.worker_gpus
    if options.device == "auto":
        return 0 if asked is None else asked
    wanted = int(options.device == "gpu") if asked is None else asked
    if (wanted > 0) != (options.device == "gpu"):
        raise UsageError(f"--device {options.device} contradicts --worker-gpus {wanted:g}")
    return wanted
