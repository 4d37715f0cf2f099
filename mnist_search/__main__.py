"""Where the program starts: `mnist-search`, or `python -m mnist_search`."""

import os
import sys

from mnist_search.interpreter import safe_path

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code."""
    # Before anything is imported that wants what only these have, such as SIGHUP.
    if sys.platform == "win32":
        print("error: mnist-search needs Linux or macOS (on Windows: WSL)", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    # `python -m` has put the working folder first.
    sys.path[:] = safe_path()
    sys.unraisablehook = _on_unraisable
    try:
        from mnist_search.cli import main as run_command_line

        run_command_line()
    except KeyboardInterrupt:
        # While modules are imported, or when all is done.
        sys.exit(INTERRUPTED)


def _on_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """End quietly on Ctrl-C where Python cannot raise it, such as in the locks of an import."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    main()
