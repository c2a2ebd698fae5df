"""Curves of rates and losses, paths over landscapes, points and sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.intervals import mean_interval
from course_lib.plots.base import (
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    INK,
    MARKERS,
    RED,
    axes_or_new,
    panels,
    share_ylabel,
    styled,
    with_intervals,
)
from course_lib.problems import Classification
from course_lib.schedules import Schedule


@styled
def schedule_curve(schedule: Schedule, total_steps: int, ax: Axes | None = None) -> Figure:
    """Draw the rate over the steps 0 … total_steps.

    >>> from course_lib import schedules
    >>> figure = schedule_curve(schedules.cosine(0.1, 100), 100)
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('step', 'learning rate')
    """
    ax = axes_or_new(ax)
    steps = np.arange(total_steps + 1)
    ax.plot(steps, schedule(steps), color=BLUE, drawstyle="steps-post")
    ax.set(xlabel="step", ylabel="learning rate", title=schedule.name, ylim=(0, None))
    return ax.figure


@styled
def rate_lines(
    rates: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    marks: Sequence[float] = (),
    title: str = "",
) -> Figure:
    """Draw the rates of several schedules over the steps.

    Args:
        rates: label -> rates from step 0 on, shape (T,).
        ax: axes to draw in; None makes a figure.
        marks: steps to mark by a dotted line.
        title: title of the axes.

    >>> figure = rate_lines({"constant": np.full(50, 0.1), "linear": np.linspace(0.1, 0, 50)})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['constant', 'linear']
    """
    ax = axes_or_new(ax)
    for i, (label, values) in enumerate(rates.items()):
        ax.plot(np.arange(len(values)), values, color=COLOURS[i], ls=DASHES[i], label=label)
    for mark in marks:
        ax.axvline(mark, ymax=0.66, color=INK, ls=":", lw=1.2)
    ax.set(xlabel="step", ylabel="learning rate", ylim=(0, None), title=title)
    ax.legend()
    return ax.figure


@styled
def descent_paths(curvature: float, paths: Mapping[str, np.ndarray]) -> Figure:
    """Draw paths w_0, w_1, … over the parabola ½ λ w², one panel a path.

    Args:
        curvature: λ.
        paths: title of the panel -> positions, shape (T + 1,).

    >>> path = 2.0 * (1 - 0.3) ** np.arange(10)
    >>> figure = descent_paths(1.0, {"rate 0.3": path, "rate 0.1": path})
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['rate 0.3', 'rate 0.1']
    """
    figure, axes = panels(len(paths), height=2.7, gap=0.2)
    w = np.linspace(-3.2, 3.2, 200)
    for ax, (title, path) in zip(axes, paths.items(), strict=True):
        ax.plot(w, 0.5 * curvature * w**2, color="#9a9a94", linewidth=1.2)
        seen = path[np.abs(path) <= 3.2]
        ax.plot(seen, 0.5 * curvature * seen**2, color=BLUE, marker="o", markersize=4, linewidth=1)
        ax.plot(path[0], 0.5 * curvature * path[0] ** 2, "o", color=RED, markersize=6)
        top = 0.5 * curvature * 3.2**2
        ax.set(xlabel="w", xlim=(-3.2, 3.2), ylim=(-0.05 * top, top), title=title)
    share_ylabel(axes, "loss")
    return figure


@styled
def ravine_paths(curvatures: Sequence[float], paths: Mapping[str, np.ndarray]) -> Figure:
    """Draw paths over the contours of ½ (λ₁ w₁² + λ₂ w₂²), one panel a path.

    Args:
        curvatures: (λ₁, λ₂).
        paths: title of the panel -> positions, shape (T + 1, 2).

    >>> path = np.array([[2.0, 2.0], [1.0, -1.0], [0.5, 0.5]])
    >>> figure = ravine_paths((1.0, 10.0), {"rate 0.15": path})
    >>> figure.axes[0].get_xlabel()
    'w₁'
    """
    figure, axes = panels(len(paths), height=2.9, gap=0.2)
    x, y = np.meshgrid(np.linspace(-2.4, 2.4, 160), np.linspace(-2.4, 2.4, 160))
    loss = 0.5 * (curvatures[0] * x**2 + curvatures[1] * y**2)
    for ax, (title, path) in zip(axes, paths.items(), strict=True):
        ax.contour(
            x, y, np.log10(loss + 1e-3), levels=9, colors="#b9b9b2", linewidths=0.8, linestyles="-"
        )
        ax.plot(*path.T, color=BLUE, marker="o", markersize=3, linewidth=1)
        ax.plot(*path[0], "o", color=RED, markersize=6)
        ax.plot(0, 0, "*", color=GREEN, markersize=11)
        ax.set(xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), xlabel="w₁", title=title)
        ax.grid(False)
    share_ylabel(axes, "w₂")
    return figure


@styled
def loss_curves(
    curves: Mapping[str, np.ndarray],
    floors: Sequence[float] = (),
    ax: Axes | None = None,
    ylabel: str = "loss",
) -> Figure:
    """Draw losses over steps, on a log scale: the median over runs and a band from least to most.

    Args:
        curves: label -> losses, shape (runs, T) or (T,).
        floors: levels to mark by a dotted line, one a curve in order, or none.
        ax: axes to draw in; None makes a figure.
        ylabel: name of the quantity.

    >>> figure = loss_curves({"three runs": np.geomspace(1, 0.1, 60).reshape(3, 20)})
    >>> figure.axes[0].get_yscale()
    'log'
    """
    ax = axes_or_new(ax)
    for i, (label, losses) in enumerate(curves.items()):
        losses = np.atleast_2d(losses)
        colour = COLOURS[i % len(COLOURS)]
        step = np.arange(losses.shape[1])
        ax.plot(step, np.median(losses, axis=0), color=colour, ls=DASHES[i % 6], label=label)
        if len(losses) > 1:
            ax.fill_between(step, losses.min(0), losses.max(0), color=colour, alpha=0.2, lw=0)
        if i < len(floors):
            ax.axhline(floors[i], color=colour, linestyle=":", linewidth=1.2)
    ax.set(xlabel="step", ylabel=ylabel, yscale="log")
    ax.legend()
    return ax.figure


@styled
def labelled_points(data: Classification, ax: Axes | None = None) -> Figure:
    """Draw two-dimensional examples, one colour and marker a class.

    >>> from course_lib import problems
    >>> figure = labelled_points(problems.spirals(per_class=10))
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['class 0', 'class 1', 'class 2']
    """
    ax = axes_or_new(ax, width=4.6, height=3.6, right=1.1)
    for label in range(data.classes):
        x, y = data.inputs[data.labels == label].T
        ax.plot(x, y, MARKERS[label], color=COLOURS[label], markersize=4, label=f"class {label}")
    ax.set(xlabel="input 1", ylabel="input 2", title=data.name, aspect="equal")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax.figure


@styled
def rate_sweep(
    sweeps: Mapping[str, tuple[np.ndarray, np.ndarray]], chance: float, ax: Axes | None = None
) -> Figure:
    """Draw the final loss against a constant rate: every run, and the mean with its 95 % interval.

    A rate at which a run diverged has a cross in a strip at the top, off the scale, and no mean.

    Args:
        sweeps: label -> rates, shape (K,), and final losses, shape (K, seeds), NaN for a run that
            diverged.
        chance: loss of a guess, marked by a line.
        ax: axes to draw in; None makes a figure.

    >>> rates, losses = np.array([0.1, 1.0]), np.array([[0.5, 0.6], [0.4, np.nan]])
    >>> figure = rate_sweep({"MLP": (rates, losses)}, chance=1.1)
    >>> figure.axes[0].get_xscale()
    'log'
    """
    ax = axes_or_new(ax, height=3.7, top=0.12)
    any_lost = False
    for i, (label, (rates, losses)) in enumerate(sweeps.items()):
        colour = COLOURS[i]
        whole = np.isfinite(losses).all(axis=1)
        spread = np.broadcast_to(rates[:, None], losses.shape)
        ax.plot(spread.ravel(), losses.ravel(), MARKERS[i], color=colour, alpha=0.3, markersize=3.5)
        if not whole.all():
            any_lost, lost = True, rates[~whole]
            words = f"{label}: nan"
            ax.plot(
                *(lost, np.full_like(lost, 0.96)),
                "x",
                color=colour,
                markersize=8,
                label=words,
                transform=ax.get_xaxis_transform(),  # nan has no place on the scale of losses
            )
        means = [mean_interval(row) for row in losses[whole]]
        # A log axis has no place for an end below 0.
        bars = [replace(mean, low=max(mean.low, losses[whole].min())) for mean in means]
        with_intervals(
            ax,
            rates[whole],
            bars,
            color=colour,
            linestyle=DASHES[i],
            linewidth=1.5,
            capsize=3,
            label=label,
        )
    ax.axhline(chance, color=INK, linestyle=":", linewidth=1.2)
    ax.annotate("chance", (0.01, chance), xycoords=("axes fraction", "data"), va="bottom")
    ax.set(xlabel="constant learning rate", ylabel="final training loss", xscale="log")
    ax.set_yscale("log")
    if any_lost:
        low, high = np.log(ax.get_ylim())
        ax.set_ylim(top=np.exp(high + 0.12 * (high - low)))
        ax.text(0.01, 0.96, "nan", transform=ax.transAxes, va="center")
    ax.legend(loc="lower left")
    return ax.figure


@styled
def held_out_curves(
    updates: np.ndarray,
    losses: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    marks: Sequence[float] = (),
    top: float | None = None,
) -> Figure:
    """Draw held-out losses over the updates done: the median run, and a band over the runs.

    The band goes from the lower to the upper quartile.

    Args:
        updates: updates done when the losses were taken, shape (K,).
        losses: label -> losses, shape (runs, K).
        ax: axes to draw in; None makes a figure.
        marks: updates to mark by a dotted line.
        top: end of the loss axis; None fits it.

    >>> updates, losses = np.array([10, 20, 30]), np.array([[1.0, 0.8, 0.7], [1.1, 0.7, 0.6]])
    >>> figure = held_out_curves(updates, {"cosine": losses}, marks=[20])
    >>> figure.axes[0].get_ylabel()
    'held-out loss'
    """
    ax = axes_or_new(ax)
    for i, (label, table) in enumerate(losses.items()):
        low, middle, high = np.quantile(table, (0.25, 0.5, 0.75), axis=0)
        ax.fill_between(updates, low, high, color=COLOURS[i], alpha=0.2, lw=0)
        ax.plot(updates, middle, color=COLOURS[i], ls=DASHES[i], label=label)
    for mark in marks:
        ax.axvline(mark, ymax=0.66, color=INK, ls=":", lw=1.2)
    ax.set(xlabel="updates", ylabel="held-out loss", ylim=(None, top))
    ax.legend()
    return ax.figure
