"""A password that somebody gives to the tool reaches no screen and no file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search import cli

CANARY = "CANARY-9f3"
URLS = (
    f"postgresql://user:{CANARY}@host/db",
    f"https://{CANARY}@host/mnist.npz",
    f"https://host/mnist.npz?token={CANARY}",
    f"mysql+pymysql://u:{CANARY}%40x@h:3306/d",
    f"sqlite:////tmp/{CANARY}.db",
    f"redis://:{CANARY}{{0}}@h",
    f"POSTGRES://u:p@ss/{CANARY} [red]@h",
)
# Every place of every command where a user might put an address.
PLACES = (
    ("run", "--space", "mlp", "-n", "2", "--dataset", "digits", "--home", URLS[0]),
    ("run", "--space", "mlp", "-n", "2", "--dataset", "digits", "--study", URLS[0]),
    ("run", "--space", "mlp", "-n", "2", "--dataset", URLS[0]),
    ("run", "--space", "mlp", "-n", "2", f"--dataset={URLS[0]}"),
    ("run", "--space", URLS[0], "-n", "2", "--dataset", "digits"),
    ("run", "--space", "mlp", "--storage", URLS[0]),
    ("run", "--space", "mlp", f"--{URLS[0]}"),
    ("run", "--space", "mlp", "--trials", URLS[0]),
    ("run", "--space", "mlp", "--memory-limit", URLS[0]),
    ("bench", "--quick", "--home", URLS[0]),
    ("bench", URLS[0]),
    ("confirm", URLS[0]),
    ("confirm", "s", "--references", URLS[0]),
    ("export", URLS[0], "winner"),
    ("export", "s", "winner", "--output", URLS[0]),
    ("verify", URLS[0]),
    ("check", URLS[0], "--against", "cnn-simple"),
    ("report", URLS[0]),
    ("report", "--output", URLS[0]),
    ("figures", URLS[0], "0", "--show"),
    ("figures", "s", URLS[0], "--show"),
    ("references", "show", URLS[0]),
    ("spaces", "show", URLS[0]),
    ("spaces", "check", URLS[0]),
    ("data", "fetch", URLS[0]),
    ("data", "show", URLS[0]),
    (URLS[0],),
)


def found_in(folder: Path) -> list[Path]:
    """Return the files and folders that have the canary in their content or name."""
    return [
        path
        for path in folder.rglob("*")
        if CANARY in path.name or (path.is_file() and CANARY.encode() in path.read_bytes())
    ]


@pytest.mark.parametrize("arguments", PLACES, ids=lambda words: " ".join(words)[:40])
def test_address_with_a_password_is_refused_unseen(
    here: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    for url in URLS:
        ended = here(*(word.replace(URLS[0], url) for word in arguments))
        ended.refused(2, "URL")
        assert CANARY not in ended.out + ended.err
    assert not found_in(tmp_path)


@pytest.mark.parametrize("name", ["DATA", "HOME", "DATASET", "STUDY", "SPACE", "TRIALS", "TRAINER"])
def test_variable_with_a_password_is_refused_unseen(
    here: Callable[..., Any],
    search: Callable[..., list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    for url in URLS[:2]:
        monkeypatch.setenv(f"MNIST_SEARCH_{name}", url)
        for arguments in (search(2), ["report"], ["data", "status"]):
            ended = here(*arguments)
            ended.refused(2, f"MNIST_SEARCH_{name}", "URL")
            assert CANARY not in ended.out + ended.err
    assert not found_in(tmp_path)
    assert here("run", "--help").code == 0


def test_control_without_the_check(
    here: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "refuse_urls", lambda arguments, environ: None)
    # A user's name and password are masked once more where errors are told; a token is not.
    words = [[word.replace(URLS[0], URLS[2]) for word in arguments] for arguments in PLACES]
    assert sum(CANARY in here(*arguments).err for arguments in words) > 10


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://user:{CANARY}@127.0.0.1:1",
        f"http://user:{CANARY}@127.0.0.1:{CANARY}",
        f"http:/user:{CANARY}@nowhere",
        f"http://user:{CANARY}@no where:1",
    ],
)
def test_password_of_a_proxy_is_not_told(
    here: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    ended = here("data", "fetch", "mnist")
    ended.refused(5)
    assert CANARY not in ended.out + ended.err
    assert not found_in(tmp_path)


def test_control_the_proxy_the_library_tells_it() -> None:
    import http.client

    with pytest.raises(http.client.InvalidURL, match=CANARY):
        http.client.HTTPConnection(f"127.0.0.1:{CANARY}")
