"""What an experiment is: models, training, run configuration, result, environment."""

from mnist_search.choices import Precision
from mnist_search.specs._frozen import Frozen
from mnist_search.specs.environment import Environment, describe_environment
from mnist_search.specs.machine import Capacity, available_cores, measure_capacity
from mnist_search.specs.models import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Layer,
    LinearClassifier,
    Model,
    ModelFamily,
    Network,
    Pool,
)
from mnist_search.specs.record import Objective, Record, RunKey, State
from mnist_search.specs.result import Epoch, Failure, RunResult, Score, Timings
from mnist_search.specs.run import (
    QUARTERS,
    DatasetRef,
    Job,
    Protocol,
    RunConfig,
)
from mnist_search.specs.seeds import derive_seed
from mnist_search.specs.training import (
    SGD,
    Adadelta,
    Adam,
    AdamW,
    Augmentation,
    Nadam,
    Optimizer,
    RMSprop,
    Training,
)

__all__ = [
    "QUARTERS",
    "SGD",
    "Activate",
    "Adadelta",
    "Adam",
    "AdamW",
    "Augmentation",
    "BatchNorm",
    "Capacity",
    "Conv",
    "DatasetRef",
    "Dense",
    "Dropout",
    "Environment",
    "Epoch",
    "Failure",
    "Flatten",
    "Frozen",
    "Initializer",
    "Job",
    "Layer",
    "LinearClassifier",
    "Model",
    "ModelFamily",
    "Nadam",
    "Network",
    "Objective",
    "Optimizer",
    "Pool",
    "Precision",
    "Protocol",
    "RMSprop",
    "Record",
    "RunConfig",
    "RunKey",
    "RunResult",
    "Score",
    "State",
    "Timings",
    "Training",
    "available_cores",
    "derive_seed",
    "describe_environment",
    "measure_capacity",
]
