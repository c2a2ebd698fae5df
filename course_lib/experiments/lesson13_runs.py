"""Runs of lesson 13: lengths and batches, Adam, gradient noise, fine-tuning, going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.experiments.lesson09_runs import (
    averaged_sgd,
    initial_weights,
    losses_on,
    tuned,
)
from course_lib.problems import Classification, NoisyQuadratic
from course_lib.schedules import cosine, linear, polynomial
from course_lib.training.network import Gradient, Networks, with_ones


def updates_to_reach(problem: NoisyQuadratic, target: float, high: int, low: int = 4) -> int:
    """Return the fewest updates of a tuned linear decay that end at or below a loss.

    Args:
        problem: the quadratic.
        target: the loss, > 0.
        high: updates that suffice.
        low: updates that do not.

    Raises:
        ValueError: `high` updates do not suffice.

    >>> from course_lib.problems import power_law_quadratic
    >>> updates_to_reach(power_law_quadratic(batch_size=16), 0.05, high=100)
    50
    """
    if tuned(problem, linear, high)[1] > target:
        raise ValueError(f"target must be reached within {high} updates, got {target}")
    while high - low > 1:
        middle = round(np.sqrt(low * high)) if high > 2 * low else (low + high) // 2
        if tuned(problem, linear, middle)[1] <= target:
            high = middle
        else:
            low = middle
    return high


def batch_ramp(examples: int, stages: Sequence[tuple[int, float]]) -> np.ndarray:
    """Return the batch size of every update of a ramp, shape (updates,).

    Args:
        examples: examples of the whole run.
        stages: batch size of each stage, and its share of the examples.

    Raises:
        ValueError: the shares do not add up to 1.

    >>> batch_ramp(64, [(4, 0.25), (16, 0.75)])
    array([ 4,  4,  4,  4, 16, 16, 16])
    """
    total = sum(share for _, share in stages)
    if abs(total - 1) > 1e-9:
        raise ValueError(f"the shares of stages must add up to 1, got {total:g}")
    return np.repeat(
        [batch for batch, _ in stages],
        [round(examples * share / batch) for batch, share in stages],
    )


def tuned_batches(
    problem: NoisyQuadratic, batches: np.ndarray, power: float = 1.0
) -> tuple[float, float]:
    """Return the best peak where the batch may change, and the expected loss at the end.

    The rate is peak * (1 - t/T)^power; with power 0 it is constant. E[w²] follows exactly:
    E[w²] <- (1 - η h)² E[w²] + η² σ² / B, with the batch B of the update.

    Args:
        problem: the quadratic with the noise of one example, that is of batch size 1.
        batches: examples in each update, shape (T,).
        power: power of the decay, 0 or more.

    >>> from course_lib.problems import power_law_quadratic
    >>> peak, loss = tuned_batches(power_law_quadratic(batch_size=1), np.full(128, 64))
    >>> round(peak, 1), round(loss, 4)
    (2.0, 0.0061)
    """
    steps = len(batches)
    shape = polynomial(1.0, steps, power=power)(np.arange(steps)) if power else np.ones(steps)
    h, noise = problem.curvatures, problem.noise_std**2
    low, high = np.log(1e-3), np.log(2e1 / h.max())
    for _ in range(3):  # each time on a grid 16 times as fine
        logs = np.linspace(low, high, 65)
        square = np.tile(problem.start**2, (len(logs), 1))
        with np.errstate(over="ignore", invalid="ignore"):
            for share, batch in zip(shape, batches, strict=True):
                rate = np.exp(logs)[:, None] * share
                square = (1 - rate * h) ** 2 * square + rate**2 * noise / batch
            losses = 0.5 * (h * square).sum(axis=1)
        losses = np.where(np.isfinite(losses), losses, np.inf)
        at, step = int(losses.argmin()), logs[1] - logs[0]
        low, high = logs[at] - 2 * step, logs[at] + 2 * step
    return float(np.exp(logs[at])), float(losses[at])


@dataclass(frozen=True)
class AdamSettings:
    """Adam's own numbers, and what becomes of them at another batch size.

    Attributes:
        beta1: decay of the average of gradients.
        beta2: decay of the average of their squares.
        epsilon: added to the root of the latter.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def scaled(self, factor: float) -> AdamSettings:
        """Return the settings for a batch `factor` times as large.

        1 - beta is multiplied by the factor and epsilon divided by its root: the averages then
        reach back over the same number of examples.

        Source: Malladi et al. (2022), arXiv:2205.10287, definition 5.2.

        >>> AdamSettings().scaled(4)
        AdamSettings(beta1=0.6, beta2=0.996, epsilon=5e-09)
        """
        beta1, beta2 = (1 - factor * (1 - beta) for beta in (self.beta1, self.beta2))
        return AdamSettings(round(beta1, 12), round(beta2, 12), self.epsilon / factor**0.5)


def adam_losses(
    problem: NoisyQuadratic,
    peaks: Sequence[float],
    updates: int,
    seeds: Sequence[int],
    settings: AdamSettings = AdamSettings(),
) -> np.ndarray:
    """Return the loss after Adam with linear decay to zero, shape (peaks, seeds).

    All peaks meet the same noise, so losses of one seed are paired.

    >>> from course_lib.problems import power_law_quadratic
    >>> adam_losses(power_law_quadratic(), [0.01, 0.1], 50, [0, 1, 2]).shape
    (2, 3)
    """
    rates = np.array([linear(p, updates)(np.arange(updates)) for p in peaks])[:, :, None, None]
    draws = [np.random.default_rng(seed) for seed in seeds]
    w = np.tile(problem.start, (len(peaks), len(seeds), 1))
    m, v = np.zeros_like(w), np.zeros_like(w)
    beta1, beta2 = settings.beta1, settings.beta2
    for t in range(updates):
        noise = np.stack([draw.standard_normal(len(problem)) for draw in draws])
        gradient = problem.curvatures * w + problem.noise_std * noise
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        first, second = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
        w = w - rates[:, t] * first / (np.sqrt(second) + settings.epsilon)
    return 0.5 * (problem.curvatures * w**2).sum(axis=-1)


def noise_scale(
    weights: np.ndarray, sizes: tuple[int, ...], data: Classification
) -> tuple[np.ndarray, np.ndarray]:
    """Return |G|² and tr Σ of each network, from the gradients of all examples one by one.

    G is the mean gradient and tr Σ = mean |g_i|² - |G|² the variance of one example's. Their
    ratio tr Σ / |G|² is the simple noise scale, in examples.

    Args:
        weights: a row a network, shape (R, P).
        sizes: width of every layer, input and output included.
        data: the examples.

    Source: McCandlish et al. (2018), arXiv:1812.06162, eq. 2.9.
    """
    inputs, one_hot = with_ones(data.inputs, np.float64), np.eye(data.classes)
    seen = inputs[:, :, None]  # one example a batch
    wanted = one_hot[data.labels].T[:, :, None]
    squares, variances = [], []
    for row in weights:
        net = Networks(np.tile(row.astype(np.float64), (len(data), 1)), sizes, 1)
        gradient = Gradient(net)
        gradient.backward(seen, net.forward(seen) - wanted)
        square = float((gradient.rows.mean(axis=0) ** 2).sum())
        squares.append(square)
        variances.append(float((gradient.rows**2).sum(axis=1).mean()) - square)
    return np.array(squares), np.array(variances)


def some_digits(
    part: Classification,
    low: int = 0,
    high: int = 10,
    *,
    first: int = 0,
    last: int | None = None,
    pixel_noise: float = 0.0,
) -> Classification:
    """Return the images of the digits low … high - 1, labels from 0, in a fixed random order.

    Args:
        part: the images to choose from.
        low: lowest digit.
        high: one more than the highest.
        first: number of images to leave out.
        last: number of the image to stop before; None takes all.
        pixel_noise: standard deviation of noise added to every pixel; clipped to 0 … 1.

    >>> from course_lib.problems import digits
    >>> new = some_digits(digits(), 5, 10, last=100)
    >>> len(new), new.classes
    (100, 5)
    """
    rows = np.flatnonzero((part.labels >= low) & (part.labels < high))
    rows = np.random.default_rng(0).permutation(rows)[first:last]
    noise = np.random.default_rng(1).standard_normal((len(rows), part.inputs.shape[1]))
    images = np.clip(part.inputs[rows] + pixel_noise * noise, 0, 1)
    return Classification(images, part.labels[rows] - low, high - low, "digits")


class FineTuning:
    """Networks trained on one set of digits, and what they reach on another.

    The network has two hidden layers of 32 units. Pretraining is 400 updates of a cosine from 0.4
    with batches of 32; fine-tuning takes batches of 25.
    """

    def __init__(self, old: Classification, new: Classification, test: Classification) -> None:
        """Take the digits to pretrain on, to fine-tune on and to score on."""
        self.old, self.new, self.test = old, new, test
        self.sizes = (old.inputs.shape[1], 32, 32, new.classes)

    def starts(self, seeds: Sequence[int]) -> dict[str, np.ndarray]:
        """Return fresh weights and pretrained ones, shape (R, P) each."""
        fresh = initial_weights(self.sizes, seeds)
        rates = cosine(0.4, 400)(np.arange(400))
        _, trained = averaged_sgd(fresh, self.sizes, self.old, rates, seeds, 32)
        return {"fresh": fresh, "pretrained": trained}

    def losses(self, start: np.ndarray, rates: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        """Return the loss on the test digits after training from `start`, shape (R,)."""
        other = [seed + 1000 for seed in seeds]  # not the batches of the pretraining
        _, weights = averaged_sgd(start, self.sizes, self.new, rates, other, 25)
        return losses_on(weights, self.sizes, self.test)


class GoingOn:
    """Networks trained to the end on upright digits, and then on digits that lie on their side.

    The network has two hidden layers of 32 units. The first run is 400 updates of a cosine from
    `peak` to a tenth of it; all batches have 32 examples.
    """

    def __init__(self, digits: Classification, peak: float = 0.4) -> None:
        """Take digits with held-out ones, and the peak of the first run."""
        self.old, self.old_test = digits, digits.held_out
        self.new, self.new_test = turned(digits), turned(digits.held_out)
        self.sizes, self.peak = (digits.inputs.shape[1], 32, 32, digits.classes), peak

    def finished(self, seeds: Sequence[int]) -> np.ndarray:
        """Return the weights at the end of the first run, shape (R, P)."""
        rates = cosine(self.peak, 400, floor=self.peak / 10)(np.arange(400))
        start = initial_weights(self.sizes, seeds)
        return averaged_sgd(start, self.sizes, self.old, rates, seeds, 32)[1]

    def losses(
        self, start: np.ndarray, rates: np.ndarray, seeds: Sequence[int], replay: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the losses on held-out old and new digits after a second run, shape (R,) each.

        Args:
            start: weights of the first run, shape (R, P).
            rates: rate of every update, shape (T,).
            seeds: seeds of the first run, shape (R,); the second has other batches.
            replay: share of old digits among those that it trains on, 0 <= replay < 1.
        """
        data, other = with_replay(self.new, self.old, replay), [seed + 1000 for seed in seeds]
        _, weights = averaged_sgd(start, self.sizes, data, rates, other, 32)
        both = (self.old_test, self.new_test)
        return tuple(losses_on(weights, self.sizes, test) for test in both)


def turned(part: Classification) -> Classification:
    """Return square images turned by 90 degrees, with their labels.

    >>> from course_lib.problems import digits
    >>> part = digits()
    >>> bool((turned(part).inputs[0].reshape(8, 8) == np.rot90(part.inputs[0].reshape(8, 8))).all())
    True
    """
    side = int(np.sqrt(part.inputs.shape[1]))
    images = np.rot90(part.inputs.reshape(-1, side, side), axes=(1, 2))
    return Classification(
        images.reshape(len(part), -1), part.labels, part.classes, f"{part.name}, turned"
    )


def with_replay(new: Classification, old: Classification, share: float) -> Classification:
    """Return new examples with some old ones among them, `share` of the whole.

    >>> from course_lib.problems import digits
    >>> part = digits().held_out
    >>> len(part), len(with_replay(part, part, 0.25))
    (360, 480)
    """
    rows = np.random.default_rng(0).permutation(len(old))[: round(len(new) * share / (1 - share))]
    inputs = np.vstack([new.inputs, old.inputs[rows]])
    labels = np.concatenate([new.labels, old.labels[rows]])
    return Classification(inputs, labels, new.classes, f"{new.name}, with replay")
