"""What has to be said under a leaderboard, so that nobody reads more into it than it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from mnist_search.analysis.comparison import Difference
from mnist_search.analysis.measurements import machine_of
from mnist_search.analysis.row import Row
from mnist_search.analysis.spread import SeedSpread
from mnist_search.analysis.words import listed, percent, plural
from mnist_search.specs import Record, RunResult


def notes_on(
    rows: Sequence[Row],
    shown: Sequence[Row],
    records: Sequence[Record],
    *,
    by_time: bool,
    pareto: bool,
    lettered: int,
    spread: SeedSpread,
    leads: Mapping[int, Difference],
) -> tuple[str, ...]:
    """Return one sentence per thing to know; the first says who leads and how sure that is.

    `leads` compare the best row that was measured here with the others, by their rank.
    """
    only_quick = {row.quick for row in rows if row.status != "published"} == {True}
    # Where nothing but time was measured, only that is spoken of.
    accuracies = [
        *_naming("Quick runs, whose accuracies are not ranked", [r for r in rows if r.quick]),
        *_scores(rows, spread),
        *_naming("Collapsed, they predict a single class", [r for r in rows if r.collapsed]),
    ]
    found = [
        *_data(records),
        *_leader(rows, leads),
        *([] if only_quick else accuracies),
        *_naming(
            "Run with a changed recipe, and so no baseline", [row for row in rows if row.changes]
        ),
        *_failures(rows),
        *_runs(rows),
        *_times(rows, by_time=by_time or pareto),
    ]
    ranked = sum(row.rank is not None for row in rows)
    if ranked > lettered:
        found.append(f"Ties are marked among the first {lettered} of {ranked} ranked rows.")
    if pareto:
        found.append(
            f"Pareto: {len(shown)} of {len(rows)} rows, those that no row of the same machine "
            "beats in accuracy and fit time together."
        )
    elif len(shown) < len(rows) and not only_quick:
        found.append(f"{len(shown)} of {len(rows)} rows are shown.")
    return tuple(found)


def environment_lines(rows: Sequence[Row], records: Sequence[Record]) -> tuple[str, ...]:
    """Return one line per machine, and one per data set, behind the measured rows."""
    lines = []
    # Another version of a library is another place to measure, on the same machine too.
    found: dict[str, list[RunResult]] = {}
    for record in records:
        result = record.result
        if result is not None and result.environment is not None:
            found.setdefault(result.environment.summary, []).append(result)
    for summary, results in found.items():
        threads = sorted({each.threads for each in results if each.threads is not None})
        parts = [f"measured on {summary}"]
        if threads:
            parts.append(f"threads per run {_either(threads)}")
        parts.append(_either(sorted({each.precision for each in results})))
        parts.append(plural(len(results), "run"))
        lines.append("; ".join(parts))
    unknown = sum(
        record.result is not None and machine_of(record.result) is None for record in records
    )
    if unknown:
        lines.append(f"measured on an unknown machine: {plural(unknown, 'run')}")
    for dataset in dict.fromkeys(r.dataset for r in records if r.dataset is not None):
        lines.append(
            f"data {dataset.name}{' (embedded fallback)' if dataset.fallback else ''}: "
            f"{dataset.train_images:,} training and {dataset.test_images:,} test images, "
            f"digest {dataset.digest[:12]}"
        )
    protocols = dict.fromkeys(row.protocol for row in rows if row.n and row.protocol is not None)
    if protocols:
        lines.append(f"protocol: {', '.join(protocols)}")
    return tuple(lines)


def _leader(rows: Sequence[Row], leads: Mapping[int, Difference]) -> list[str]:
    ranked = sorted((row for row in rows if row.rank is not None), key=_rank)
    best = next((row for row in ranked if row.status == "complete"), None)
    if best is None:
        quick = [row for row in rows if row.quick and row.comparable_seconds is not None]
        if not quick and any(row.quick for row in rows):
            return ["Only quick runs are measured here: they measure time, not accuracy."]
        if quick:
            fastest = min(quick, key=lambda row: row.comparable_seconds or 0.0)
            return [
                f"Fastest here: {fastest.label}, {fastest.comparable_seconds or 0.0:.1f} s for an "
                "epoch of 60,000 images. Quick runs measure time, not accuracy."
            ]
        return ["Nothing is measured here yet: all figures are published ones."] if ranked else []
    sure = ""
    if best.score_low is not None:
        sure = f"95 % interval {percent(best.score_low)} to {percent(best.score_high)}, "
    told = [
        f"Best measured here: {best.label}, {percent(best.score)} "
        f"({sure}{best.score_basis}, {plural(best.n, 'run')})."
    ]
    alike = [
        row
        for row in ranked
        if row.status == "complete" and _rank(row) in leads and not leads[_rank(row)].significant
    ]
    if alike:
        told.append(f"No significant difference from {_names(alike)}.")
    documented = {
        row.name: leads[_rank(row)]
        for row in reversed(ranked)
        if row.kind == "reference"
        and _rank(row) in leads
        and row.protocol == "documented"
        and row.verdict != "not comparable"
        and not row.changes
    }
    # The accuracy that chose a trial is no match for one on the test images.
    chosen = best.score_basis == "validation" and best.selection_accuracy is None
    if documented and best.verdict != "not comparable" and not chosen:
        differ = [lead for lead in documented.values() if lead.significant]
        worse = sum(lead.difference > 0 for lead in differ)
        better = len(differ) - worse
        told.append(
            f"Significantly better than {worse or 'none'} of "
            f"{plural(len(documented), 'documented reference')}, worse than {better or 'none'}."
        )
    return [" ".join(told)]


def _scores(rows: Sequence[Row], spread: SeedSpread) -> list[str]:
    found = []
    trials = [row for row in rows if row.kind == "trial" and row.status == "complete"]
    validated = [row for row in trials if row.score_basis == "validation"]
    if validated:
        more = "`confirm` trains them again and tests them"
        if any(row.score_basis == "test" for row in trials):
            more = "only confirmed trials have a test accuracy"
        apart = [row for row in validated if row.selection_accuracy is not None]
        if apart:
            images = " or ".join(f"{size:,}" for size in sorted({row.images or 0 for row in apart}))
            found.append(
                "Trials are selected and ranked on one half of the held-out images, and their "
                f"accuracy is that on the {images} others; {more}."
            )
        if len(apart) < len(validated):
            which = "Trials" if not apart else "Trials of earlier versions"
            found.append(
                f"{which} are selected on validation accuracy, so the figures of the best ones "
                f"are optimistic; {more}."
            )
    if any(row.rank_low is not None for row in rows):
        found.append(
            "Ranks and ties: differences significant at 5 % over all pairs together (Holm), with "
            "the error of the images, paired where two models answered the same ones, and that "
            f"of the seeds, {_spread(spread)}."
        )
    return found


def _spread(spread: SeedSpread) -> str:
    """Say what one run's spread between seeds is, and where it is from."""
    told = f"sd {100 * spread.variance**0.5:.2f} points for one run"
    match spread.source:
        case "study":
            return f"{told} (pooled over {spread.models} models of this board)"
        case "shipped":
            return f"{told} (borrowed from shipped measurements of {spread.models} models)"
        case "study and shipped":
            return f"{told} (pooled over {spread.models} models, shipped measurements among them)"
        case _:
            assert_never(spread.source)


def _data(records: Sequence[Record]) -> list[str]:
    datasets = list(dict.fromkeys(r.dataset for r in records if r.dataset is not None))
    found = []
    for dataset in datasets:
        if dataset.fallback:
            found.append(
                "WARNING: these are NOT MNIST images: MNIST was neither found nor downloadable, "
                f"so {dataset.name} (embedded digits) stands in. "
                "No figure here compares with a published one."
            )
        elif dataset.name != "mnist":
            found.append(
                f"WARNING: measured on {dataset.name}, not on MNIST: "
                "published figures are not comparable."
            )
    if len({dataset.digest for dataset in datasets}) > 1:
        found.append(
            "WARNING: the rows come from different data sets, whose accuracies do not compare: "
            f"{', '.join(dict.fromkeys(dataset.name for dataset in datasets))}."
        )
    return found


def _naming(what: str, rows: Sequence[Row]) -> list[str]:
    """Return what there is to say of some rows, if there are any."""
    return [f"{what}: {_names(rows)}."] if rows else []


def _runs(rows: Sequence[Row]) -> list[str]:
    found = []
    for row in rows:
        if row.n and row.runs_failed:
            repeats = row.n + row.runs_failed
            found.append(
                f"{row.label}: {row.runs_failed} of {repeats} runs failed and are left out."
            )
        if row.n and row.runs_pending:
            found.append(f"{row.label}: {plural(row.runs_pending, 'more run')} to come.")
    return found


def _times(rows: Sequence[Row], *, by_time: bool) -> list[str]:
    found = []
    machines = {row.machine_id for row in rows if row.fit_seconds is not None}
    if len(machines) > 1:
        what = "machines and devices" if any(row.device == "gpu" for row in rows) else "machines"
        found.append(
            f"Times come from {len(machines)} {what} and are never compared across them"
            + ("; each machine is listed by itself." if by_time else ".")
        )
    contended = sum(bool(row.contended) for row in rows)
    if contended:
        found.append(
            f"{plural(contended, 'row')} ran while other load took a notable share of the cores: "
            "those times do not compare."
        )
    left_out = sum(row.n - row.timed_runs for row in rows if row.n > row.timed_runs > 0)
    if left_out:
        found.append(
            f"{plural(left_out, 'repeat')} ran while other load took a notable share of the "
            "cores: their accuracies count, their times do not."
        )
    return found


def _failures(rows: Sequence[Row], most: int = 3) -> list[str]:
    failed = [row for row in rows if row.status == "failed"]
    if not failed:
        return []
    told = "; ".join(
        f"{row.label}: {'unknown reason' if row.failure is None else row.failure}"
        for row in failed[:most]
    )
    more = f"; and {len(failed) - most} more" if len(failed) > most else ""
    return [f"Failed: {told}{more}."]


def _rank(row: Row) -> int:
    return 0 if row.rank is None else row.rank


def _names(rows: Sequence[Row]) -> str:
    return listed(list(dict.fromkeys(row.label for row in rows)), 4)


def _either(values: Sequence[object]) -> str:
    return " or ".join(str(value) for value in values)
