"""The picture of a failed check: a learner's curve beside the expected one."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from course_lib.plots.base import INK, RED, panels, styled

_MOST_DOTS = 40  # more would hide the curve below


@styled
def answer_and_reference(
    t: np.ndarray, got: np.ndarray, expected: np.ndarray, label: str
) -> Figure:
    """Return a figure of an answer and the expected one, with the first difference marked.

    Args:
        t: places, shape (n,).
        got: the answer, shape (n,); NaN or infinite where there is nothing to draw.
        expected: the right answer, shape (n,).
        label: name of t.
    """
    figure, (ax,) = panels(width=5.2, height=2.4)
    got = np.where(np.isfinite(got), got, np.nan)
    ax.plot(t, expected, color=INK, lw=3.2, alpha=0.35, label="expected")
    ax.plot(
        t, got, color=RED, lw=1.4, marker="o" if t.size <= _MOST_DOTS else "", ms=3, label="yours"
    )
    differs = ~np.isclose(got, expected, rtol=1e-5, atol=1e-6 * np.max(np.abs(expected)))
    if differs.any():
        ax.axvline(t[np.argmax(differs)], color=RED, lw=0.8, ls=":", label="first difference")
    ax.set_xlabel(label)
    ax.legend(loc="best")
    return figure
