"""Interactive panels, each also a plain function that draws the same figure for given settings."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from course_lib import plots, theory

_STEPS = 60
_START = 2.0


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


@plots.styled
def constant_rate_figure(rate: float, curvature: float, noise_std: float, seed: int = 0) -> Figure:
    """Draw a path of noisy gradient descent on ½ λ w² from w = 2, and its loss.

    Args:
        rate: η, > 0.
        curvature: λ, > 0.
        noise_std: σ of the gradient's noise, >= 0.
        seed: seed of the noise.
    """
    noise = noise_std * np.random.default_rng(seed).standard_normal(_STEPS)
    path = [_START]
    for xi in noise:
        path.append(path[-1] - rate * (curvature * path[-1] + xi))
    path = np.clip(path, -1e6, 1e6)
    figure, (left, right) = plots.panels(2, height=2.9)
    w = np.linspace(-3, 3, 200)
    left.plot(w, 0.5 * curvature * w**2, color="#9a9a94", linewidth=1.2)
    left.plot(path, 0.5 * curvature * path**2, color=plots.BLUE, marker="o", ms=3.5, lw=0.8)
    left.plot(_START, 0.5 * curvature * _START**2, "o", color=plots.RED)
    top = 0.5 * curvature * 9
    left.set(xlabel="w", ylabel="loss", xlim=(-3, 3), ylim=(-0.05 * top, top), title="path")
    right.plot(np.maximum(0.5 * curvature * path**2, 1e-9), color=plots.BLUE, label="this run")
    expected = theory.expected_loss(np.full(_STEPS, rate), curvature, noise_std, _START)
    right.plot(np.maximum(expected, 1e-9), color=plots.RED, ls="--", label="expected")
    right.set(xlabel="step", yscale="log", ylim=(1e-9, 1e6), title="loss")
    right.legend(loc="upper right")
    return figure


def constant_rate() -> widgets.VBox:
    """Return the panel of lesson 1: rate, curvature and noise as sliders, path, loss and words."""
    layout = widgets.Layout(width="420px")
    style = {"description_width": "120px"}
    options = {"layout": layout, "style": style, "continuous_update": True}
    rate = widgets.FloatLogSlider(
        0.1, min=-2, max=0.5, step=0.02, description="rate η", readout_format=".3f", **options
    )
    curvature = widgets.FloatSlider(
        4.0, min=0.5, max=10.0, step=0.1, description="curvature λ", **options
    )
    noise = widgets.FloatSlider(0.0, min=0.0, max=3.0, step=0.1, description="noise σ", **options)
    sliders = (rate, curvature, noise)
    picture, words = widgets.HTML(), widgets.HTML()

    def draw(_: object = None) -> None:
        settings = [slider.value for slider in sliders]
        sentence = describe_constant_rate(*settings)
        words.value = f'<p role="status">{sentence}</p>'
        picture.value = plots.img_tag(constant_rate_figure(*settings), alt=sentence)

    for slider in sliders:
        slider.observe(draw, names="value")
    draw()
    return widgets.VBox([*sliders, words, picture])
