"""The figures of lesson 1: unlabelled loss curves, first updates, and the catapult."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.plots.base import COLOURS, DASHES, INK, axes_or_new, panels, styled
from course_lib.plots.curves import loss_curves


@styled
def first_updates(runs: Mapping[str, np.ndarray], ax: Axes | None = None) -> Figure:
    """Draw the loss of single runs over their first updates, on a linear scale, one dot an update.

    Args:
        runs: label -> losses of one run, shape (T,).
        ax: axes to draw in; None makes a figure.

    >>> figure = first_updates({"rate 1": np.array([1.1, 2.0, 0.9])})
    >>> figure.axes[0].get_xlabel()
    'updates done'
    """
    ax = axes_or_new(ax, height=3.0, top=0.12)
    for i, (label, losses) in enumerate(runs.items()):
        look = {"color": COLOURS[i], "linestyle": DASHES[i], "marker": "o", "markersize": 3}
        ax.plot(np.arange(len(losses)), losses, linewidth=1.4, label=label, **look)
    ax.set(xlabel="updates done", ylabel="training loss", ylim=(0, None))
    ax.legend()
    return ax.figure


@styled
def unlabelled_curves(losses: Sequence[np.ndarray], chance: float) -> Figure:
    """Draw loss curves side by side on one scale, lettered A, B, C …, without their rates.

    Args:
        losses: curves, each of shape (T,), all positive.
        chance: loss of a guess, marked by a line.

    >>> figure = unlabelled_curves([np.ones(5), np.full(5, 0.1)], chance=1.1)
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['A', 'B']
    """
    figure, axes = panels(len(losses), height=2.3, gap=0.12)
    low = min(curve.min() for curve in losses)
    high = max(curve.max() for curve in losses)
    for letter, ax, curve in zip("ABCDEFGH", axes, losses, strict=False):
        ax.plot(np.arange(len(curve)), curve, color=COLOURS[0], linewidth=1.4)
        ax.axhline(chance, color=INK, linestyle=":", linewidth=1.2)
        ax.set(yscale="log", ylim=(0.7 * low, 1.5 * high), xlabel="updates done", title=letter)
        ax.tick_params(labelleft=ax is axes[0])
    axes[0].set_ylabel("training loss")
    return figure


@styled
def catapult_panels(runs: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw the losses of the two-layer product, and beside them ηλ with its limits 2 and 4.

    Args:
        runs: label -> losses and products ηλ, each of shape (T,).

    >>> figure = catapult_panels({"3": (np.array([1.0, 0.1]), np.array([3.0, 1.0]))})
    >>> figure.axes[1].get_ylabel()
    'ηλ'
    """
    figure, (left, right) = panels(2, height=3.0, top=0.12)
    loss_curves({label: losses for label, (losses, _) in runs.items()}, ax=left)
    for i, (_, products) in enumerate(runs.values()):
        right.plot(products, color=COLOURS[i], linestyle=DASHES[i])
    for level in (2, 4):
        right.axhline(level, color=INK, linestyle=":", linewidth=1.2)
    left.set(ylim=(1e-10, 1e6), xlabel="updates done")
    right.set(xlabel="updates done", ylabel="ηλ", ylim=(0, 5))
    return figure
