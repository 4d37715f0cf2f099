"""Search network choices on MNIST and rank the results beside published references."""

__version__ = "0.1.0"
