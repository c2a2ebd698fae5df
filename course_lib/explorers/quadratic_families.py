"""Schedules of the noisy-quadratic explorer at their best peaks, and the best rates there are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course_lib import schedules, theory
from course_lib.problems import NoisyQuadratic, power_law_quadratic
from course_lib.schedules import Schedule
from course_lib.schedules.catalogue import CATALOGUE

#: Rate of the exponential decay after the run, as a share of its peak.
EXPONENTIAL_END = 0.01
_KEPT = 64  # settings whose best rates are not computed again
# The best rates are smaller at the end than those of most families. A peak with the same sum of
# rates is therefore too high by about this.
_TOO_HIGH = 1.4


@dataclass(frozen=True)
class Optimum:
    """The rates that leave the least expected loss at the end of a run.

    Attributes:
        problem: the quadratic.
        rates: η_t, shape (T,).
        losses: expected losses with them, shape (T + 1,).
    """

    problem: NoisyQuadratic
    rates: np.ndarray
    losses: np.ndarray


@dataclass(frozen=True)
class Tuned:
    """A schedule at its best peak.

    Attributes:
        name: name of its family.
        peak: the peak.
        rates: η_t, shape (T,).
        losses: expected losses, shape (T + 1,).
        excess: its last loss over the least possible, minus 1.
    """

    name: str
    peak: float
    rates: np.ndarray
    losses: np.ndarray
    excess: float


@lru_cache(maxsize=_KEPT)
def optimum(
    dimensions: int,
    exponent: float,
    noise_exponent: float,
    noise_std: float,
    batch_size: int,
    horizon: int,
) -> Optimum:
    """Return the best rates for `horizon` updates on a `power_law_quadratic`.

    Raises:
        ValueError: an argument is out of its range, or float64 cannot find the best rates.
    """
    problem = power_law_quadratic(dimensions, exponent, noise_std, noise_exponent, batch_size)
    try:
        rates = theory.optimal_rates(problem, horizon)
    except ArithmeticError as error:
        raise ValueError(str(error)) from error
    return Optimum(problem, rates, theory.expected_losses(problem, rates))


def makers(
    horizon: int, floor: float, decay: float, warmup: float, first_cycle: float
) -> dict[str, Callable[[float], Schedule]]:
    """Return what makes the schedule of each family, from its peak.

    Args:
        horizon: updates of the run.
        floor: end of the cosine and of each cycle of the restarts, as a share of the peak.
        decay: share of the run in which WSD falls.
        warmup: share of the run in which all but the 1-cycle rise.
        first_cycle: length of the restarts' first cycle, as a share of what follows the warmup.
    """
    rise = round(warmup * horizon)
    left = horizon - rise
    fall = max(1, round(decay * horizon))
    period = cycle_length(left, first_cycle)

    shapes: dict[str, Callable[[float], dict[str, object]]] = {
        "constant": lambda peak: {},
        "exponential": lambda peak: {"gamma": EXPONENTIAL_END ** (1 / left)},
        "linear": lambda peak: {"total_steps": left},
        "cosine": lambda peak: {"total_steps": left, "floor": floor * peak},
        "cosine restarts": lambda peak: {"period": period, "mult": 2, "floor": floor * peak},
    }
    return {name: _after_warmup(name, shape, rise) for name, shape in shapes.items()} | {
        "WSD": lambda peak: schedules.wsd(peak, rise, horizon, fall, "1-sqrt"),
        "1-cycle": lambda peak: schedules.one_cycle(peak, horizon),
    }


def _after_warmup(
    name: str, shape: Callable[[float], dict[str, object]], rise: int
) -> Callable[[float], Schedule]:
    preset = CATALOGUE[name].preset
    return lambda peak: schedules.warmup(preset(peak, **shape(peak)), rise)


def cycle_length(updates: int, first_cycle: float) -> int:
    """Return the first cycle's updates: rounded up, so that whole cycles are not cut at the end."""
    return max(1, math.ceil(first_cycle * updates - 1e-3))


@lru_cache(maxsize=_KEPT)
def _shapes(
    horizon: int, floor: float, decay: float, warmup: float, first_cycle: float
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the families' names and their rates for a peak of 1, shape (families, horizon)."""
    made = makers(horizon, floor, decay, warmup, first_cycle)
    t = np.arange(horizon)
    return tuple(made), np.array([make(1.0)(t) for make in made.values()])


def tuned(
    best: Optimum, floor: float, decay: float, warmup: float, first_cycle: float
) -> list[Tuned]:
    """Return every family at the peak that leaves it least, the best family first.

    Args: as `makers`.

    Raises:
        ValueError: the values do not go together; or a family leaves less than the best rates
            found, which are then not the best.
    """
    names, shapes = _shapes(len(best.rates), floor, decay, warmup, first_cycle)
    guesses = best.rates.sum() / shapes.sum(axis=1) / _TOO_HIGH
    peaks = theory.best_peaks(best.problem, shapes, guesses)
    rates = peaks[:, None] * shapes
    losses = theory.expected_losses(best.problem, rates)
    excess = losses[:, -1] / best.losses[-1] - 1.0
    if excess.min() < -1e-9:
        raise ValueError(
            f"the search for the best rates has missed them: {names[int(excess.argmin())]} "
            f"leaves {-excess.min():.2g} less"
        )
    found = map(Tuned, names, peaks.tolist(), rates, losses, excess.tolist())
    return sorted(found, key=lambda one: one.excess)
