"""Networks of lesson 13 whose layers are updated differently: muP, and Muon beside Adam."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib.experiments.lesson09_runs import initial_weights, losses_on
from course_lib.problems import Classification
from course_lib.schedules import linear
from course_lib.training.batches import batch_table
from course_lib.training.network import Gradient, Networks, split_weights, with_ones
from course_lib.training.numpy_optimizers import AdamState
from course_lib.training.settings import Adam

BATCH = 32
_QUINTIC = (
    3.4445,
    -4.7750,
    2.0315,
)  # Jordan et al. (2024), https://kellerjordan.github.io/posts/muon
_MOMENTUM = np.float32(0.95)
_AT_ONCE = 2**18  # parameters: of each there are five arrays


def newton_schulz(matrices: np.ndarray, steps: int = 5) -> np.ndarray:
    """Return U V' of every matrix U S V', roughly: all singular values come near 1.

    X <- a X + (b X X' + c (X X')²) X, from X = M / |M|, with a, b, c such that small singular
    values grow fast; after five steps most lie between 0.7 and 1.2.

    Args:
        matrices: shape (…, rows, columns).
        steps: iterations.

    Source: Jordan et al. (2024), Muon, https://kellerjordan.github.io/posts/muon.

    >>> found = newton_schulz(np.diag([3.0, 1.0, 0.5]))
    >>> bool((abs(np.linalg.svd(found)[1] - 1) < 0.35).all())
    True
    """
    a, b, c = _QUINTIC
    x = matrices / np.maximum(np.linalg.norm(matrices, axis=(-2, -1), keepdims=True), 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    x = x.swapaxes(-2, -1) if tall else x
    for _ in range(steps):
        square = x @ x.swapaxes(-2, -1)
        x = a * x + (b * square + c * square @ square) @ x
    return x.swapaxes(-2, -1) if tall else x


def mup_factors(sizes: Sequence[int], base: int) -> np.ndarray:
    """Return what muP multiplies the rate of each parameter by, with Adam, shape (1, P).

    base / fan_in for the weights of every layer but the first; 1 for the first and for biases,
    whose fan-in does not grow with the width.

    Args:
        sizes: width of every layer, input and output included.
        base: width at which muP is the standard parametrisation, ≥ 1.

    Source: Yang et al. (2022), Tensor Programs V, arXiv:2203.03466, table 3.

    >>> sorted(set(mup_factors((2, 64, 64, 3), base=16).ravel().tolist()))
    [0.25, 1.0]
    """
    fan_ins = sizes[:-1]
    parameters = sum((n + 1) * m for n, m in zip(fan_ins, sizes[1:], strict=True))
    row = np.ones((1, parameters), dtype=np.float32)
    for layer, fan_in in zip(split_weights(row, sizes)[1:], fan_ins[1:], strict=True):
        layer[:, :-1] = base / fan_in
    return row


def width_losses(
    data: Classification,
    width: int,
    peaks: Sequence[float],
    seeds: Sequence[int],
    *,
    mup_base: int | None = None,
    updates: int = 100,
) -> np.ndarray:
    """Return the held-out loss of networks with four hidden layers of one width, (peaks, seeds).

    Adam, linear decay to zero, batches of 32. In muP the rates have `mup_factors`, and the output
    weights start at sqrt(base / width) of their standard size: their variance is 1 / fan_in².

    Args:
        data: the examples, with held-out ones.
        width: units of each hidden layer.
        peaks: peak rates, shape (K,).
        seeds: seeds of initial weights and batches.
        mup_base: width at which muP is the standard parametrisation; None takes the latter.
        updates: length of a run.

    >>> from course_lib import problems
    >>> width_losses(problems.digits(), 8, [0.01, 0.1], [0, 1, 2], updates=5).shape
    (2, 3)
    """
    sizes = (data.inputs.shape[1], *[width] * 4, data.classes)
    factors = None if mup_base is None else mup_factors(sizes, mup_base)
    shrink = 1.0 if mup_base is None else (mup_base / width) ** 0.5
    return _trained(data, sizes, peaks, seeds, updates, factors=factors, output_scale=shrink)


def muon_losses(
    data: Classification,
    peaks: Sequence[float],
    seeds: Sequence[int],
    rms: float | None,
    *,
    width: int = 64,
    updates: int = 100,
) -> np.ndarray:
    """Return the held-out loss of networks with three hidden layers, shape (peaks, seeds).

    The two hidden matrices take Muon's steps, whose root mean square is about `rms` times the
    rate; all else takes Adam's, and with `rms` None so do they. Linear decay to zero, and batches
    of 32.

    Source: Jordan et al. (2024); Liu et al. (2025), Muon is scalable, arXiv:2502.16982.

    >>> from course_lib import problems
    >>> muon_losses(problems.digits(), [0.01], [0, 1], 0.2, width=8, updates=5).shape
    (1, 2)
    """
    sizes = (data.inputs.shape[1], *[width] * 3, data.classes)
    return _trained(data, sizes, peaks, seeds, updates, muon_rms=rms)


def adam_step_rms(
    data: Classification,
    peak: float,
    seeds: Sequence[int],
    *,
    width: int = 64,
    updates: int = 100,
) -> np.ndarray:
    """Return the root mean square of Adam's steps over the rate, shape (updates, seeds).

    Of the first hidden matrix, in the networks of `muon_losses`.

    >>> from course_lib import problems
    >>> adam_step_rms(problems.digits(), 0.01, [0, 1], width=8, updates=5).shape
    (5, 2)
    """
    sizes = (data.inputs.shape[1], *[width] * 3, data.classes)
    found: list[np.ndarray] = []  # of each chunk of networks, all updates

    def watch(steps: list[np.ndarray]) -> None:
        found.append(np.sqrt((steps[1][:, :-1].astype(np.float64) ** 2).mean(axis=(1, 2))))

    _trained(data, sizes, [peak], seeds, updates, watch=watch)
    chunks = [np.array(found[i : i + updates]) for i in range(0, len(found), updates)]
    return np.concatenate(chunks, axis=1)


class Muon:
    """Muon's steps of the hidden matrices of R networks.

    v <- 0.95 v + 0.05 g;  u = rms sqrt(max(rows, columns)) newton_schulz(0.95 v + 0.05 g)

    so that the root mean square of u is about `rms` whatever the shape; 0.2 is what
    `adjust_lr_fn="match_rms_adamw"` of torch.optim.Muon gives.

    Source: Jordan et al. (2024); Liu et al. (2025), Muon is scalable, arXiv:2502.16982.

    >>> step = Muon(rms=0.2).step(0, np.eye(4)[None])
    >>> bool(abs(np.sqrt((step**2).mean()) / 0.2 - 1) < 0.3)
    True
    """

    def __init__(self, rms: float) -> None:
        """Start at rest."""
        self.rms, self.velocity = rms, {}

    def step(self, layer: int, gradient: np.ndarray) -> np.ndarray:
        """Return u, to be multiplied by the rate and subtracted, in the shape of the gradient.

        Args:
            layer: number of the layer, whose velocity is kept.
            gradient: shape (R, rows, columns).
        """
        slope = (1 - _MOMENTUM) * gradient
        self.velocity[layer] = _MOMENTUM * self.velocity.get(layer, np.float32(0)) + slope
        step = newton_schulz(_MOMENTUM * self.velocity[layer] + slope)
        return np.float32(self.rms * max(step.shape[-2:]) ** 0.5) * step


def _trained(
    data: Classification,
    sizes: tuple[int, ...],
    peaks: Sequence[float],
    seeds: Sequence[int],
    updates: int,
    *,
    factors: np.ndarray | None = None,
    output_scale: float = 1.0,
    muon_rms: float | None = None,
    watch: Callable[[list[np.ndarray]], None] | None = None,
) -> np.ndarray:
    """Train from the engine's initial weights; return held-out losses, shape (peaks, seeds).

    Args:
        data, sizes, peaks, seeds, updates: as above.
        factors: factors of the rates, shape (1, P).
        output_scale: factor of the initial output weights.
        muon_rms: size of Muon's steps of the hidden matrices; None takes Adam's.
        watch: called with the steps of every update, a view a layer, before the rate.
    """
    rates = np.repeat(np.asarray(peaks, dtype=np.float32), len(seeds))
    numbers, losses = list(seeds) * len(peaks), []
    parameters = initial_weights(sizes, seeds[:1]).size
    chunk = max(1, _AT_ONCE // parameters)  # all that an update touches stays in the cache
    shares = linear(1.0, updates)(np.arange(updates)).astype(np.float32)
    for first in range(0, len(rates), chunk):
        some, of = numbers[first : first + chunk], rates[first : first + chunk, None]
        weights = initial_weights(sizes, some)
        split_weights(weights, sizes)[-1][:, :-1] *= np.float32(output_scale)
        network = _Run(data, sizes, weights, some, updates)
        muon = None if muon_rms is None else Muon(muon_rms)
        with threadpool_limits(1, user_api="blas"), np.errstate(over="ignore", invalid="ignore"):
            for t, share in enumerate(shares):
                steps = network.adam_steps(t, muon)
                if watch is not None:
                    watch(split_weights(steps, sizes))
                if factors is not None:
                    steps *= factors
                steps *= of * share
                weights -= steps
        losses.append(losses_on(weights, sizes, data.held_out))
    return np.concatenate(losses).reshape(len(peaks), len(seeds))


class _Run:
    """Some networks in training: their batches, gradients and averages."""

    def __init__(
        self,
        data: Classification,
        sizes: tuple[int, ...],
        weights: np.ndarray,
        seeds: Sequence[int],
        updates: int,
    ) -> None:
        self.rows, self.line = batch_table(list(seeds), len(data), BATCH, updates)
        self.inputs = with_ones(data.inputs, weights.dtype)
        self.one_hot = np.eye(data.classes, dtype=weights.dtype)[data.labels]
        self.net = Networks(weights, sizes, BATCH)
        self.gradient = Gradient(self.net)
        self.adam, self.steps = AdamState(Adam(), weights), np.empty_like(weights)
        self.back = np.full((len(weights), 1), -1, dtype=weights.dtype)

    def adam_steps(self, t: int, muon: Muon | None) -> np.ndarray:
        """Return the steps of update t, (R, P), to be subtracted; hidden matrices may be Muon's."""
        batch = self.rows[self.line, t]
        seen = self.inputs[batch].swapaxes(1, 2)
        error = self.net.forward(seen)
        error -= np.moveaxis(self.one_hot[batch], 2, 0)
        error /= BATCH
        self.gradient.backward(seen, error)
        hidden = range(1, len(self.net.layers) - 1) if muon is not None else ()
        theirs = {i: muon.step(i, self.gradient.layers[i][:, :-1]) for i in hidden}
        self.steps.fill(0)
        self.adam.update(self.steps, self.gradient.rows, self.back, None)
        for i, step in theirs.items():
            split_weights(self.steps, self.net.sizes)[i][:, :-1] = step
        return self.steps
