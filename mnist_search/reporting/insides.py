"""A process of its own that looks into trained models, so that the report loads no TensorFlow.

`python -m mnist_search.reporting.insides` reads a JSON list of `[folder, run]` from its input and
answers each with a line: an `Inside` as JSON, or `{"error": …}`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from mnist_search.analysis import Leaderboard
from mnist_search.commands.portraits import gather
from mnist_search.datasets import class_names
from mnist_search.errors import MnistSearchError, UsageError
from mnist_search.interpreter import python_environment
from mnist_search.reporting.inside import Inside, look_inside
from mnist_search.specs import Record
from mnist_search.studies import read_records, stored_weights, study_folder, weights_path
from mnist_search.studies.reading import ConfirmedStudy
from mnist_search.writing import write_atomically

CACHE = "inside.json"
# Of many studies, the best: each takes a second, and its pictures some 100 kB of the page.
MOST_INSIDES = 6


def find_insides(
    boards: Sequence[Leaderboard],
    records: Sequence[Record],
    home: Path,
    confirmed: Sequence[ConfirmedStudy] = (),
    *,
    notice: Callable[[str], None],
) -> list[Inside]:
    """Return what the weights of each study's winner show, those of the best studies.

    That is the confirmed winner of a search, else its best run whose weights are kept.

    A run is looked into once, in another process; what it showed is kept beside its weights.
    What cannot be looked into is left out; `notice` is told why.
    """
    best = _best_with_weights(boards, records, home, confirmed)
    wanted = [(study_folder(home, record.study), record) for record in best]
    kept = [_read_cache(folder, record) for folder, record in wanted]
    asked = [pair for pair, inside in zip(wanted, kept, strict=True) if inside is None]
    if asked:
        names = ", ".join(f"run {record.number} of {record.study}" for _, record in asked)
        notice(f"analysing the weights of {names} (kept for next time; --no-inside leaves it out)")
    answers = iter(_ask(asked) if asked else ())
    found = []
    for (folder, record), inside in zip(wanted, kept, strict=True):
        answer = next(answers) if inside is None else inside
        if isinstance(answer, str):
            where = f"run {record.number} of {record.study}"
            notice(f"{where}: its weights were not analysed: {answer}")
            continue
        if inside is None:
            _write_cache(folder, answer)
        found.append(answer)
    return found


def _best_with_weights(
    boards: Sequence[Leaderboard],
    records: Sequence[Record],
    home: Path,
    confirmed: Sequence[ConfirmedStudy],
) -> list[Record]:
    chosen: dict[str, Record] = {}
    tested = [(found.study, found.confirmation.winner) for found in confirmed]
    winners = {(study, winner.trial) for study, winner in tested if winner is not None}
    ranked = [row for board in boards for row in board.ranked if row.status == "complete"]
    # Those that are confirmed before those that looked best in the search.
    for row in sorted(ranked, key=lambda row: (row.study, row.number) not in winners):
        for record in records:
            if record.study in chosen or record.result is None or record.state != "complete":
                continue
            mine = row.number == record.number if row.kind == "trial" else True
            if not mine or row.study != record.study:
                continue
            if record.result.config_id not in row.config_ids:
                continue
            original = _trained(record, records)
            with suppress(MnistSearchError):
                if stored_weights(study_folder(home, record.study), original) is not None:
                    chosen[record.study] = original
    return list(chosen.values())[:MOST_INSIDES]


def _trained(record: Record, records: Sequence[Record]) -> Record:
    """Return the trial that this one copies, where it is a duplicate: the weights are its."""
    assert record.result is not None
    number = record.result.duplicate_of
    same = (other for other in records if other.study == record.study and other.number == number)
    return next(same, record)


def _read_cache(folder: Path, record: Record) -> Inside | None:
    assert record.result is not None
    path = weights_path(folder, record.number).with_name(CACHE)
    try:
        kept = Inside.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    same = (record.study, record.number, record.result.weights_sha256)
    return kept if (kept.study, kept.number, kept.weights_sha256) == same else None


def _write_cache(folder: Path, inside: Inside) -> None:
    # A home that cannot be written is looked into again the next time.
    with suppress(MnistSearchError):
        path = weights_path(folder, inside.number).with_name(CACHE)
        write_atomically(path, inside.model_dump_json())


def _ask(wanted: Sequence[tuple[Path, Record]]) -> list[Inside | str]:
    """Return what another process found in each run, or why it found nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mnist_search.reporting.insides"],
        input=json.dumps([[str(folder), record.number] for folder, record in wanted]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=python_environment(os.environ) | {"CUDA_VISIBLE_DEVICES": ""},
        check=False,
    )
    lines = done.stdout.splitlines()
    answers: list[Inside | str] = []
    for number in range(len(wanted)):
        if number >= len(lines):
            said = done.stderr.strip().splitlines()
            answers.append(said[-1] if said else f"the process ended with code {done.returncode}")
        elif lines[number].startswith('{"error":'):
            answers.append(str(json.loads(lines[number])["error"]))
        else:
            answers.append(Inside.model_validate_json(lines[number]))
    return answers


def main() -> None:
    """Answer what the input asks for."""
    # What libraries print belongs to the other stream.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for folder, number in json.load(sys.stdin):
        try:
            line = _look(Path(folder), int(number)).model_dump_json()
        except (MnistSearchError, ImportError) as error:
            told = error.message if isinstance(error, MnistSearchError) else str(error)
            line = json.dumps({"error": told})
        answers.write(f"{line}\n")
        answers.flush()


def _look(folder: Path, number: int) -> Inside:
    records = read_records(folder.parent, [folder.name])
    record = next((each for each in records if each.number == number), None)
    if record is None or record.result is None or record.result.weights_sha256 is None:
        raise UsageError(f"study {folder.name} has no trained run {number}")
    dataset = record.dataset
    assert dataset is not None
    portrait, missing = gather(record, records, folder, find_images=lambda: dataset)
    classes = class_names(dataset.name)
    return look_inside(portrait, record, classes=classes, missing=missing)


if __name__ == "__main__":
    main()
