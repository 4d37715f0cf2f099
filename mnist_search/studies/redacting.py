"""What reaches no file and no screen: passwords and tokens on a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SECRET = r"[\w-]*(?:password|passwd|pwd|passphrase|token|secret|api[_-]?key)[\w-]*"
_URL_PASSWORD = re.compile(r"(\w://[^\s:/@]*):\S*@")
_ASSIGNED = re.compile(rf"({_SECRET}=)[^\s&;]+", re.IGNORECASE)
_NAME = re.compile(_SECRET, re.IGNORECASE)
HIDDEN = "***"


def is_secret(name: str) -> bool:
    """Return whether an option or a variable of that name holds a secret."""
    return _NAME.fullmatch(name) is not None


def without_secrets(words: Sequence[str]) -> list[str]:
    """Return the words with the passwords of URLs and the values of secret options hidden."""
    shown: list[str] = []
    for number, word in enumerate(words):
        before = words[number - 1] if number > 0 else ""
        option, equals, _ = word.partition("=")
        if before.startswith("-") and is_secret(before) and not word.startswith("-"):
            shown.append(HIDDEN)
        elif equals and option.startswith("-") and is_secret(option):
            shown.append(f"{option}={HIDDEN}")
        else:
            plain = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", word)
            shown.append(_ASSIGNED.sub(rf"\1{HIDDEN}", plain))
    return shown
