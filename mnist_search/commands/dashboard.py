"""optuna-dashboard on a study, on this machine alone, also while a search runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from mnist_search.commands.context import Context, home_of
from mnist_search.commands.studies import studies
from mnist_search.errors import UsageError
from mnist_search.studies.folder import DATABASE, JOURNAL, storage_errors
from mnist_search.studies.reading import find_study

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A server that is bound to its port; `serve` answers until it is interrupted."""

    study: str
    url: str
    server: WSGIServer

    def serve(self) -> None:
        """Answer browsers; returns where another thread calls `server.shutdown`."""
        self.server.serve_forever()


@contextmanager
def dashboard(
    study: str | None = None,
    *,
    port: int = 8080,
    home: Path | str | None = None,
    context: Context | None = None,
) -> Iterator[Dashboard]:
    """Yield a dashboard of a study, None: of the one that was changed last; nothing is written.

    `port` 0 is any that is free.

    Raises:
        UsageError: optuna-dashboard is not installed, there is no such study, or the port is taken.
    """
    try:
        import optuna_dashboard
    except ImportError as error:
        raise UsageError(
            "dashboard needs optuna-dashboard, which is not installed",
            hint="pip install 'mnist-search[dashboard]'",
        ) from error
    place = home_of(home, context)
    if study is None:
        there = studies(home=place)
        if not there:
            raise UsageError(f"there is no study in {place}", hint="`mnist-search run` makes one")
        study = there[0].name
    application = optuna_dashboard.wsgi(_open(find_study(place, study)))
    try:
        server = make_server(LOOPBACK, port, application, handler_class=_Quiet)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"port {port} cannot be used: {reason}", hint="name another --port"
        ) from error
    with server:
        yield Dashboard(study=study, url=f"http://{LOOPBACK}:{server.server_port}/", server=server)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Leave the terminal alone."""


def _open(folder: Path) -> BaseStorage:
    """Open a study for reading: what a browser asks to be changed is refused."""
    from mnist_search.studies.journal import open_journal
    from mnist_search.studies.old_studies import read_old_study

    with storage_errors(folder):
        if os.path.lexists(folder / JOURNAL):
            return open_journal(folder / JOURNAL)[1]
        return read_old_study(folder / DATABASE)
