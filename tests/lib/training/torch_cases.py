"""Small convnets and transformers, and data to train them on, for the PyTorch engine's tests."""

import numpy as np

from course_lib.problems import Classification, associative_recall, digits
from course_lib.training import Convnet, Sgd, Transformer, Workload, torch_engine
from course_lib.training.runs import RunBlock

ALL = digits()
# Few examples to train on, and enough held-out ones to be scored in more than one piece. Noise,
# because blank paper is the same everywhere, and which of equal numbers is largest is anybody's.
NOISE = 0.1 * np.random.RandomState(0).randn(460, 64)
DIGITS = Classification(
    ALL.inputs[:100] + NOISE[:100],
    ALL.labels[:100],
    10,
    "digits",
    held_out=Classification(ALL.held_out.inputs + NOISE[100:], ALL.held_out.labels, 10, "digits"),
)
RECALL = associative_recall(examples=64, keys=3, gap=2, held_out=260)
SMALL = associative_recall(examples=40, keys=3, gap=2, held_out=10)
MODELS = {
    "convnet": (DIGITS, Convnet((4, 8))),
    "wide": (DIGITS, Convnet((8, 4, 12), "group")),
    "pre": (RECALL, Transformer(width=12, heads=3, layers=2, mlp_ratio=3)),
    "post": (RECALL, Transformer(width=8, heads=1, layers=3, norm="post")),
}


def workload(name, optimizer=None, batch_size=16):
    data, model = MODELS[name]
    return Workload(data, model, optimizer or Sgd(), batch_size)


def train_block(work, rates, seeds, momenta=None, scored_at=None, keep_at=()):
    rates = np.asarray(rates, dtype=float)
    scored_at = (rates.shape[1],) if scored_at is None else scored_at
    return torch_engine.train_block(
        RunBlock(work, rates, momenta, tuple(seeds), scored_at, tuple(keep_at))
    )
