"""What `doctor` looks at of the machine: cores, memory, processor, and where studies go."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from mnist_search.cli._check_result import CheckResult

# Below these a search still works, but not for long.
SCARCE_DISK_BYTES = 2**30
BUSY_SHARE = 0.5


def check_cores(environ: Mapping[str, str]) -> CheckResult:
    """Count the cores that this process may use, and how they are shared out."""
    from mnist_search.specs import measure_capacity

    capacity, of = measure_capacity(), os.cpu_count() or 1
    cores = capacity.cores
    set_here = [name for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS") if name in environ]
    told = f"{cores} of {of} usable; --workers auto: {capacity.workers}"
    hint = None
    if set_here:
        hint = f"{' and '.join(set_here)} is set; workers set their own threads"
    return CheckResult(
        check="cores",
        status="ok" if hint is None else "warn",
        found=told,
        hint=hint,
        details={"cores": cores, "workers": capacity.workers},
    )


def check_load() -> CheckResult:
    """Look at what else runs, which spoils times."""
    from mnist_search.specs import available_cores

    try:
        load = os.getloadavg()[0]
    except OSError:
        return CheckResult(check="load", status="ok", found="unknown")
    busy = load > BUSY_SHARE * available_cores()
    return CheckResult(
        check="load",
        status="warn" if busy else "ok",
        found=f"{load:.2f} runnable processes in the last minute",
        hint="times of trials will be marked as disturbed" if busy else None,
        details={"load": load},
    )


def check_memory() -> CheckResult:
    """Look at the memory that workers can have."""
    from mnist_search.reporting.cells import format_cell
    from mnist_search.specs import describe_environment, measure_capacity

    capacity = measure_capacity()
    total, free = describe_environment().memory_bytes, capacity.memory_bytes
    told = f"{format_cell(free, 'bytes')} free of {format_cell(total, 'bytes')}"
    scarce = capacity.workers < capacity.cores
    return CheckResult(
        check="memory",
        status="warn" if scarce else "ok",
        found=told,
        hint=f"{capacity.reason}, and not one for each core" if scarce else None,
        details={"free_bytes": free, "total_bytes": total},
    )


def check_processor(environ: Mapping[str, str]) -> CheckResult:
    """Look for the instructions that make training fast, and the kernels that use them."""
    from mnist_search.specs import describe_environment

    here = describe_environment()
    fast = here.fast_bfloat16
    slow = "avx2" not in here.features
    precision = (
        f"--precision bfloat16 is worth a try ({', '.join(fast)})"
        if fast
        else "float32 is the faster precision"
    )
    hint = None
    if slow:
        hint = "without avx2 TensorFlow is slow, or does not start"
    elif environ.get("TF_ENABLE_ONEDNN_OPTS", "").lower() in ("0", "false"):
        hint = "TF_ENABLE_ONEDNN_OPTS is off: convolutions take up to three times as long"
    return CheckResult(
        check="processor",
        status="ok" if hint is None else "warn",
        found=f"{here.processor}; {', '.join(here.features) or 'no avx2'}; {precision}",
        hint=hint,
        details={"features": list(here.features), "machine_id": here.machine_id},
    )


def check_home(home: Path) -> CheckResult:
    """See whether studies can be written."""
    place = _existing(home)
    if os.path.lexists(home) and place != home:
        return CheckResult(
            check="home",
            status="fail",
            found=f"{home} is not a folder",
            hint="--home or MNIST_SEARCH_HOME names another folder",
        )
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return CheckResult(
            check="home",
            status="fail",
            found=f"{home}: {error.strerror}",
            hint="--home or MNIST_SEARCH_HOME names another folder",
        )
    from mnist_search.studies.folder import list_studies

    count = len(list_studies(home))
    told = "not made yet" if place != home else f"{count} {'study' if count == 1 else 'studies'}"
    return CheckResult(
        check="home",
        status="ok",
        found=f"{home}: can be written, {told}",
        details={"studies": count},
    )


def check_disk(home: Path) -> CheckResult:
    """Look at the room for studies."""
    from mnist_search.reporting.cells import format_cell
    from mnist_search.studies.folder import FREE_BYTES

    free = shutil.disk_usage(_existing(home)).free
    full, scarce = free < FREE_BYTES, free < SCARCE_DISK_BYTES
    return CheckResult(
        check="disk",
        status="fail" if full else "warn" if scarce else "ok",
        found=f"{format_cell(free, 'bytes')} free where studies are",
        hint="free some space" if scarce else None,
        details={"free_bytes": free},
    )


def check_sqlite(home: Path) -> CheckResult:
    """See whether a write-ahead log works on the file system of the studies."""
    told = f"{sqlite3.sqlite_version}"
    try:
        with tempfile.TemporaryDirectory(dir=_existing(home)) as folder:
            mode = _try_write_ahead_log(Path(folder) / "try.db")
    except (OSError, sqlite3.Error) as error:
        return CheckResult(
            check="sqlite",
            status="fail",
            found=f"{told}, but a database in {_existing(home)} failed: {error}",
            hint="--home on a local disk",
        )
    works = mode == "wal"
    return CheckResult(
        check="sqlite",
        status="ok" if works else "warn",
        found=f"{told}, write-ahead log {'works' if works else f'refused ({mode})'}",
        hint=None if works else "reports wait for the writer; put --home on a local disk",
        details={"journal_mode": mode},
    )


def _existing(path: Path) -> Path:
    """Return the folder itself, or the nearest one above that exists."""
    return next(each for each in (path, *path.absolute().parents) if each.is_dir())


def _try_write_ahead_log(path: Path) -> str:
    """Return the journal mode that a database got; raises where writer or reader fails."""
    with closing(sqlite3.connect(path)) as writer, closing(sqlite3.connect(path)) as reader:
        mode = str(writer.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        with writer:
            writer.execute("CREATE TABLE t (x)")
            writer.execute("INSERT INTO t VALUES (1)")
        if reader.execute("SELECT x FROM t").fetchone() != (1,):
            raise sqlite3.DatabaseError("a reader does not see what was written")
        return mode
