"""What results mean: statistics, verdicts, ties and the leaderboard, pure functions of records."""

from mnist_search.analysis.comparison import Difference, compare
from mnist_search.analysis.contenders import (
    Contender,
    make_contender,
    pack_predictions,
    unpack_predictions,
)
from mnist_search.analysis.leaderboard import Leaderboard, build_leaderboard
from mnist_search.analysis.row import Row
from mnist_search.analysis.spread import SHIPPED, SeedSpread, pool_seed_spread
from mnist_search.analysis.statistics import Estimate, Interval
from mnist_search.analysis.suite import Suite
from mnist_search.analysis.traits import describe
from mnist_search.analysis.wording import tell, tell_all, tell_claim

__all__ = [
    "SHIPPED",
    "Contender",
    "Difference",
    "Estimate",
    "Interval",
    "Leaderboard",
    "Row",
    "SeedSpread",
    "Suite",
    "build_leaderboard",
    "compare",
    "describe",
    "make_contender",
    "pack_predictions",
    "pool_seed_spread",
    "tell",
    "tell_all",
    "tell_claim",
    "unpack_predictions",
]
