"""Reads one rate from a recorded curve, as the code of each tool does.

A reader takes rates (n,) and smoothed losses (n,), after the tool's own skipping, and returns a
rate or raises `NoSuggestion`. Two facts hold for all that take an argmin without a look at NaN:
NaN counts as the smallest number, so they suggest the rate at which the run broke down.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np


class NoSuggestion(ValueError):
    """A tool finds no rate in this curve, or fails on it; the message says why."""


def article_steepest(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return the rate of the most negative dL / d log10(rate), by central differences."""
    _need(2, losses)
    return float(rates[np.argmin(np.gradient(losses, np.log10(rates)))])


def fastai_valley(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return a rate in the middle of the longest valley.

    The valley is the longest strictly decreasing *subsequence*, its points need not be
    neighbours; yet its start is taken to be its end minus its length. With s a third of the
    length, the rate is that at start + int(s) + int(s / 2).
    """
    rates, losses = _fastai_points(rates, losses)
    _need(1, losses)
    lengths, tails = [], []
    for value in -losses:
        place = bisect_left(tails, value)
        tails[place : place + 1] = [value]
        lengths.append(place + 1)
    longest = max(lengths)
    if longest == 1:  # nothing falls: the search never leaves the first point
        return float(rates[0])
    third = longest / 3
    start = lengths.index(longest) - longest
    return float(rates[start + int(third) + int(third / 2)])  # start may be -1, from the end


def fastai_steep(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return the rate before the steepest single step of the loss over log(rate)."""
    rates, losses = _fastai_points(rates, losses)
    _need(2, losses)
    return float(rates[np.argmin(np.diff(losses) / np.diff(np.log(rates)))])


def fastai_minimum(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return a tenth of the rate at the lowest loss."""
    rates, losses = _fastai_points(rates, losses)
    _need(1, losses)
    return float(rates[np.argmin(losses)]) / 10


def fastai_slide(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return the left end of a window of 15 steps, slid down from the highest rate.

    It slides while the slopes (per step) at its two ends differ by more than 0.005, and stops at
    the last place where they did.
    """
    rates, losses = _fastai_points(rates, losses)
    _need(16, losses)
    slopes = np.gradient(losses)
    right = len(losses) - 1
    rate = rates[right - 15]
    while right >= 15 and abs(slopes[right] - slopes[right - 15]) > 0.005:
        rate = rates[right - 15]
        right -= 1
    return float(rate)


def torch_lr_finder_steepest(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return the rate of the most negative slope per step, by central differences."""
    _need(2, losses)
    return float(rates[np.argmin(np.gradient(losses))])


def lightning_steepest(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return the rate of the most negative dL / d(rate), in float32, over the finite losses.

    The slope is taken over the rate itself, not its logarithm: a fall of the loss at a rate ten
    times lower counts ten times as much.
    """
    single = losses.astype(np.float32)
    finite = np.isfinite(single)
    _need(2, single[finite])
    slopes = np.gradient(single[finite], rates.astype(np.float32)[finite])
    return float(rates[finite][np.argmin(slopes)])


def ignite_steepest(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return the rate one step after the most negative slope per step before the minimum.

    ignite writes down the rate of the next step beside a loss, hence one step after.
    """
    single = losses.astype(np.float32)
    falling = single[: np.argmin(single) + 1] if len(single) else single
    if len(falling) < 3:
        raise NoSuggestion("the lowest loss is among the first two points")
    slopes = np.float32(0.5) * (falling[2:] - falling[:-2])
    return float(rates[np.argmin(slopes) + 2])


def _fastai_points(rates: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points before the first NaN, in float32."""
    lost = np.flatnonzero(np.isnan(losses))
    end = lost[0] if len(lost) else len(losses)
    return rates[:end].astype(np.float32), losses[:end].astype(np.float32)


def _need(points: int, losses: np.ndarray) -> None:
    if len(losses) < points:
        raise NoSuggestion(f"{points} points are needed, {len(losses)} are left")
