"""What the shell offers when Tab is pressed: names of spaces, references, studies and runs.

Neither Optuna nor TensorFlow is loaded, and whatever goes wrong is silence.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import typer

from mnist_search.errors import MnistSearchError

Offer = list[tuple[str, str]]


def complete_space(incomplete: str) -> Offer:
    """Offer the known spaces, and TOML files."""
    from mnist_search.spaces import list_spaces

    known = [(name, str(path)) for name, path in list_spaces().items()]
    folder, start = os.path.split(incomplete)
    with suppress(OSError):
        for path in sorted(Path(folder).iterdir()):
            beside = os.path.join(folder, path.name)  # noqa: PTH118 (keeps ./ as it was typed)
            if path.name.startswith(start) and path.suffix == ".toml":
                known.append((beside, "file"))
    return _matching(known, incomplete)


def complete_reference(incomplete: str) -> Offer:
    """Offer the references."""
    from mnist_search.references import REFERENCES

    known = [(each.name, f"{100 * each.published.accuracy:.2f} % published") for each in REFERENCES]
    return _matching(known, incomplete)


def complete_confirmed_reference(incomplete: str) -> Offer:
    """Offer the references, and `best`."""
    best = _matching([("best", "the best published accuracy")], incomplete)
    return [*best, *complete_reference(incomplete)]


def complete_model(context: typer.Context, incomplete: str) -> Offer:
    """Offer what can be varied: references, spaces, and after `STUDY:` its trials."""
    study, colon, _ = incomplete.rpartition(":")
    if colon:
        runs = [("winner", "the best"), *_runs_of(context, study)]
        return _matching([(f"{study}:{name}", told) for name, told in runs], incomplete)
    studies = [(f"{name}:winner", told) for name, told in complete_study(context, incomplete)]
    return [*complete_reference(incomplete), *complete_space(incomplete), *studies]


def complete_study(context: typer.Context, incomplete: str) -> Offer:
    """Offer the studies of the home that was typed, or is set."""
    from mnist_search.studies.folder import list_studies

    with suppress(OSError, MnistSearchError):
        return _matching([(name, "") for name in list_studies(_home(context))], incomplete)
    return []


def complete_trial(context: typer.Context, incomplete: str) -> Offer:
    """Offer the trials of the study that was typed, and `winner`."""
    runs = _runs_of(context, str(context.params.get("study")))
    return _matching([("winner", "the best"), *runs], incomplete)


def _home(context: typer.Context) -> Path:
    from mnist_search.studies.folder import resolve_home

    return resolve_home(context.params.get("home"), os.environ)


def _runs_of(context: typer.Context, study: str) -> Offer:
    from mnist_search.studies.folder import JOURNAL, study_folder
    from mnist_search.studies.lines import glance

    with suppress(OSError, MnistSearchError, ValueError, LookupError, TypeError):
        trials = glance(study_folder(_home(context), study) / JOURNAL)
        found: Offer = []
        for number, trial in enumerate(trials):
            score = "" if trial.value is None else f" {100 * trial.value:.2f} %"
            found.append((str(number), f"{trial.state}{score}"))
        references = {trial.reference: None for trial in trials if trial.reference is not None}
        return [*found, *((name, "reference") for name in references)]
    return []


def _matching(offers: Offer, incomplete: str) -> Offer:
    return [offer for offer in offers if offer[0].startswith(incomplete)]
