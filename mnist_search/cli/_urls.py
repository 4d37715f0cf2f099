"""No option takes a URL, and none is ever shown: it may hold a password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_search.errors import UsageError

_HINT = "a study is a folder in the one that --home names, data is a known name or a path"
_ASKING = {"-h", "--help", "--version"}


def refuse_urls(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raise UsageError where a word or a variable that the tool reads holds a URL.

    Before anything is parsed, opened or stored, all of which may repeat the word.
    """
    if _ASKING.intersection(arguments):
        return
    for number, word in enumerate(arguments):
        if "://" in word:
            _refuse(_name(word, arguments[number - 1] if number else ""))
    for name, value in environ.items():
        if "://" in value and (name.startswith("MNIST_SEARCH_") or name == "KERAS_HOME"):
            _refuse(name)


def _name(word: str, before: str) -> str:
    """Return the option that a word is the value of, as far as that can be told."""
    option, equals, _ = word.partition("=")
    if equals and option.startswith("-") and "://" not in option:
        return option
    return before if before.startswith("-") and "://" not in before else "an argument"


def _refuse(name: str) -> None:
    raise UsageError(
        f"{name} must be a name or a path, got an address (URL), "
        "which is not shown: it may hold a password",
        hint=_HINT,
    )
