"""Many small panels of rates over the same few steps, to see where libraries differ."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.base import BLUE, INK, RED, styled

_COLUMNS, _WIDTH, _ROW = 4, 7.4, 1.62  # of the figure; height of one row, in inches
_TOP, _BOTTOM = 0.42, 0.42  # margins, in inches


@styled
def small_panels(rates: Mapping[str, np.ndarray], steps: int, mark: int, peak: float) -> Figure:
    """Draw one panel a curve: a dot for each of the first updates, the first one larger.

    Args:
        rates: title of the panel -> rates from step 0 on, shape (T,), T >= steps.
        steps: number of updates shown.
        mark: step that a dotted line marks.
        peak: rate that a line marks.

    >>> curves = {"slow": np.linspace(0, 1, 20), "constant": np.ones(20)}
    >>> figure = small_panels(curves, steps=13, mark=10, peak=1.0)
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['slow', 'constant']
    """
    rows = math.ceil(len(rates) / _COLUMNS)
    height = _ROW * rows
    figure = Figure(figsize=(_WIDTH, height))
    figure.subplots_adjust(0.05, _BOTTOM / height, 0.985, 1 - _TOP / height, 0.14, 0.72)
    for number, (title, curve) in enumerate(rates.items()):
        ax = figure.add_subplot(rows, _COLUMNS, number + 1)
        ax.axhline(peak, color=INK, lw=0.8)
        ax.axvline(mark, color=INK, ls=":", lw=1.2)
        ax.plot(np.arange(steps), curve[:steps], color=BLUE, lw=1, marker="o", ms=3)
        ax.plot(0, curve[0], "o", color=RED, ms=5.5, zorder=3, clip_on=False)
        ax.set_title("\n".join(textwrap.wrap(title, 22)), fontsize=8.5)
        ax.set(xlim=(-0.5, steps - 0.5), ylim=(-0.06 * peak, 1.12 * peak))
        ax.set_xticks([0, mark], ["0", str(mark)])
        ax.set_yticks([0, peak], ["0", f"{peak:g}"])
        ax.tick_params(labelsize=8, labelleft=number % _COLUMNS == 0)
        if number >= len(rates) - _COLUMNS:
            ax.set_xlabel("step", fontsize=8.5)
    return figure
