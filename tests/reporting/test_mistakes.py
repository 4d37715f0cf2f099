"""Counts of the answers, and the images that were answered wrongly."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mnist_search.analysis import build_leaderboard, pack_predictions
from mnist_search.commands.portraits import Answered
from mnist_search.datasets import load_full, resolve
from mnist_search.references import REFERENCES
from mnist_search.reporting.html.page import render_page
from mnist_search.reporting.inside import (
    MOST_IMAGES,
    Mistakes,
    find_mistakes,
    gather_mistakes,
    picture_of,
)
from mnist_search.specs import DatasetRef, Record, RunResult, Score


def mistakes(labels: list[int], said: list[int]) -> Mistakes:
    images = np.zeros((len(labels), 28, 28), np.uint8)
    answered = Answered(
        images=images + np.arange(len(labels), dtype=np.uint8)[:, None, None],
        labels=np.array(labels),
        classes=np.array(said),
        confidence=None,
        what="test images",
    )
    return find_mistakes("<b>net</b>", 3, answered, "0123456789")


def test_matrix_counts_true_classes_by_answers() -> None:
    found = mistakes([4, 4, 4, 9, 1], [4, 9, 9, 4, 1])
    assert (found.wrong, found.total) == (3, 5)
    assert (found.counts[4][4], found.counts[4][9], found.counts[9][4]) == (1, 2, 1)
    assert sum(map(sum, found.counts)) == 5
    assert [(each.truth, each.said) for each in found.shown] == [("4", "9"), ("4", "9"), ("9", "4")]


def test_pictures_are_the_images() -> None:
    (mistake,) = mistakes([0] * 8, [0] * 7 + [1]).shown
    assert mistake.picture == picture_of(np.full((28, 28), 7), 0, 255)


def test_perfect_model_has_an_empty_list() -> None:
    found = mistakes([1, 2], [1, 2])
    assert found.shown == ()
    assert (found.wrong, found.total) == (0, 2)


def test_page_shows_them_escaped_and_bounded() -> None:
    count = MOST_IMAGES + 20
    found = mistakes([1] * count, [7] * count)
    page = render_page(build_leaderboard([], REFERENCES), [], [], mistakes=found)
    section = page[page.index('id="mistakes"') :]
    assert "Mistakes of &lt;b&gt;net&lt;/b&gt;" in section
    assert f"{count} of {count} test images are classified wrongly (seed 3)" in section
    still = section[: section.index("<script")]
    assert len(re.findall(r'xlink:href="data:image/png;base64,', still)) == MOST_IMAGES
    assert f"The first {MOST_IMAGES} of {count}" in section


def record(dataset: DatasetRef, name: str, seed: int, said: bytes | None, right: int) -> Record:
    (config,) = [each.config for each in REFERENCES if each.name == name]
    return Record(
        study="suite",
        number=seed,
        kind="reference",
        state="complete",
        reference=name,
        config=config,
        seed=seed,
        dataset=dataset,
        result=RunResult(
            status="complete",
            config_id=config.config_id,
            seed=seed,
            test=Score(correct=right, total=dataset.test_images),
            predictions=None if said is None else pack_predictions(said),
        ),
    )


def test_answers_are_those_of_the_best_row_that_has_any() -> None:
    dataset = resolve("digits", environ={})
    labels = load_full(dataset).test.labels.tobytes()
    wrong = bytes([(labels[0] + 1) % 10]) + labels[1:]
    records = [
        record(dataset, "cnn-simple", 1, None, len(labels)),
        record(dataset, "mlp-784", 2, wrong, len(labels) - 1),
        record(dataset, "cnn-larger", 3, bytes(len(labels)), 30),
    ]
    board = build_leaderboard(records, REFERENCES)
    found = gather_mistakes([board], records)
    assert found is not None
    assert found.name.startswith("mlp-784")
    assert (found.seed, found.wrong, found.total) == (2, 1, len(labels))
    (shown,) = found.shown
    assert (shown.truth, shown.said) == (str(labels[0]), str(wrong[0]))
    assert shown.picture == picture_of(load_full(dataset).test.images[0].reshape(28, 28), 0, 255)
    assert gather_mistakes([board], records, known={("suite", 2)}) is None


def test_page_does_without_answers_and_without_the_data(tmp_path: Path) -> None:
    dataset = resolve("digits", environ={})
    gone = dataset.model_copy(update={"path": str(tmp_path / "gone.npz")})
    unknown = [record(dataset, "mlp-784", 1, None, 9)]
    lost = [record(gone, "mlp-784", 1, bytes(dataset.test_images), 9)]
    for records in ([], unknown, lost):
        assert gather_mistakes([build_leaderboard(records, REFERENCES)], records) is None
