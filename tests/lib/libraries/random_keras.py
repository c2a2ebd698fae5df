"""Random schedules of Keras, and Keras itself.

Keras runs on NumPy here, which is the fastest for single numbers. On JAX a compiled training step
multiplies by 1 / decay_steps, and PolynomialDecay(cycle=True) then differs at some multiples of
decay_steps from the same schedule called outside.
"""

from __future__ import annotations

import math
import os
from functools import cache

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _warmup(random):
    if random.random() < 0.4:
        return {"warmup_steps": short(random)}
    return {"warmup_target": rate(random), "warmup_steps": short(random)}


def _piecewise(random):
    marks = sorted({short(random) for _ in range(random.randint(1, 4))})
    return {"boundaries": marks, "values": [rate(random) for _ in range(len(marks) + 1)]}


KINDS = {
    "ExponentialDecay": lambda r: {
        "initial_learning_rate": rate(r),
        "decay_steps": short(r, 1),
        "decay_rate": share(r, 1.0, 1.1),
        "staircase": r.random() < 0.5,
    },
    "PiecewiseConstantDecay": _piecewise,
    "PolynomialDecay": lambda r: {
        "initial_learning_rate": rate(r),
        "decay_steps": short(r, 1),
        "end_learning_rate": r.choice([0.0001, 0.0, rate(r)]),
        "power": r.choice([1.0, 2.0, 0.5]),
        "cycle": r.random() < 0.5,
    },
    "InverseTimeDecay": lambda r: {
        "initial_learning_rate": rate(r),
        "decay_steps": short(r, 1),
        "decay_rate": share(r, 1.0, 0.0, 3.0),
        "staircase": r.random() < 0.5,
    },
    "CosineDecay": lambda r: {
        "initial_learning_rate": rate(r, 0.0),
        "decay_steps": short(r, 1),
        "alpha": share(r, 0.0, 1.0),
        **_warmup(r),
    },
    "CosineDecayRestarts": lambda r: {
        "initial_learning_rate": rate(r),
        "first_decay_steps": short(r, 1),
        "t_mul": r.choice([2.0, 1.0, 1.5, 3.0]),
        "m_mul": r.choice([1.0, 0.5, 0.9]),
        "alpha": share(r, 0.0, 1.0),
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    return f"keras.{kind}", KINDS[kind](random), random.choice(UPDATES)


@cache
def _schedules():
    os.environ["KERAS_BACKEND"] = "numpy"
    import keras

    if keras.config.backend() != "numpy":
        raise RuntimeError("set KERAS_BACKEND=numpy before Keras is loaded")
    return keras.optimizers.schedules


def real(name, arguments, updates):
    """Return the rates at the iterations 0, 1, 2, …"""
    schedule = getattr(_schedules(), name.removeprefix("keras."))(**arguments)
    return [float(schedule(step)) for step in range(updates)]


def close(arguments, updates):
    """Return the share of the largest rate by which float32 may change a rate.

    A rate that grows is a power of a rounded number. The place in a cycle is what is left when
    whole cycles are taken off in float32.
    """
    grows = max(arguments.get("decay_rate", 0.0) - 1.0, 0.0)
    powers = grows * updates / arguments.get("decay_steps", 1)
    return 2e-7 * (1 + powers + updates / arguments.get("first_decay_steps", math.inf))
