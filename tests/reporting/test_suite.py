"""What a report says of measured references, with results that the surrogate made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import pytest
from rich.cells import cell_len

from mnist_search.analysis import Leaderboard, build_leaderboard, pack_predictions, tell
from mnist_search.references import REFERENCES
from mnist_search.reporting.leaderboard import render_leaderboard
from mnist_search.reporting.suite import NO_DIFFERENCE
from mnist_search.specs import DatasetRef, Job, Protocol, Record, RunConfig
from tests.reporting.conftest import board_text
from tests.support.surrogate import run_job

MNIST = DatasetRef(name="mnist", digest="m", train_images=60_000, test_images=10_000)
PROMISED = (
    "test_accuracy test_accuracy_low test_accuracy_high test_accuracy_sd n verdict "
    "verdict_reason fit_seconds fit_cpu_seconds seconds_per_epoch seconds_per_epoch_iqr "
    "first_step_seconds "
    "inference_us inference_us_batch_1 peak_memory_bytes flops parameters time_ratio "
    "published_fit_seconds published_seconds_per_epoch document_time_ratio "
    "published_time_ratio seeds config_ids versions machine machine_id threads precision "
    "protocol contended changes"
)


def never(step: int, accuracy: float) -> bool:
    return False


def record(name: str, config: RunConfig, *, seed: int = 0, dataset: DatasetRef = MNIST) -> Record:
    job = Job(number=0, config=config, seed=seed, dataset=dataset)
    result = run_job(job, never)
    assert result.test is not None
    # The surrogate answers no single image: let the first ones be the hard ones.
    wrong = result.test.total - result.test.correct
    answers = bytes([1] * wrong) + bytes(result.test.correct)
    update = {
        "predictions": pack_predictions(answers),
        "test": result.test.model_copy(update={"clipped_loss": 0.03125}),
    }
    return Record(
        study="bench-mnist",
        number=0,
        kind="reference",
        state="complete",
        reference=name,
        config=config,
        dataset=dataset,
        result=result.model_copy(update=update),
    )


@cache
def suite_records(seeds: int = 1) -> tuple[Record, ...]:
    """Make up every reference as documented, and corrected where that is another run."""
    protocols: tuple[Protocol, ...] = ("documented", "corrected")
    return tuple(
        record(reference.name, reference.run_config(protocol), seed=seed)
        for seed in range(seeds)
        for reference in REFERENCES
        for protocol in protocols
        if protocol == "documented" or reference.corrected is not None
    )


@cache
def board() -> Leaderboard:
    return build_leaderboard(suite_records(), REFERENCES)


def markdown(of: Leaderboard | None = None) -> str:
    return render_leaderboard(board() if of is None else of, "markdown")


def section(text: str, heading: str) -> list[str]:
    lines = text.splitlines()
    start = lines.index(heading) + 1
    level = heading.split(" ")[0]
    ends = [
        place
        for place, line in enumerate(lines)
        if place >= start and line.startswith("#") and len(line.split(" ")[0]) <= len(level)
    ]
    return lines[start : ends[0] if ends else len(lines)]


def cells(lines: Sequence[str], label: str) -> list[str]:
    (line,) = [line for line in lines if line.startswith(f"| {label} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_report_has_its_sections_in_order() -> None:
    headings = [line for line in markdown().splitlines() if line.startswith("## ")]
    assert headings == [
        "## Leaderboard",
        "## Verdicts on the published accuracies",
        "## Times, measured beside published",
        "## What this shows",
        "## What the documents claim of their own models",
        "## Learning curves beside the published ones",
        "## Training accuracies beside test accuracies",
        "## Losses on the test images",
    ]


def test_every_table_is_whole() -> None:
    table: list[int] = []
    for line in [*markdown().splitlines(), ""]:
        if line.startswith("|"):
            table.append(line.replace(r"\|", "").count("|"))
            continue
        assert len(set(table)) <= 1, table
        table = []


def test_verdicts_have_their_reasons() -> None:
    found = section(markdown(), "## Verdicts on the published accuracies")
    assert sum(line.startswith("| ") for line in found) == 2 + 27
    assert cells(found, "cnn-mnist-3")[-2:] == [
        "collapsed",
        "1 run predicted a single class, as the published one did",
    ]
    assert cells(found, "cnn-plain (corrected)")[-1].startswith("quirk removed")


def test_times_stand_beside_the_published_as_ratios_within_the_document() -> None:
    found = section(markdown(), "### Document B")
    rows = {row.name: row for row in board().rows}
    shown = cells(found, "cnn-mnist-4")
    row = rows["cnn-mnist-4"]
    assert shown[4] == "241.2"
    assert shown[6] == "1.18"
    assert shown[5] == f"{row.document_time_ratio:.2f}"
    assert cells(found, "cnn-mnist-1")[5:7] == ["1.00", "1.00"]
    assert cells(section(markdown(), "### Document C"), "mlp-drop-5")[4::2][:2] == ["-", "-"]
    times = section(markdown(), "## Times, measured beside published")
    assert any(line.startswith("* machine") and "threads per run 1" in line for line in times)
    assert any("surrogate" in line and "tensorflow" in line for line in times)
    assert "other load" not in "\n".join(times)


def test_document_a_has_the_published_ratio_under_both_protocols() -> None:
    found = section(markdown(), "### Document A")
    assert cells(found, "cnn-bn-dropout")[6] == "2.21"
    assert cells(found, "cnn-bn-dropout (corrected)")[6] == "2.21"


def test_contended_times_are_marked_and_explained() -> None:
    first, *rest = suite_records()
    assert first.result is not None
    contended = first.result.model_copy(update={"contended": True})
    records = [first.model_copy(update={"result": contended}), *rest]
    found = section(
        markdown(build_leaderboard(records, REFERENCES)), "## Times, measured beside published"
    )
    assert all(cells(found, "cnn-plain")[place].endswith("!") for place in (1, 2, 5))
    assert any(line.startswith("* ! marks a time") for line in found)


def test_every_contrast_is_a_sentence() -> None:
    found = section(markdown(), "## What this shows")
    sentences = [line for line in found if line.startswith("* ")]
    assert len(sentences) == 37
    assert all(" against " in line and "; 1 run each, " in line for line in sentences)
    assert any("of 37 contrasts" in line for line in found)


def test_curves_pair_measured_and_published_per_epoch() -> None:
    found = section(markdown(), "### Curves of document B")
    first = cells(found, "1")
    assert first[1].endswith("/ 98.12")
    assert cells(found, "10")[3].endswith("/ 97.44")
    # The last loss is the clipped one.
    assert cells(found, "12")[2] == "0.0312 / 0.0227"
    long = section(markdown(), "### Curves of document D")
    epochs = [line.split("|")[1].strip() for line in long if line.startswith("| ")][2:]
    assert [int(epoch) for epoch in epochs] == [1, 2, 3, 4, *range(5, 51, 5)]


def test_losses_are_those_that_were_published() -> None:
    found = section(markdown(), "## Losses on the test images")
    assert cells(found, "cnn-plain")[2:4] == ["0.1590", "0.0312"]
    assert not any("logistic" in line for line in found)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_terminal_has_times_and_what_stands_out_and_fits(width: int) -> None:
    text = board_text(board(), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "Times of references, measured beside published" in text
    told = text[text.index("What this shows") :]
    assert "contrasts" in told
    assert "Learning curves" not in text


def test_the_terminal_leaves_out_what_is_significant_nowhere() -> None:
    told = board_text(board(), 200).split("What this shows")[1]
    suite = board().suite
    assert suite is not None
    dull = [
        finding
        for finding in suite.findings
        if (finding.outcome, finding.published_outcome) == (NO_DIFFERENCE, NO_DIFFERENCE)
    ]
    assert dull
    flat = " ".join(told.split())
    assert [finding for finding in dull if tell(finding) in flat] == []
    assert tell(suite.findings[0]) in flat
    assert "-f markdown" in told


def test_json_has_findings_and_curves_beside_the_rows() -> None:
    document = json.loads(render_leaderboard(board(), "json"), parse_constant=pytest.fail)
    assert set(document) == {
        "schema_version",
        "rows",
        "sort",
        "notes",
        "environment",
        "contrasts",
        "curves",
        "claims",
        "training",
    }
    assert len(document["contrasts"]) == 37
    assert document["contrasts"][0]["text"].startswith("Do batch-norm and dropout help")
    assert document["claims"]
    for claim in document["claims"]:
        assert claim["text"].startswith(f"“{claim['claim']}” {claim['answer'].capitalize()}")
    # Documents B, D and E print 12, 50 or 30, and 10 or 4 epochs.
    assert len(document["curves"]) == 4 * 12 + 2 * 50 + 2 * 30 + 10 + 4 + 10
    for row in document["rows"]:
        assert set(PROMISED.split()) <= set(row)
        assert row["machine"]["processor"] == "surrogate"


def test_csv_stays_rows_alone() -> None:
    lines = render_leaderboard(board(), "csv").splitlines()
    assert len(lines) == 1 + len(board().rows)


def test_shortened_runs_are_timed_but_compared_with_nothing() -> None:
    records = []
    for reference in REFERENCES[:2]:
        config = reference.config
        training = config.training.model_copy(update={"epochs": 1, "train_images": 4_000})
        records.append(record(reference.name, config.model_copy(update={"training": training})))
    short = build_leaderboard(records, REFERENCES)
    found = section(markdown(short), "## Times, measured beside published")
    assert cells(found, "cnn-plain, 4,000 images")[4:7] == ["-", "-", "-"]
    assert "## What this shows" not in markdown(short)
    assert "Learning curves" not in markdown(short)
    assert "## Losses" not in markdown(short)


def test_only_changed_recipes_have_verdicts_and_no_times() -> None:
    reference = next(reference for reference in REFERENCES if reference.name == "cnn-mnist-2")
    raw = reference.config.model_copy(update={"raw_test_pixels": True})
    text = markdown(build_leaderboard([record(reference.name, raw)], REFERENCES))
    found = section(text, "## Verdicts on the published accuracies")
    assert cells(found, "cnn-mnist-2 (raw test pixels)")[-2] == "lower"
    assert "## Times" not in text
    table = board_text(build_leaderboard([record(reference.name, raw)], REFERENCES), 120)
    assert "Times of references" not in table
