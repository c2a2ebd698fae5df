"""Curves that are stepped once per epoch, in logs that count updates: smooth ones in steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from course_lib.diagnose.identifying.curve_search import FoundCurve, search
from course_lib.diagnose.identifying.rate_curve import TIMES_BODY
from course_lib.diagnose.identifying.rate_rows import RateRows
from course_lib.diagnose.identifying.rows_of_group import RowsOfGroup

_SAME = 1e-9
_FEWEST = 4  # with fewer levels a staircase is as good


def search_by_epoch(rows: RowsOfGroup) -> tuple[FoundCurve, float, float] | None:
    """Return curve, lag and updates in an epoch of rows that change once per epoch, or None.

    The curve's own values are in epochs.

    Args:
        rows: rows that count updates.
    """
    if rows.log.unit not in ("update", "row") or len(rows.r) < 2 * _FEWEST:
        return None
    warm = _under_warmup(rows)
    if warm is not None:
        return warm
    change = np.abs(np.diff(rows.r)) > _SAME * rows.r.max()
    if not _FEWEST <= change.sum() + 1 <= 0.6 * len(rows.r):
        return None
    for lag in (float(n) for n in rows.log.lags):
        for epoch, length in _epochs(rows, lag):
            if len(epoch) < 1.5 * len(np.unique(epoch)):
                continue  # with one row an epoch nothing shows that it stands still in between
            first = np.flatnonzero(np.concatenate([[True], np.diff(epoch) > 0]))
            levels = rows.r[first][np.searchsorted(epoch[first], epoch)]
            if np.any(np.abs(levels - rows.r) > 2.0 * rows.slack):
                continue
            found = _search(rows, epoch[first], first, length)
            if found is not None:
                return replace(found, curve=replace(found.curve, every=length)), lag, length
    return None


def _under_warmup(rows: RowsOfGroup) -> tuple[FoundCurve, float, float] | None:
    """Return the fit of a fall by epochs that a line in every update multiplies at first, or None.

    MMCV and MMEngine warm up by iteration, also where the schedule counts epochs.
    """
    top = int(np.argmax(rows.r))
    if top < 3 or len(rows.r) - top < 3 * _FEWEST or np.any(np.diff(rows.r[: top + 1]) < 0):
        return None
    change = np.abs(np.diff(rows.r[top:])) > _SAME * rows.r.max()
    if not _FEWEST <= change.sum() + 1 <= 0.6 * len(change):
        return None
    if change[0]:  # the highest row may be the last of the warmup
        top += 1
    after = search_by_epoch(rows.part(slice(top, None)))
    if after is None or after[0].curve.body == "constant" or after[0].curve.warmup:
        return None
    found, lag, length = after
    t = rows.at - lag
    share = rows.r / found.curve(t)
    rising = share < 1.0 - 1e-9
    if rising.sum() < 3 or rising[int(rising.sum()) :].any():
        return None
    slope, start = np.polyfit(t[rising], share[rising], 1)
    if not slope > 0 or not 0 <= start < 1:
        return None
    steps = float(round((1.0 - start) / slope))
    peak = found.curve.values["peak"]
    values = {"warmup_steps": steps, "warmup_start": float(f"{start * peak:.6g}")}
    values["decay_from"] = found.curve.values.get("decay_from", 0.0)
    curve = replace(
        found.curve.having(**values), warmup=TIMES_BODY, rise_by_update=True, every=length
    )
    far = np.abs(curve(t) - rows.r)
    return (replace(found, curve=curve), lag, length) if np.all(far <= 2.0 * rows.slack) else None


def _search(
    rows: RowsOfGroup, epoch: np.ndarray, first: np.ndarray, length: float
) -> FoundCurve | None:
    total = rows.log.settings.get("epochs")
    if not isinstance(total, int | float) or not total > 0:
        steps = rows.total_steps()
        total = None if steps is None else steps / length
    r, slack = rows.r[first], rows.slack[first]
    levels = RateRows(epoch, r, slack, True, {}, total)
    found = search(levels)
    return found if found is not None and found.fits else None


def _epochs(rows: RowsOfGroup, lag: float) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the epoch of every row, from 0, with the number of updates in one."""
    t = rows.at - lag
    known = rows.log.settings.get("steps_per_epoch")
    if isinstance(known, int | float) and known > 1:
        yield np.floor(t / known + 1e-9), float(known)
    if rows.log.epochs is not None:
        logged = np.floor(np.asarray(rows.log.epochs, dtype=np.float64)[rows.index])
        if np.isfinite(logged).all() and np.all(np.diff(logged) >= 0):
            for start in (0.0, 1.0):
                length = _length(logged - start, t)
                if length is not None:
                    yield logged - start, length
    change = np.concatenate([[False], np.abs(np.diff(rows.r)) > _SAME * rows.r.max()])
    counted = np.cumsum(change).astype(np.float64)
    places = t[change]
    usual = float(np.median(np.diff(places))) if len(places) > 1 else math.inf
    for before in dict.fromkeys((0.0, max(0.0, round(places[0] / usual) - 1.0))):
        length = _length(counted + before, t)
        if length is not None:
            yield counted + before, length


def _length(epoch: np.ndarray, t: np.ndarray) -> float | None:
    """Return the whole number of updates with floor(t / number) = epoch in every row, or None."""
    if epoch[0] < 0:
        return None
    later = epoch > 0
    high = float((t[later] / epoch[later]).min()) if later.any() else math.inf
    low = float((t / (epoch + 1.0)).max())
    if not math.isfinite(high) or math.floor(high) <= low:
        return None
    return float(math.floor(high))
