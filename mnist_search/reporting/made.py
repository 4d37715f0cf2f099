"""How studies were made: what they were asked for, and every session as it was typed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mnist_search.reporting.cells import Column, format_seconds
from mnist_search.reporting.markdown import bullets, escape, render_markdown
from mnist_search.specs import Record
from mnist_search.studies.sessions import Session
from mnist_search.studies.spec import StudySpec

SESSION_COLUMNS = (
    Column("began", "began (UTC)", "word"),
    Column("took", "took", "figure"),
    Column("trials", "finished before → after", "figure"),
    Column("version", "version", "word"),
    Column("command", "as it was typed", "text"),
)
# Of many sessions the first ones and the last ones are shown.
_FIRST, _LAST = 3, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How a study was made: its sessions, else the command that makes one like it.

    `sessions` are rows under the keys of SESSION_COLUMNS; `sessions_told` says how many more
    there are.
    """

    name: str
    command: str
    command_told: str
    facts: tuple[tuple[str, str], ...]
    sessions: tuple[Mapping[str, str], ...] = ()
    sessions_told: str = ""


def made_facts(
    spec: StudySpec, records: Sequence[Record], sessions: Sequence[Session] = ()
) -> Made:
    """Return what a study was asked to do; `records` may hold those of other studies too."""
    mine = [record for record in records if record.study == spec.name]
    dataset, search = spec.dataset, spec.search
    facts = [
        ("data set", f"{dataset.name}{' (a stand-in: NOT MNIST)' if dataset.fallback else ''}"),
        ("images", f"{dataset.train_images:,} training, {dataset.test_images:,} test"),
        ("digest of the images", dataset.digest),
        ("precision", spec.precision),
    ]
    command, told = "", ""
    if search is not None:
        facts += [
            ("space", f"{search.space.name} ({search.space.family}), id {search.space.space_id}"),
            ("objective", ", ".join(search.objectives)),
            ("engine, sampler, pruner", f"{search.engine}, {search.sampler}, {search.pruner}"),
            ("epochs of a trial", str(search.epochs)),
            ("seed of the study", str(search.seed)),
        ]
        if not sessions:
            command = _command(spec, trials=len(mine))
            told = "A command that makes such a study, from what is stored with it:"
    seeds = sorted({record.seed for record in mine if record.seed is not None})
    if seeds:
        shown = ", ".join(str(seed) for seed in seeds[:8])
        facts.append(
            ("seeds of the runs", shown + (f" and {len(seeds) - 8} more" if len(seeds) > 8 else ""))
        )
    return Made(
        name=spec.name,
        command=command,
        command_told=told,
        facts=tuple(facts),
        sessions=tuple(_session_row(session) for session in _some(sessions)),
        sessions_told=""
        if len(sessions) <= _FIRST + _LAST
        else f"The first {_FIRST} and the last {_LAST} of {len(sessions)} sessions.",
    )


def render_made_markdown(made: Sequence[Made]) -> str:
    """Return the section of a Markdown report that says how its studies were made."""
    parts = ["## How it was made\n"]
    for study in made:
        parts.append(f"### {escape(study.name)}\n")
        if study.sessions:
            parts.append(render_markdown(study.sessions, SESSION_COLUMNS))
            parts += [f"{study.sessions_told}\n"] if study.sessions_told else []
        elif study.command:
            parts.append(f"{study.command_told} {escape(study.command)}\n")
        parts.append(bullets(f"{name}: {told}" for name, told in study.facts))
    return "\n".join(parts)


def sessions_document(sessions: Mapping[str, Sequence[Session]]) -> list[Mapping[str, object]]:
    """Return the sessions of studies as they stand in the JSON of a leaderboard."""
    return [
        {
            "study": study,
            "sessions": [
                session.model_dump(mode="json") | {"command": session.command} for session in each
            ],
        }
        for study, each in sessions.items()
    ]


def _command(spec: StudySpec, *, trials: int) -> str:
    search = spec.search
    assert search is not None
    # What has no known name is named by its place.
    dataset = spec.dataset.name
    if ":" in dataset and spec.dataset.path is not None:
        dataset = spec.dataset.path
    words = [
        "mnist-search", "run", "--space", search.space.name, "--trials", str(trials),
        "--dataset", dataset, "--sampler", search.sampler, "--pruner", search.pruner,
        "--engine", search.engine, "--objective", ",".join(search.objectives),
        "--epochs", str(search.epochs), "--seed", str(search.seed),
        "--precision", spec.precision,
    ]  # fmt: skip
    return shlex.join(words)


def _some(sessions: Sequence[Session]) -> Sequence[Session]:
    if len(sessions) <= _FIRST + _LAST:
        return sessions
    return [*sessions[:_FIRST], *sessions[-_LAST:]]


def _session_row(session: Session) -> Mapping[str, str]:
    began = datetime.fromtimestamp(session.started, UTC)
    ended = session.ended
    after = session.trials_after
    return {
        "began": f"{began:%Y-%m-%d %H:%M}",
        "took": "no end written" if ended is None else format_seconds(ended - session.started),
        "trials": f"{session.trials_before} → {'?' if after is None else after}",
        "version": session.version,
        "command": session.command,
    }
