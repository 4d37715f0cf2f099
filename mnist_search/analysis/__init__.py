"""What results mean: statistics, verdicts, ties and the leaderboard, pure functions of records."""

from mnist_search.analysis.comparison import (
    Contender,
    Difference,
    compare,
    compare_all,
    make_contender,
    pool_of,
    rank_range,
    recipe_interval,
)
from mnist_search.analysis.contrasts import CONTRASTS, Contrast
from mnist_search.analysis.curves import CurvePoint
from mnist_search.analysis.findings import Finding, Side, find_contrasts
from mnist_search.analysis.leaderboard import Leaderboard, build_leaderboard
from mnist_search.analysis.order import SortKey
from mnist_search.analysis.predictions import pack_predictions, unpack_predictions
from mnist_search.analysis.row import Row
from mnist_search.analysis.spread import SHIPPED, SeedSpread, pool_seed_spread
from mnist_search.analysis.statistics import (
    Estimate,
    Interval,
    Sample,
    Spread,
    holm_adjusted,
    mcnemar_p_value,
    median_and_iqr,
    relative_to_fastest,
    summarize_runs,
    t_interval,
    wilson_interval,
)
from mnist_search.analysis.suite import Suite
from mnist_search.analysis.ties import split_letters
from mnist_search.analysis.traits import Traits, describe, traits_of
from mnist_search.analysis.verdict import Judgement, Verdict, verdict
from mnist_search.analysis.wording import tell, tell_all

__all__ = [
    "CONTRASTS",
    "SHIPPED",
    "Contender",
    "Contrast",
    "CurvePoint",
    "Difference",
    "Estimate",
    "Finding",
    "Interval",
    "Judgement",
    "Leaderboard",
    "Row",
    "Sample",
    "SeedSpread",
    "Side",
    "SortKey",
    "Spread",
    "Suite",
    "Traits",
    "Verdict",
    "build_leaderboard",
    "compare",
    "compare_all",
    "describe",
    "find_contrasts",
    "holm_adjusted",
    "make_contender",
    "mcnemar_p_value",
    "median_and_iqr",
    "pack_predictions",
    "pool_of",
    "pool_seed_spread",
    "rank_range",
    "recipe_interval",
    "relative_to_fastest",
    "split_letters",
    "summarize_runs",
    "t_interval",
    "tell",
    "tell_all",
    "traits_of",
    "unpack_predictions",
    "verdict",
    "wilson_interval",
]
