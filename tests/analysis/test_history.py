"""Histories: the clock of a study, the best so far, and when references were matched."""

from __future__ import annotations

from mnist_search.analysis import Row
from mnist_search.analysis.history import Level, reference_levels, study_histories
from mnist_search.specs import Record, RunResult, Score

LEVELS = (
    Level(name="great", accuracy=0.99, basis="test"),
    Level(name="good", accuracy=0.95, basis="published"),
)


def record(
    number: int, started: float, finished: float | None, right: int, state: str = "complete"
) -> Record:
    done = state == "complete"
    return Record(
        study="s",
        number=number,
        kind="trial",
        state=state,
        values={},
        result=RunResult(
            status="complete" if done else "pruned",
            config_id="0",
            seed=1,
            validation=Score(correct=right, total=100) if done else None,
            reports=((1, right / 100),),
        ),
        started=started,
        finished=finished,
        worker=0,
    )


def test_only_complete_runs_that_are_better_are_steps() -> None:
    (history,) = study_histories(
        [
            record(0, 100, 110, 90),
            record(1, 110, 115, 99, state="pruned"),
            record(2, 110, 130, 80),
            record(3, 115, 125, 96),
        ],
        LEVELS,
    )
    assert [(step.seconds, step.accuracy) for step in history.steps] == [(10, 0.9), (25, 0.96)]
    great, good = history.matches
    assert great.step is None
    assert good.step is not None
    assert (good.step.seconds, good.step.name) == (25, "trial 3")
    assert history.seconds == 30


def test_best_is_what_was_chosen_and_its_figure_that_of_other_images() -> None:
    records = [record(0, 0, 10, 90), record(1, 10, 20, 95), record(2, 20, 30, 93)]
    chosen_by = (96, 92, 98)
    halves = [
        each.model_copy(
            update={
                "result": each.result.model_copy(
                    update={"selection": Score(correct=right, total=100)}
                )
            }
        )
        for each, right in zip(records, chosen_by, strict=True)
        if each.result is not None
    ]
    (history,) = study_histories(halves, LEVELS)
    assert [(step.name, step.accuracy) for step in history.steps] == [
        ("trial 0", 0.9),
        ("trial 2", 0.93),
    ]
    assert all(match.step is None for match in history.matches)


def test_clock_stands_still_between_sessions_but_not_between_trials() -> None:
    (history,) = study_histories(
        [record(0, 0, 50, 90), record(1, 90, 100, 91), record(2, 1000, 1010, 92)], ()
    )
    assert [span.start_seconds for span in history.spans] == [0, 90, 100]
    assert history.paused_seconds == 900
    assert history.seconds == 110


def test_long_trial_beside_idle_workers_is_no_pause() -> None:
    (history,) = study_histories([record(0, 0, 500, 90), record(1, 0, 5, 91)], ())
    again = study_histories([*[record(0, 0, 500, 90)], record(1, 499, 505, 91)], ())
    assert history.paused_seconds == again[0].paused_seconds == 0


def test_clock_that_was_set_back_makes_no_negative_span() -> None:
    (history,) = study_histories([record(0, 100, 40, 90)], ())
    assert (history.spans[0].start_seconds, history.spans[0].end_seconds) == (0, 0)


def test_what_has_not_run_has_no_history() -> None:
    waiting = Record(study="s", number=0, kind="trial", state="waiting")
    assert study_histories([waiting, record(1, 1, None, 5)], LEVELS) == ()


def test_levels_are_own_recipes_with_a_rank_best_first() -> None:
    def row(name: str, score: float | None, **more: object) -> Row:
        own = {"rank": 1, "protocol": "documented", "score_basis": "test", "reference": name}
        given = own | more
        return Row(name=name, kind="reference", status="complete", score=score, **given)

    found = reference_levels(
        [
            row("b", 0.9, protocol="corrected"),
            row("b", 0.8),
            row("a", 0.95),
            row("unranked", 0.99, rank=None),
            row("changed", 0.99, changes=("learning rate",)),
            row("unknown", None),
            row("s-explain-3 #1 (trial 1)", 0.99, reference=None, protocol="held-out"),
        ]
    )
    assert [(level.name, level.accuracy) for level in found] == [("a", 0.95), ("b", 0.8)]
