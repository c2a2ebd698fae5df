"""Many training runs at once, each with its own rates and seed.

The input is an array of rates, runs × steps: nothing here knows what a schedule is.
"""

from course_lib.training.cache import RunStore
from course_lib.training.engine import loss_function, stages, train
from course_lib.training.network import init_mlp, predict
from course_lib.training.runs import Runs
from course_lib.training.settings import (
    Adam,
    AdamW,
    Convnet,
    Mlp,
    Sgd,
    Transformer,
    Workload,
)
from course_lib.training.walks import walk

__all__ = [
    "Adam",
    "AdamW",
    "Convnet",
    "Mlp",
    "RunStore",
    "Runs",
    "Sgd",
    "Transformer",
    "Workload",
    "init_mlp",
    "loss_function",
    "predict",
    "stages",
    "train",
    "walk",
]
