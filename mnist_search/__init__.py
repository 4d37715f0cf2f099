"""Search network choices on MNIST and rank the results beside published references.

The commands are functions: `from mnist_search import search, open_study`. They print nothing,
return results, and raise the errors of `mnist_search.errors`.
"""

from __future__ import annotations

from importlib import import_module

# Not from typing: with `python -m` a typing.py in the working folder is found first until the path
# is safe (see `interpreter`). Type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from mnist_search.commands.bench import bench
    from mnist_search.commands.check import check
    from mnist_search.commands.compare import compare
    from mnist_search.commands.confirm import confirm
    from mnist_search.commands.doctor import doctor
    from mnist_search.commands.explain import explain
    from mnist_search.commands.export import export
    from mnist_search.commands.figures import figures
    from mnist_search.commands.plan import plan
    from mnist_search.commands.report import report
    from mnist_search.commands.search import search
    from mnist_search.commands.show import show
    from mnist_search.commands.vary import vary
    from mnist_search.commands.verify import verify
    from mnist_search.reporting.charts.intervals import draw_effects
    from mnist_search.reporting.opened import open_study

__all__ = [
    "__version__",
    "bench",
    "check",
    "compare",
    "confirm",
    "doctor",
    "draw_effects",
    "explain",
    "export",
    "figures",
    "open_study",
    "plan",
    "report",
    "search",
    "show",
    "vary",
    "verify",
]
__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    # The command line and the workers start without these.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    shown = {"open_study": "reporting.opened", "draw_effects": "reporting.charts.intervals"}
    room = shown.get(name, f"commands.{name}")
    return getattr(import_module(f"{__name__}.{room}"), name)
