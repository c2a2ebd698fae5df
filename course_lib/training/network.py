"""R small ReLU networks of the same shape side by side: initial weights, forward, backward."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np


def init_mlp(sizes: Sequence[int], seed: int) -> list[np.ndarray]:
    """Return [W1, b1, W2, b2, …] with He's initialisation.

    W has shape (fan_in, fan_out) and entries N(0, 2 / fan_in); b is zero.

    Args:
        sizes: width of every layer, input and output included.
        seed: seed of `numpy.random.RandomState`.

    Source: He et al. (2015), arXiv:1502.01852, eq. 10.
    """
    rng = np.random.RandomState(seed)
    parameters = []
    for fan_in, fan_out in pairwise(sizes):
        parameters.append(rng.randn(fan_in, fan_out) * np.sqrt(2.0 / fan_in))
        parameters.append(np.zeros(fan_out))
    return parameters


@lru_cache(maxsize=256)  # a sweep has many runs of the same seed
def init_row(sizes: tuple[int, ...], seed: int) -> np.ndarray:
    """Return all initial parameters of one network in a row, shape (P,), not to be written to."""
    row = np.concatenate([array.ravel() for array in init_mlp(sizes, seed)])
    row.flags.writeable = False
    return row


def split_weights(weights: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    """Return views [W1, b1, W2, b2, …] of rows of parameters, shape (R, P).

    W has shape (R, fan_in, fan_out) and b (R, 1, fan_out).
    """
    views, at = [], 0
    for fan_in, fan_out in pairwise(sizes):
        for rows in (fan_in, 1):
            views.append(weights[:, at : at + rows * fan_out].reshape(-1, rows, fan_out))
            at += rows * fan_out
    return views


def predict(weights: np.ndarray, inputs: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Return the class probabilities of R networks, shape (R, classes, examples).

    Args:
        weights: one row of parameters a network, shape (R, P), as in `Runs.weights`.
        inputs: shape (examples, features).
        sizes: width of every layer, input and output included.
    """
    parameters = split_weights(weights, sizes)
    a = inputs.astype(weights.dtype, copy=False)
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        a = a @ weight
        a += bias
        np.maximum(a, 0, out=a)
    return softmax(_scores(parameters, a))


class Networks:
    """R networks, their gradient, and the buffers that a step needs.

    All parameters of a network lie in one row of `weights`, so that an optimizer passes over
    contiguous memory. Activations have shape (R, batch, units), class scores (R, classes, batch):
    sums over units, batch or a few classes then run along whole rows.
    """

    def __init__(self, weights: np.ndarray, sizes: Sequence[int], batch: int) -> None:
        """Take `weights`, (R, P), as they are: they are updated in place."""
        self.weights, self.sizes = weights, sizes
        self.gradient = np.empty_like(weights)
        self.parameters = split_weights(weights, sizes)
        self.slopes = split_weights(self.gradient, sizes)
        # W1 with b1 below it is one matrix: with a 1 added to every input, b1 costs nothing
        first = (len(weights), sizes[0] + 1, sizes[1])
        self.first = weights[:, : first[1] * first[2]].reshape(first)
        self.first_slope = self.gradient[:, : first[1] * first[2]].reshape(first)
        shapes = [(len(weights), batch, units) for units in sizes[1:-1]]
        self.hidden = [np.empty(shape, weights.dtype) for shape in shapes]
        self.errors = [np.empty(shape, weights.dtype) for shape in shapes]
        self.masks = [np.empty(shape, bool) for shape in shapes]
        # maximum() with an array of zeros takes a third of its time with the number 0
        self.zeros = [np.zeros(shape[1:], weights.dtype) for shape in shapes]
        self.ones = np.ones((1, batch), weights.dtype)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the class probabilities, (R, classes, batch).

        x has a last column of ones and shape (batch, features + 1), the same for all runs, or
        (R, batch, features + 1).
        """
        a = x
        for layer, h in enumerate(self.hidden):
            np.matmul(a, self.parameters[2 * layer] if layer else self.first, out=h)
            if layer:
                h += self.parameters[2 * layer + 1]
            a = np.maximum(h, self.zeros[layer], out=h)
        if not self.hidden:
            return softmax(self.first.swapaxes(1, 2) @ x.swapaxes(-1, -2))
        return softmax(_scores(self.parameters, a))

    def backward(self, x: np.ndarray, error: np.ndarray, rate: np.ndarray | None = None) -> None:
        """Fill `gradient` from the slope of the loss in the class scores, (R, classes, batch).

        With `rate`, shape (R, 1), each layer's parameters are updated before the error passes
        through them: the mistake called "layer_by_layer".
        """
        error = error.swapaxes(1, 2)
        at = self.weights.shape[1]
        for layer in range(len(self.hidden), -1, -1):
            weight = self.parameters[2 * layer]
            if layer:
                below = self.hidden[layer - 1]
                np.matmul(below.swapaxes(1, 2), error, out=self.slopes[2 * layer])
                np.matmul(self.ones, error, out=self.slopes[2 * layer + 1])  # faster than sum()
            else:
                np.matmul(x.swapaxes(-1, -2), error, out=self.first_slope)
            if rate is not None:
                end, at = at, at - (weight[0].size + weight.shape[2])
                self.weights[:, at:end] -= rate * self.gradient[:, at:end]
            if layer:
                above, error = error, self.errors[layer - 1]
                np.matmul(above, weight.swapaxes(1, 2), out=error)
                error *= np.greater(below, 0, out=self.masks[layer - 1])


def _scores(parameters: list[np.ndarray], a: np.ndarray) -> np.ndarray:
    z = parameters[-2].swapaxes(1, 2) @ a.swapaxes(-1, -2)
    z += parameters[-1].swapaxes(1, 2)
    return z


def softmax(z: np.ndarray) -> np.ndarray:
    """Turn scores (R, classes, batch) into probabilities, in place."""
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    return z
