"""Going on from another run's checkpoint is as good as never having stopped."""

from __future__ import annotations

import numpy as np
import pytest
from mnist_search.studies.checkpoints import first_epochs

from mnist_search.specs import (
    SGD,
    AdamW,
    Augmentation,
    BatchNorm,
    Continuation,
    Conv,
    Dense,
    Dropout,
    Flatten,
    LinearClassifier,
    Network,
    Pool,
)
from mnist_search.training import train
from mnist_search.training.weights import weights_of

# The states of dropout and the averages of the normalization must live on as well.
NETWORK = Network(
    layers=(
        Conv(filters=2, kernel=5),
        BatchNorm(),
        Pool(size=4),
        Flatten(),
        Dropout(rate=0.3),
        Dense(units=8),
    )
)
RECIPE = {"optimizer": AdamW(), "batch_size": 200, "epochs": 3}
EPOCHS = 3
CUT = 1


def go_on(step, accuracy):
    return False


@pytest.fixture
def whole(make_job):
    """Return a maker of jobs over all the epochs."""

    def make(model=NETWORK, **changes):
        return make_job(model, **RECIPE | changes)

    return make


def first_part(job, folder):
    config = first_epochs(job.config, CUT)
    path = str(folder / "run-0.checkpoint.npz")
    return job.model_copy(update={"config": config, "checkpoint_path": path})


def second_part(job, first, sha256):
    continues = Continuation(number=0, epochs=CUT, path=first.checkpoint_path, sha256=sha256)
    return job.model_copy(update={"number": 1, "continues": continues})


def both(job, folder):
    """Return the model and result of a job cut in two, and the checkpoint between them."""
    first = first_part(job, folder)
    _, result = train(first, go_on)
    assert result.failure is None
    assert result.checkpoint_sha256 is not None
    return train(second_part(job, first, result.checkpoint_sha256), go_on)


def differences(one, other):
    ours, theirs = (weights_of(model, NETWORK) for model in (one, other))
    return max(float(np.abs(ours[name] - theirs[name]).max()) for name in ours)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schedule": "one-cycle"},
        {"schedule": "cosine", "optimizer": SGD(momentum=0.9), "augmentation": Augmentation()},
    ],
    ids=["adamw", "one-cycle", "cosine-augmented"],
)
def test_a_continued_run_equals_an_uninterrupted_one(whole, tmp_path, changes):
    job = whole(**changes)
    model, result = train(job, go_on)
    continued_model, continued = both(job, tmp_path)
    assert continued.failure is None
    assert continued.initial_epoch == CUT
    assert continued.restarted is None
    assert [epoch.epoch for epoch in continued.epochs] == list(range(CUT + 1, EPOCHS + 1))
    assert [step for step, _ in continued.reports] == [
        4 * epoch for epoch in range(CUT + 1, EPOCHS + 1)
    ]
    assert differences(model, continued_model) < 1e-6
    assert continued.validation.correct == result.validation.correct
    assert continued.epochs[-1].loss == pytest.approx(result.epochs[-1].loss, rel=1e-5)
    assert len(continued.timings.step_seconds) > 0


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["optimizer", "random state", "averages"])
def test_whatever_is_not_restored_shows(whole, tmp_path, monkeypatch, lost):
    job = whole()
    model, _ = train(job, go_on)
    restore = "mnist_search.training.checkpoints._variables"

    def some(model, optimizer):
        found = {f"model.{at}": variable for at, variable in enumerate(model.variables)}
        match lost:
            case "optimizer":
                return found
            case "random state":
                kept = {name: v for name, v in found.items() if "seed" not in v.path}
            case _:
                kept = {name: v for name, v in found.items() if "moving" not in v.path}
        assert len(kept) < len(found)
        rest = {f"optimizer.{at}": v for at, v in enumerate(optimizer.variables)}
        return kept | rest

    monkeypatch.setattr(restore, some)
    continued_model, continued = both(job, tmp_path)
    assert continued.initial_epoch == CUT
    assert differences(model, continued_model) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["missing", "damaged", "never written", "another model"])
def test_without_a_sound_checkpoint_all_is_trained_again_and_said(whole, tmp_path, harm):
    job = whole(epochs=2)
    model, result = train(job, go_on)
    other = whole(Network(layers=(Flatten(), Dense(units=4))), epochs=2)
    first = first_part(other if harm == "another model" else job, tmp_path)
    _, before = train(first, go_on)
    path = tmp_path / "run-0.checkpoint.npz"
    sha256 = before.checkpoint_sha256
    match harm:
        case "missing":
            path.unlink()
        case "damaged":
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        case "never written":
            sha256 = None
    again_model, again = train(second_part(job, first, sha256), go_on)
    assert again.status == "complete"
    assert again.initial_epoch == 0
    assert again.restarted is not None
    assert ("left no checkpoint" in again.restarted) == (harm == "never written")
    assert ("another model" in again.restarted) == (harm == "another model")
    assert [epoch.epoch for epoch in again.epochs] == [1, 2]
    assert differences(model, again_model) < 1e-6
    assert again.validation.correct == result.validation.correct


@pytest.mark.slow
def test_a_stopped_run_leaves_no_checkpoint(whole, tmp_path):
    first = first_part(whole(), tmp_path)
    _, result = train(first, lambda step, accuracy: True)
    assert result.status == "pruned"
    assert result.checkpoint_sha256 is None
    assert not (tmp_path / "run-0.checkpoint.npz").exists()


@pytest.mark.slow
def test_a_full_disk_costs_the_checkpoint_and_not_the_result(whole, tmp_path):
    first = first_part(whole(), tmp_path)
    (tmp_path / "run-0.checkpoint.npz").mkdir()
    _, result = train(first, go_on)
    assert result.status == "complete"
    assert result.checkpoint_sha256 is None


@pytest.mark.slow
def test_a_linear_classifier_begins_again_and_says_so(make_job, tmp_path):
    job = make_job(LinearClassifier(tolerance=None), epochs=2)
    continues = Continuation(number=0, epochs=1, path=str(tmp_path / "none"), sha256="0" * 64)
    _, result = train(job.model_copy(update={"continues": continues}), go_on)
    assert result.initial_epoch == 0
    assert result.restarted == "a linear classifier leaves no checkpoint"
    assert len(result.epochs) == 2


def test_the_plan_of_the_learning_rate_stays_that_of_the_whole(whole):
    constant, cosine = whole().config, whole(schedule="cosine").config
    assert first_epochs(constant, 1).training.schedule_epochs is None
    cut = first_epochs(cosine, 1)
    assert (cut.training.epochs, cut.training.planned_epochs) == (1, EPOCHS)
    assert first_epochs(cut, EPOCHS) == cosine
    assert len({config.config_id for config in (constant, cosine, cut)}) == 3
