"""The curve of the YOLO trainers: by epoch, with a warmup in every iteration of the first epochs.

Iteration i of nb in epoch x has n = nb x + i; while n <= nw the rate lies on the line from the
warmup's first rate (n = 0) to peak * f(x) (n = nw), and nw = max(round(3 nb), 100). A row has the
rate of the last iteration of its epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.diagnose.identifying.curve_solving import digits_of, rounded

_LEAST_WARMUP = 100  # iterations
_MOST_BATCHES = 60_000
# optimizer="auto" sets SGD to 0.01 and AdamW to 0.002 * 5 / (4 + classes), to 6 decimals
_AUTO = (0.01, *(round(0.002 * 5.0 / (4.0 + n), 6) for n in (*range(1, 21), 80)))
_ENDS = (0.01, 0.1, 0.2, 0.001, 0.0, 0.05)


@dataclass(frozen=True)
class YoloCurve:
    """Rates of a YOLO trainer by epoch.

    Attributes:
        peak: the rate lr0.
        end: share of it that is left at the end, lrf.
        epochs: epochs of the plan.
        batches: iterations in an epoch; 0 where no row of the warmup is seen.
        warmup_iterations: iterations of the warmup.
        warmup_start: rate from which the warmup goes.
        late: epochs by which the schedule follows after the warmup: 1 in YOLOv5, 0 in Ultralytics.
        cosine: whether f is a half-cosine, not a line.
    """

    peak: float
    end: float
    epochs: float
    batches: float
    warmup_iterations: float
    warmup_start: float
    late: int
    cosine: bool

    def share(self, x: np.ndarray) -> np.ndarray:
        """Return f(x), the share of the peak in epoch x."""
        done = np.clip(np.asarray(x, dtype=np.float64), 0.0, None) / self.epochs
        if self.cosine:
            return 0.5 * (1.0 - np.cos(np.pi * done)) * (self.end - 1.0) + 1.0
        return (1.0 - done) * (1.0 - self.end) + self.end

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the rates at the end of the epochs x (float64, shape of `x`)."""
        x = np.asarray(x, dtype=np.float64)
        after = self.peak * self.share(x - self.late)
        if not self.batches:
            return after
        last = np.minimum(self.batches * (x + 1.0) - 1.0, self.warmup_iterations)
        goal = self.peak * self.share(x)
        rising = self.warmup_start + (goal - self.warmup_start) * last / self.warmup_iterations
        return np.where(self.batches * x <= self.warmup_iterations, rising, after)


def is_yolo(format_name: str, settings: Mapping[str, Any]) -> bool:
    """Return whether a log is of a trainer of this kind."""
    name = format_name.lower()
    return "yolov" in name or "ultralytics" in name or "lrf" in settings


def search_yolo(
    x: np.ndarray, r: np.ndarray, slack: np.ndarray, settings: Mapping[str, Any], late: tuple
) -> tuple[YoloCurve, dict[str, tuple[float, float]]] | None:
    """Return the curve and the intervals of its parameters, or None.

    Args:
        x: (rows,), epoch from 0.
        r: (rows,), rates.
        slack: (rows,), largest distance that counts as a fit.
        settings: settings of the run, "epochs", "lrf", "lr0", "warmup_epochs", "warmup_bias_lr".
        late: the values of `late` to try, the likeliest first.
    """
    rows = len(x)
    for tail in range(rows):
        for cosine in (False, True):
            for lag in late:
                base = _after_warmup(x[tail:], r[tail:], slack[tail:], settings, lag, cosine)
                found = None if base is None else _with_warmup(base, x, r, slack, settings)
                if found is not None:
                    return found
        if tail > 60 and tail > rows // 2:
            break
    plans = _from_settings(settings)
    found = (_with_warmup(plan, x, r, slack, settings) for plan in plans)
    return next((fit for fit in found if fit is not None), None)


def _number(settings: Mapping[str, Any], name: str) -> float | None:
    value = settings.get(name)
    return float(value) if isinstance(value, int | float) and value == value else None


def _after_warmup(
    x: np.ndarray,
    r: np.ndarray,
    slack: np.ndarray,
    settings: Mapping[str, Any],
    late: int,
    cosine: bool,
) -> YoloCurve | None:
    """Return the curve of rows after the warmup: peak, end and number of epochs."""
    if len(x) < 3 or not r[0] > r[-1]:
        return None
    epochs = _number(settings, "epochs")
    if cosine:
        if epochs is None:
            return None
        weight = 0.5 * (1.0 + np.cos(np.pi * (x - late) / epochs))
    else:
        weight = 1.0 - (x - late) / (epochs or 1.0)
    matrix = np.stack([weight, 1.0 - weight], axis=1) / slack[:, None]
    peak, low = (float(v) for v in np.linalg.lstsq(matrix, r / slack, rcond=None)[0])
    if np.any(np.abs(weight * peak + (1.0 - weight) * low - r) > 1.5 * slack):
        return None
    if not peak > 0:
        return None
    if epochs is None:
        slope = peak - low  # of one epoch
        lengths = [(end, peak * (1.0 - end) / slope) for end in _ENDS]
        near = [(e, n) for e, n in lengths if abs(n - round(n)) < 1e-3 * max(1.0, n / 100)]
        if not near:
            return None
        end, length = near[0]
        epochs, low = float(round(length)), end * peak
    for digits in (1, 2, 3, 4, 5):
        near_peak = rounded(peak, digits)
        for end in (_number(settings, "lrf"), rounded(max(low, 0.0) / peak, 2), low / peak):
            if end is None:
                continue
            curve = YoloCurve(near_peak, end, epochs, 0, 0, 0.0, late, cosine)
            if np.all(np.abs(curve(x) - r) <= slack):
                return curve
    return None


def _from_settings(settings: Mapping[str, Any]) -> list[YoloCurve]:
    """Return the curves that the settings may plan, where every row is in the warmup."""
    end, epochs = _number(settings, "lrf"), _number(settings, "epochs")
    if end is None or epochs is None:
        return []
    cosine = str(settings.get("cos_lr")).lower() == "true"
    peak = _number(settings, "lr0") or _number(settings, "peak_lr")
    peaks = [] if peak is None else [peak]
    if str(settings.get("optimizer")).lower() == "auto":
        peaks = [*_AUTO, *peaks]
    return [YoloCurve(p, end, epochs, 0, 0, 0.0, 0, cosine) for p in peaks if p > 0]


def _with_warmup(
    base: YoloCurve,
    x: np.ndarray,
    r: np.ndarray,
    slack: np.ndarray,
    settings: Mapping[str, Any],
) -> tuple[YoloCurve, dict[str, tuple[float, float]]] | None:
    """Return the curve with the number of batches that explains the rows of the warmup."""
    spans = {}
    off = np.abs(base(x) - r) > slack
    if not off.any() and digits_of(base.peak) <= 3:
        return base, spans
    starts = {0.0, 0.1}
    bias = _number(settings, "warmup_bias_lr")
    if bias is not None:
        starts.add(bias)
    lengths = [_number(settings, "warmup_epochs") or 3.0]
    lengths += [n for n in (3.0, 1.0, 2.0, 5.0) if n not in lengths]
    batches = np.arange(1, _MOST_BATCHES, dtype=np.float64)
    for length in lengths:
        iterations = np.maximum(np.round(length * batches), _LEAST_WARMUP)
        for start in sorted(starts):
            fits = np.ones(batches.shape, dtype=bool)
            for row in np.unique(np.concatenate([np.flatnonzero(off), np.arange(min(8, len(x)))])):
                last = np.minimum(batches * (x[row] + 1.0) - 1.0, iterations)
                goal = base.peak * float(base.share(x[row : row + 1])[0])
                rising = start + (goal - start) * last / iterations
                after = base.peak * float(base.share(x[row : row + 1] - base.late)[0])
                rate = np.where(batches * x[row] <= iterations, rising, after)
                fits &= np.abs(rate - r[row]) <= slack[row]
                if not fits.any():
                    break
            if fits.any():
                hits = batches[fits]
                pick = float(hits[len(hits) // 2])
                nw = max(round(length * pick), _LEAST_WARMUP)
                curve = YoloCurve(
                    base.peak, base.end, base.epochs, pick, nw, start, base.late, base.cosine
                )
                if np.all(np.abs(curve(x) - r) <= slack):
                    spans["batches"] = (float(hits[0]), float(hits[-1]))
                    return curve, spans
    return None
