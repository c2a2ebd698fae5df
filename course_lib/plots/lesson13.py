"""The figures of lesson 13, on batches and longer runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.base import COLOURS, DASHES, INK, MARKERS, panels, styled, ticks_at


@styled
def tradeoff_figure(
    batches: Sequence[int],
    updates: Mapping[str, Sequence[int]],
    critical: Mapping[str, float],
) -> Figure:
    """Draw the updates and the examples that a loss takes at each batch size.

    Args:
        batches: batch sizes, (K,).
        updates: label of a loss -> fewest updates that reach it at each batch size, (K,).
        critical: label of a loss -> critical batch size, drawn as an upright line.
    """
    figure, axes = panels(2, height=3.2)
    for i, (label, counts) in enumerate(updates.items()):
        style = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i], "markersize": 5}
        examples = np.multiply(counts, batches)
        for ax, values in zip(axes, (counts, examples), strict=True):
            ax.plot(batches, values, label=label, **style)
            ax.axvline(critical[label], color=COLOURS[i], lw=1, alpha=0.6)
    for ax, label in zip(axes, ("updates", "examples"), strict=True):
        ax.set(xlabel="batch size", ylabel=f"{label} to reach the loss", yscale="log")
        ticks_at(ax.xaxis, batches, fontsize=8)
    axes[0].plot([], [], color=INK, lw=1, label="critical batch")
    axes[0].legend()
    return figure
