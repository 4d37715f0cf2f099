"""The command line as a process that can be struck, and a reader of studies that is not ours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults.striking import wait_for
from tests.support.journals import Study

ROOT = Path(__file__).parents[2]
INLINE = "tests.support.fake:inline"
WORKERS = "tests.support.surrogate"
PATIENCE_SECONDS = 600.0


def absolute(text: str) -> Path:
    """Return a path that stays where it is when a test goes to another folder."""
    return Path(text).absolute()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--rounds", type=int, default=25, help="strikes of the kill loop")
    group.addoption("--strikers", type=int, default=os.cpu_count(), help="studies struck at once")
    group.addoption("--figures", type=absolute, help="JSON file for the figures of the kill loop")
    group.addoption("--faults-report", type=absolute, help="Markdown file for what was found")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--faults-report", None)
    if path is not None:
        from tests.faults.report import FaultsReport

        if not hasattr(config, "workerinput"):  # the processes of -n tell theirs to the first one
            config.pluginmanager.register(FaultsReport(path))


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *words: str) -> None:
        """Check that it said one line with those words, and nothing of its insides."""
        assert self.code == code, f"exit code {self.code}, not {code}: {self.err}"
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in errors[0], errors[0]


Record = Callable[[str, object], None]
# What changes from run to run is not shown.
_VOLATILE = (
    # a test's own folder
    (re.compile(r"/\S*?/test_[^/\s]+/?"), ""),
    (re.compile(r"process \d+ on .* since .*? UTC \(.*\)"), "process …"),
)


def note(ended: Ended, record: Record) -> Ended:
    """Record how a command ended, for the report."""
    record("exit", ended.code)
    for line in ended.err.splitlines():
        if line.startswith("error: "):
            for pattern, shown in _VOLATILE:
                line = pattern.sub(shown, line)
            record("error", line.partition("; hint: ")[0])
    return ended


@dataclass(kw_only=True)
class CommandLine:
    """Runs `mnist-search` in a folder; `sabotage` is Python that its processes run first."""

    folder: Path
    space: Path
    dataset: str = "digits"
    record: Record = field(default=lambda _name, _value: None)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def study(self) -> Study:
        return Study(path=self.folder / "mnist-search-runs" / "s" / "journal.log")

    def search(self, trials: int = 4, *more: str) -> list[str]:
        words = f"run --space {self.space} -n {trials} --study s --dataset {self.dataset} -f json"
        return [*words.split(), *more]

    def start(
        self,
        arguments: Sequence[str],
        *,
        trainer: str = INLINE,
        seconds: float = 0,
        environ: Mapping[str, str | None] | None = None,
        sabotage: str = "",
        prefix: Sequence[str] = (),
        **streams: Any,
    ) -> subprocess.Popen[bytes]:
        paths = [str(ROOT)]
        if sabotage:
            hook = self.folder / "sabotage"
            hook.mkdir(exist_ok=True)
            (hook / "sitecustomize.py").write_text(sabotage)
            paths.insert(0, str(hook))
        variables: dict[str, str | None] = {
            **os.environ,
            "MNIST_SEARCH_TRAINER": trainer,
            "MNIST_SEARCH_SURROGATE_SECONDS": str(seconds),
            "PYTHONPATH": os.pathsep.join(paths),
            **({} if environ is None else environ),
        }
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "mnist_search", *arguments],
            env={name: value for name, value in variables.items() if value is not None},
            start_new_session=True,
            **{
                "cwd": self.folder,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                **streams,
            },
        )
        self.processes.append(process)
        return process

    def run(self, arguments: Sequence[str], **how: Any) -> Ended:
        return self.end(self.start(arguments, **how))

    def end(self, process: subprocess.Popen[bytes]) -> Ended:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        texts = ["" if said is None else said.decode(errors="replace") for said in (out, err)]
        return note(Ended(code=process.returncode, out=texts[0], err=texts[1]), self.record)


@pytest.fixture
def command_line(tmp_path: Path, space_file: Path, record_property: Record) -> Any:
    line = CommandLine(folder=tmp_path, space=space_file, record=record_property)
    yield line
    for process in line.processes:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for a condition; a process that ends meanwhile, or much too long a time, fails."""
    return wait_for


@pytest.fixture
def here(
    tmp_path: Path,
    space_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Any,
    record_property: Record,
) -> Callable[..., Ended]:
    """Run the command line in this process, which takes no second to start."""
    from mnist_search.cli import execute

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", INLINE)

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        code = execute(list(arguments))
        said = capfd.readouterr()
        return note(Ended(code=code, out=said.out, err=said.err), record_property)

    return run


@pytest.fixture
def over(
    here: Callable[..., Ended],
    search: Callable[..., list[str]],
    study: Study,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[int], Study]:
    """Return a study of so many trials that is over, copied from one that was once made so."""

    def make(trials: int) -> Study:
        kept = tmp_path_factory.getbasetemp() / f"study-of-{trials}"
        if kept.exists():
            shutil.copytree(kept, study.path.parent)
        else:
            assert here(*search(trials)).code == 0
            shutil.copytree(study.path.parent, kept)
        return study

    return make


@dataclass(kw_only=True)
class Forks:
    """Runs the command line in forks of this process, which start at once and can be killed."""

    folder: Path
    record: Record
    count: int = 0

    def start(self, arguments: Sequence[str], sabotage: Callable[[], object] | None = None) -> int:
        """Return the number of a process that first calls `sabotage`, then the command line."""
        from mnist_search.cli import execute

        self.count += 1
        told = self.folder / f"fork-{self.count}"
        with warnings.catch_warnings():
            # Newer Pythons warn of threads, of which NumPy's libraries have some.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid != 0:
            (self.folder / f"fork-of-{pid}").symlink_to(told)
            return pid
        code = 1
        try:
            for number, stream in ((1, "stdout"), (2, "stderr")):
                file = os.open(f"{told}-{number}", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
                os.dup2(file, number)
                setattr(sys, stream, os.fdopen(number, "w", buffering=1, closefd=False))
            if sabotage is not None:
                sabotage()
            code = execute(list(arguments))
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def end(self, pid: int) -> Ended:
        """Wait for a process; the code of one that was killed is the signal, below zero."""
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        told = (self.folder / f"fork-of-{pid}").readlink()
        out, err = (Path(f"{told}-{number}") for number in (1, 2))
        ended = Ended(code=code, out=out.read_text(), err=err.read_text())
        return note(ended, self.record)

    def run(self, arguments: Sequence[str], sabotage: Callable[[], object] | None = None) -> Ended:
        return self.end(self.start(arguments, sabotage))


@pytest.fixture
def forks(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
) -> Forks:
    """Run the command line in forks; `tmp_path` is where they work."""
    from mnist_search.datasets import resolve

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", INLINE)
    # What every fork would import and read by itself.
    import mnist_search.studies  # noqa: F401

    resolve("digits", environ=os.environ, notice=lambda _: None)
    return Forks(folder=tmp_path_factory.mktemp("forks"), record=record_property)


@pytest.fixture
def search(space_file: Path) -> Callable[..., list[str]]:
    """Return the arguments of a search."""

    def arguments(trials: int = 4, *more: str) -> list[str]:
        words = f"run --space {space_file} -n {trials} --study s --dataset digits -f json"
        return [*words.split(), "--workers", "2", *more]

    return arguments


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(path=tmp_path / "mnist-search-runs" / "s" / "journal.log")
