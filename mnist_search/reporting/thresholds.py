"""What `verify` and `check` have found, as rows: the measured accuracy and what it had to be."""

from __future__ import annotations

from mnist_search.choices import Format
from mnist_search.commands.check import CheckVerdict
from mnist_search.commands.verify import VerifyResult
from mnist_search.reporting.cells import Column
from mnist_search.reporting.rows import render_rows


def render_verification(found: VerifyResult, format: Format) -> str:
    """Return an export beside its reruns."""
    export, expected = found.export, found.export.expected
    row = {
        "name": export.name,
        "result": "pass" if found.passed else "fail",
        "accuracy": found.accuracy,
        "accuracies": found.accuracies,
        "n": len(found.accuracies),
        "expected_accuracy": expected.accuracy,
        "expected_low": found.interval.low,
        "expected_high": found.interval.high,
        "expected_n": expected.n,
        "on": expected.on,
        "images": expected.images,
        "protocol": export.config.protocol,
        "config_id": export.config.config_id,
    }
    columns = [
        Column("name", "name", "text"),
        Column("result", "result", "word"),
        Column("accuracy", "accuracy", "percent"),
        Column("n", "n", "count"),
        Column("expected_accuracy", "expected", "percent"),
        Column("expected_low", "from", "percent"),
        Column("expected_high", "to", "percent"),
        Column("expected_n", "its n", "count", 2),
        Column("on", "on", "word", 1),
        Column("images", "images", "count", 1),
        Column("protocol", "protocol", "word", 2),
    ]
    return render_rows([row], columns, format)


def render_check(found: CheckVerdict, format: Format) -> str:
    """Return the confirmed winner of a search beside a reference."""
    winner, other, gap = found.winner, found.against, found.gain
    row = {
        "name": winner.name,
        "against": other.name,
        "result": "pass" if found.passed else "fail",
        "gain": gap.difference,
        "gain_low": gap.interval.low,
        "gain_high": gap.interval.high,
        "lower_bound": found.bound,
        "min_gain": found.min_gain,
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
    if found.point:
        notes.append("--point: decided on the measured gain, however unsure it is")
    return render_rows([row], columns, format, notes=notes)
