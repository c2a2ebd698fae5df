"""Keras' `fit` on a model of one weight, which is 0 before every batch and has the gradient 1."""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
from keras.optimizers import schedules

from records.drivers.driving import drive

PINS = ("keras==3.15.1", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


class Rates(keras.callbacks.Callback):
    """Reads the rate of an update from the weight that it leaves."""

    def __init__(self) -> None:
        """Begin without rates."""
        super().__init__()
        self.rates: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Set the weight to 0."""
        self.model.set_weights([np.zeros((1, 1), np.float32)])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the rate of a batch that made an update; a rate of 0 is not told from none."""
        [[[weight]]] = self.model.get_weights()
        if weight:
            self.rates.append(-float(weight))


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a run of whole epochs."""
    kind, options = arguments["scheduler"]
    schedule, given = getattr(schedules, kind)(**options), arguments["loop"]
    noted, callbacks, rate = Rates(), [], schedule
    if given.get("callback"):
        callbacks = [keras.callbacks.LearningRateScheduler(lambda epoch: float(schedule(epoch)))]
        rate = 1.0
    size = given.get("gradient_accumulation_steps")
    optimizer = keras.optimizers.SGD(rate, gradient_accumulation_steps=size)
    wanted = np.ones((arguments["batches"], 1), np.float32)
    if "skipped" in given:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=4.0)
        wanted[given["skipped"]] = np.inf
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer, loss=lambda wanted, found: keras.ops.mean(found * wanted))
    model.fit(
        np.ones_like(wanted),
        wanted,
        batch_size=1,
        epochs=arguments["epochs"],
        shuffle=False,
        verbose=0,
        callbacks=[noted, *callbacks],
    )
    return noted.rates


if __name__ == "__main__":
    drive(rates, keras.__version__)
