"""The rule by which a range test of a torch model stops: its loss has grown too far."""

from __future__ import annotations

import math

_BETA = 0.98
_FIRST = 10  # losses, before which the spread of losses below zero is not yet known
_ROUNDING = 0.01  # times |best|: what bfloat16 cannot resolve is no rise


class Stop:
    """Watches the losses of one run and says when it has grown too far.

    With v the unbiased moving average of the losses (beta = 0.98) and b its lowest value so far,
    a run stops when v - b > (stop_factor - 1) * scale. While no loss is below zero the scale is
    b, which is the tools' rule v > stop_factor * b. Below zero that rule means nothing: with b < 0
    it holds at once, for any factor. fastai 2.8, ignite 0.5.5 and torch-lr-finder 0.2.2 therefore
    stop at the first smoothed loss below zero, and Lightning 2.6 at the second. Here, from the
    first negative loss on, the scale is the range of the losses up to the lowest average, noise
    included, which does not depend on where zero lies; or 1 % of |b| if that is larger, as it is
    where the losses are flat but for rounding. In that case no run stops before its tenth loss.

    >>> stop = Stop(stop_factor=4.0)
    >>> [stop.after(loss) for loss in (1.0, 1.0, 200.0)]
    [False, False, True]
    >>> stop = Stop(stop_factor=4.0)
    >>> any(stop.after(loss - 100.0) for loss in (1.0, 0.9) * 50)
    False
    """

    def __init__(self, stop_factor: float) -> None:
        """Set up the rule.

        Args:
            stop_factor: > 1; infinite never stops.
        """
        self._factor = stop_factor
        self._count, self._average, self._best = 0, 0.0, math.inf
        self._low, self._high = math.inf, -math.inf
        self._range = 0.0  # of the losses up to the lowest average

    def after(self, loss: float) -> bool:
        """Return whether the run stops after this loss, which must be finite."""
        self._count += 1
        self._average = _BETA * self._average + (1 - _BETA) * loss
        smoothed = self._average / (1 - _BETA**self._count)
        self._low, self._high = min(self._low, loss), max(self._high, loss)
        if smoothed < self._best or self._count <= _FIRST:
            self._range = self._high - self._low
        self._best = min(self._best, smoothed)
        if self._factor == math.inf:
            return False
        if self._low >= 0:
            return smoothed > self._factor * self._best
        scale = max(self._range, _ROUNDING * abs(self._best))
        return self._count >= _FIRST and smoothed - self._best > (self._factor - 1) * scale
