"""What a report says about measured references below the board: times, findings, curves, losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from mnist_search.analysis import Row, Suite, tell, tell_all, tell_claim
from mnist_search.analysis.suite import CurvePoint
from mnist_search.analysis.verdict import MNIST_TRAIN_IMAGES
from mnist_search.reporting.cells import UNKNOWN, Column, format_cell, hundredths
from mnist_search.reporting.markdown import bullets, escape, render_markdown
from mnist_search.reporting.terminal import Terminal, render_lines, render_table

TIME_COLUMNS = (
    Column("reference", "reference", "word"),
    Column("fit", "fit s", "figure", 3),
    Column("epoch", "s/epoch", "figure"),
    Column("epoch_iqr", "IQR", "figure", 6),
    Column("published_epoch", "publ. s/epoch", "figure"),
    Column("ratio", "x fastest", "figure"),
    Column("published_ratio", "publ. x fastest", "figure"),
    Column("first_step", "first step s", "figure", 5),
    Column("fit_cpu", "fit, processor s", "figure", 4),
    Column("inference_us_batch_1", "batch 1, per image", "microseconds", 7),
    Column("inference_us", "batch 256, per image", "microseconds", 4),
    Column("peak_memory_bytes", "peak memory", "bytes", 8),
    Column("flops", "FLOPs per image", "count", 10),
    Column("parameters", "parameters", "count", 9),
)
VERDICT_COLUMNS = (
    Column("label", "reference", "word"),
    Column("test_accuracy", "accuracy", "percent"),
    Column("sd", "sd, points", "figure"),
    Column("n", "n", "count"),
    Column("published_accuracy", "published", "percent"),
    Column("verdict", "verdict", "word"),
    Column("verdict_reason", "why", "text"),
)
TRAINING_COLUMNS = (
    Column("reference", "reference", "word"),
    Column("n", "n", "count"),
    Column("training", "training %, measured / published", "figure"),
    Column("evaluated", "evaluated afterwards, measured / published", "figure"),
    Column("test", "test %, measured / published", "figure"),
)
LOSS_COLUMNS = (
    Column("reference", "reference", "word"),
    Column("n", "n", "count"),
    Column("published", "published", "figure"),
    Column("clipped", "measured, clipped", "figure"),
    Column("loss", "measured", "figure"),
)
NO_DIFFERENCE: Final = "no significant difference"
# Of longer curves the first five epochs, then every fifth, and the last.
_WHOLE_CURVE = 20
_STRIDE = 5

_RATIOS = (
    "Times of different machines are never ranked together. What compares is how many times longer "
    "a model takes than the fastest one of its document, measured beside published."
)
_CLIPPED = (
    "Clipped: probabilities are bounded at 1e-7 before the logarithm is taken, as the Keras of the "
    "documents did; only this loss compares with a published one."
)
_RUNNING = (
    "Training accuracy is the running mean over the last epoch, with dropout on, so that it can be "
    "lower than the test accuracy of the same network."
)
_CORRECTED = (
    "p-values are corrected (Holm), so that the chance of even one false finding among all these "
    "contrasts is 5 %, for measured and for published figures alike; the intervals are not "
    "corrected. They hold the error of the images (paired, where both models classified the same "
    "ones) and that of the seeds, whose spread is pooled over the models. McNemar's test compares "
    "two trained networks, not two recipes. Published figures are one run each and have no pairs."
)


def render_suite_markdown(suite: Suite) -> str:
    """Return the sections as Markdown, each with its heading."""
    parts = (_verdicts, _times, _findings, _claims, _curves, _training, _losses)
    return "\n".join(section for part in parts for section in part(suite))


def render_suite_table(suite: Suite, terminal: Terminal, *, times: bool = True) -> str:
    """Return times, and the findings that say something, for the terminal."""
    sections = []
    if suite.rows and times:
        sections.append(
            render_table(
                [_time_row(row, suite.rows) for row in suite.rows],
                (Column("document", "doc", "word", 2), *TIME_COLUMNS),
                title="Times of references, measured beside published",
                notes=_time_notes(suite.rows),
                terminal=terminal,
            )
        )
    if suite.findings:
        apart = [
            f"{finding.contrast.document}: {tell(finding)}"
            for finding in suite.findings
            if finding.outcome != NO_DIFFERENCE
            or finding.published_outcome not in (None, NO_DIFFERENCE)
        ]
        lines = [tell_all(suite.findings), *apart]
        if len(apart) < len(suite.findings):
            lines.append(
                "Contrasts that are significant neither here nor in the documents are left out; "
                "-f markdown has all of them, and the learning curves."
            )
        sections.append(render_lines("What this shows", lines, terminal))
    if suite.claims:
        lines = [f"{one.claim.document}: {tell_claim(one)}" for one in suite.claims]
        sections.append(render_lines("What the documents claim of their models", lines, terminal))
    return "\n".join(sections)


def _verdicts(suite: Suite) -> Iterator[str]:
    rows = [row for row in (*suite.rows, *suite.changed) if row.verdict is not None]
    if rows:
        yield "## Verdicts on the published accuracies\n"
        yield render_markdown([verdict_row(row) for row in rows], VERDICT_COLUMNS)


def verdict_row(row: Row) -> Mapping[str, object]:
    """Return a row under the keys of VERDICT_COLUMNS."""
    return row.as_dict() | {"label": row.label, "sd": hundredths(row.test_accuracy_sd)}


def _times(suite: Suite) -> Iterator[str]:
    if not suite.rows:
        return
    yield "## Times, measured beside published\n"
    for document, group in groupby(suite.rows, key=lambda row: str(row.document)):
        rows = list(group)
        yield f"### Document {document}\n\n{escape(suite.sources[document])}.\n"
        yield render_markdown(
            [_time_row(row, suite.rows) for row in rows],
            TIME_COLUMNS,
            notes=list(dict.fromkeys(map(_condition, rows))),
        )
    yield bullets(_time_notes(suite.rows))


def _findings(suite: Suite) -> Iterator[str]:
    if not suite.findings:
        return
    yield f"## What this shows\n\n{escape(tell_all(suite.findings))} {escape(_CORRECTED)}\n"
    for document, findings in groupby(
        suite.findings, key=lambda finding: finding.contrast.document
    ):
        yield f"### Findings on document {document}\n"
        yield bullets([tell(finding) for finding in findings])


def _claims(suite: Suite) -> Iterator[str]:
    if not suite.claims:
        return
    yield (
        "## What the documents claim of their own models\n\n"
        "p-values are corrected over all pairs of all claims (Holm). The intervals of losses, and "
        "of other figures that are not accuracies, hold the error of the seeds alone.\n"
    )
    yield bullets([f"{one.claim.document}: {tell_claim(one)}" for one in suite.claims])


def _training(suite: Suite) -> Iterator[str]:
    rows = [
        {
            "reference": one.reference,
            "n": one.n,
            "training": _pair(hundredths(one.training), hundredths(one.published)),
            "evaluated": _pair(hundredths(one.evaluated), hundredths(one.published_evaluated)),
            "test": _pair(hundredths(one.test), hundredths(one.published_test)),
        }
        for one in suite.training
    ]
    if rows:
        yield "## Training accuracies beside test accuracies\n"
        yield render_markdown(rows, TRAINING_COLUMNS, notes=[_RUNNING])


def _curves(suite: Suite) -> Iterator[str]:
    if not suite.curves:
        return
    yield (
        "## Learning curves beside the published ones\n\n"
        "Measured / published, on the test images after each epoch; means over the runs. The last "
        "measured loss is clipped as the published ones are, those before are not.\n"
    )
    for document, points in groupby(suite.curves, key=lambda point: point.document):
        yield f"### Curves of document {document}\n"
        yield _curve_table(list(points))


def _losses(suite: Suite) -> Iterator[str]:
    rows = [
        {
            "reference": row.label,
            "n": row.n,
            "published": _number(row.published_loss, 4),
            "clipped": _number(row.test_clipped_loss, 4),
            "loss": _number(row.test_loss, 4),
        }
        for row in suite.rows
        if row.published_loss is not None
        and row.test_loss is not None
        # On the published images, and trained as long as the document did.
        and row.gap is not None
        and row.epochs_planned == row.published_epochs
        and row.train_images == MNIST_TRAIN_IMAGES
    ]
    if rows:
        yield "## Losses on the test images\n"
        yield render_markdown(rows, LOSS_COLUMNS, notes=[_CLIPPED])


def _time_row(row: Row, every: Sequence[Row]) -> Mapping[str, object]:
    label, mark = row.label, "!" if row.contended else ""
    whole = row.train_images == MNIST_TRAIN_IMAGES
    if not whole and row.train_images is not None:
        label += f", {row.train_images:,} images"
    if len({_condition(other) for other in every}) > 1:
        label += f", {_condition(row)}"
    return row.as_dict() | {
        "reference": label,
        "fit": _number(row.fit_seconds, 1, mark),
        "fit_cpu": _number(row.fit_cpu_seconds, 1),
        "epoch": _number(row.seconds_per_epoch, 2, mark),
        "epoch_iqr": _number(row.seconds_per_epoch_iqr, 2),
        "published_epoch": _number(row.published_seconds_per_epoch, 1) if whole else None,
        "ratio": _number(row.document_time_ratio, 2, mark),
        "published_ratio": _number(row.published_time_ratio, 2),
        "first_step": _number(row.first_step_seconds, 2),
    }


def _time_notes(rows: Sequence[Row]) -> list[str]:
    marks = (
        ["! marks a time that is too long, as other load took a notable share of the cores."]
        if any(row.contended for row in rows)
        else []
    )
    return [_RATIOS, *marks, *dict.fromkeys(_machine(row) for row in rows)]


def _condition(row: Row) -> str:
    machine = "unknown machine" if row.machine_id is None else f"machine {row.machine_id}"
    threads = "unknown" if row.threads is None else row.threads
    return f"{machine}, threads per run {threads}, {row.precision}"


def _machine(row: Row) -> str:
    """Describe the machine and the versions behind a row."""
    if row.machine is None:
        return "unknown machine"
    machine = row.machine
    parts = [
        f"machine {row.machine_id}: {machine['processor']}",
        f"{machine['cores']} cores",
        format_cell(machine["memory_bytes"], "bytes"),
        format_cell(machine["features"], "text"),
        str(machine["device"]) if row.device == "gpu" else "",
        str(machine["system"]),
        *(f"{name} {version}" for name, version in (row.versions or {}).items()),
    ]
    return "; ".join(part for part in parts if part)


def _curve_table(points: Sequence[CurvePoint]) -> str:
    names = list(dict.fromkeys(point.reference for point in points))
    by_place = {(point.reference, point.epoch): point for point in points}
    last = {name: max(p.epoch for p in points if p.reference == name) for name in names}
    columns = [Column("epoch", "epoch", "count")]
    for name in names:
        columns += [
            Column(f"{name} accuracy", f"{name}, accuracy %", "figure"),
            Column(f"{name} loss", f"{name}, loss", "figure"),
        ]
    rows = []
    for epoch in _shown_epochs(sorted(last.values())):
        row: dict[str, object] = {"epoch": epoch}
        for name in names:
            point = by_place.get((name, epoch))
            if point is not None:
                row[f"{name} accuracy"] = _pair(
                    hundredths(point.val_accuracy), hundredths(point.published_val_accuracy)
                )
                own = point.val_loss if point.val_clipped_loss is None else point.val_clipped_loss
                row[f"{name} loss"] = _pair(_number(own, 4), _number(point.published_val_loss, 4))
        rows.append(row)
    runs = [f"{name} {max(p.n for p in points if p.reference == name)}" for name in names]
    return render_markdown(rows, columns, notes=[f"Runs: {', '.join(runs)}."])


def _shown_epochs(lengths: Sequence[int]) -> list[int]:
    epochs = range(1, lengths[-1] + 1)
    if len(epochs) <= _WHOLE_CURVE:
        return list(epochs)
    return [n for n in epochs if n <= _STRIDE or n % _STRIDE == 0 or n in lengths]


def _pair(measured: str | None, published: str | None) -> str:
    return f"{measured or UNKNOWN} / {published or UNKNOWN}"


def _number(value: float | None, digits: int, mark: str = "") -> str | None:
    return None if value is None else f"{value:.{digits}f}{mark}"
