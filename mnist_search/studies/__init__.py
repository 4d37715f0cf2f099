"""Studies: the ledger, and the loops that search and benchmark."""

from mnist_search.studies.artifacts import stored_weights, weights_path
from mnist_search.studies.benchmark import Run, open_benchmark, plan_runs, run_benchmark
from mnist_search.studies.choosing import choose_run, run_name
from mnist_search.studies.confirmed import ConfirmedStudy, read_confirmations
from mnist_search.studies.confirming import (
    choose_candidates,
    confirmation_name,
    confirmation_spec,
    count_test_use,
    find_references,
    fresh_seeds,
    plan_confirmation,
    read_confirmed,
    read_test_labels,
)
from mnist_search.studies.home import (
    has_study,
    list_studies,
    plain_name,
    read_records,
    resolve_home,
    study_folder,
    unused_name,
)
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.loop import Interrupt, Limits, Outcome
from mnist_search.studies.opening import create_ledger, open_ledger
from mnist_search.studies.search import SearchSummary, open_search, run_search
from mnist_search.studies.sessions import (
    Invocation,
    Session,
    describe_invocation,
    read_sessions,
    recorded_session,
)
from mnist_search.studies.spec import SearchSpec, StudySpec

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
    "Session",
    "StudySpec",
    "choose_candidates",
    "choose_run",
    "confirmation_name",
    "confirmation_spec",
    "count_test_use",
    "create_ledger",
    "describe_invocation",
    "find_references",
    "fresh_seeds",
    "has_study",
    "list_studies",
    "open_benchmark",
    "open_ledger",
    "open_search",
    "plain_name",
    "plan_confirmation",
    "plan_runs",
    "read_confirmations",
    "read_confirmed",
    "read_records",
    "read_sessions",
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
]
