"""The size at which weight decay holds weights that random updates push outwards."""

from __future__ import annotations

import math

from course_lib.theory.descent import check_momentum
from course_lib.validation import check_real


def weight_decay_equilibrium(rate: float, weight_decay: float, momentum: float = 0.0) -> float:
    """Return the equilibrium rms of a weight under w <- (1 - η λ) w - η u, for random u.

    For independent u of mean 0 and mean square 1, as the sign of pure noise is,

        E[w²] = η² / (1 - (1 - η λ)²) = η / (2 λ - η λ²),

    close to η / (2 λ) when η λ is small. With momentum β, u is the exponential average
    u <- β u + (1 - β) ξ of such noise, as Adam's is; with a = 1 - η λ and s² = (1 - β) / (1 + β),

        E[w²] = η² s² / (1 - a²) * (1 + a β) / (1 - a β),

    again close to η / (2 λ) when η λ is far below 1 - β: momentum makes each update smaller, and
    alike ones follow each other.

    AdamW on pure noise divides by a noisy sqrt(v), so its updates are not exactly these. 20,000
    weights, η = 0.05, λ = 0.2, β1 = 0.9, the last 200 of 1,000 steps (measured, standard error
    0.0017): rms 0.3377 with β2 = 0.999 and 0.3341 with 0.95, where the formula gives 0.3387 and
    sqrt(η / (2 λ)) 0.3536; rms of the updates 0.2291 and 0.2259, where s is 0.2294.

    Args:
        rate: learning rate η, > 0.
        weight_decay: decoupled weight decay λ, > 0, with η λ < 2.
        momentum: momentum β, 0 <= β < 1.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    Source: Kosson, Messmer & Jaggi (2023), Rotational equilibrium, arXiv:2305.17212 (for small η λ;
    the rest follows from the recursion).

    Four times the rate lets the weights grow to about twice the size:

    >>> [round(weight_decay_equilibrium(rate, weight_decay=0.1), 3) for rate in (0.01, 0.04)]
    [0.224, 0.448]
    """
    eta, shrink = _check(rate, weight_decay)
    beta = check_momentum(momentum)
    keep = 1.0 - shrink
    variance = eta**2 / (shrink * (2.0 - shrink)) * (1.0 - beta) / (1.0 + beta)
    return math.sqrt(variance * (1.0 + keep * beta) / (1.0 - keep * beta))


def scale_invariant_norm(rate: float, weight_decay: float, gradient_norm: float) -> float:
    """Return the norm at which SGD with weight decay holds weights whose scale has no effect.

    Before a normalisation layer the loss does not change with |w|, so the gradient is at right
    angles to w and its norm is G / |w|, G its norm at |w| = 1. The norm's recursion is then

        |w|² <- (1 - η λ)² |w|² + η² G² / |w|²,

    at rest for |w|⁴ = η G² / (2 λ - η λ²). There a step turns w by about sqrt(2 η λ) for any G, so
    η λ is the effective rate.

    Args:
        rate: learning rate η, > 0.
        weight_decay: weight decay λ, > 0, with η λ < 1.
        gradient_norm: norm G of the gradient at |w| = 1, > 0, constant.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    Source: Li, Lyu & Arora (2020), arXiv:2010.02916; van Laarhoven (2017), arXiv:1706.05350.

    >>> round(scale_invariant_norm(rate=0.1, weight_decay=0.01, gradient_norm=1.0), 3)
    1.496
    """
    eta, shrink = _check(rate, weight_decay, limit=1.0)
    g = check_real("gradient_norm", gradient_norm, low_open=True)
    return (eta**2 * g**2 / (shrink * (2.0 - shrink))) ** 0.25


def _check(rate: float, weight_decay: float, limit: float = 2.0) -> tuple[float, float]:
    """Return η and η λ when both are positive and η λ is below the limit."""
    eta = check_real("rate", rate, low_open=True)
    shrink = eta * check_real("weight_decay", weight_decay, low_open=True)
    if shrink >= limit:
        raise ValueError(
            f"rate * weight_decay must be < {limit:g}, got {rate!r} * {weight_decay!r}"
        )
    return eta, shrink
