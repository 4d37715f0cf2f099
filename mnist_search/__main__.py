"""Where the program starts: `mnist-search`, or `python -m mnist_search`."""

import sys

from mnist_search.interpreter import safe_path


def main() -> None:
    """Run the command line and exit with its code."""
    # Before anything is imported that wants what only these have, such as SIGHUP.
    if sys.platform == "win32":
        print("error: mnist-search needs Linux or macOS (on Windows: WSL)", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    # `python -m` has put the working folder first.
    sys.path[:] = safe_path()
    from mnist_search.cli import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
