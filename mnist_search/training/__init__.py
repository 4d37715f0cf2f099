"""Turn one job into one result; the only room that imports Keras, TensorFlow and scikit-learn."""

from mnist_search.training.run import prepare, run_job, train

__all__ = ["prepare", "run_job", "train"]
