"""What `doctor` looks at of the machine: cores, memory, processor, graphics, and the disk."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mnist_search.errors import MnistSearchError, ResourceError
from mnist_search.execution.devices import INSTALL, NO_LIBRARIES, gpu_is_there
from mnist_search.paths import temporary_folder
from mnist_search.specs.environment import ROOT, available_cores, core_quota, measure_capacity

# Below these a search still works, but not for long.
SCARCE_DISK_BYTES = 2**30
BUSY_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the doctor: what was looked at, what was found, and what helps.

    What has a hint but has not `failed` is a warning. `details` holds raw figures for programs;
    their names carry the units.
    """

    check: str
    found: str
    hint: str | None = None
    failed: bool = False
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def status(self) -> Literal["ok", "warn", "fail"]:
        """Return how it is."""
        if self.failed:
            return "fail"
        return "ok" if self.hint is None else "warn"

    def as_dict(self) -> dict[str, object]:
        """Return the finding under its JSON keys."""
        return {
            "check": self.check,
            "status": self.status,
            "found": self.found,
            "hint": self.hint,
            **self.details,
        }


def check_machine(
    environ: Mapping[str, str], home: Path, root: Path = ROOT
) -> Iterator[CheckResult]:
    """Yield what is found about this machine; `root` is where the kernel's files lie."""
    yield check_cores(environ, root)
    yield check_load()
    yield check_memory(root)
    yield check_processor(environ)
    yield check_home(home)
    yield check_disk(home)
    yield check_file_system(home)
    yield check_temporary_files()
    yield check_studies(home)


def gibibytes(count: float | None) -> str:
    """Return an amount of memory for a sentence."""
    return "an unknown amount" if count is None else f"{count / 2**30:.3g} GiB"


def check_cores(environ: Mapping[str, str], root: Path = ROOT) -> CheckResult:
    """Count the cores that this process may use, and how they are shared out."""
    capacity, of, quota = measure_capacity(root), os.cpu_count() or 1, core_quota(root)
    found = f"{capacity.cores} of {of} usable; --workers auto: {capacity.workers}"
    if quota is not None and quota < of:
        found += f"; a quota of the container or service allows {quota:g} of them"
    hint = None
    set_here = [name for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS") if name in environ]
    if set_here:
        hint = f"{' and '.join(set_here)} is set; workers set their own threads"
    elif quota is not None and quota < 1:
        hint = "with less than a core, training pauses all the time, and times compare with none"
    return CheckResult(
        check="cores",
        found=found,
        hint=hint,
        details={"cores": capacity.cores, "workers": capacity.workers, "core_quota": quota},
    )


def check_load() -> CheckResult:
    """Look at what else runs, which spoils times."""
    try:
        load = os.getloadavg()[0]
    except OSError:
        return CheckResult(check="load", found="unknown")
    busy = load > BUSY_SHARE * available_cores()
    return CheckResult(
        check="load",
        found=f"{load:.2f} runnable processes in the last minute",
        hint="times of trials will be marked as disturbed" if busy else None,
        details={"load": load},
    )


def check_memory(root: Path = ROOT) -> CheckResult:
    """Look at the memory that workers can have."""
    import psutil

    from mnist_search.specs import describe_environment

    capacity = measure_capacity(root)
    total, free = describe_environment().memory_bytes, capacity.memory_bytes
    found = f"{gibibytes(free)} free of {gibibytes(total)}"
    # What is free changes between two looks at it.
    limited = free is not None and free < 0.9 * psutil.virtual_memory().available
    if limited:
        found += "; a limit of the container or service leaves no more"
    scarce = capacity.workers < capacity.cores
    return CheckResult(
        check="memory",
        found=found,
        hint=f"{capacity.reason}, and not one for each core" if scarce else None,
        details={"free_bytes": free, "total_bytes": total, "limited": limited},
    )


def check_processor(environ: Mapping[str, str]) -> CheckResult:
    """Look for the instructions that make training fast, and the kernels that use them."""
    from mnist_search.specs import describe_environment

    here = describe_environment()
    fast = here.fast_bfloat16
    precision = (
        f"--precision bfloat16 is worth a try ({', '.join(fast)})"
        if fast
        else "float32 is the faster precision"
    )
    hint = None
    if sys.platform != "darwin" and "avx2" not in here.features:
        hint = "without avx2 TensorFlow is slow, or does not start"
    elif environ.get("TF_ENABLE_ONEDNN_OPTS", "").lower() in ("0", "false"):
        hint = "TF_ENABLE_ONEDNN_OPTS is off: convolutions take up to three times as long"
    return CheckResult(
        check="processor",
        found=f"{here.processor}; {', '.join(here.features) or 'no avx2'}; {precision}",
        hint=hint,
        details={"features": list(here.features), "machine_id": here.machine_id},
    )


def check_graphics(
    devices: list[str], environ: Mapping[str, str], root: Path = ROOT
) -> CheckResult:
    """Compare the graphics processors of the machine with those that TensorFlow can use."""
    hint, there = None, gpu_is_there(environ, root)
    if sys.platform == "darwin" and devices:
        found = f"{', '.join(devices)} by Metal, which is untested with this tool and not used"
    elif devices:
        found = f"{', '.join(devices)}; networks train on it, or with --device cpu without"
    elif there:
        found = f"a GPU is there, but {NO_LIBRARIES}"
        hint = f"{INSTALL}; without, networks train on the processor"
    elif (root / "dev/kfd").exists():
        found = "one by AMD, which TensorFlow of PyPI does not use; networks train on the processor"
    elif sys.platform == "darwin":
        found = "none in use; Metal (tensorflow-metal) is untested with this tool"
    else:
        found = "none; networks train on the processor"
    return CheckResult(
        check="gpu",
        found=found,
        hint=hint,
        details={"gpus": devices, "gpu_is_there": there},
    )


def check_home(home: Path) -> CheckResult:
    """See whether studies can be written."""
    from mnist_search.studies.folder import list_studies

    place = existing(home)
    trouble = None
    if os.path.lexists(home) and place != home:
        trouble = f"{home} is not a folder"
    else:
        try:
            with tempfile.TemporaryFile(dir=place) as file:
                file.write(b"x")
                file.flush()
        except OSError as error:
            trouble = f"{home}: {error.strerror}"
    if trouble is not None:
        hint = "--home or MNIST_SEARCH_HOME names another folder"
        return CheckResult(check="home", failed=True, found=trouble, hint=hint)
    count = len(list_studies(home))
    there = "not made yet" if place != home else f"{count} {'study' if count == 1 else 'studies'}"
    return CheckResult(
        check="home", found=f"{home}: can be written, {there}", details={"studies": count}
    )


def check_disk(home: Path) -> CheckResult:
    """Look at the room for studies."""
    from mnist_search.studies.folder import FREE_BYTES

    free = shutil.disk_usage(existing(home)).free
    full, scarce = free < FREE_BYTES, free < SCARCE_DISK_BYTES
    return CheckResult(
        check="disk",
        failed=full,
        found=f"{gibibytes(free)} free where studies are",
        hint="free some space" if scarce else None,
        details={"free_bytes": free},
    )


def check_file_system(home: Path) -> CheckResult:
    """Try what a study needs of its folder: a lock that keeps a second one out, and a rename."""
    from mnist_search.studies.lock import is_shared, mount_of

    place = existing(home)
    mount, shared = mount_of(place), is_shared(place)
    kind = "unknown" if mount is None else mount[1]
    # A study that several machines can reach has another lock.
    able = {k: works for k, works in try_folder(place).items() if k != "locks" or not shared}
    lacking = [name for name, works in able.items() if not works]
    told = f"no {' and no '.join(lacking)}" if lacking else f"{' and '.join(able)} work"
    return CheckResult(
        check="file system",
        failed=bool(lacking),
        found=f"{kind}: {told}",
        hint="name a folder of another disk with --home" if lacking else None,
        details={"type": kind, "shared": shared, "lacking": lacking},
    )


def try_folder(folder: Path) -> dict[str, bool]:
    """Return which of locks and renames a folder is able to do."""
    from mnist_search.studies.lock import keeps_others_out

    able = {"locks": False, "renames": False}
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".doctor-") as name:
            one, two = Path(name) / "one", Path(name) / "two"
            with one.open("wb") as first:
                able["locks"] = _works(fcntl.flock, first, fcntl.LOCK_EX | fcntl.LOCK_NB)
                able["locks"] = able["locks"] and keeps_others_out(one)
            two.touch()
            able["renames"] = _works(os.replace, one, two)
    except OSError:
        # What can be written at all is the matter of `check_home`.
        return dict.fromkeys(able, True)
    return able


def check_temporary_files() -> CheckResult:
    """Look for the folder where workers and the proposer write for a while."""
    try:
        with temporary_folder("mnist-search-doctor-") as folder:
            return CheckResult(check="temporary files", found=str(folder.parent))
    except (ResourceError, OSError) as error:
        told = error.message if isinstance(error, ResourceError) else str(error.strerror)
        hint = "TMPDIR names another folder"
        return CheckResult(check="temporary files", failed=True, found=told, hint=hint)


def check_studies(home: Path) -> CheckResult:
    """Name the studies that cannot be read."""
    from mnist_search.studies.folder import list_studies

    try:
        # Brings Optuna along, whose absence another check tells.
        from mnist_search.studies.reading import read_study
    except ImportError as error:
        return CheckResult(check="studies", failed=True, found=f"cannot be read: {error}")
    damaged: dict[str, str] = {}
    names = list_studies(home)
    for name in names:
        try:
            read_study(home, name)
        except MnistSearchError as error:
            damaged[name] = error.message
    found = "none damaged" if names else "none"
    if damaged:
        found = "; ".join(f"{name}: {why}" for name, why in damaged.items())
    return CheckResult(
        check="studies",
        found=found,
        hint="the others can be used as they are" if damaged else None,
        details={"damaged": sorted(damaged)},
    )


def existing(path: Path) -> Path:
    """Return the folder itself, or the nearest one above that exists."""
    return next(each for each in (path, *path.absolute().parents) if each.is_dir())


def _works(act: Callable[..., object], *given: object) -> bool:
    try:
        act(*given)
    except OSError:
        return False
    return True
