"""Lesson 1's explorer: a constant rate on a parabola, with and without noise."""

from __future__ import annotations

import numpy as np

from course_lib import theory
from course_lib.explorers.chart import MUTED, Axis, Chart, Line, Points
from course_lib.explorers.frame import Explorer, View, log_slider, slider
from course_lib.plots.base import BLUE, RED

_STEPS = 60
_START = 2.0
_REACH = 3.0
_LEAST, _MOST = 1e-9, 1e6  # losses that the right chart shows


def constant_rate() -> Explorer:
    """Return the panel: rate, curvature and noise as sliders, a path, its loss and words."""
    controls = {
        "rate": log_slider("rate η", 0.4, 0.01, 3.0, per_decade=50),
        "curvature": slider("curvature λ", 4.0, 0.5, 10.0, 0.1),
        "noise_std": slider(
            "noise σ", 0.5, 0.0, 3.0, 0.1, help="standard deviation of the gradient"
        ),
    }
    return Explorer(constant_rate_view, controls)


def constant_rate_view(rate: float, curvature: float, noise_std: float, seed: int = 0) -> View:
    """Return the charts of noisy gradient descent on ½ λ w² from w = 2, and what they show.

    Args:
        rate: η, > 0.
        curvature: λ, > 0.
        noise_std: σ of the gradient's noise, >= 0.
        seed: seed of the noise.
    """
    path = [_START]
    for xi in noise_std * np.random.default_rng(seed).standard_normal(_STEPS):
        path.append(path[-1] - rate * (curvature * path[-1] + xi))
    w = np.clip(path, -1e6, 1e6)
    loss = 0.5 * curvature * w**2
    expected = theory.expected_loss(np.full(_STEPS, rate), curvature, noise_std, _START)
    grid = np.linspace(-_REACH, _REACH, 100)
    top = 0.5 * curvature * _REACH**2
    steps = np.arange(_STEPS + 1)
    charts = (
        Chart(
            "the path on the parabola",
            Axis("weight w", -_REACH, _REACH),
            Axis("loss", -0.05 * top, top),
            (
                Line(grid, 0.5 * curvature * grid**2, MUTED, width=1.2),
                Line(w, loss, BLUE, width=0.8),
                Points(w, loss, BLUE, size=2.6),
                Points(w[:1], loss[:1], RED, "start"),
            ),
        ),
        Chart(
            "the loss",
            Axis("step", 0, _STEPS),
            Axis("loss", _LEAST, _MOST, log=True),
            (
                Line(steps, np.maximum(loss, _LEAST), BLUE, "this run"),
                Line(steps, np.maximum(expected, _LEAST), RED, "expected", dash=(5, 3)),
            ),
        ),
    )
    return View(charts, describe_constant_rate(rate, curvature, noise_std))


def describe_constant_rate(rate: float, curvature: float, noise_std: float) -> str:
    """Return in words what gradient descent does on ½ λ w² at a constant rate.

    Args:
        rate: η, > 0.
        curvature: λ, > 0.
        noise_std: σ of the gradient's noise, >= 0.
    """
    product = rate * curvature
    factor = 1.0 - product
    if product >= 2.0:
        return (
            f"ηλ = {product:.2f} ≥ 2: every step multiplies w by {factor:.2f}. It runs away; "
            f"the limit here is η = {theory.stability_limit(curvature):.3g}."
        )
    if factor == 0:
        motion = "one step lands on the minimum"
    else:
        side = "stays on its side" if factor > 0 else "changes sides at every step"
        halving = np.log(0.5) / np.log(abs(factor))
        motion = (
            f"every step multiplies w by {factor:.2f}: it {side} and halves in {halving:.1f} steps"
        )
    floor = theory.noise_floor(rate, curvature, noise_std)
    rest = f" Noise holds the mean loss at {floor:.3g}." if noise_std else ""
    return f"ηλ = {product:.2f}: {motion}.{rest}"
