"""The best rates for a noisy quadratic, and how far a schedule falls short of them."""

from __future__ import annotations

import numpy as np

from course_lib.problems.quadratic import NoisyQuadratic
from course_lib.theory.expected import check_rates, expected_losses
from course_lib.theory.newton import Found, Terms, newton
from course_lib.validation import check_count

_MOST_PASSES = 400
_SETTLED = 1e-14  # relative gain of a pass below which there is nothing more to gain
_STATIONARY = 1e-4  # largest |∂ log E[L_T] / ∂ log η_t| that counts as 0
_MOST_STARTS = 12  # at random, so many that starts * steps <= _START_STEPS
_START_STEPS = 240


def greedy_rates(problem: NoisyQuadratic, steps: int) -> np.ndarray:
    """Return the rates that each minimise the expected loss right after their own update.

    η_t = Σ_i h_i u_i / Σ_i (h_i² u_i + ½ h_i σ_i²), with u_i = ½ h_i E[w_{t,i}²] before the update.

    In one dimension, with m_t = E[w_t²], this is h m_t / (h² m_t + σ²), and it is the best that
    any rates can do: E[L] after the last update rises with E[L] before it. For h = σ = m_0 = 1 it
    is 1 / (t + 2). In more dimensions the greedy choice is short-sighted: its rates are too small
    for the flat coordinates. On `power_law_quadratic()` after 1,000 updates it leaves 0.1201, and
    `optimal_rates` 0.0341 (measured).

    Args:
        problem: the quadratic.
        steps: number of updates T >= 1.

    Returns:
        η_t, shape (T,). A rate is 0 where the expected loss is 0 already.

    Raises:
        ValueError, TypeError: `steps` is out of its range or not a whole number.

    Source: Schaul, Zhang & LeCun (2013), arXiv:1206.1106 (one dimension); Wu et al. (2018),
    Understanding short-horizon bias in stochastic meta-optimization, arXiv:1803.02021.

    >>> one = NoisyQuadratic(curvatures=[1.0], noise_std=[1.0], start=[1.0])
    >>> (1 / greedy_rates(one, steps=4)).round(6)
    array([2., 3., 4., 5.])
    """
    rates = np.empty(check_count("steps", steps))
    h, noise, u = _terms(problem)
    squares, all_noise = h * h, noise.sum()
    for t in range(len(rates)):
        bend = u @ squares + all_noise
        rates[t] = rate = u @ h / bend if bend else 0.0
        u = (1.0 - rate * h) ** 2 * u + rate * rate * noise
    return rates


def optimal_rates(problem: NoisyQuadratic, steps: int) -> np.ndarray:
    """Return the rates that minimise E[L(w_T)], found numerically.

    E[L(w_T)] is quadratic in each single rate. With p_{t+1,i} = Π_{s>t} (1 - η_s h_i)², what is
    left at the end of a unit of u_i after update t, its best value given all other rates is

        η_t = Σ_i p_{t+1,i} h_i u_{t,i} / Σ_i p_{t+1,i} (h_i² u_{t,i} + ½ h_i σ_i²),

    the greedy rule weighted by what the future leaves. A pass backwards (updating p) and forwards
    (updating u) sets every rate to its best value in turn, and cannot raise the loss. `newton` then
    does the rest, except where rates of 0 are best: there more passes do.

    The loss is not a convex function of the rates, so this is the best of several starts and not a
    proof: `greedy_rates`; the rates found from there, sorted; and, for few steps, up to 12 falling
    sequences of seeded random rates. On `power_law_quadratic()`, noisier and less noisy, with 300
    and 1,000 steps, starts at the best constant, cosine, linear and exponential rates end at the
    same loss to 14 digits. With 2 to 20 steps and little noise there are several minima: of 293
    such problems, the greedy start alone missed the best of 24 other starts in 64, these starts in
    8, by up to 10 %; of 1,100 with σ >= 0.35 and 20 to 200 steps none did (measured).

    On `power_law_quadratic()` with 1,000 steps it leaves 0.0341; the best exponential decay 0.0349,
    linear 0.0405, cosine 0.0418, constant 0.0809 (peaks tuned; measured). With little noise its
    first rates lie above the stability limit 2 / h_max: 8.1 against 2 for noise_std = 0.1**0.5 and
    300 steps (measured).

    Args:
        problem: the quadratic.
        steps: number of updates T >= 1.

    Returns:
        η_t >= 0, shape (T,). In one dimension, `greedy_rates`.

    Raises:
        ValueError, TypeError: `steps` is out of its range or not a whole number.
        ArithmeticError: the passes do not settle. With so little noise the best rates first
            multiply the steep coordinates by more than float64 can take back.

    >>> from course_lib.problems import power_law_quadratic
    >>> problem = power_law_quadratic(dimensions=10)
    >>> for rates in (greedy_rates(problem, steps=50), optimal_rates(problem, steps=50)):
    ...     print(f"{expected_losses(problem, rates)[-1]:.4f}")
    0.1435
    0.1108
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        found = [_lowest_near(problem, greedy_rates(problem, steps))]
        found += [_lowest_near(problem, start) for start in _more_starts(problem, found[0].rates)]
        best = min(found, key=lambda one: one.loss if np.isfinite(one.loss) else np.inf)
        if not best.slope <= _STATIONARY:
            best = _settled(problem, best.rates)
    if not best.slope <= _STATIONARY:
        raise ArithmeticError(
            f"no best rates found for {problem.name} and {steps} steps: the noise is too small for "
            "float64; use more noise or another number of steps"
        )
    return best.rates


def regret(problem: NoisyQuadratic, rates: np.ndarray) -> float | np.ndarray:
    """Return E[L(w_T)] with these rates minus E[L(w_T)] with `optimal_rates`.

    Args:
        problem: the quadratic.
        rates: learning rates, shape (T,), or (R, T) for R schedules at once; T >= 1.

    Returns:
        A float, or shape (R,); inf where the loss exceeds float64.

    Raises:
        ValueError: rates of another shape, or not finite.
        ArithmeticError: as `optimal_rates`.

    >>> from course_lib.problems import power_law_quadratic
    >>> from course_lib.schedules import linear
    >>> problem = power_law_quadratic(dimensions=10)
    >>> print(f"{regret(problem, linear(0.5, total_steps=50)(range(50))):.4f}")
    0.0119
    """
    eta = check_rates(rates)
    best = expected_losses(problem, optimal_rates(problem, eta.shape[-1]))[-1]
    excess = expected_losses(problem, eta)[..., -1] - best
    return float(excess) if eta.ndim == 1 else excess


def _terms(problem: NoisyQuadratic) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return h, ½ h σ² and u_0 = ½ h w_0²: all that the expected loss depends on."""
    h = problem.curvatures
    return h, 0.5 * h * problem.noise_std**2, 0.5 * h * problem.start**2


def _best_rate(h: np.ndarray, noise: np.ndarray, u: np.ndarray, weight: np.ndarray) -> float:
    """Return the rate that minimises Σ weight ((1 - η h)² u + η² noise); 0 where all is 0."""
    drift = weight * h * u
    bend = (h * drift).sum() + (weight * noise).sum()
    return drift.sum() / bend if bend else 0.0


def _more_starts(problem: NoisyQuadratic, rates: np.ndarray) -> list[np.ndarray]:
    """Return these rates sorted, largest first, if they were not, and a few falling at random.

    The random ones have seen a pass: Newton's method takes long from where the loss is vast.
    """
    falling = np.sort(rates)[::-1]
    starts = [falling] if (falling != rates).any() else []
    rng = np.random.default_rng(0)
    extra = min(_MOST_STARTS, _START_STEPS // len(rates))
    drawn = np.exp(rng.uniform(-3.0, 3.0, (extra, len(rates)))) / problem.curvatures.max()
    return [*starts, *_pass_over(problem, np.sort(drawn, axis=1)[:, ::-1])]


def _lowest_near(problem: NoisyQuadratic, rates: np.ndarray) -> Found:
    """Return the end point of Newton's method from these rates, or else of passes."""
    if (rates > 0).all():
        return newton(Terms(*_terms(problem)), rates)
    return _settled(problem, rates)


def _settled(problem: NoisyQuadratic, rates: np.ndarray) -> Found:
    """Return the end point of passes from these rates."""
    rates = _settle(problem, rates)
    loss, slope = _final_loss_and_slope(problem, rates)
    return Found(rates, loss, float(np.max(np.abs(slope * rates)) / loss) if loss else 0.0)


def _pass_over(problem: NoisyQuadratic, rates: np.ndarray) -> np.ndarray:
    """Set each rate to its best value given the others, once back and forth; shape (R, T)."""
    rates, (runs, steps) = rates.copy(), rates.shape
    if not runs:
        return rates
    h, noise, u0 = _terms(problem)
    u, p = np.empty((steps + 1, runs, len(h))), np.ones((steps + 1, runs, len(h)))
    u[0] = u0
    for t in range(steps):
        rate = rates[:, t, None]
        u[t + 1] = (1.0 - rate * h) ** 2 * u[t] + rate**2 * noise

    def best_rates(t: int) -> np.ndarray:
        drift = p[t + 1] * u[t]
        rates[:, t] = drift @ h / (drift @ (h * h) + p[t + 1] @ noise)
        return rates[:, t, None]

    for t in reversed(range(steps)):
        p[t] = (1.0 - best_rates(t) * h) ** 2 * p[t + 1]
    for t in range(steps):
        rate = best_rates(t)
        u[t + 1] = (1.0 - rate * h) ** 2 * u[t] + rate**2 * noise
    return rates


def _settle(problem: NoisyQuadratic, rates: np.ndarray) -> np.ndarray:
    """Set each rate to its best value given the others, back and forth, until nothing is gained."""
    rates, steps = rates.copy(), len(rates)
    h, noise, u0 = _terms(problem)
    u, p = np.empty((steps + 1, len(h))), np.empty((steps + 1, len(h)))
    u[0], p[steps] = u0, 1.0
    for t in range(steps):
        u[t + 1] = (1.0 - rates[t] * h) ** 2 * u[t] + rates[t] ** 2 * noise
    loss = np.inf
    for _ in range(_MOST_PASSES):
        for t in reversed(range(steps)):
            rates[t] = _best_rate(h, noise, u[t], p[t + 1])
            p[t] = (1.0 - rates[t] * h) ** 2 * p[t + 1]
        for t in range(steps):
            rates[t] = _best_rate(h, noise, u[t], p[t + 1])
            u[t + 1] = (1.0 - rates[t] * h) ** 2 * u[t] + rates[t] ** 2 * noise
        before, loss = loss, u[steps].sum()
        if not before - loss > _SETTLED * loss:
            break
    return rates


def _final_loss_and_slope(problem: NoisyQuadratic, rates: np.ndarray) -> tuple[float, np.ndarray]:
    """Return E[L(w_T)] and its derivative by every rate, shape (T,), by the adjoint recursion."""
    h, noise, u0 = _terms(problem)
    u = [u0]
    for rate in rates:
        u.append((1.0 - rate * h) ** 2 * u[-1] + rate**2 * noise)
    p, slope = np.ones_like(h), np.empty(len(rates))
    for t in reversed(range(len(rates))):
        slope[t] = 2.0 * np.sum(p * (rates[t] * noise - (1.0 - rates[t] * h) * h * u[t]))
        p = (1.0 - rates[t] * h) ** 2 * p
    return float(u[-1].sum()), slope
