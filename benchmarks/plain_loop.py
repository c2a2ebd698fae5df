"""One training run of the small ReLU network in the plainest NumPy: a peer for tests and timing."""

from __future__ import annotations

import numpy as np

from course_lib.problems import Classification
from course_lib.training import init_mlp
from course_lib.training.batches import batch_rows


def train_one(
    data: Classification,
    rates: np.ndarray,
    seed: int,
    order: str = "simultaneous",
    batch_size: int | None = None,
) -> np.ndarray:
    """Return the loss before each update of one float64 run at `rates`, shape (T,).

    Args:
        data: the examples.
        rates: learning rates, shape (T,).
        seed: fixes the initial weights and the batches.
        order: as in `course_lib.training.Mlp`.
        batch_size: examples in a batch; None takes all of them at every step.
    """
    arrays = init_mlp([data.inputs.shape[1], 64, 64, data.classes], seed)
    layers = list(zip(arrays[::2], arrays[1::2], strict=True))
    x, labels = data.inputs, data.labels
    rows = np.arange(batch_size or len(labels))
    if batch_size:
        batches = batch_rows(seed, len(labels), batch_size, len(rates))
    losses = []
    for t, rate in enumerate(rates):
        if batch_size:
            x, labels = data.inputs[batches[t]], data.labels[batches[t]]
        inputs = [x]
        for weight, bias in layers[:-1]:
            inputs.append(np.maximum(inputs[-1] @ weight + bias, 0))
        scores = inputs[-1] @ layers[-1][0] + layers[-1][1]
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[rows, labels] + 1e-12).mean())
        error = p
        error[rows, labels] -= 1
        error /= len(rows)
        for layer in range(len(layers) - 1, -1, -1):
            weight, bias = layers[layer]
            slope, bias_slope = inputs[layer].T @ error, error.sum(axis=0)
            if layer and order == "simultaneous":
                error = error @ weight.T * (inputs[layer] > 0)
            weight -= rate * slope
            bias -= rate * bias_slope
            if layer and order == "layer_by_layer":
                error = error @ weight.T * (inputs[layer] > 0)
    return np.array(losses)
