"""One training run of the small ReLU network in the plainest NumPy: a peer for tests and timing."""

from __future__ import annotations

import numpy as np

from course_lib.problems import Classification
from course_lib.training import init_mlp


def train_one(
    data: Classification, rates: np.ndarray, seed: int, order: str = "simultaneous"
) -> np.ndarray:
    """Return the loss before each update of one full-batch run at `rates`, shape (T,)."""
    arrays = init_mlp([data.inputs.shape[1], 64, 64, data.classes], seed)
    layers = list(zip(arrays[::2], arrays[1::2], strict=True))
    rows = np.arange(len(data.labels))
    losses = []
    for rate in rates:
        inputs = [data.inputs]
        for weight, bias in layers[:-1]:
            inputs.append(np.maximum(inputs[-1] @ weight + bias, 0))
        scores = inputs[-1] @ layers[-1][0] + layers[-1][1]
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[rows, data.labels] + 1e-12).mean())
        error = p.copy()
        error[rows, data.labels] -= 1
        error /= len(rows)
        for (weight, bias), layer_input in zip(layers[::-1], inputs[::-1], strict=True):
            below = weight.copy()
            weight -= rate * (layer_input.T @ error)
            bias -= rate * error.sum(axis=0)
            through = weight if order == "layer_by_layer" else below
            error = error @ through.T * (layer_input > 0)
    return np.array(losses)
