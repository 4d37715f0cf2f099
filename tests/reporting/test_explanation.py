"""What is said of the steps from a trial back to a reference."""

from __future__ import annotations

from itertools import pairwise

from mnist_search.analysis import SHIPPED, Contender, Estimate, compare
from mnist_search.analysis.attribution import Gain
from mnist_search.analysis.comparison import corrected
from mnist_search.reporting.explanation import tell_steps


def gains(*accuracies: float) -> tuple[list[Gain], Gain]:
    """Make the steps of a walk with these accuracies, three seeds each."""
    contenders = [
        Contender(estimate=Estimate(accuracy=accuracy, images=10_000, runs=3, sd=0.001))
        for accuracy in accuracies
    ]
    moves = corrected([compare(one, other, SHIPPED) for one, other in pairwise(contenders)])
    steps = [
        Gain(
            changes=(f"change_{place}",),
            ours="",
            theirs="",
            accuracy=accuracy,
            fit_seconds=None,
            gain=None if place == 0 else moves[place - 1],
            seconds=None,
            seeds=(1, 2, 3),
        )
        for place, accuracy in enumerate(accuracies)
    ]
    total = compare(contenders[0], contenders[-1], SHIPPED)
    whole = Gain(
        changes=(), ours="", theirs="", accuracy=accuracies[-1], fit_seconds=None, gain=total,
        seconds=None, seeds=(1, 2, 3),
    )  # fmt: skip
    return steps, whole


def test_the_steps_in_the_direction_of_the_total_come_first() -> None:
    # 40 points up and 64 down: the trial is worse, and no gain is called the reason.
    assert tell_steps(*gains(0.960, 0.920, 0.984)) == (
        "significant: change 2 (-6.40 points), change 1 (+4.00 points); of -2.40 in all"
    )
    assert tell_steps(*gains(0.984, 0.920, 0.960)).startswith("significant: change 1 (+6.40")


def test_steps_that_seeds_and_images_explain_are_not_named() -> None:
    said = tell_steps(*gains(0.9840, 0.9836, 0.9842))
    assert said == "no step is significant: seeds and images explain all of the gains"
