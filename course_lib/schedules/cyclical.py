"""The schedules that go up again: restarts, triangles and the 1-cycle policy.

Conventions and errors are those of `course_lib.schedules.presets`.
"""

from __future__ import annotations

import math
from typing import Literal

from course_lib.schedules.phases import Phase, Schedule
from course_lib.schedules.shapes import Cosine, Polynomial, Restarts, Triangle
from course_lib.validation import check_count, check_floor, check_real, check_share


def cosine_restarts(peak_lr: float, period: int, mult: float = 1.0, floor: float = 0.0) -> Schedule:
    """Return cosines from peak_lr to floor for ever, cycle i of period * mult**i updates.

    Args:
        peak_lr: rate at the beginning of every cycle, >= 0.
        period: updates in the first cycle, >= 1 (T_0).
        mult: each cycle is this many times as long as the one before, >= 1 (T_mult).
        floor: rate towards which a cycle falls, absolute, 0 <= floor <= peak_lr.

    Source: Loshchilov & Hutter (2017), SGDR, arXiv:1608.03983, eq. 5.

    >>> cosine_restarts(0.1, period=10, mult=2)([0, 5, 9, 10, 20, 30]).round(4)
    array([0.1   , 0.05  , 0.0024, 0.1   , 0.05  , 0.1   ])
    """
    rate = check_real("peak_lr", peak_lr)
    shape = Restarts(check_count("period", period), check_real("mult", mult, low=1.0))
    phase = Phase(math.inf, rate, check_floor(floor, rate), shape)
    return Schedule((phase,), name="cosine restarts")


def triangular(
    peak_lr: float,
    floor: float,
    period: int,
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
    gamma: float | None = None,
) -> Schedule:
    """Return a rate that climbs from floor to peak_lr and back in every period, for ever.

    "triangular2" halves the height with every cycle; "exp_range" multiplies it by gamma**t.

    Args:
        peak_lr: the top of the first cycle ("exp_range": what it would be without gamma), >= 0.
        floor: the foot, absolute, 0 <= floor <= peak_lr.
        period: updates from foot to foot, >= 2. Smith's stepsize is half of it.
        mode: rule for the height, "triangular", "triangular2" or "exp_range".
        gamma: factor at each update, for "exp_range" and only there, 0 < gamma <= 1.

    Source: Smith (2017), arXiv:1506.01186, sec. 3.

    >>> triangular(0.1, floor=0.01, period=20)([0, 5, 10, 15, 20]).round(3)
    array([0.01 , 0.055, 0.1  , 0.055, 0.01 ])
    """
    rate = check_real("peak_lr", peak_lr)
    foot = check_floor(floor, rate)
    steps = check_count("period", period, low=2)
    shapes = {
        "triangular": lambda: Triangle(steps),
        "triangular2": lambda: Triangle(steps, scale=0.5),
        "exp_range": lambda: Triangle(steps, gamma=check_share("gamma", gamma)),
    }
    if mode in shapes and (mode == "exp_range") != (gamma is not None):
        raise ValueError(
            f"gamma is for mode='exp_range' and needed there, got {gamma!r} ({mode!r})"
        )
    if mode not in shapes:
        raise ValueError(f"mode must be one of {list(shapes)}, got {mode!r}")
    return Schedule((Phase(math.inf, foot, rate, shapes[mode]()),), name=mode)


def one_cycle(
    peak_lr: float,
    total_steps: int,
    pct_start: float = 0.3,
    div: float = 25.0,
    final_div: float = 1e4,
    three_phase: bool = False,
    anneal: Literal["cos", "linear"] = "cos",
) -> Schedule:
    """Return the 1-cycle policy: up from peak_lr / div, then down to peak_lr / div / final_div.

    With three phases it falls back to peak_lr / div in as many updates as it rose, then to the
    end. The rise takes round(pct_start * total_steps) updates. torch's OneCycleLR reaches the
    peak and the end one update earlier, at t = pct_start * T - 1 and t = T - 1.

    Args:
        peak_lr: the top, >= 0.
        total_steps: updates in the run, >= 2.
        pct_start: share of the run that rises, 0 < pct_start < 1 (< 1/2 with three phases); both
            the rise and the fall need at least one update.
        div: peak over first rate, >= 1.
        final_div: first rate over last, >= 1.
        three_phase: whether the fall has a stop at the first rate.
        anneal: curve of each phase, "cos" or "linear".

    Source: Smith & Topin (2019), Super-convergence, arXiv:1708.07120; the defaults are torch's.

    >>> one_cycle(0.1, total_steps=100)([0, 30, 65, 100]).round(5)
    array([0.004, 0.1  , 0.05 , 0.   ])
    """
    peak = check_real("peak_lr", peak_lr)
    low = peak / check_real("div", div, low=1.0)
    end = low / check_real("final_div", final_div, low=1.0)
    levels = [low, peak, low, end] if three_phase else [low, peak, end]
    return _one_cycle(levels, total_steps, pct_start, anneal, "1-cycle")


def one_cycle_momentum(
    total_steps: int,
    pct_start: float = 0.3,
    base: float = 0.85,
    highest: float = 0.95,
    three_phase: bool = False,
    anneal: Literal["cos", "linear"] = "cos",
) -> Schedule:
    """Return the momentum that goes with `one_cycle`: lowest where the rate is highest.

    Args:
        total_steps: updates in the run, >= 2.
        pct_start: share of the run in which the rate rises, as in `one_cycle`.
        base: momentum at the peak of the rate, 0 <= base <= highest.
        highest: momentum at the beginning and the end, < 1.
        three_phase: whether the run has three phases, as in `one_cycle`.
        anneal: curve of each phase, "cos" or "linear".

    >>> one_cycle_momentum(total_steps=100)([0, 30, 65, 100]).round(3)
    array([0.95, 0.85, 0.9 , 0.95])
    """
    top = check_real("highest", highest)
    if top >= 1.0:
        raise ValueError(f"highest must be < 1, got {highest!r}")
    low = check_real("base", base, high=top)
    levels = [top, low, top, top] if three_phase else [top, low, top]
    return _one_cycle(levels, total_steps, pct_start, anneal, "1-cycle momentum")


def _one_cycle(
    levels: list[float], total_steps: int, pct_start: float, anneal: str, name: str
) -> Schedule:
    total = check_count("total_steps", total_steps, low=2)
    rise = round(check_real("pct_start", pct_start, high=1.0) * total)
    lengths = [rise, total - rise] if len(levels) == 3 else [rise, rise, total - 2 * rise]
    if min(lengths) < 1:
        raise ValueError(
            f"pct_start must leave at least one of the {total} updates to each of the "
            f"{len(lengths)} phases, got {pct_start!r}"
        )
    if anneal not in ("cos", "linear"):
        raise ValueError(f"anneal must be 'cos' or 'linear', got {anneal!r}")
    shape = Cosine() if anneal == "cos" else Polynomial()
    pairs = zip(lengths, levels[:-1], levels[1:], strict=True)
    return Schedule(tuple(Phase(n, a, b, shape) for n, a, b in pairs), name=name)
