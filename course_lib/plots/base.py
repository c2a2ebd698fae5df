"""Parts shared by all figures of the course: colours, layout, PNG, and how one is shown.

Every figure stands on its own light card, so that it reads the same in light and dark themes, on
a slide and on paper. Colours are those of Okabe & Ito (2008), which colour-blind readers can tell
apart; lines differ in dash and points in marker as well.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from course_lib.intervals import Interval

BLUE, ORANGE, GREEN, PINK, SKY, RED = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
)
INK = "#1f2328"
CARD = "#fcfcfa"
COLOURS = (BLUE, ORANGE, GREEN, PINK, RED, SKY)
DASHES = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (9, 2)), (0, (3, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")

_STYLE = {
    "axes.edgecolor": INK,
    "axes.facecolor": CARD,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "figure.facecolor": CARD,
    "font.family": ["DejaVu Sans"],  # ships with matplotlib: the same picture on every machine
    "font.size": 9.5,
    "grid.alpha": 0.7,
    "grid.color": "#dcdcd6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
#: Decorator for every function that draws: some settings take effect as text and lines are added.
styled = matplotlib.rc_context(_STYLE)
_CSS_PIXELS_PER_INCH = 96
_OVERSAMPLING = 1.5  # sharp on a high-density screen, still a small file


@styled
def panels(
    columns: int = 1,
    width: float = 7.4,
    height: float = 3.3,
    gap: float = 0.75,
    right: float = 0.12,
    top: float = 0.3,
) -> tuple[Figure, list[Axes]]:
    """Return an empty figure in the course's style and its axes, left to right.

    Margins are fixed: matplotlib's own layout engines take more time than the drawing itself.

    Args:
        columns: number of axes, >= 1.
        width: width of the figure, in inches.
        height: height of the figure, in inches.
        gap: space between two axes, in inches; it holds the labels of the right one.
        right: margin on the right, in inches.
        top: margin at the top, in inches; it holds the titles. Without a title, 0.12 is enough.

    >>> figure, axes = panels(columns=2, width=6.0)
    >>> len(axes), figure.get_size_inches().tolist()
    (2, [6.0, 3.3])
    """
    figure = Figure(figsize=(width, height))
    left, bottom = 0.68, 0.48
    one = (width - left - right - gap * (columns - 1)) / columns
    axes = [
        figure.add_axes(
            (
                (left + i * (one + gap)) / width,
                bottom / height,
                one / width,
                (height - bottom - top) / height,
            )
        )
        for i in range(columns)
    ]
    return figure, axes


@styled
def png(figure: Figure) -> bytes:
    """Return a figure as a small PNG: 64 colours, and no time stamp in it.

    >>> figure, axes = panels()
    >>> png(figure)[1:4]
    b'PNG'
    """
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(_CSS_PIXELS_PER_INCH * _OVERSAMPLING)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture = picture.quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    picture.save(buffer, format="png")
    return buffer.getvalue()


def img_tag(figure: Figure, alt: str) -> str:
    """Return a figure as an HTML `<img>` that carries its text alternative.

    Raises:
        ValueError: `alt` is empty.

    >>> figure, axes = panels(width=2.0)
    >>> img_tag(figure, alt="an empty frame")[-35:]
    '" alt="an empty frame" width="192">'
    """
    if not alt.strip():
        raise ValueError(f"alt must describe the figure, got {alt!r}")
    data = base64.b64encode(png(figure)).decode()
    width = round(figure.get_figwidth() * _CSS_PIXELS_PER_INCH)
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" width="{width}">'


def show(figure: Figure, alt: str) -> None:
    """Display a figure in a notebook with `alt`: what it shows, for those who cannot see it.

    JupyterLab gives an `image/png` output no alt attribute, hence the HTML.

    >>> figure, axes = panels(width=2.0)
    >>> show(figure, alt="an empty frame")  # doctest: +ELLIPSIS
    {...'text/plain': 'an empty frame'...}
    """
    display({"text/html": img_tag(figure, alt), "text/plain": alt}, raw=True)


def axes_or_new(ax: Axes | None, **size: float) -> Axes:
    """Return `ax`, or the axes of a new figure of this size; see `panels`."""
    return panels(**size)[1][0] if ax is None else ax


def ticks_at(axis: Axis, values: Sequence[float], **text: object) -> None:
    """Make an axis logarithmic with a tick at each value, and take minor ticks off both axes.

    Args:
        axis: axis to change, such as `ax.xaxis`; the other one has its final scale already.
        values: > 0.
        text: settings of the tick labels, such as `fontsize`.
    """
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_ticks(values, [f"{value:g}" for value in values], **text)
    axis.axes.minorticks_off()


def with_intervals(
    ax: Axes, x: np.ndarray | Sequence[float], intervals: Sequence[Interval], **look: object
) -> None:
    """Draw the means over x, each with a bar from the low to the high end of its interval."""
    ends = [(interval.low, interval.mean, interval.high) for interval in intervals]
    low, mean, high = np.reshape(ends, (-1, 3)).T
    ax.errorbar(x, mean, (mean - low, high - mean), **look)


def share_ylabel(axes: Sequence[Axes], label: str) -> None:
    """Label the vertical axis that panels have in common, at the leftmost of them only."""
    axes[0].set_ylabel(label)
    for ax in axes[1:]:
        ax.tick_params(labelleft=False)
