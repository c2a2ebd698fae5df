"""Fits the values of a curve to rows, rounds them as far as the rows allow, and bounds them."""

from __future__ import annotations

import math

import numpy as np

from course_lib.diagnose.identifying.rate_curve import RateCurve

TIMES = ("warmup_steps", "decay_from", "total_steps", "period")
_DIGITS = (1, 2, 3, 4)
_SHARES = (0.1, 0.01, 0.001, 0.05, 0.2)  # of the peak, at which schedules end
_SAFE = 1e-9
_NEARLY = 4.0  # a fit of least squares this near may be one of the smallest largest misfit
_SLOW = 0.3  # a fit that gains less than this share in a round, several times, is given up


def _is_time(name: str) -> bool:
    return name in TIMES or name.startswith("period_")


def misfit(curve: RateCurve, t: np.ndarray, r: np.ndarray, slack: np.ndarray) -> float:
    """Return the largest distance of the curve from the rows, in units of their slack."""
    with np.errstate(all="ignore"):
        far = np.abs(curve(t) - r) / slack
    worst = float(far.max(initial=0.0))
    return worst if math.isfinite(worst) else math.inf


def _residuals(
    curve: RateCurve, t: np.ndarray, r: np.ndarray, slack: np.ndarray
) -> tuple[np.ndarray, float]:
    with np.errstate(all="ignore"):
        distance = (curve(t) - r) / slack
        cost = float(distance @ distance)
    return distance, cost if math.isfinite(cost) else math.inf


def _steps(curve: RateCurve, free: tuple[str, ...], span: float) -> np.ndarray:
    """Return a small change of every free parameter, for its derivative."""
    sizes = []
    for name in free:
        value = abs(curve.values[name])
        if _is_time(name) or name == "timescale":
            sizes.append(max(value, 0.01 * span))
        elif name in ("peak", "floor", "warmup_start"):
            sizes.append(max(value, 0.01 * abs(curve.values["peak"])))
        elif name == "gamma":
            sizes.append(max(1e-9, abs(1.0 - value)))
        else:
            sizes.append(max(value, 0.1))
    return np.array(sizes) * 1e-6


def jacobian(
    curve: RateCurve, free: tuple[str, ...], t: np.ndarray, slack: np.ndarray
) -> np.ndarray:
    """Return the change of each row's rate, in units of its slack, per unit of each parameter."""
    span = float(np.ptp(t)) or 1.0
    slopes = np.empty((len(t), len(free)))
    with np.errstate(all="ignore"):
        here = curve(t)
        for column, (name, step) in enumerate(zip(free, _steps(curve, free, span), strict=True)):
            moved = curve.having(**{name: curve.values[name] + step})(t)
            slopes[:, column] = (moved - here) / (step * slack)
    slopes[~np.isfinite(slopes)] = 0.0
    return slopes


def solve(
    curve: RateCurve,
    free: tuple[str, ...],
    t: np.ndarray,
    r: np.ndarray,
    slack: np.ndarray,
    rounds: int = 25,
) -> RateCurve:
    """Return the curve with its free values at the least squares of (curve - r) / slack."""
    if not free:
        return curve
    distance, cost = _residuals(curve, t, r, slack)
    damping = 1e-6
    slow = 0
    for _ in range(rounds):
        if not math.isfinite(cost) or cost <= 1e-6:
            break
        slopes = jacobian(curve, free, t, slack)
        scale = np.sqrt(np.einsum("ij,ij->j", slopes, slopes))
        scale[scale == 0] = 1.0
        slopes = slopes / scale
        gained = False
        for _ in range(6):
            padded = np.vstack([slopes, math.sqrt(damping) * np.eye(len(free))])
            target = np.concatenate([-distance, np.zeros(len(free))])
            move = np.linalg.lstsq(padded, target, rcond=None)[0] / scale
            new = curve.having(
                **{n: curve.values[n] + m for n, m in zip(free, move.tolist(), strict=True)}
            )
            if _allowed(new):
                changed, lower = _residuals(new, t, r, slack)
                if lower < cost:
                    gained = lower < cost * (1.0 - 1e-6)
                    slow = slow + 1 if lower > cost * (1.0 - _SLOW) else 0
                    curve, distance, cost = new, changed, lower
                    damping = max(damping * 0.1, 1e-18)
                    break
            damping = max(damping * 30.0, 1e-9)
        if not gained or slow >= 3:
            break
    return curve


def squeeze(
    curve: RateCurve, free: tuple[str, ...], t: np.ndarray, r: np.ndarray, slack: np.ndarray
) -> RateCurve:
    """Return the curve with the smallest largest misfit near this one: rounding is no noise."""
    from scipy.optimize import linprog  # slow to import, and exact rates do without

    worst = misfit(curve, t, r, slack)
    for _ in range(3):
        if not free or worst <= 0.9:
            break
        slopes = jacobian(curve, free, t, slack)
        scale = np.abs(slopes).max(axis=0)
        scale[scale == 0] = 1.0
        ones = np.ones((len(t), 1))
        matrix = np.block([[slopes / scale, -ones], [-slopes / scale, -ones]])
        gap = (r - curve(t)) / slack
        cost = np.append(np.zeros(len(free)), 1.0)
        limits = [(None, None)] * len(free) + [(0.0, None)]
        answer = linprog(
            cost, A_ub=matrix, b_ub=np.concatenate([gap, -gap]), bounds=limits, method="highs"
        )
        if answer.status != 0:
            break
        moves = (answer.x[:-1] / scale).tolist()
        new = curve.having(**{n: curve.values[n] + m for n, m in zip(free, moves, strict=True)})
        now = misfit(new, t, r, slack) if _allowed(new) else math.inf
        if now >= worst * 0.999:
            break
        curve, worst = new, now
    return curve


def _allowed(curve: RateCurve) -> bool:
    v = curve.values
    if any(not math.isfinite(value) for value in v.values()):
        return False
    if v.get("peak", 1.0) <= 0 or v.get("floor", 0.0) < -1e-3 * v["peak"]:
        return False
    if min(v.get("warmup_steps", 0.0), v.get("decay_from", 0.0)) < 0 or v.get("period", 1.0) <= 0:
        return False
    if v.get("gamma", 1.0) <= 0 or v.get("power", 1.0) <= 0 or v.get("timescale", 1.0) <= 0:
        return False
    first = v.get("decay_from", v.get("warmup_steps", 0.0))
    return "total_steps" not in v or v["total_steps"] > first


def reach(
    curve: RateCurve,
    free: tuple[str, ...],
    t: np.ndarray,
    slack: np.ndarray,
) -> dict[str, float]:
    """Return how far each value can at most be from the fitted one, within the rows' slack.

    All |row| <= 1 lie in the ball sum(row**2) <= rows, so the parameters in its ellipsoid.
    """
    slopes = jacobian(curve, free, t, slack)
    scale = np.sqrt(np.einsum("ij,ij->j", slopes, slopes))
    scale[scale == 0] = 1e-300
    normal = slopes / scale
    spread = np.linalg.pinv(normal.T @ normal, rcond=1e-14)
    weak = np.linalg.svd(normal, compute_uv=False)[-1] < 1e-7 if len(free) > 1 else False
    width = np.sqrt(np.maximum(np.diag(spread), 0.0) * len(t)) / scale
    return {
        name: math.inf if weak else max(float(w), 1e-9 * abs(curve.values[name]))
        for name, w in zip(free, width, strict=True)
    }


def rounded(value: float, digits: int) -> float:
    """Return `value` with so many significant digits."""
    return float(f"{value:.{digits - 1}e}")


def shortest(value: float, low: float, high: float) -> float:
    """Return the number of fewest digits from low to high, near `value`; itself if there is none.

    >>> shortest(9.999999747378752e-06, 9.9999e-06, 1.0001e-05)
    1e-05
    """
    near = (rounded(value, digits) for digits in range(1, 9))
    return next((number for number in near if low <= number <= high), value)


def digits_of(value: float) -> int:
    """Return the number of significant digits that show `value` to 10 digits.

    >>> digits_of(5e-05), digits_of(0.1 + 0.2), digits_of(0.000141421)
    (1, 1, 6)
    """
    text = f"{abs(value):.9e}".split("e")[0].rstrip("0").rstrip(".")
    return len(text.replace(".", "")) if value else 0


def snap(
    curve: RateCurve,
    free: tuple[str, ...],
    t: np.ndarray,
    r: np.ndarray,
    slack: np.ndarray,
    whole: bool = True,
    hints: tuple[float, ...] = (),
) -> tuple[RateCurve, tuple[str, ...]]:
    """Return the curve with the roundest values that fit, and the names that stayed as fitted.

    Args:
        curve: curve at its best fit.
        free: values that were fitted.
        t: (rows,), where the curve is looked at.
        r: (rows,), rates.
        slack: (rows,), largest distance that counts as a fit.
        whole: whether times are whole numbers.
        hints: values that are tried before all others.
    """
    left = list(free)
    names = (*TIMES, "timescale", "peak", "floor", "power", "gamma", "warmup_start")
    order = [n for n in names if n in free]
    for name in order:
        value = curve.values[name]
        far = reach(curve, tuple(left), t, slack)[name]
        for near in _proposals(name, value, curve, whole, hints):
            if abs(near - value) > 1.5 * far + 1e-12 * abs(value):
                continue
            others = tuple(n for n in left if n != name)
            tried = solve(curve.having(**{name: near}), others, t, r, slack, rounds=8)
            if 1.0 < misfit(tried, t, r, slack) < _NEARLY:
                tried = squeeze(tried, others, t, r, slack)
            if _allowed(tried) and misfit(tried, t, r, slack) <= 1.0:
                curve = tried
                left.remove(name)
                break
    return curve, tuple(left)


def _proposals(
    name: str, value: float, curve: RateCurve, whole: bool, hints: tuple[float, ...]
) -> list[float]:
    near = list(hints)
    if name in TIMES:
        near += [rounded(value, digits) for digits in _DIGITS if value]
        near += [float(round(value)), float(math.floor(value)), float(math.ceil(value))]
        near = [n for n in near if n == round(n)] if whole else near
    elif name == "floor":
        peak = curve.values["peak"]
        near += [0.0, *(float(f"{share * peak:.12g}") for share in _SHARES)]
        near += [rounded(value, digits) for digits in _DIGITS if value]
    else:
        near += [rounded(value, digits) for digits in (*_DIGITS, 5, 6) if value]
    return list(dict.fromkeys(near))


def bounds(
    curve: RateCurve,
    free: tuple[str, ...],
    t: np.ndarray,
    r: np.ndarray,
    slack: np.ndarray,
    exact: bool,
    whole: bool = True,
) -> dict[str, tuple[float, float]]:
    """Return for each value the interval in which the rows still fit, the others being free."""
    out = {name: (value, value) for name, value in curve.values.items()}
    free = tuple(n for n in free if n in curve.values)
    if not free:
        return out
    slopes = jacobian(curve, free, t, slack)
    scale = np.abs(slopes).max(axis=0)
    reachable = scale > 0
    with np.errstate(all="ignore"):
        gap = (r - curve(t)) / slack
    if exact:
        widths = reach(curve, free, t, slack)
        spans = {n: (-widths[n], widths[n]) for n in free}
    else:
        spans = _linear_program(slopes, scale, reachable, gap, free, curve)
    for name in free:
        value = curve.values[name]
        low, high = value + spans[name][0], value + spans[name][1]
        if _is_time(name) and whole and value == round(value):
            low = math.ceil(low - 1e-6) if math.isfinite(low) else low
            high = math.floor(high + 1e-6) if math.isfinite(high) else high
        if name in ("floor", "warmup_steps", "peak", "warmup_start"):
            low = max(low, 0.0)
        out[name] = (min(low, value), max(high, value))
    return out


def _linear_program(
    slopes: np.ndarray,
    scale: np.ndarray,
    reachable: np.ndarray,
    gap: np.ndarray,
    free: tuple[str, ...],
    curve: RateCurve,
) -> dict[str, tuple[float, float]]:
    """Return the smallest and largest change of each value with every row within its slack."""
    from scipy.optimize import linprog  # slow to import, and exact rates do without

    room = 1.0 + _SAFE + max(0.0, float(np.abs(gap).max()) - 1.0)
    normal = slopes[:, reachable] / scale[reachable]
    names = [n for n, yes in zip(free, reachable, strict=True) if yes]
    spans = dict.fromkeys(free, (-math.inf, math.inf))
    if not names:
        return spans
    matrix = np.vstack([normal, -normal])
    limit = np.concatenate([room + gap, room - gap])
    for number, name in enumerate(names):
        ends = []
        for sign in (1.0, -1.0):
            cost = np.zeros(len(names))
            cost[number] = sign
            # HiGHS' presolve fails, and prints that it does, where a value has no bound.
            answer = linprog(
                cost,
                A_ub=matrix,
                b_ub=limit,
                bounds=(None, None),
                method="highs",
                options={"presolve": False},
            )
            size = scale[reachable][number]
            ends.append(sign * answer.fun / size if answer.status == 0 else -sign * math.inf)
        spans[name] = (min(0.0, ends[0]), max(0.0, ends[1]))
    return spans
