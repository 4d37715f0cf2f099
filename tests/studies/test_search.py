"""A search between engine, executor and ledger: what is closed without training."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.references import REFERENCES
from mnist_search.spaces import SearchSpace, find_space, load_space
from mnist_search.specs import Job, Record, RunResult, Score
from mnist_search.studies import (
    Interrupt,
    Ledger,
    Limits,
    SearchSpec,
    SearchSummary,
    StudySpec,
    open_search,
    run_search,
)
from mnist_search.studies.progress import Assignment, Progress, tell_ending
from mnist_search.studies.search import choose_first
from mnist_search.studies.spec import REVISIONS, search_of
from tests.studies.conftest import DATASET
from tests.support.fake import FakeExecutor
from tests.support.surrogate import run_job


class Watcher(Progress):
    """Notes what is finished, and wishes to stop after some of it."""

    def __init__(self, interrupt: Interrupt, stop_after: int) -> None:
        self.messages: list[str | None] = []
        self.notes: list[str] = []
        self._interrupt = interrupt
        self._stop_after = stop_after

    def note(self, text: str) -> None:
        self.notes.append(text)

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        self.messages.append(tell_ending(result))
        if len(self.messages) == self._stop_after:
            self._interrupt.request(exit_code=130)


def never(job: Job, report: object) -> RunResult:
    raise AssertionError("nothing is to be trained here")


def answer(job: Job, status: str, accuracy: float, step: int) -> RunResult:
    score = Score(correct=round(1000 * accuracy), total=1000)
    return RunResult.model_validate(
        {
            "status": status,
            "config_id": job.config.config_id,
            "seed": job.seed,
            "validation": score if status == "complete" else None,
            "reports": ((step, accuracy),),
        }
    )


def load_space_of(text: str, folder: Path) -> SearchSpace:
    path = folder / "own.toml"
    path.write_text(text)
    return load_space(path)


def search(
    ledger: Ledger,
    trials: int,
    train: Callable[..., RunResult] = run_job,
    *,
    stop_after: int = 10**9,
    workers: int = 1,
) -> tuple[SearchSummary, Watcher]:
    interrupt = Interrupt()
    watcher = Watcher(interrupt, stop_after)
    with ledger.exclusive():
        summary = run_search(
            ledger,
            lambda: FakeExecutor(workers, train),
            trials=trials,
            progress=watcher,
            interrupt=interrupt,
            limits=Limits(),
            clock=lambda: 0.0,
        )
    return summary, watcher


@pytest.mark.parametrize(("stop_after", "ending"), [(3, "interrupted"), (100, "done")])
def test_wish_to_stop_is_heard_between_trials_without_training(
    tmp_path: Path, spec: StudySpec, stop_after: int, ending: str
) -> None:
    small = spec.search.model_copy(update={"max_params": 10})
    with closing(
        open_search(tmp_path / "test", spec.model_copy(update={"search": small}))
    ) as ledger:
        summary, watcher = search(ledger, 8, never, stop_after=stop_after)
        count = ledger.count()
    assert summary.outcome.ending == ending
    assert summary.finished == len(watcher.messages) == count == min(stop_after, 8)
    assert summary.total == 8
    assert not summary.exhausted
    assert all("too-large" in str(message) for message in watcher.messages)


def points(records: list[Record]) -> list[object]:
    return [(record.number, record.values, record.seed, record.state) for record in records]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_search_in_many_sessions_equals_one_in_a_single_session(
    tmp_path: Path, spec: StudySpec, sampler: str
) -> None:
    found = []
    for name, targets in (("once", [12]), ("often", [1, 2, 5, 5, 4, 12])):
        own = spec.search.model_copy(update={"sampler": sampler, "pruner": "halving", "epochs": 8})
        folder = tmp_path / name
        for target in targets:
            with closing(open_search(folder, spec.model_copy(update={"search": own}))) as ledger:
                search(ledger, target)
                found_now = points(ledger.records())
        found.append(found_now)
    assert len(found[0]) == 12
    assert found[0] == found[1]


def killed(job: Job, report: Callable[[int, float], bool]) -> RunResult:
    """Report a bad start, and die."""
    report(1, 0.01)
    report(4, 0.01)
    raise KeyboardInterrupt


def test_interrupted_trial_runs_again_first_with_what_it_had(
    tmp_path: Path, spec: StudySpec
) -> None:
    with closing(open_search(tmp_path / "test", spec)) as ledger:
        search(ledger, 3)
        with pytest.raises(KeyboardInterrupt):
            search(ledger, 4, killed)
        before = ledger.records()[3]
        summary, watcher = search(ledger, 5)
        records = ledger.records()
    assert before.state == "running"
    assert watcher.notes == ["resumed: 1 trials were interrupted, 0 were done"]
    assert (records[3].values, records[3].seed) == (before.values, before.seed)
    assert [record.number for record in records] == [0, 1, 2, 3, 4]
    assert summary.finished == 5


def test_old_reports_of_a_trial_do_not_decide_about_its_second_attempt(
    tmp_path: Path, spec: StudySpec
) -> None:
    """A trial that was given back after a bad start, and does well this time, is not stopped."""
    halving = spec.search.model_copy(update={"pruner": "halving", "epochs": 8})
    spec = spec.model_copy(update={"search": halving})
    asked: dict[int, list[int]] = {}

    def steady(job: Job, report: Callable[[int, float], bool]) -> RunResult:
        asked[job.number] = []
        accuracy = 0.5 + job.number / 100
        for step in (*job.rungs, 32):
            asked[job.number].append(step)
            if report(step, accuracy):
                return answer(job, "pruned", accuracy, step)
        return answer(job, "complete", accuracy, 32)

    with closing(open_search(tmp_path / "test", spec)) as ledger:
        search(ledger, 6, steady)
        with pytest.raises(KeyboardInterrupt):
            search(ledger, 7, killed)
        search(ledger, 7, steady)
        record = ledger.records()[6]
    # It is the best of all: nothing but the reports of its first attempt would stop it.
    assert record.state == "complete"
    assert asked[6] == asked[0]


def test_space_that_is_exhausted_ends_the_search(tmp_path: Path, spec: StudySpec) -> None:
    grid = spec.search.model_copy(
        update={
            "sampler": "grid",
            "space": load_space_of(
                'family = "mlp"\n[parameters.units]\ntype = "choice"\nchoices = [16, 32]\n',
                tmp_path,
            ),
        }
    )
    with closing(
        open_search(tmp_path / "test", spec.model_copy(update={"search": grid}))
    ) as ledger:
        summary, _ = search(ledger, 5)
        count = ledger.count()
    assert summary.exhausted
    assert (summary.total, summary.finished, count) == (5, summary.finished, summary.finished)
    assert summary.finished < 5


def test_other_revisions_are_told_once(tmp_path: Path, spec: StudySpec) -> None:
    with closing(open_search(tmp_path / "test", spec)) as ledger:
        search(ledger, 1)
        with ledger.exclusive():
            ledger.set_attribute("revisions", {**REVISIONS, "pruner": 0})
        told = [search(ledger, trials)[1].notes for trials in (2, 3)]
    assert len(told[0]) == 1
    assert "other rules (pruner)" in told[0][0]
    assert told[1] == []


def test_references_come_first_the_smallest_before_the_others(tmp_path: Path) -> None:
    space = find_space("mlp")
    spec = StudySpec(
        name="test",
        dataset=DATASET,
        search=SearchSpec(space=space, sampler="random", pruner="none", epochs=1, seed=0),
    )
    points = choose_first(space, REFERENCES)
    with closing(open_search(tmp_path / "test", spec, first=points)) as ledger:
        first = ledger.first_points()
        search(ledger, 3)
        records = ledger.records()
    names = [name for name, _ in first]
    own = [f"first point {name}" for name in space.first]
    assert names[-len(own) :] == own
    known = {reference.name for reference in REFERENCES}
    assert {*names[: -len(own)]} <= known
    assert [record.reference for record in records] == names[:3]
    assert [record.values for record in records] == [values for _, values in first[:3]]
    sizes = [record.result.flops for record in records if record.result is not None]
    assert sizes == sorted(sizes)


def test_first_points_of_a_space_come_in_the_place_of_its_defaults(tmp_path: Path) -> None:
    plain = find_space("mlp")
    points = {name: plain.point({"units": units}) for name, units in (("wide", 256), ("thin", 32))}
    space = dataclasses.replace(plain, first=points)
    found = choose_first(space)
    assert found == [(f"first point {name}", values) for name, values in points.items()]
    assert choose_first(dataclasses.replace(plain, first={})) == [(None, plain.defaults())]
    assert choose_first(space, REFERENCES, own=False) == choose_first(space, REFERENCES)[:-2]
    spec = StudySpec(
        name="test",
        dataset=DATASET,
        search=SearchSpec(space=space, sampler="random", pruner="none", epochs=1, seed=0),
    )
    with closing(open_search(tmp_path / "test", spec)) as ledger:
        search(ledger, 3)
        records = ledger.records()
    assert [record.origin for record in records] == ["first point wide", "first point thin", None]
    assert [record.values for record in records[:2]] == [*points.values()]
    assert all(record.reference is None for record in records)


# The half of the held-out images that steers, and the half that measures

Trainer = Callable[[Job, Callable[[int, float], bool]], RunResult]


def course(folder: Path, spec: StudySpec, train: Trainer) -> list[tuple[object, str]]:
    """Return what a search tries and what becomes of it, where its pruner and sampler learn."""
    changes = {"sampler": "tpe", "pruner": "median", "epochs": 2}
    halves = DATASET.model_copy(update={"held_out": "halves", "train_images": 60_000})
    spec = StudySpec(name="test", dataset=halves, search=search_of(spec).model_copy(update=changes))
    with closing(open_search(folder, spec)) as ledger:
        search(ledger, 24, train)
        for trial, record in zip(ledger.study.trials, ledger.records(), strict=True):
            assert record.result is not None
            if record.state == "complete":
                assert record.result.selection is not None
                assert trial.value == record.result.selection.accuracy
        return [(record.values, record.state) for record in ledger.records()]


def other_way_round(score: Score) -> Score:
    return score.model_copy(update={"correct": score.total - score.correct})


def other_measure(job: Job, report: Callable[[int, float], bool]) -> RunResult:
    result = run_job(job, report)
    if result.validation is None:
        return result
    return result.model_copy(update={"validation": other_way_round(result.validation)})


def other_steering(job: Job, report: Callable[[int, float], bool]) -> RunResult:
    result = run_job(job, lambda step, accuracy: report(step, 1 - accuracy))
    assert result.selection is not None
    return result.model_copy(update={"selection": other_way_round(result.selection)})


def test_the_half_that_steers_alone_decides_what_is_proposed_and_stopped(
    tmp_path: Path, spec: StudySpec
) -> None:
    plain = course(tmp_path / "plain", spec, run_job)
    assert {state for _, state in plain} == {"complete", "pruned"}
    assert course(tmp_path / "other-measure", spec, other_measure) == plain
    # Control: other accuracies on the half that steers make another search.
    assert course(tmp_path / "other-steering", spec, other_steering) != plain


def test_a_study_goes_on_with_the_held_out_images_that_it_was_made_with(
    tmp_path: Path, spec: StudySpec
) -> None:
    open_search(tmp_path / "test", spec).close()
    halves = DATASET.model_copy(update={"held_out": "halves", "path": "elsewhere.npz"})
    today = spec.model_copy(update={"dataset": halves})
    with closing(open_search(tmp_path / "test", today)) as ledger:
        assert (ledger.spec.dataset.held_out, ledger.spec.dataset.path) == (
            "whole",
            "elsewhere.npz",
        )
    with closing(open_search(tmp_path / "new", today)) as ledger:
        assert ledger.spec.dataset.held_out == "halves"
