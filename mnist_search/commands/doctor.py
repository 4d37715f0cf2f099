"""Looking at everything that a search needs: versions, machine, studies, data, TensorFlow."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from mnist_search.commands.context import Context
from mnist_search.commands.machine_checks import (
    CheckResult,
    check_graphics,
    check_machine,
    gibibytes,
)
from mnist_search.interpreter import python_environment

PACKAGES = (
    "tensorflow", "keras", "optuna", "keras-tuner", "scikit-learn", "numpy", "scipy", "pydantic",
    "sqlalchemy", "rich", "typer",
)  # fmt: skip
OPTIONAL = {
    "pandas": ("`to_pandas()` of a study in a notebook", "pip install pandas"),
    "torch": ("--sampler gp", "pip install 'mnist-search[gp]'"),
    "optuna-dashboard": (
        "studies in a browser",
        "pip install 'mnist-search[dashboard]'",
    ),
}
PYTHONS = ((3, 11), (3, 14))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_VERSION = re.compile(r"(>=|<|==)\s*([\d.]+)")
PATIENCE_SECONDS = 300.0

# TensorFlow is tried in a process of its own: if it crashes, the doctor goes on.
# What is said last is ours; before it TensorFlow says much.
_PROGRAM = """
import json, resource, sys, time
begun = time.perf_counter()
from mnist_search.training.backend import tf
from mnist_search.training.devices import visible_gpus
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = {
    "import_seconds": seconds,
    "peak_memory_bytes": peak * (1 if sys.platform == "darwin" else 1024),
    "gpus": [device.label for device in visible_gpus()],
    "one_plus_one": int(tf.constant(1) + tf.constant(1)),
}
print(json.dumps(found))
"""


def doctor(
    *, quick: bool = False, home: Path | str | None = None, context: Context | None = None
) -> Iterator[CheckResult]:
    """Yield what is found about this machine, one thing after the other, the quick ones first.

    Nothing is fetched, trained or kept. With `quick`, TensorFlow is not tried, which takes seconds.
    """
    from mnist_search.studies.folder import named_home

    environ = os.environ if context is None else context.environ
    place = named_home(home, environ)
    if quick:
        yield from _examine(place, environ)
        return
    with import_probe(environ) as process:
        yield from _examine(place, environ)
        yield from await_probe(process, environ)


def _examine(home: Path, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    yield check_python(sys.version_info[:3])
    yield from check_packages(PACKAGES, version_of, requirements())
    yield from check_machine(environ, home)
    yield from check_optional(version_of)
    yield check_browser(shutil.which)
    yield check_data(environ)


def check_python(version: tuple[int, ...]) -> CheckResult:
    """Look at the version of Python."""
    low, end = PYTHONS
    good = low <= version[:2] < end
    return CheckResult(
        check="python",
        failed=not good,
        found=f"{'.'.join(map(str, version))} ({platform.python_implementation()})",
        hint=None if good else "TensorFlow 2.21 needs Python 3.11, 3.12 or 3.13",
    )


def version_of(package: str) -> str | None:
    """Return the installed version of a package, None where there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def requirements() -> dict[str, str]:
    """Return the versions that the installed mnist-search asks for, by package."""
    try:
        lines = metadata.requires("mnist-search") or []
    except metadata.PackageNotFoundError:
        return {}
    needed = (line for line in lines if "extra ==" not in line)
    parts = (re.match(r"([\w.-]+)\s*(.*)", line) for line in needed)
    return {match[1].lower(): match[2] for match in parts if match is not None}


def check_packages(
    names: Iterable[str], version: Callable[[str], str | None], needed: Mapping[str, str]
) -> Iterator[CheckResult]:
    """Look for the packages that every command needs, in versions that fit."""
    for name in names:
        found = version(name)
        if found is None:
            yield CheckResult(
                check=name, failed=True, found="not installed", hint="pip install mnist-search"
            )
        elif not fits(found, needed.get(name, "")):
            yield CheckResult(
                check=name,
                found=found,
                hint=f"mnist-search was made for {name} {needed[name]}",
            )
        else:
            yield CheckResult(check=name, found=found)


def fits(version: str, wanted: str) -> bool:
    """Say whether a version keeps to bounds such as `<2.22,>=2.21`."""
    here = _numbers(version)
    for sign, bound in _VERSION.findall(wanted):
        there = _numbers(bound)
        # 2.22 alone stands for 2.22.0.
        padded = here + (0,) * (len(there) - len(here))
        held = {">=": padded >= there, "<": padded < there, "==": padded[: len(there)] == there}
        if not held[sign]:
            return False
    return True


def check_optional(version: Callable[[str], str | None]) -> Iterator[CheckResult]:
    """Look for the packages that some commands need."""
    for name, (what_for, how) in OPTIONAL.items():
        found = version(name)
        told = found if found is not None else f"not installed; needed for {what_for}"
        yield CheckResult(
            check=name,
            found=told,
            hint=None if found is not None else how,
        )


def check_browser(which: Callable[[str], str | None]) -> CheckResult:
    """Look for the browser that tests of the HTML report drive."""
    found = next((path for name in BROWSERS if (path := which(name)) is not None), None)
    return CheckResult(
        check="chromium",
        found="not found; only this project's browser tests need it" if found is None else found,
        hint=None if found is not None else "apt-get install chromium",
    )


def check_data(environ: Mapping[str, str]) -> CheckResult:
    """Look for what `--dataset auto` would take, without fetching anything."""
    from mnist_search.datasets import survey

    taken = next(row for row in survey(environ) if row.auto)
    place = taken.location or "embedded in scikit-learn"
    match taken.state:
        case "ok" if taken.origin == "embedded":
            return CheckResult(
                check="data",
                found="no MNIST on this machine; where it cannot be fetched, 1,797 digits stand in",
                hint="set MNIST_SEARCH_DATA, or `mnist-search data fetch`",
            )
        case "ok":
            return CheckResult(check="data", found=f"{taken.name} at {place}")
        case "other":
            name = "something else" if taken.ref is None else taken.ref.name
            return CheckResult(
                check="data",
                found=f"{place} holds {name}, not MNIST",
                hint="scores on it do not compare with published ones",
            )
        case "missing" | "damaged":
            return CheckResult(
                check="data",
                failed=True,
                found=f"{place}: {taken.problem or taken.state}",
                hint="correct or unset MNIST_SEARCH_DATA",
            )


@contextmanager
def import_probe(
    environ: Mapping[str, str], program: str = _PROGRAM
) -> Iterator[subprocess.Popen[str]]:
    """Start a process that imports TensorFlow; it is gone when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={
            **python_environment(environ),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "KERAS_HOME": os.devnull,
            # A search that runs needs the memory of the GPU.
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def await_probe(
    process: subprocess.Popen[str],
    environ: Mapping[str, str],
    patience: float = PATIENCE_SECONDS,
) -> list[CheckResult]:
    """Return what the process found out about TensorFlow and the GPU."""
    try:
        out, err = process.communicate(timeout=patience)
        found = json.loads(out.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return [_failed(f"its import did not end within {patience:g} seconds")]
    except (ValueError, IndexError):
        return [_failed(_last_words(err, process.returncode))]
    seconds, peak = found["import_seconds"], found["peak_memory_bytes"]
    works = CheckResult(
        check="tensorflow import",
        found=f"works; imported in {seconds:.1f} s, {gibibytes(peak)} of memory",
        details={"import_seconds": seconds, "peak_memory_bytes": peak},
    )
    return [works, check_graphics(found["gpus"], environ)]


def _failed(reason: str) -> CheckResult:
    return CheckResult(
        check="tensorflow import",
        failed=True,
        found=reason,
        hint="`pip install --force-reinstall tensorflow keras`, in an environment of its own",
    )


def _last_words(err: str, code: int) -> str:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    if code < 0:
        return f"it was ended by signal {-code}; old processors lack instructions that it needs"
    return lines[-1][:300] if lines else f"it ended with exit code {code} and no word"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])
