"""Passwords and tokens are hidden, all else is shown as it was typed."""

from __future__ import annotations

import pytest

from mnist_search.studies.owner import without_secrets


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["run", "--seed", "3"], ["run", "--seed", "3"]),
        (["sqlite:///a.db"], ["sqlite:///a.db"]),
        (["postgresql+psycopg://me:p@ss/w:rd@host/db"], ["postgresql+psycopg://me:***@host/db"]),
        (["pg://host/db?user=me&password=hush&x=1"], ["pg://host/db?user=me&password=***&x=1"]),
        (["--token", "hush", "--seed", "3"], ["--token", "***", "--seed", "3"]),
        (["--api-key=hu sh"], ["--api-key=***"]),
        (["--token", "--seed"], ["--token", "--seed"]),
    ],
)
def test_secrets_are_hidden(words: list[str], shown: list[str]) -> None:
    assert without_secrets(words) == shown
