"""Keras: a plateau rule without a floor, which still cuts when nothing is left to gain."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

PINS = ("keras==3.15.1", "torch==2.13.0", "numpy==2.4.6")


def main(folder: Path) -> None:
    """Train for 60 epochs and keep what CSVLogger wrote."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((256, 1))
    targets = 3 * inputs + 1 + rng.standard_normal((256, 1))
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    callbacks = [
        keras.callbacks.ReduceLROnPlateau(factor=0.2, patience=3),
        keras.callbacks.CSVLogger(str(folder / "training_log.csv")),
    ]
    model.fit(
        inputs,
        targets,
        epochs=60,
        batch_size=32,
        validation_split=0.25,
        callbacks=callbacks,
        verbose=0,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
