"""Run the command line with `python -m mnist_search`."""

from mnist_search.cli import main

main()
