"""`mnist-search check`: a threshold for continuous integration."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mnist_search.cli._completing import complete_reference, complete_study
from mnist_search.cli._options import FormatOption, HomeOption
from mnist_search.errors import BudgetError, ThresholdError, UsageError


def check(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", autocompletion=complete_study, help="Study of a confirmed search."
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            metavar="REFERENCE",
            autocompletion=complete_reference,
            help="Reference that the winner must beat.",
        ),
    ],
    min_gain: Annotated[
        float, typer.Option(help="By at least this much test accuracy, a fraction.")
    ] = 0.0,
    point: Annotated[
        bool,
        typer.Option("--point", help="Decide on the measured gain itself, however unsure it is."),
    ] = False,
    home: HomeOption = None,
    format: FormatOption = "table",
) -> None:
    """Compare the confirmed winner of a search with a reference; exit code 0 or 7.

    Judged are mean test accuracies: of the best trial of `confirm`, and of the reference where
    the same `confirm` trained it, else its published figure, where the data is MNIST. The gain
    must be at least --min-gain with 95 % certainty: its one-sided lower bound decides, corrected
    for the choice of the best among the confirmed trials. Nothing is trained. A search that is
    not confirmed has no test accuracy, and ends with exit code 3.

    Example: mnist-search check cnn-mnist-seed0 --against cnn-simple --min-gain 0.001
    """
    from mnist_search.analysis.confirmation import summarize_confirmation
    from mnist_search.references import get_reference
    from mnist_search.reporting import Column, render_rows
    from mnist_search.studies import read_confirmed, read_records, read_test_labels, resolve_home

    reference = get_reference(against)
    place = resolve_home(home, os.environ)
    trials = read_records(place, [study])
    confirmed = read_confirmed(place, study)
    dataset = confirmed[0].dataset if confirmed else None
    found = summarize_confirmation(
        confirmed,
        trials,
        [reference],
        labels=None if dataset is None else read_test_labels(dataset),
    )
    winner = found.winner
    if winner is None:
        raise BudgetError(
            f"no trial of study {study} has a test accuracy",
            hint=f"`mnist-search confirm {study} --references {against}` finds them out",
        )
    other = next(
        (row for row in found.rows if row.kind == "reference" and row.reference == against), None
    )
    if other is None or other.behind is None:
        raise UsageError(
            f"{against} was not confirmed with study {study}, whose data its published figure is "
            "not about",
            hint=f"`mnist-search confirm {study} --references {against}` trains it",
        )
    gap, bound = other.behind, other.behind.lower_bound(found.trials)
    decisive = gap.difference if point else bound
    # A gain of exactly the threshold must not fail for its last bit.
    passed = decisive >= min_gain - 1e-12
    row = {
        "name": winner.name,
        "against": other.name,
        "result": "pass" if passed else "fail",
        "gain": gap.difference,
        "gain_low": gap.interval.low,
        "gain_high": gap.interval.high,
        "lower_bound": bound,
        "min_gain": min_gain,
        "p_value": gap.p_value,
        "paired": gap.method == "paired",
        "test_accuracy": winner.test_accuracy,
        "against_accuracy": other.test_accuracy,
        "n": winner.n,
    }
    columns = [
        Column("name", "winner", "text"),
        Column("against", "against", "text"),
        Column("result", "result", "word"),
        Column("gain", "gain, points", "points"),
        Column("gain_low", "from", "points"),
        Column("gain_high", "to", "points"),
        Column("lower_bound", "at least", "points"),
        Column("min_gain", "wanted", "points"),
        Column("p_value", "p", "number", 2),
        Column("test_accuracy", "accuracy", "percent", 1),
        Column("against_accuracy", "of the reference", "percent", 1),
        Column("n", "n", "count", 1),
    ]
    chosen = f", chosen as the best of {found.trials} trials" if found.trials > 1 else ""
    notes = [f"at least: with 95 % certainty{chosen}"]
    if point:
        notes.append("--point: decided on the measured gain, however unsure it is")
    typer.echo(render_rows([row], columns, format, notes=notes), nl=False)
    if not passed:
        surely = "" if point else "surely "
        raise ThresholdError(
            f"{winner.name} must be {surely}at least {100 * min_gain:.2f} points better than "
            f"{other.name}, got {100 * gap.difference:+.2f}"
            + ("" if point else f", at least {100 * bound:+.2f}")
        )
