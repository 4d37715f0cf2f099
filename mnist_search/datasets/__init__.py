"""The data: find, fetch, check and split MNIST, Fashion-MNIST, digits, or your own files."""

from mnist_search.datasets.arrays import Part, class_counts
from mnist_search.datasets.catalog import CATALOG, DownloadLimits, Source, class_names
from mnist_search.datasets.finding import Found, read_arrays
from mnist_search.datasets.loading import FullData, SearchData, load_full, load_search, save_data
from mnist_search.datasets.resolving import (
    DatasetStatus,
    Means,
    find_again,
    find_data,
    resolve,
    survey,
)
from mnist_search.datasets.splits import rung_subset, split_selection, stratified_subset

__all__ = [
    "CATALOG",
    "DatasetStatus",
    "DownloadLimits",
    "Found",
    "FullData",
    "Means",
    "Part",
    "SearchData",
    "Source",
    "class_counts",
    "class_names",
    "find_again",
    "find_data",
    "load_full",
    "load_search",
    "read_arrays",
    "resolve",
    "rung_subset",
    "save_data",
    "split_selection",
    "stratified_subset",
    "survey",
]
