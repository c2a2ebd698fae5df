"""Lesson 11's measurements at the start of training: first weights, Adam's averages, a game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib import training
from course_lib.experiments.lesson11_claims import Case, by_ratio, exactly
from course_lib.problems import Classification
from course_lib.schedules import cosine

#: Rates tried for each network, by factors of 2.
GRID = 2.0 ** np.arange(-9, 3)
#: Share of right answers on held-out examples from which a rate counts as usable.
USABLE = 0.55


@dataclass(frozen=True)
class Start:
    """The first weights and the loss of a network; by default He's rule and cross-entropy.

    Attributes:
        scale: factor on the first weights.
        normalise: whether each hidden layer is normalised over its units before the ReLU.
        squared: whether the loss is the squared error of the probabilities.
        warmup: updates over which the rate rises.
        depth: hidden layers, of 32 units each.
        updates: updates in a run.
    """

    scale: float = 1.0
    normalise: bool = False
    squared: bool = False
    warmup: int = 1
    depth: int = 4
    updates: int = 120


def accuracies(data: Classification, start: Start, seeds: Sequence[int]) -> np.ndarray:
    """Return the held-out accuracy after training at each rate, (rates, seeds).

    All networks are trained at once: plain SGD, batches of 32, the same for all rates of a seed.
    """
    import torch

    sizes = (data.inputs.shape[1], *[32] * start.depth, data.classes)
    first = [training.init_mlp(sizes, seed) for seed in seeds]
    weights = []
    for i, arrays in enumerate(zip(*first, strict=True)):
        stacked = np.stack(arrays) * start.scale if i % 2 == 0 else np.stack(arrays)[:, None]
        rows = np.tile(stacked, (len(GRID), 1, 1)).astype(np.float32)
        weights.append(torch.tensor(rows, requires_grad=True))
    rates = torch.tensor(np.repeat(GRID, len(seeds)), dtype=torch.float32)[:, None, None]
    draws = [np.random.default_rng(s).integers(len(data), size=(start.updates, 32)) for s in seeds]
    batches = torch.tensor(np.stack(draws)).repeat(len(GRID), 1, 1)
    x = torch.tensor(data.inputs, dtype=torch.float32)
    y = torch.nn.functional.one_hot(torch.tensor(data.labels), data.classes).float()

    def log_probabilities(a: torch.Tensor) -> torch.Tensor:
        for i in range(0, len(weights), 2):
            a = torch.baddbmm(weights[i + 1], a, weights[i])
            if i < len(weights) - 2:
                a = torch.nn.functional.layer_norm(a, a.shape[-1:]) if start.normalise else a
                a = torch.relu(a)
        return torch.log_softmax(a, dim=2)

    for step in range(start.updates):
        picked = batches[:, step]
        p, wanted = log_probabilities(x[picked]), y[picked]
        losses = (p.exp() - wanted) ** 2 if start.squared else -p * wanted
        slopes = torch.autograd.grad(losses.sum(dim=2).mean(dim=1).sum(), weights)
        with torch.no_grad():
            for w, slope in zip(weights, slopes, strict=True):
                w -= min((step + 1) / start.warmup, 1.0) * rates * slope
    held = data.held_out
    every = max(1, len(held) // 200)
    points = torch.tensor(held.inputs[::every], dtype=torch.float32)
    with torch.no_grad():
        found = log_probabilities(points.expand(len(rates), -1, -1)).argmax(dim=2).numpy()
    return (found == held.labels[::every]).mean(axis=1).reshape(len(GRID), len(seeds))


def width(accuracy: np.ndarray) -> np.ndarray:
    """Return highest over lowest usable rate of each seed, times 2; 1 where no rate is usable.

    >>> width(np.array([[0.2], [0.7], [0.8], [0.3]])).tolist()
    [4.0]
    """
    return 2.0 ** (accuracy > USABLE).sum(axis=0)


def highest(accuracy: np.ndarray) -> np.ndarray:
    """Return the highest usable rate of each seed; half of the lowest tried where there is none."""
    usable = np.where(accuracy > USABLE, GRID[:, None], GRID[0] / 2)
    return usable.max(axis=0)


def lowest(accuracy: np.ndarray) -> np.ndarray:
    """Return the lowest usable rate of each seed; twice the highest tried where there is none."""
    usable = np.where(accuracy > USABLE, GRID[:, None], 2 * GRID[-1])
    return usable.min(axis=0)


def wider(ours: str, theirs: str, our_widths: np.ndarray, their_widths: np.ndarray) -> Case:
    """Return the case of a wider range of usable rates; the wider one counts as the lower."""
    return by_ratio(ours, theirs, 1 / our_widths, 1 / their_widths)


def fewer_errors(
    ours: str, theirs: str, our_accuracy: np.ndarray, their_accuracy: np.ndarray, rate: str
) -> Case:
    """Return the case of fewer held-out errors at the best rate or past the edge.

    Args:
        ours: name of ours.
        theirs: name of theirs.
        our_accuracy: (rates, seeds).
        their_accuracy: (rates, seeds).
        rate: "best": the first four seeds choose each one's rate, the others score. "past the
            edge": both at the first rate at which theirs is nearer to guessing than to its best.
    """
    tables = (our_accuracy, their_accuracy)
    means = [table[:, :4].mean(axis=1) for table in tables]
    rows = [int(mean.argmax()) for mean in means]
    if rate != "best":
        good = np.flatnonzero(means[1] > (means[1].min() + means[1].max()) / 2)
        rows = [min(int(good.max()) + 1, len(GRID) - 1)] * 2
    errors = [1.001 - table[row, 4:] for table, row in zip(tables, rows, strict=True)]
    peaks = tuple(float(GRID[row]) for row in rows)
    return by_ratio(ours, theirs, *errors, peaks=peaks)


def scale_errors(gradients: np.ndarray, true_scale: np.ndarray, at: Sequence[int]) -> np.ndarray:
    """Return how far Adam's scale is off after some updates: the median of |√v̂ / scale - 1|.

    Args:
        gradients: (updates, parameters).
        true_scale: root mean square of the gradient at each of the updates `at`, (len(at), P).
        at: numbers of updates.
    """
    v, errors = np.zeros(gradients.shape[1]), []
    for step, g in enumerate(gradients[: max(at)], start=1):
        v = 0.999 * v + 0.001 * g**2
        if step in at:
            truth = true_scale[list(at).index(step)]
            alive = truth > 1e-3 * truth.max()  # units that never fire have no scale
            off = np.sqrt(v[alive] / (1 - 0.999**step)) / truth[alive] - 1
            errors.append(np.median(np.abs(off)))
    return np.array(errors)


def network_gradients(
    data: Classification, seed: int, at: Sequence[int], rate: float = 0.01, probes: int = 50
) -> tuple[np.ndarray, np.ndarray]:
    """Train a network with Adam; return its gradients and their true scale at some updates.

    The true scale is the root mean square of the gradient over fresh batches at fixed weights.

    Returns:
        gradients, (max(at), P), and scales, (len(at), P).
    """
    import torch

    rng = np.random.default_rng(seed)
    net = [torch.tensor(a, dtype=torch.float32) for a in training.init_mlp((2, 32, 32, 3), seed)]
    x = torch.tensor(data.inputs, dtype=torch.float32)
    y = torch.tensor(data.labels)

    def loss(weights: tuple, picked: torch.Tensor) -> torch.Tensor:
        a = x[picked]
        for i in range(0, len(weights), 2):
            a = a @ weights[i] + weights[i + 1]
            a = torch.relu(a) if i < len(weights) - 2 else a
        return torch.nn.functional.cross_entropy(a, y[picked])

    slope = torch.func.grad(loss)
    many = torch.func.vmap(slope, in_dims=(None, 0))
    weights = tuple(net)
    m, v = [0.0] * len(net), [0.0] * len(net)
    gradients, scales = [], []
    for step in range(1, max(at) + 1):
        if step in at:
            batches = torch.tensor(rng.integers(len(data), size=(probes, 32)))
            squares = [(g**2).mean(dim=0).ravel() for g in many(weights, batches)]
            scales.append(torch.cat(squares).sqrt().numpy())
        found = slope(weights, torch.tensor(rng.integers(len(data), size=32)))
        gradients.append(torch.cat([g.ravel() for g in found]).numpy())
        m = [0.9 * a + 0.1 * g for a, g in zip(m, found, strict=True)]
        v = [0.999 * a + 0.001 * g**2 for a, g in zip(v, found, strict=True)]
        steps = [
            a / (1 - 0.9**step) / ((b / (1 - 0.999**step)).sqrt() + 1e-8)
            for a, b in zip(m, v, strict=True)
        ]
        weights = tuple(w - rate * s for w, s in zip(weights, steps, strict=True))
    return np.array(gradients), np.array(scales)


def update_sizes(gradients: np.ndarray, optimizer: str) -> np.ndarray:
    """Return the root mean square of each update over the rate, (updates,), for given gradients.

    Args:
        gradients: (updates, parameters).
        optimizer: "Adam" or "momentum" (0.9, added up).
    """
    m = v = np.zeros(gradients.shape[1])
    sizes = []
    for step, g in enumerate(gradients, start=1):
        if optimizer == "Adam":
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            root = np.sqrt(v / (1 - 0.999**step))
            update = m / (1 - 0.9**step) / (root + 1e-8)
        else:
            m = update = 0.9 * m + g
        sizes.append(np.sqrt(np.mean(update**2)))
    return np.array(sizes)


def game_distances(
    shape: np.ndarray, peaks: np.ndarray, damping: float, noise: float
) -> np.ndarray:
    """Return the expected squared distance from the balance of a game of two players, (peaks,).

    Player x lowers and player y raises x·y + ½ damping (x² - y²), both at once, from distance 1,
    with gradient noise of variance `noise`² in each coordinate:

        D <- D * ((1 - η damping)² + η²) + 2 η² noise²

    It is the smallest stand-in for the two networks of a GAN. Without damping the players circle.

    Args:
        shape: rates for a peak of 1, (T,).
        peaks: the peaks, (P,).
        damping: pull of the balance on each player by itself, >= 0.
        noise: standard deviation of the gradient's noise, >= 0.

    >>> game_distances(np.ones(2), np.array([0.0, 1.0]), damping=0.0, noise=0.0).tolist()
    [1.0, 4.0]
    """
    distance = np.ones(len(peaks))
    with np.errstate(over="ignore"):  # too large a rate: the distance is infinite
        for part in shape:
            rate = part * peaks
            distance = distance * ((1 - rate * damping) ** 2 + rate**2) + 2 * rate**2 * noise**2
    return distance


def game(steps: int, damping: float, noise: float = 0.3) -> Case:
    """Return the case of a cosine against a constant rate in a game, each at its best peak."""
    peaks = np.geomspace(1e-4, 1.0, 121)
    shapes = {"cosine": cosine(1.0, steps)(np.arange(steps)), "constant": np.ones(steps)}
    ends = {name: game_distances(s, peaks, damping, noise) for name, s in shapes.items()}
    best = {name: int(found.argmin()) for name, found in ends.items()}
    return exactly(
        *shapes,
        *(float(ends[name][best[name]]) for name in shapes),
        peaks=tuple(float(peaks[best[name]]) for name in shapes),
        at_edge=tuple(best[name] in (0, len(peaks) - 1) for name in shapes),
    )
