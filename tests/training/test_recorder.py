"""What a run has recorded so far, and the result made of it."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.specs import Failure
from mnist_search.training.data import Labelled, RunData
from mnist_search.training.evaluate import evaluate_logits
from mnist_search.training.recorder import Recorder


class Clock:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_waiting_for_an_answer_is_no_time_of_the_run(make_job, clock):
    def report(step, accuracy):
        clock.now += 1000.0
        return False

    recorder = Recorder(job=make_job(), report=report, clock=clock)
    with recorder.fit():
        clock.now += 2.0
        with recorder.timed() as timer:
            clock.now += 3.0
            recorder.report(4, 0.5)
    assert timer.seconds == 3.0
    assert recorder.result().timings.fit_seconds == 5.0


def test_reports_are_kept_and_a_stop_makes_it_pruned(make_job, clock):
    recorder = Recorder(job=make_job(), report=lambda step, _: step == 4, clock=clock)
    assert not recorder.report(2, 0.25)
    assert recorder.result().status == "complete"
    assert recorder.report(4, 0.5)
    result = recorder.result()
    assert result.status == "pruned"
    assert result.reports == ((2, 0.25), (4, 0.5))


def test_a_failure_keeps_what_was_known(make_job, clock):
    job = make_job(seed=9)
    recorder = Recorder(job=job, report=lambda *_: False, clock=clock)
    recorder.note(parameters=12)

    def break_down():
        with recorder.fit():
            recorder.report(1, 0.5)
            clock.now += 7.0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_down()
    result = recorder.result(Failure(kind="error", message="broken"))
    assert result.status == "failed"
    assert (result.seed, result.config_id) == (9, job.config.config_id)
    assert (result.parameters, result.reports) == (12, ((1, 0.5),))
    assert result.timings.fit_seconds == 7.0


@pytest.mark.parametrize(
    ("watched", "final", "stopped", "noted"),
    [
        ("selection", "validation", False, {"selection", "validation"}),
        ("selection", "validation", True, {"selection"}),
        ("validation", None, False, {"validation"}),
        ("test", None, False, {"test", "predictions"}),
        (None, "test", False, {"test", "predictions"}),
    ],
)
def test_evaluations_are_noted_as_what_their_images_are_for(
    make_job, clock, watched, final, stopped, noted
):
    recorder = Recorder(job=make_job(), report=lambda *_: stopped, clock=clock)
    images = Labelled(images=np.zeros((3, 28, 28), np.uint8), labels=np.array([0, 1, 1]))
    evaluation = evaluate_logits(np.eye(3, 10, dtype=np.float32), images.labels, what="images")
    data = RunData(
        train=images,
        watched=None if watched is None else images,
        watched_as=watched or "validation",
        final=None if final is None else images,
        final_as=final or "test",
    )
    recorder.report(4, 0.5)
    recorder.conclude(data, None if watched is None else evaluation, lambda _, what: evaluation)
    result = recorder.result()
    scores = ("selection", "validation", "test", "predictions")
    assert {name for name in scores if getattr(result, name) is not None} == noted
    assert result.collapsed is False


def test_nothing_is_invented(make_job):
    result = Recorder(job=make_job(), report=lambda *_: False).result()
    for name in (
        "selection",
        "validation",
        "test",
        "collapsed",
        "parameters",
        "contended",
        "threads",
    ):
        assert getattr(result, name) is None
    assert result.timings.fit_seconds is None
    assert result.environment is not None


def test_steps_are_told_once_a_second_and_are_no_time_of_the_run(make_job, clock):
    told = []

    def report(step, accuracy):
        clock.now += 0.1
        told.append((step, accuracy))

    recorder = Recorder(job=make_job(), report=report, clock=clock)
    with recorder.timed() as timer:
        for step in (0.25, 0.5, 0.75):
            clock.now += 0.5
            recorder.step(step)
    assert told == [(0.5, None)]
    assert timer.seconds == 1.5
    assert recorder.result().reports == ()
