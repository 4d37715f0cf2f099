"""The parts of the page that come from long runs: the kill loop, a real study, other tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_search.reporting.cells import format_seconds
from mnist_search.reporting.markdown import escape

_PEERS = {"optuna": "Optuna", "keras-tuner": "Keras Tuner"}


def kill_loop(figures: Mapping[str, Any] | None) -> str:
    """Return what the kill loop counted."""
    title = "## The kill loop\n"
    command = "`pytest tests/faults/test_kill_loop.py --rounds 1000 --figures reports/faults.json`"
    if figures is None:
        return f"{title}\nNot run at full length yet: {command}.\n"
    kills = ", ".join(f"{kind} {count:,}" for kind, count in sorted(figures["kills"].items()))
    found = figures["found"]
    bad = {
        "lost": "told as done and lost",
        "duplicated": "numbers given twice",
        "left_behind": "trials left behind",
        "other_than_n": "studies of another size than N",
        "told_twice": "told twice",
        "wrong_values": "studies with wrong values",
        "half_made": "half-made files left",
        "damaged": "damaged files",
        "failed": "searches that ended badly",
    }
    counts = "\n".join(f"| {text} | {found[key]:,} |" for key, text in bad.items())
    return (
        f"{title}\n"
        f"{figures['rounds']:,} kills of the real command line with SIGKILL ({kills}), half of "
        "them at random moments and half right before, amid or after one of the "
        f"{figures['lines_of_a_study']} lines of a study. A reader that knows "
        "nothing but JSON compared the file with what had been told as done, on a file that "
        f"every line reaches before the program goes on: {figures['acknowledged']:,} trials told "
        f"in {figures['studies']:,} studies with {figures['trials']:,} trials.\n\n"
        f"| Found | |\n| --- | ---: |\n{counts}\n\n"
        f"{provenance_line(figures)}; {format_seconds(figures['seconds'])}; {command}.\n"
    )


def real_study(figures: Mapping[str, Any] | None) -> str:
    """Return how a real study that was killed compares with one that was not."""
    title = "## A real study, killed\n"
    command = "`python -m tests.faults.real_study --figures reports/faults.json`"
    if figures is None:
        return f"{title}\nNot run yet: {command}.\n"
    kills = ", ".join(f"{kind} {count}" for kind, count in sorted(figures["kills"].items()))
    trials = figures["trials"]
    return (
        f"{title}\n"
        f"`{figures['command']}` with one worker, once undisturbed and once killed "
        f"{sum(figures['kills'].values())} times at random ({kills}): "
        f"{figures['trials_killed_study']} trials; the same parameters in "
        f"{figures['same_parameters']} of {trials}, the same end in {figures['same_states']}, the "
        f"same accuracy in {figures['same_values']}, the same whole curve in "
        f"{figures['same_curves']}.\n\n{provenance_line(figures)}; "
        f"{format_seconds(figures['seconds'])}; {command}.\n"
    )


def peers(figures: Mapping[str, Any] | None) -> str:
    """Return what other tools do at the same faults."""
    title = "## The same faults elsewhere\n"
    command = "`python -m tests.faults.peers.run --figures reports/faults.json`"
    if figures is None:
        return f"{title}\nNot run yet: {command}.\n"
    lines = [
        title,
        "Small programs that use each tool as its manual shows, struck in the same way; what is "
        f"said was counted in their files and outputs by {command}. What we do stands above.\n",
        "| Fault | " + " | ".join(_PEERS[peer] for peer in _PEERS) + " |",
        "| --- |" + " --- |" * len(_PEERS),
    ]
    for name in sorted({name for found in figures.values() for name in found}, key=str.lower):
        cells = []
        for peer in _PEERS:
            found = figures.get(peer, {}).get(name)
            cells.append("—" if found is None else f"{found['injected']}: {code(found['told'])}")
        lines.append(f"| {escape(name)} | {' | '.join(cells)} |")
    lines.append("")
    for peer, name in _PEERS.items():
        dated = sorted(figures.get(peer, {}).values(), key=lambda found: found["date"])
        if dated:
            lines.append(f"* {name}: {provenance_line(dated[-1])}.")
    return "\n".join(lines) + "\n"


def provenance_line(figures: Mapping[str, Any]) -> str:
    """Return where and when figures were made."""
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    return f"{figures['machine']}, Python {figures['python']}, {versions}; {figures['date']}"


def code(text: str) -> str:
    """Escape text for a cell, but what stands between backticks is shown as it is."""
    parts = text.split("`")
    # A cell ends at a bar within code too, unless it is escaped.
    shown = [
        part.replace("|", "\\|") if index % 2 else escape(part) for index, part in enumerate(parts)
    ]
    return "`".join(shown).replace("\n", " ")
