"""What a confirmation concludes from made-up answers to 10,000 images."""

from __future__ import annotations

import pytest

from mnist_search.analysis import pack_predictions
from mnist_search.analysis.confirmation import Confirmation, summarize_confirmation
from mnist_search.analysis.wording import (
    tell_incomplete,
    tell_search_to_test,
    tell_spread,
    tell_winner,
)
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Dense,
    Flatten,
    Network,
    Record,
    RunConfig,
    RunResult,
    Score,
    Training,
)

IMAGES = 10_000
MNIST = DatasetRef(name="mnist", digest="m", train_images=60_000, test_images=IMAGES)
OTHER = DatasetRef(name="digits", digest="d", train_images=1_500, test_images=IMAGES)
LABELS = bytes(image % 10 for image in range(IMAGES))
DOUBLE = get_reference("cnn-double-32")


def config(units: int, protocol: str = "confirm") -> RunConfig:
    return RunConfig(
        model=Network(layers=(Flatten(), Dense(units=units))),
        training=Training(optimizer=Adam(), batch_size=100, epochs=2),
        protocol=protocol,  # type: ignore[arg-type]
    )


def answers(wrong: range) -> bytes:
    """Answer all images rightly but those."""
    return bytes((label + (image in wrong)) % 10 for image, label in enumerate(LABELS))


def confirmed(
    trial: int,
    wrong: range,
    *,
    seed: int = 1,
    dataset: DatasetRef = MNIST,
    state: str = "complete",
    reference: bool = False,
) -> Record:
    recipe = DOUBLE.run_config("confirm") if reference else config(16 + trial)
    result = RunResult(
        status="complete",
        config_id=recipe.config_id,
        seed=seed,
        test=Score(correct=IMAGES - len(wrong), total=IMAGES),
        predictions=pack_predictions(answers(wrong)),
    )
    return Record(
        study="s-confirm",
        number=0,
        kind="reference" if reference else "trial",
        state=state,  # type: ignore[arg-type]
        reference=DOUBLE.name if reference else None,
        config=recipe,
        seed=seed,
        result=result if state == "complete" else None,
        dataset=dataset,
        confirms=None if reference else trial,
    )


def searched(trial: int, correct: int) -> Record:
    recipe = config(16 + trial, "held-out")
    result = RunResult(
        status="complete",
        config_id=recipe.config_id,
        seed=9,
        validation=Score(correct=correct, total=IMAGES),
    )
    return Record(
        study="s", number=trial, kind="trial", state="complete", config=recipe, result=result
    )


def summarize(*records: Record, labels: bytes | None = LABELS) -> Confirmation:
    return summarize_confirmation(records, [searched(31, 9_960)], REFERENCES, labels=labels)


def three(trial: int, wrong: range, **more: object) -> list[Record]:
    return [confirmed(trial, wrong, seed=seed, **more) for seed in (1, 2, 3)]  # type: ignore[arg-type]


def test_the_sentence_names_the_reference_that_is_beaten_and_the_tie() -> None:
    found = summarize(
        *three(31, range(40)),
        *three(12, range(42)),
        *three(0, range(30, 130), reference=True),
    )
    assert [row.name for row in found.rows] == ["trial 31", "trial 12", "cnn-double-32"]
    said = tell_winner(found)
    assert said.startswith("trial 31 is significantly better than cnn-double-32 (+0.60 ± ")
    assert "p < 0.001, 3 seeds); no significant difference from trial 12" in said
    assert found.rows[0].tie_group == found.rows[1].tie_group != found.rows[2].tie_group


def test_a_winner_behind_the_reference_is_said_to_be() -> None:
    found = summarize(*three(31, range(140)), *three(0, range(40), reference=True))
    assert found.winner is not None
    assert found.winner.rank == 2
    gap = found.rows[0].behind
    assert gap is not None
    assert gap.difference == pytest.approx(-0.01)
    assert gap.interval.low < gap.difference < gap.interval.high < 0
    said = tell_winner(found)
    assert "trial 31 is significantly worse than cnn-double-32 (-1.00 ± " in said


def test_pairs_on_the_same_images_are_compared_more_sharply_than_proportions() -> None:
    records = [*three(31, range(40)), *three(12, range(70))]
    (paired,) = [row.behind for row in summarize(*records).rows if row.name == "trial 12"]
    assert paired is not None
    assert (paired.method, paired.runs, paired.significant) == ("paired", (3, 3), True)
    blind = [
        record.model_copy(update={"result": record.result.model_copy(update={"predictions": None})})
        for record in records
        if record.result is not None
    ]
    (apart,) = [row.behind for row in summarize(*blind).rows if row.name == "trial 12"]
    assert apart is not None
    assert apart.method == "two proportions"
    assert apart.p_adjusted > paired.p_adjusted


def test_a_published_figure_stands_in_for_a_reference_on_mnist_alone() -> None:
    found = summarize(*three(31, range(40)))
    published = found.best_reference
    assert published is not None
    assert (published.name, published.status) == ("cnn-double-32 (published)", "published")
    assert published.test_accuracy == 0.995
    assert "no significant difference from cnn-double-32 (published)" in tell_winner(found)
    assert len(summarize(*three(31, range(40), dataset=OTHER)).rows) == 1
    fallback = MNIST.model_copy(update={"fallback": True})
    assert len(summarize(*three(31, range(40), dataset=fallback)).rows) == 1


def test_no_part_of_the_loss_is_put_on_the_choice_where_other_images_chose() -> None:
    trial = searched(31, 9_960)
    assert trial.result is not None
    half = {"selection": Score(correct=9_990, total=IMAGES)}
    trial = trial.model_copy(update={"result": trial.result.model_copy(update=half)})
    found = summarize_confirmation(three(31, range(60)), [trial], REFERENCES, labels=LABELS)
    assert found.winner is not None
    assert (found.winner.search_accuracy, found.optimism) == (0.996, None)
    said = str(tell_search_to_test(found))
    assert "flatter" not in said
    assert "0.30 points less by the selection and the chance of its images" in said


def test_search_less_test_is_from_the_score_in_the_search() -> None:
    found = summarize(*three(31, range(60)))
    assert found.winner is not None
    assert found.winner.search_accuracy == 0.996
    assert found.winner.search_less_test == pytest.approx(0.002)
    told = str(tell_search_to_test(found))
    assert "and 99.40 % test accuracy, 0.20 points less; the selection of the best of" in told
    assert told.endswith("points, other images and more training images make the rest")
    assert found.optimism is not None
    assert 0 <= found.optimism < 0.001


def test_selection_is_told_apart_where_other_images_measured() -> None:
    trial = searched(31, 9_960)
    assert trial.result is not None
    halves = {
        "selection": Score(correct=4_990, total=5_000),
        "validation": Score(correct=4_970, total=5_000),
    }
    trial = trial.model_copy(update={"result": trial.result.model_copy(update=halves)})
    found = summarize_confirmation(three(31, range(60)), [trial], REFERENCES, labels=LABELS)
    assert found.optimism is None
    assert tell_search_to_test(found) == (
        "from search to test: trial 31 had 99.80 % on the images that chose it, 99.40 % validation "
        "accuracy in the search and 99.40 % test accuracy, 0.40 points less by the selection and "
        "the chance of its images, 0.00 points less by other images and more training images"
    )


def test_runs_that_failed_or_are_to_come_are_told() -> None:
    found = summarize(
        confirmed(31, range(40)),
        confirmed(31, range(40), seed=2, state="failed"),
        confirmed(31, range(40), seed=2, state="failed"),
        confirmed(12, range(40), state="waiting"),
    )
    assert tell_incomplete(found.rows) == [
        "trial 31: 1 run complete, 1 failed",
        "trial 12: 0 runs complete, 1 to come",
    ]
    assert found.rows[-1].rank is None


def test_without_any_score_there_is_no_winner() -> None:
    found = summarize(confirmed(12, range(1), state="waiting", dataset=OTHER))
    assert found.winner is None
    assert tell_winner(found) == "no trial has been confirmed"


def test_the_spread_between_seeds_is_said_to_be_borrowed_where_it_is() -> None:
    one = summarize(confirmed(31, range(40)), confirmed(12, range(42)))
    assert one.spread.source == "shipped"
    assert "borrowed from shipped measurements of 20 models" in str(tell_spread(one.spread))
    few = summarize(*three(31, range(40)), *three(12, range(42)))
    assert "pooled with shipped measurements" in str(tell_spread(few.spread))
    many = [
        confirmed(trial, range(40 + trial + seed % 3), seed=seed)
        for trial in (31, 12)
        for seed in range(6)
    ]
    assert summarize(*many).spread.source == "study"
    assert tell_spread(summarize(*many).spread) is None


def test_the_lower_bound_of_a_lead_pays_for_the_choice_of_the_winner() -> None:
    alone = summarize(*three(31, range(40)), *three(0, range(30, 130), reference=True))
    among = summarize(
        *three(31, range(40)),
        *three(12, range(42)),
        *three(13, range(43)),
        *three(0, range(30, 130), reference=True),
    )
    assert (alone.trials, among.trials) == (1, 3)
    bounds = []
    for found in (alone, among):
        lead = next(row.behind for row in found.rows if row.kind == "reference")
        assert lead is not None
        bounds.append(lead.lower_bound(found.trials))
        assert 0 < bounds[-1] < lead.difference
    assert bounds[1] < bounds[0]
