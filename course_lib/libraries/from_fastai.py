"""Converts fastai's annealers and `fit_*` calls."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.libraries.pieces import (
    Phases,
    exponential,
    hold,
    stretch,
    until,
)
from course_lib.libraries.registry import (
    converter,
)
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part, WarpedPolynomial
from course_lib.schedules.shapes import (
    Cosine,
    CosineWave,
    Polynomial,
)
from course_lib.validation import check_count, check_real

# fastai: a position t / n_batches, n_batches = epochs x batches; the annealers are float64, what
# `combine_scheds` puts together computes the position in float32.


@converter("fastai.fit_one_cycle")
def fit_one_cycle(
    *,
    n_batches: int,
    lr_max: float,
    div: float = 25.0,
    div_final: float = 1e5,
    pct_start: float = 0.25,
    moms: Sequence[float] = (0.95, 0.85, 0.95),
) -> Phases:
    """A half-cosine from lr_max / div to lr_max at pct_start * n, one to lr_max / div_final at n.

    Training ends after n_batches updates, so the last rate is never applied; it is held here. The
    final rate is lr_max / div_final, not divided by `div` as in torch.
    """
    peak = check_real("lr_max", lr_max)
    low = peak / check_real("div", div, low_open=True)
    end = peak / check_real("div_final", div_final, low_open=True)
    return _combined([pct_start, 1 - pct_start], [(low, peak), (peak, end)], n_batches)


@converter("fastai.fit_flat_cos")
def fit_flat_cos(
    *, n_batches: int, lr: float, div_final: float = 1e5, pct_start: float = 0.75
) -> Phases:
    """lr until pct_start * n, then a half-cosine to lr / div_final at n, held here."""
    peak = check_real("lr", lr)
    end = peak / check_real("div_final", div_final, low_open=True)
    return _combined([pct_start, 1 - pct_start], [(peak, peak), (peak, end)], n_batches)


@converter("fastai.fit_sgdr")
def fit_sgdr(
    *, n_cycles: int, cycle_len: int, lr_max: float, batches_per_epoch: int, cycle_mult: int = 2
) -> Phases:
    """n_cycles half-cosines from lr_max to 0, cycle i of cycle_len * cycle_mult**i epochs.

    0 is reached only where training ends, and held here.
    """
    cycles, mult = check_count("n_cycles", n_cycles), check_count("cycle_mult", cycle_mult, low=2)
    lengths = [check_count("cycle_len", cycle_len) * mult**i for i in range(cycles)]
    peak = check_real("lr_max", lr_max)
    total = sum(lengths)
    pcts = [length / total for length in lengths]
    per_epoch = check_count("batches_per_epoch", batches_per_epoch)
    return _combined(pcts, [(peak, 0.0)] * cycles, total * per_epoch)


def _combined(pcts: list[float], ends: list[tuple[float, float]], n_batches: int) -> Phases:
    """Return half-cosines one after another, each for its share of the batches."""
    total = check_count("n_batches", n_batches)
    for pct in pcts:
        if not 0.0 < check_real("pct_start", pct, high=1.0) <= 1.0:
            raise ValueError(f"pct_start must be > 0 and < 1, got {pct!r}")
    # fastai compares positions in float32, and so its boundaries are found here.
    marks = np.cumsum(np.array([0.0, *pcts], dtype=np.float32), dtype=np.float32)
    phases: Phases = ()
    at = 0
    for (start, end), low, high in zip(ends, marks[:-1], marks[1:], strict=True):
        last = high == marks[-1]
        upto = total if last else until(_reaches(high, total), float(high) * total)
        offset, length = at - float(low) * total, float(high - low) * total
        rounding = 1e-7 * total  # of a position in float32
        offset = float(round(offset)) if abs(offset - round(offset)) < rounding else offset
        length = float(upto - at) if abs(length - (upto - at)) < rounding else length
        phases += stretch(upto - at, start, end, Cosine(), offset, length)
        at = upto
    return phases + hold(ends[-1][1])


def _reaches(mark: Any, total: int) -> Any:
    return lambda t: np.float32(t / total) >= mark


def _annealer(start: float, end: float, n_batches: int) -> tuple[float, float, int]:
    low = -math.inf
    return (
        check_real("start", start, low=low),
        check_real("end", end, low=low),
        check_count("n_batches", n_batches),
    )


@converter("fastai.SchedLin")
def sched_lin(*, start: float, end: float, n_batches: int) -> Phases:
    """start + (end - start) * t / n_batches, not clamped: it runs on below `end`."""
    first, last, total = _annealer(start, end, n_batches)
    return (Phase(math.inf, first, last, Part(Polynomial(), length=total)),)


@converter("fastai.SchedCos")
def sched_cos(*, start: float, end: float, n_batches: int) -> Phases:
    """The half-cosine from start to end over n_batches, not clamped: it rises again."""
    first, last, total = _annealer(start, end, n_batches)
    return (Phase(math.inf, first, last, CosineWave(total)),)


@converter("fastai.SchedExp")
def sched_exp(*, start: float, end: float, n_batches: int) -> Phases:
    """start * (end / start) ** (t / n_batches), not clamped: it goes on falling."""
    check_real("start", start, low_open=True)
    check_real("end", end, low_open=True)
    return exponential(start, (end / start) ** (1 / check_count("n_batches", n_batches)))


@converter("fastai.SchedPoly")
def sched_poly(*, start: float, end: float, power: float, n_batches: int) -> Phases:
    """start + (end - start) * (t / n_batches) ** power, not clamped: it falls ever faster."""
    first, last, total = _annealer(start, end, n_batches)
    shape = WarpedPolynomial(1.0, check_real("power", power, low_open=True))
    return (Phase(math.inf, first, last, Part(shape, length=total)),)
