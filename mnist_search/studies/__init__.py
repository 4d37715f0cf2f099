"""Studies: the folder, the ledger in it, and the loop that searches and benchmarks."""

from mnist_search.studies.artifacts import stored_weights, weights_path
from mnist_search.studies.benchmark import Run, open_benchmark, plan_runs, run_benchmark, with_seeds
from mnist_search.studies.confirming import (
    choose_candidates,
    confirmation_name,
    confirmation_spec,
    find_references,
    fresh_seeds,
    note_selection,
)
from mnist_search.studies.folder import (
    has_study,
    list_studies,
    plain_name,
    resolve_home,
    study_folder,
    unused_name,
)
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.loop import Interrupt, Limits, Outcome
from mnist_search.studies.opening import create_ledger, ledger_in_memory, open_ledger
from mnist_search.studies.reading import (
    ConfirmedStudy,
    StoredStudy,
    choose_run,
    read_confirmations,
    read_confirmed,
    read_records,
    read_studies,
    read_study,
    read_test_labels,
    run_name,
)
from mnist_search.studies.search import SearchSummary, open_search, run_search
from mnist_search.studies.sessions import (
    Invocation,
    describe_invocation,
    recorded_session,
)
from mnist_search.studies.spec import SearchSpec, StudySpec, name_metrics

__all__ = [
    "ConfirmedStudy",
    "Interrupt",
    "Invocation",
    "Ledger",
    "Limits",
    "Outcome",
    "Run",
    "SearchSpec",
    "SearchSummary",
    "StoredStudy",
    "StudySpec",
    "choose_candidates",
    "choose_run",
    "confirmation_name",
    "confirmation_spec",
    "create_ledger",
    "describe_invocation",
    "find_references",
    "fresh_seeds",
    "has_study",
    "ledger_in_memory",
    "list_studies",
    "name_metrics",
    "note_selection",
    "open_benchmark",
    "open_ledger",
    "open_search",
    "plain_name",
    "plan_runs",
    "read_confirmations",
    "read_confirmed",
    "read_records",
    "read_studies",
    "read_study",
    "read_test_labels",
    "recorded_session",
    "resolve_home",
    "run_benchmark",
    "run_name",
    "run_search",
    "stored_weights",
    "study_folder",
    "unused_name",
    "weights_path",
    "with_seeds",
]
