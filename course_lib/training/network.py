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

    >>> [array.shape for array in init_mlp([2, 16, 3], seed=0)]
    [(2, 16), (16,), (16, 3), (3,)]
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
    """Return a view of every layer's parameters in rows of parameters, shape (R, P).

    W and, below it, b are one matrix of shape (R, fan_in + 1, fan_out): what comes in has a 1 at
    its end, and the bias costs neither a sum nor a call.
    """
    views, at = [], 0
    for fan_in, fan_out in pairwise(sizes):
        shape = (len(weights), fan_in + 1, fan_out)
        views.append(weights[:, at : at + shape[1] * fan_out].reshape(shape))
        at += shape[1] * fan_out
    return views


def with_ones(inputs: np.ndarray, dtype: np.dtype | type) -> np.ndarray:
    """Return inputs, (examples, features), with a last column of ones."""
    return np.column_stack([inputs, np.ones(len(inputs))]).astype(dtype)


def predict(weights: np.ndarray, inputs: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Return the class probabilities of R networks, shape (R, classes, examples).

    Args:
        weights: one row of parameters a network, shape (R, P), as in `Runs.weights`.
        inputs: shape (examples, features).
        sizes: width of every layer, input and output included.

    >>> untrained = np.zeros((1, 2 * 16 + 16 + 16 * 3 + 3))
    >>> shares = predict(untrained, inputs=np.zeros((5, 2)), sizes=(2, 16, 3))
    >>> shares.shape, shares[0, :, 0].round(2).tolist()
    ((1, 3, 5), [0.33, 0.33, 0.33])
    """
    networks = Networks(weights, sizes, len(inputs))
    return networks.forward(with_ones(inputs, weights.dtype).T).swapaxes(0, 1)


class Networks:
    """R networks of the same shape, and the buffers of a pass forward.

    All parameters of a network lie in one row of `weights`, so that an optimizer passes over
    contiguous memory. Activations have shape (R, units + 1, batch): below the units is a 1, for
    the bias of the next layer, and BLAS is faster at these products than with the batch first.
    Class scores have shape (classes, R, batch), so that what is done to a class is done to whole
    rows.
    """

    def __init__(
        self,
        weights: np.ndarray,
        sizes: Sequence[int],
        batch: int,
        buffers_of: Networks | None = None,
    ) -> None:
        """Take `weights`, (R, P), as they are: they are updated in place.

        Fresh memory is slow when it is first written to: with `buffers_of`, at least as many
        networks with the same sizes and batch, theirs are used, and they lose them.
        """
        self.weights, self.sizes = weights, sizes
        self.layers = split_weights(weights, sizes)
        runs, dtype = len(weights), weights.dtype
        if buffers_of is None:
            self.buffers = [np.ones((runs, units + 1, batch), dtype) for units in sizes[1:-1]]
            self.buffers.append(np.empty(sizes[-1] * runs * batch, dtype))
            # maximum() with an array of zeros takes a third of its time with the number 0
            self.zeros = [np.zeros(h.shape[1:], dtype) for h in self.buffers[:-1]]
        else:
            self.buffers, self.zeros = buffers_of.buffers, buffers_of.zeros
        self.hidden = [h[:runs] for h in self.buffers[:-1]]
        self.scores = self.buffers[-1][: sizes[-1] * runs * batch].reshape(-1, runs, batch)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the class probabilities, (classes, R, batch), in a buffer that is used again.

        x has a last row of ones and shape (features + 1, batch), the same for all runs, or
        (R, features + 1, batch).
        """
        a = x
        for layer, h, zeros in zip(self.layers, self.hidden, self.zeros, strict=False):
            np.matmul(layer.swapaxes(1, 2), a, out=h[:, :-1])
            a = np.maximum(h, zeros, out=h)
        np.matmul(self.layers[-1].swapaxes(1, 2), a, out=self.scores.swapaxes(0, 1))
        return softmax(self.scores)


class Gradient:
    """The gradient of R networks, and the buffers that it needs."""

    def __init__(self, networks: Networks) -> None:
        """Make room for the gradient, shape (R, P)."""
        self.networks = networks
        self.rows = np.empty_like(networks.weights)
        self.layers = split_weights(self.rows, networks.sizes)
        self.errors = [np.empty_like(h[:, :-1]) for h in networks.hidden]
        self.active = [np.empty(error.shape, bool) for error in self.errors]

    def backward(self, x: np.ndarray, error: np.ndarray, *, layer_by_layer: bool = False) -> None:
        """Fill `rows` from the slope of the loss in the class scores, (classes, R, batch).

        With `layer_by_layer`, each layer's gradient is taken from its parameters before the error
        passes through them: the mistake of that name, where `error` has the rate as a factor.
        """
        networks = self.networks
        error = error.swapaxes(0, 1)
        for layer in range(len(self.layers) - 1, -1, -1):
            below = networks.hidden[layer - 1] if layer else x
            np.matmul(below, error.swapaxes(1, 2), out=self.layers[layer])
            if layer_by_layer:
                networks.layers[layer] -= self.layers[layer]
            if layer:
                above, error = error, self.errors[layer - 1]
                np.matmul(networks.layers[layer][:, :-1], above, out=error)
                error *= np.greater(below[:, :-1], 0, out=self.active[layer - 1])


def softmax(z: np.ndarray) -> np.ndarray:
    """Turn scores (classes, R, batch) into probabilities, in place."""
    z -= z.max(axis=0)
    np.exp(z, out=z)
    total = z[0].copy()
    for row in z[1:]:  # not z.sum(axis=0): its order depends on R where the batch is 1
        total += row
    z /= total
    return z
