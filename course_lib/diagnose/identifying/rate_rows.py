"""Rows of rates at one lag: what every search of a curve looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_MOST_ROWS = 100  # more are thinned for the search; the caller looks at all of them afterwards


@dataclass(frozen=True, eq=False)
class RateRows:
    """Rows whose counter goes forward, at one lag.

    Attributes:
        t: (rows,), counter minus lag.
        r: (rows,), rates.
        slack: (rows,), largest distance that counts as a fit.
        whole: whether lengths are whole numbers of t.
        settings: settings that the file gives beside its rows.
        total_steps: length of the run in the unit of t, where the file says it.
    """

    t: np.ndarray
    r: np.ndarray
    slack: np.ndarray
    whole: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    total_steps: float | None = None

    @property
    def peak(self) -> float:
        """Highest rate of the rows."""
        return float(self.r.max())

    def thinned(self, most: int = _MOST_ROWS) -> RateRows:
        """Return at most about `most` rows, the first, the last and the highest among them."""
        rows = len(self.t)
        if rows <= most:
            return self
        top = int(np.argmax(self.r))
        last_top = int(rows - 1 - np.argmax(self.r[::-1]))
        near = [n for n in (top - 1, top, last_top, last_top + 1) if 0 <= n < rows]
        spread = np.linspace(0, rows - 1, most).astype(int)
        early = np.arange(min(12, rows))
        rise = np.linspace(0, top, 12).astype(int)
        kept = np.unique(np.concatenate([spread, early, rise, near]))
        return self.at(kept)

    def at(self, kept: np.ndarray) -> RateRows:
        """Return the rows `kept`."""
        return RateRows(
            self.t[kept],
            self.r[kept],
            self.slack[kept],
            self.whole,
            self.settings,
            self.total_steps,
        )
