"""The landscapes of the schedule explorer: the view of each from above, and walks over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import contourpy
import numpy as np

from course_lib import training
from course_lib.explorers.chart import MUTED, Axis, Line
from course_lib.explorers.optimizers import OPTIMIZERS
from course_lib.problems import Landscape, Ravine, Rosenbrock, SeveralMinima

REACH = 2.5  # every landscape is shown for x and y from -REACH to REACH
_GRID, _LEVELS = 70, 9
_NOISE_SEED = 0  # the same noise for all schedules, so that they differ only in the rate


@dataclass(frozen=True)
class Place:
    """A landscape to walk over, and the noise that belongs to it at first.

    Attributes:
        landscape: its loss and gradient; scaled so that plain descent stands rates up to 0.1.
        noise_std: standard deviation of the gradient's noise that is added to the slider's.
    """

    landscape: Landscape
    noise_std: float = 0.0


PLACES = {
    "ravine": Place(Ravine((1.0, 15.0))),
    "Rosenbrock's valley": Place(Rosenbrock(steepness=0.5)),
    "several minima": Place(SeveralMinima()),
    "noisy bowl": Place(Ravine((1.0, 1.0)), noise_std=1.0),
}


@dataclass(frozen=True, eq=False)
class Walks:
    """Paths of several schedules from one start.

    Attributes:
        paths: positions, shape (R, T + 1, 2); NaN from where a loss is no longer finite.
        above: loss minus the lowest loss of the landscape, shape (R, T + 1), NaN likewise.
    """

    paths: np.ndarray
    above: np.ndarray

    def diverged_at(self, run: int) -> int | None:
        """Return the first update after which the loss of a run is not finite, or None."""
        lost = np.flatnonzero(~np.isfinite(self.above[run]))
        return int(lost[0]) if len(lost) else None


def walks(
    place: str, optimizer: str, noise_std: float, start: tuple[float, float], rates: np.ndarray
) -> Walks:
    """Return the walks of schedules with rates of shape (R, T), all with the same noise.

    Raises:
        ValueError: no such place or optimizer, or a number out of its range.
    """
    rows = tuple(row.tobytes() for row in np.asarray(rates, dtype=np.float64))
    return _walks(place, optimizer, noise_std, start, rows)


@lru_cache(maxsize=32)  # play asks for the same walks again and again
def _walks(
    place: str,
    optimizer: str,
    noise_std: float,
    start: tuple[float, float],
    rows: tuple[bytes, ...],
) -> Walks:
    here = PLACES[place]
    rates = np.array([np.frombuffer(row) for row in rows])
    sigma = float(np.hypot(noise_std, here.noise_std))
    seeds = [_NOISE_SEED] * len(rows)
    paths = training.walk(
        here.landscape, OPTIMIZERS[optimizer], rates, np.array(start), sigma, seeds
    )
    with np.errstate(invalid="ignore", over="ignore"):
        above = here.landscape.loss(paths) - here.landscape.minimum_loss
    return Walks(paths, above)


@cache
def contours(place: str) -> Line:
    """Return the lines of equal loss, at levels of equal ratio, as one broken line."""
    landscape = PLACES[place].landscape
    side = np.linspace(-REACH, REACH, _GRID)
    grid = np.stack(np.meshgrid(side, side), axis=-1)
    above = landscape.loss(grid) - landscape.minimum_loss
    maker = contourpy.contour_generator(side, side, above, line_type="ChunkCombinedNan")
    levels = np.geomspace(max(above.min(), 1e-2 * above.max()), 0.9 * above.max(), _LEVELS)
    pieces = [maker.lines(level)[0][0] for level in levels]
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([p for piece in pieces if piece is not None for p in (piece, gap)])
    return Line(*points.T, MUTED, width=0.7)


def axes() -> tuple[Axis, Axis]:
    """Return the axes from which all landscapes are seen."""
    return Axis("x", -REACH, REACH), Axis("y", -REACH, REACH)
