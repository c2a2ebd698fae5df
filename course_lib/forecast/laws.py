"""Three laws for a loss curve, each with its gradient.

All are L(t) = L0 + A·S(t)^(-α) − B·Σ_k (η_{k-1} − η_k)·G_k(t): a power law of the sum of rates
S(t), less what the falls of the rate have gained so far (a rise costs as much). Changes until the
rate is first at its largest are the warmup and do not count: they enter S(t) only, as in Luo et al.
2025. The laws differ in G, the response, which goes from 0 at the change to 1 long after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib.forecast.knots import Pairs, Scale

#: A response: its parameters' logarithms, log η_k, the spans and the steps -> G and its slopes:
#: along each of the parameters (J, N), along log η_k (N,), along the span (N,).
Response = Callable[
    [np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
]


@dataclass(frozen=True)
class Law:
    """One of the laws.

    Attributes:
        name: its name in `fit`.
        names: names of its parameters, in the units of rates and losses.
        response: the response G, None for a law without one.
        low, high: bounds of the parameters after L0 and A, in the units of a `Scale`.
        grid: values from which a fit starts, of the same parameters without B.
        source: paper.
    """

    name: str
    names: tuple[str, ...]
    response: Response | None
    low: tuple[float, ...]
    high: tuple[float, ...]
    grid: tuple[tuple[float, ...], ...]
    source: str


def losses(law: Law, theta: np.ndarray, points: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Return the law's losses at the points, shape (P,), and their gradient, shape (P, parameters).

    Both are in the unit of a `Scale`.

    Args:
        law: the law.
        theta: logarithms of its parameters L0, A, α, B and those of the response, in the units of
            a `Scale`.
        points: result of `knots.pairs`, in the same units.
    """
    columns = terms(law, theta, points)
    value = columns[0] + columns[1] - (columns[3] if law.response else 0.0)
    if law.response:
        columns[3:] *= -1
    at_points = [points.at_points(column) for column in columns]
    return points.at_points(value), np.stack(at_points, axis=1)


def terms(law: Law, theta: np.ndarray, points: Pairs) -> np.ndarray:
    """Return L0, A·S^(-α), its slope along log α, B·Σ…, and the sum's slopes: shape (·, K)."""
    floor, amplitude, alpha = np.exp(theta[:3])
    log_sums = np.log(points.sums)
    power = amplitude * np.exp(-alpha * log_sums)
    columns = [np.full_like(power, floor), power, -alpha * log_sums * power]
    if law.response:
        gain, slopes, _, _ = law.response(theta[4:], points.log_rates, points.spans, points.steps)
        weights = np.exp(theta[3]) * points.drops
        columns += [points.summed(weights * values) for values in (gain, *slopes)]
    return np.stack(columns)


def multi_power(
    theta: np.ndarray, log_rates: np.ndarray, spans: np.ndarray, _steps: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return G = 1 − (1 + C·η_k^(-γ)·S_k(t))^(-β) and its slopes; theta: logs of C, β, γ."""
    beta, gamma = np.exp(theta[1:])
    pace = np.exp(theta[0] - gamma * log_rates)
    x = pace * spans
    logs = np.log1p(x)
    rest = np.exp(-beta * logs)
    along_x = beta * rest * x / (1 + x)  # slope along log x
    slopes = np.stack([along_x, beta * logs * rest, -gamma * log_rates * along_x])
    return 1 - rest, slopes, -gamma * along_x, beta * rest / (1 + x) * pace


def instant(
    _theta: np.ndarray, log_rates: np.ndarray, _spans: np.ndarray, _steps: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return G = 1: a fall of the rate has its whole effect at once. No parameters, no slopes."""
    nothing = np.zeros_like(log_rates)
    return np.ones_like(log_rates), np.empty((0, len(log_rates))), nothing, nothing


def annealing(
    theta: np.ndarray, log_rates: np.ndarray, _spans: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return G = 1 − λ^n, n the updates since the change, and its slopes; theta: log of −log λ."""
    decay = np.exp(theta[0]) * steps
    rest = np.exp(-decay)
    nothing = np.zeros_like(log_rates)
    return 1 - rest, (decay * rest)[None], nothing, nothing


GRID = ((0.25, 0.5, 1.0),)

LAWS = {
    law.name: law
    for law in (
        Law(
            "multi-power",
            ("L0", "A", "alpha", "B", "C", "beta", "gamma"),
            multi_power,
            low=(0.02, 1e-6, 1e-2, 0.02, 1e-3),
            high=(4.0, 1e4, 1e7, 10.0, 1.0),
            grid=((0.25, 0.5, 1.0), (10.0, 100.0, 1e3), (0.3, 1.0), (0.3, 0.8)),
            source="Luo et al. 2025, arXiv:2503.12811",
        ),
        Law(
            "annealing",
            ("L0", "A", "alpha", "C", "lambda"),
            annealing,
            low=(0.02, 1e-6, 0.1),
            high=(4.0, 1e4, 1e5),
            grid=((0.25, 0.5, 1.0), (3.0, 10.0, 30.0, 100.0)),
            source="Tissue et al. 2024, arXiv:2408.11029",
        ),
        Law(
            "power",
            ("L0", "A", "alpha"),
            None,
            low=(0.02,),
            high=(4.0,),
            grid=GRID,
            source="a power law of the sum of rates, as Luo et al. 2025 start from",
        ),
    )
}

#: The law from which the cautious fit takes B; it is no forecast of its own.
INSTANT = Law("instant", ("L0", "A", "alpha", "B"), instant, (0.02, 1e-6), (4.0, 1e4), GRID, "")


def in_units(law: Law, theta: np.ndarray, scale: Scale) -> dict[str, float]:
    """Return the parameters by name, in the units of rates and losses, from scaled logarithms."""
    values = np.exp(theta).tolist()
    floor, amplitude, alpha = values[:3]
    found = [scale.loss * floor, scale.loss * amplitude * scale.total**alpha, alpha]
    if law.name == "multi-power":
        strength, pace, beta, gamma = values[3:]
        pace *= scale.rate**gamma / scale.total
        found += [scale.loss * strength / scale.rate, pace, beta, gamma]
    elif law.name == "annealing":
        forget = np.exp(-values[4] / scale.steps)  # λ
        found += [scale.loss * values[3] / scale.rate * (1 - forget), forget]
    return dict(zip(law.names, map(float, found), strict=True))
