"""Options that several commands share, and the small languages that they speak."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from mnist_search.cli.outputs import typed_path
from mnist_search.errors import UsageError

Format = Literal["table", "json", "csv", "markdown"]

FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="How to print the rows.", show_default=True)
]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        parser=typed_path,
        metavar="FOLDER",
        envvar="MNIST_SEARCH_HOME",
        help="Folder of all studies.",
        show_default="./mnist-search-runs",
    ),
]
DatasetOption = Annotated[
    str,
    typer.Option(
        envvar="MNIST_SEARCH_DATASET",
        metavar="NAME|PATH",
        help="auto, mnist, fashion-mnist, digits, a .npz file or a folder of IDX files.",
    ),
]
WorkersOption = Annotated[
    str,
    typer.Option(
        envvar="MNIST_SEARCH_WORKERS",
        metavar="auto|N",
        help="Trials at a time, each in a process of its own; auto: one per core.",
    ),
]
PrecisionOption = Annotated[
    Literal["auto", "float32", "bfloat16"],
    typer.Option(
        envvar="MNIST_SEARCH_PRECISION",
        help="Number format of the hidden layers; bfloat16 is fast only where the processor "
        "has avx512_bf16 or amx_bf16, and auto takes it there, or what the study was made with.",
    ),
]
TrialTimeoutOption = Annotated[
    str | None,
    typer.Option(
        envvar="MNIST_SEARCH_TRIAL_TIMEOUT",
        metavar="DURATION",
        help="End a trial that runs longer; it counts as failed.",
    ),
]
MemoryLimitOption = Annotated[
    str | None,
    typer.Option(
        envvar="MNIST_SEARCH_MEMORY_LIMIT",
        metavar="SIZE",
        help="End a trial whose worker holds more, such as 4GB; it counts as failed.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        parser=typed_path,
        metavar="FILE",
        help="Write there instead of to stdout (-); its suffix says the format.",
    ),
]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)?")
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(MB|GB|MiB|GiB)", re.IGNORECASE)
_UNIT_BYTES = {"mb": 10**6, "gb": 10**9, "mib": 2**20, "gib": 2**30}


def parse_duration(text: str | None, *, option: str) -> float | None:
    """Return the seconds of `90`, `90s`, `20m` or `1.5h`; None stays None."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise UsageError(
            f"{option} must be a positive duration such as 90s, 20m or 1.5h, got {text!r}"
        )
    return float(match[1]) * _UNIT_SECONDS[match[2] or "s"]


def parse_size(text: str | None, *, option: str) -> int | None:
    """Return the bytes of `800MB`, `4GB` or `3.5GiB`; None stays None."""
    if text is None:
        return None
    match = _SIZE.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise UsageError(f"{option} must be a positive size such as 800MB or 4GB, got {text!r}")
    return int(float(match[1]) * _UNIT_BYTES[match[2].lower()])
