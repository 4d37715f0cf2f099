"""Judge the statistics by simulation, and write reports/statistics.md.

    python tests/benchmarks/statistics_page.py --output reports/statistics.md

Nothing is trained: recipes, seeds and images are made up (tests/analysis/simulation.py), but for
the networks of stopping.runs.jsonl, whose curves are replayed. The same seed gives the same page.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from page_cells import table  # noqa: E402

from mnist_search.analysis.importance import PERMUTATIONS, parameter_importances  # noqa: E402
from mnist_search.spaces import ChoiceParameter, FloatParameter, SearchSpace  # noqa: E402
from mnist_search.specs import Record, RunResult, Score  # noqa: E402
from tests.analysis.simulation import (  # noqa: E402
    World,
    best_against_reference,
    comparisons,
    coverage,
    half_width,
    rejections,
    verdicts,
)

SEEDS = (1, 3, 5, 10)
CURVES = ROOT / "reports" / "performance" / "stopping.runs.jsonl"
# Between two convolutional networks, over the test images that each answers rightly or not.
CORRELATION = 0.45
CHECKLIST = Path(__file__).with_name("checklist.md")


def main() -> None:
    """Simulate, render, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=1000, help="simulated studies per cell")
    options = parser.parse_args()
    text = "\n".join(_parts(options.rounds))
    draft = options.output.with_name(f".{options.output.name}")
    draft.write_text(text)
    draft.replace(options.output)


def _parts(rounds: int) -> Iterator[str]:
    world = World()
    yield (
        "# Statistics, judged by simulation\n\n"
        f"Made by `python tests/benchmarks/statistics_page.py --rounds {rounds} --output "
        "reports/statistics.md`; a share over so many rounds has a standard error of up to "
        f"{100 * (0.05 * 0.95 / rounds) ** 0.5:.1f} points near 5 %. In the simulated world one "
        f"run has {100 * world.accuracy:.1f} % on {world.images:,} images, another seed changes "
        f"it by {100 * world.seed_sd:.3f} points (sd), and {100 * world.flips:.0f} % of the "
        "binomial variance of a run is drawn anew by each seed.\n"
    )
    yield _comparison(world, rounds)
    yield _worlds(rounds)
    yield _check(world, rounds)
    yield _verdicts(world, rounds)
    yield _importance(max(10, rounds // 25))
    yield _selection(rounds)
    yield CHECKLIST.read_text()


def _comparison(world: World, rounds: int) -> str:
    rows = []
    for seeds in SEEDS:
        null = comparisons(world, seeds=seeds, gain=0.0, rounds=rounds)
        same = comparisons(world, seeds=seeds, gain=0.0, rounds=rounds, same=True)
        real = comparisons(world, seeds=seeds, gain=0.002, rounds=rounds)
        networks = [one.networks_p_value for one in same if one.networks_p_value is not None]
        rows.append(
            [
                str(seeds),
                _percent(rejections(null)),
                _percent(rejections(same)),
                _percent(float(np.mean([p <= 0.05 for p in networks]))) if networks else "-",
                _percent(rejections(real)),
                f"{100 * half_width(null):.2f}",
                _percent(coverage(world, seeds=seeds, rounds=rounds)),
            ]
        )
    return (
        "## Comparing two recipes\n\n"
        "How often two recipes with so many seeds each are called different at 5 %, where they "
        "are equally good, are one recipe, or differ by 0.20 points; and how often the interval "
        "of one recipe holds its true accuracy. The spread between seeds is pooled over eight "
        "recipes of the study; with one seed each a table of 40 degrees of freedom stands in. "
        "McNemar's test is right about two networks; read as one about recipes it is not.\n\n"
        + table(
            [
                "seeds each",
                "equal recipes",
                "one recipe twice",
                "the same by McNemar",
                "0.20 points apart",
                "half-width, points",
                "coverage of one recipe",
            ],
            rows,
        )
    )


def _worlds(rounds: int) -> str:
    worlds = {
        "seeds only flip images": World(seed_sd=0.0),
        "seeds flip half as many images": World(sharpness=World.sharpness / 4),
        "99.4 %, sd 0.06": World(accuracy=0.994, hard=0.02, seed_sd=0.0006),
        "95 %, sd 1.0, 360 images": World(images=360, accuracy=0.95, hard=0.15, seed_sd=0.010),
    }
    rows = [
        [name, *(_percent(rejections(comparisons(w, seeds=n, gain=0.0, rounds=rounds)))
                 for n in SEEDS)]
        for name, w in worlds.items()
    ]  # fmt: skip
    return (
        "## Equally good recipes in other worlds\n\nCalled different at 5 %, by seeds each.\n\n"
        + table(["world", *map(str, SEEDS)], rows)
    )


def _check(world: World, rounds: int) -> str:
    rows = []
    for trials in (1, 3, 10):
        found = best_against_reference(world, trials=trials, seeds=3, rounds=rounds)
        rows.append(
            [
                str(trials),
                _percent(np.mean([one.difference >= 0 for one in found])),
                _percent(np.mean([one.lower_bound() >= 0 for one in found])),
                _percent(np.mean([one.lower_bound(trials) >= 0 for one in found])),
            ]
        )
    return (
        "## `check` where no trial is better than the reference\n\n"
        "The best of so many equally good trials, three seeds each, passes `--min-gain 0`; "
        "`--point` decides on the measured gain.\n\n"
        + table(["trials", "--point", "lower bound, uncorrected", "lower bound, corrected"], rows)
    )


def _verdicts(world: World, rounds: int) -> str:
    names = ("reproduced", "inconclusive", "higher", "lower")
    rows = []
    for gap in (0.0, 0.001, 0.003, 0.005):
        for seeds in SEEDS:
            found = verdicts(world, gap=-gap, seeds=seeds, rounds=2 * rounds)
            cells = [_percent(found.get(name, 0.0)) for name in names]
            rows.append([f"{100 * (0.0 - gap):.1f}", str(seeds), *cells])
    return (
        "## Verdicts on a published figure of one run\n\nBy the true difference, in points.\n\n"
        + table(["truly", "seeds", *names], rows)
    )


def _importance(searches: int) -> str:
    space = SearchSpace(
        name="noise",
        family="mlp",
        parameters=(
            *(FloatParameter(f"number_{place}", low=0.0, high=1.0) for place in range(6)),
            *(ChoiceParameter(f"choice_{place}", choices=("a", "b", "c")) for place in range(3)),
        ),
    )
    largest, ranked = [], []
    for search in range(searches):
        records = _noise(space, search)
        found = parameter_importances(records, space, permutations=PERMUTATIONS)
        assert found is not None
        largest.append(max(one.share for one in found.shares))
        ranked.append(any(one.rank == 1 for one in found.shares))
    share = [one.rank is not None for one in found.shares]
    return (
        "## Importances of pure noise\n\n"
        f"{searches} searches of 50 trials over {len(share)} parameters, none of which matters: "
        f"the largest share is {_percent(np.median(largest))} in the median and "
        f"{_percent(np.quantile(largest, 0.95))} in one of 20. With the noise of "
        f"{PERMUTATIONS} permutations beside each share, {_percent(np.mean(ranked))} of the "
        "searches give some parameter a rank: each has its own 5 %, and the page says how many of "
        "them exceed theirs by chance. A band for all of them together would reach a share of 1.\n"
    )


def _noise(space: SearchSpace, search: int) -> list[Record]:
    rng = np.random.default_rng((7, search))
    records = []
    for number in range(50):
        values: dict[str, bool | int | float | str] = {}
        for parameter in space.parameters:
            if isinstance(parameter, ChoiceParameter):
                values[parameter.name] = str(rng.choice(list("abc")))
            else:
                values[parameter.name] = float(rng.random())
        score = Score(correct=int(rng.integers(9_000, 9_950)), total=10_000)
        result = RunResult(status="complete", config_id="0", seed=0, validation=score)
        records.append(
            Record(
                study="s",
                number=number,
                kind="trial",
                state="complete",
                values=values,
                result=result,
            )
        )
    return records


def _selection(rounds: int) -> str:
    """Replay choosing by 10,000 or 5,000 validation images on networks that were trained."""
    lines = [json.loads(line) for line in CURVES.read_text().splitlines()]
    truth = np.array([_final(network) for line in lines for network in line["result"]])
    truth = truth[np.isfinite(truth)]
    rng = np.random.default_rng(11)
    rows = []
    for trials in (20, 50):
        chosen: dict[int, list[tuple[float, float]]] = {10_000: [], 5_000: []}
        for _ in range(4 * rounds):
            networks = rng.choice(truth, trials, replace=False)
            for images, found in chosen.items():
                sd = np.sqrt((1 - CORRELATION) * networks * (1 - networks) / images)
                seen = networks + rng.normal(0, 1, trials) * sd
                best = int(seen.argmax())
                found.append((networks[best], seen[best] - networks[best]))
        whole, half = (np.mean(found, axis=0) for found in chosen.values())
        rows.append(
            [
                str(trials),
                f"{100 * whole[1]:.3f}",
                f"{100 * half[1]:.3f}",
                f"{100 * (whole[0] - half[0]):.3f}",
            ]
        )
    return (
        "## What a selection split would cost\n\n"
        f"Replayed on the final accuracies of {len(truth)} random networks "
        "(`reports/performance/stopping.runs.jsonl`), taken as the truth; the error of the "
        f"validation images is drawn with a correlation of {CORRELATION} between networks, the "
        "one measured between convolutional references. Optimism: by how much the best "
        "validation accuracy exceeds the truth of the trial it chooses. Cost: how much less "
        "accurate the trial chosen by half of the images truly is. Stopping and a sampler that "
        "learns are not in it.\n\n"
        + table(
            [
                "trials",
                "optimism with 10,000, points",
                "optimism with 5,000, points",
                "cost of choosing by 5,000, points",
            ],
            rows,
        )
    )


def _final(network: dict[str, Any]) -> float:
    looks: Sequence[Sequence[float]] = network["looks"]
    return float(looks[-1][2]) if looks else float("nan")


def _percent(share: Any) -> str:
    return f"{100 * float(share):.1f} %"


if __name__ == "__main__":
    main()
