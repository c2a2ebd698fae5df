"""Lesson 3's explorer: schedules on a noisy quadratic, exactly, beside the best rates there are."""

from __future__ import annotations

from html import escape

import numpy as np

from course_lib import theory
from course_lib.explorers.chart import MUTED, Axis, Chart, Level, Line, Points
from course_lib.explorers.frame import Explorer, View, choice, log_slider, slider
from course_lib.explorers.quadratic_families import (
    EXPONENTIAL_END,
    Optimum,
    Tuned,
    cycle_length,
    optimum,
    tuned,
)
from course_lib.plots.base import BLUE, GREEN, INK, ORANGE, PINK, RED, SKY

_BATCHES = (1, 2, 4, 8, 16, 32, 64)
_CYCLES = (
    ("2 whole cycles, T₀ = 1/3", 1 / 3),
    ("3 whole cycles, T₀ = 1/7", 1 / 7),
    ("4 whole cycles, T₀ = 1/15", 1 / 15),
    ("2nd cycle cut, T₀ = 1/2", 1 / 2),
    ("2nd cycle cut, T₀ = 2/3", 2 / 3),
)
_LOOKS = {
    "constant": (MUTED, (2, 2)),
    "exponential": (ORANGE, (6, 2)),
    "linear": (GREEN, (7, 2, 1, 2)),
    "cosine": (BLUE, ()),
    "cosine restarts": (SKY, (4, 2)),
    "WSD": (RED, (11, 3)),
    "1-cycle": (PINK, (1.5, 1.5)),
}
_BEST = "best rates"
_MOST_POINTS = 160  # points of a curve: one for every second pixel
_ALL_OF_THE_FIRST = 30  # where the best rates change most
_LEAST_SHARE = 1e-3  # smallest regret that has a place of its own in its chart, 0.1 %
_NAMES = 32  # pixels, for the names of the schedules


def noisy_quadratic() -> Explorer:
    """Return the panel: a quadratic with noise, seven schedules at their best, and the best rates.

    The noise of a batch stays above 0.5: below, there are many minima to tell apart, and in the
    end more than float64 can follow.
    """
    controls = {
        "dimensions": slider("dimensions", 50, 1, 50, help="number of curvatures λ_i"),
        "exponent": slider(
            "exponent of λ", 1.0, 0.0, 2.0, 0.05, help="λ_i = i^-exponent; 0: all the same"
        ),
        "noise_exponent": slider(
            "exponent of noise",
            1.0,
            0.0,
            1.0,
            0.05,
            help="σ_i² = σ² λ_i^exponent; 0: the same noise everywhere",
        ),
        "noise_std": log_slider(
            "noise σ", 4.0, 4.0, 40.0, help="of one example's gradient, steepest coordinate"
        ),
        "batch_size": choice(
            "batch size B", _BATCHES, 16, help="examples averaged in a gradient: noise σ/√B"
        ),
        "horizon": slider("updates T", 300, 20, 500, 5, help="number of updates in the run"),
        "floor": slider(
            "cosine's floor",
            0.0,
            0.0,
            0.5,
            0.01,
            help="share of the peak at which cosine and restarts end",
        ),
        "first_cycle": choice(
            "restarts", _CYCLES, help="length T₀ of the first cycle as a share of the run; T_mult 2"
        ),
        "decay": slider(
            "WSD's decay", 0.2, 0.02, 0.6, 0.02, help="share of the run in which WSD falls"
        ),
        "warmup": slider(
            "warmup share",
            0.0,
            0.0,
            0.3,
            0.01,
            help="of all schedules except the 1-cycle, which has its own",
        ),
    }
    return Explorer(noisy_quadratic_view, controls)


def noisy_quadratic_view(
    dimensions: int,
    exponent: float,
    noise_exponent: float,
    noise_std: float,
    batch_size: int,
    horizon: int,
    floor: float,
    first_cycle: float,
    decay: float,
    warmup: float,
) -> View:
    """Return the last losses of seven schedules at their best peaks on a noisy quadratic.

    Args:
        dimensions: n, 1 … 50.
        exponent: λ_i = i^-exponent.
        noise_exponent: σ_i² = noise_std² λ_i^noise_exponent / B.
        noise_std: noise of one example along the steepest coordinate.
        batch_size: B, >= 1.
        horizon: T, updates of the run.
        floor: floor of the cosine and the restarts, as a share of the peak.
        first_cycle: first cycle of the restarts, as a share of what follows the warmup.
        decay: share of the run in which WSD falls.
        warmup: share of the run in which all but the 1-cycle rise.

    Raises:
        ValueError: the values do not go together, or the best rates cannot be found.
    """
    best = optimum(dimensions, exponent, noise_exponent, noise_std, batch_size, horizon)
    found = tuned(best, floor, decay, warmup, first_cycle)
    charts = (_spectrum(best), _regrets(found), _rates(best, found), _losses(best, found))
    note = _note(horizon, floor, first_cycle, decay, warmup)
    return View(charts, _words(best, found, noise_std / batch_size**0.5), _table(best, found, note))


def _note(horizon: int, floor: float, first_cycle: float, decay: float, warmup: float) -> str:
    rise, fall = round(warmup * horizon), max(1, round(decay * horizon))
    period = cycle_length(horizon - rise, first_cycle)
    return (
        f"Exponential: falls to {_percent(EXPONENTIAL_END)} of its peak. Cosine and restarts: "
        f"floor {_percent(floor)} of the peak. Restarts: first cycle {period} updates, the next "
        f"ones twice as long each. WSD: the last {fall} updates fall as 1-sqrt. Warmup of all but "
        f"the 1-cycle: {rise} updates."
    )


def _words(best: Optimum, found: list[Tuned], noise: float) -> str:
    limit = theory.stability_limit(best.problem.curvatures.max())
    above = int((best.rates > limit).sum())
    order = ", ".join(f"{one.name} {_percent(one.excess)}" for one in found)
    over = f"; {above} of them lie above the stability limit" if above else ""
    return (
        f"With noise σ/√B = {noise:.2f}, the expected loss falls from {best.losses[0]:.3g} to "
        f"{best.losses[-1]:.3g} in {len(best.rates)} updates at best. "
        f"The best rates begin at {best.rates[0]:.3g} and end at {best.rates[-1]:.3g}{over}; "
        f"the limit 2/λ_max is {limit:.3g}. "
        f"At its own best peak, each schedule exceeds this lowest loss by: {order}."
    )


def _percent(share: float) -> str:
    """Return a share in per cent, with three digits at least where it is small."""
    return f"{100 * max(share, 0.0):.3g} %" if share < 10 else f"{100 * share:.0f} %"


def _table(best: Optimum, found: list[Tuned], note: str) -> str:
    cells = [
        (one.name, f"{one.peak:.4g}", f"{one.losses[-1]:.4g}", f"{_regret(one, best):.3g}")
        for one in found
    ]
    cells.append((_BEST, f"{best.rates.max():.4g}", f"{best.losses[-1]:.4g}", "0"))
    heads = ("schedule", "best peak", "loss at the end", "regret")
    look = "padding:1px 14px 1px 0;text-align:left;font-weight:"
    head = "".join(f'<th scope="col" style="{look}bold">{escape(text)}</th>' for text in heads)
    rows = "".join(
        f'<tr><th scope="row" style="{look}normal">{escape(row[0])}</th>'
        + "".join(f'<td style="{look}normal">{escape(text)}</td>' for text in row[1:])
        + "</tr>"
        for row in cells
    )
    return (
        f'<table style="border-collapse:collapse;line-height:1.4"><tr>{head}</tr>{rows}</table>'
        f'<p style="margin:4px 0;line-height:1.4">{escape(note)}</p>'
    )


def _regret(one: Tuned, best: Optimum) -> float:
    return max(float(one.losses[-1] - best.losses[-1]), 0.0)


def _spectrum(best: Optimum) -> Chart:
    h, noise = best.problem.curvatures, best.problem.noise_std**2
    number = np.arange(1, len(h) + 1)
    return Chart(
        "curvatures, and noise of a batch",
        Axis("coordinate i", 0.8, 62, log=True),
        Axis("λ, σ²/B", *_log_limits(h, noise), log=True),
        (
            Points(number, noise, ORANGE, "noise σ_i²/B", "ring", 3.0),
            Points(number, h, INK, "curvature λ_i", "o", 2.2),
        ),
    )


def _regrets(found: list[Tuned]) -> Chart:
    shares = 100 * np.maximum([one.excess for one in found], _LEAST_SHARE)
    marks = [
        Points(np.array([share]), np.array([place]), _LOOKS[one.name][0], size=5.0)
        for place, (one, share) in enumerate(zip(found, shares, strict=True))
    ]
    return Chart(
        "regret at the best peak",
        Axis("regret, % of the least loss", *_log_limits(shares), log=True),
        Axis("", -0.6, len(found) - 0.4, names=tuple(one.name for one in found)),
        tuple(marks),
        margin=_NAMES,
    )


def _rates(best: Optimum, found: list[Tuned]) -> Chart:
    t, limit = _shown(len(best.rates)), theory.stability_limit(best.problem.curvatures.max())
    low, high = 0.1 * best.rates.min(), 1.5 * max(one.rates.max() for one in [best, *found])
    marks = [Level(limit, "y", "limit 2/λ_max")] if limit < high else []
    for one in found:
        marks.append(Line(t, np.where(one.rates[t] > 0, one.rates[t], np.nan), *_look(one)))
    return Chart(
        "rates",
        Axis("update", 0, len(best.rates)),
        Axis("rate η", low, high, log=True),
        (*marks, Line(t, best.rates[t], INK, _BEST, width=2.6)),
    )


def _losses(best: Optimum, found: list[Tuned]) -> Chart:
    t = _shown(len(best.losses))
    start, least = best.losses[0], best.losses[-1]
    top = max(one.losses.max() for one in [best, *found])
    lines = [Line(t, one.losses[t], *_look(one)) for one in found]
    return Chart(
        "expected loss",
        Axis("update", 0, len(best.rates)),
        Axis("expected loss", 0.85 * least, 1.2 * min(top, 1e3 * start), log=True),
        (*lines, Line(t, best.losses[t], INK, _BEST, width=2.6)),
    )


def _look(one: Tuned) -> tuple[str, str, tuple[float, ...]]:
    colour, dash = _LOOKS[one.name]
    return colour, one.name, dash


def _shown(count: int) -> np.ndarray:
    """Return the indices of the points that a curve is drawn through: the first ones and the last.

    The others are as close together as a screen can show; more would take longer to send.
    """
    every = -(-count // _MOST_POINTS)
    return np.unique(np.r_[: min(count, _ALL_OF_THE_FIRST), :count:every, count - 1])


def _log_limits(*arrays: np.ndarray) -> tuple[float, float]:
    values = np.concatenate(arrays)
    return float(values.min()) / 1.6, float(values.max()) * 1.6
