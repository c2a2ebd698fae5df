"""Quantiles of the normal and of Student's t distribution, by SciPy.

`scipy.special` is loaded by their first call: without it, an exercise that needs no quantile loads
the tasks in two thirds of the time.
"""

from __future__ import annotations

from typing import Any

import scipy


def ndtri(p: Any) -> Any:
    """Return the quantile of the standard normal distribution at the probability p."""
    return scipy.special.ndtri(p)


def stdtrit(df: Any, p: Any) -> Any:
    """Return the quantile of Student's t distribution with df degrees of freedom at p."""
    return scipy.special.stdtrit(df, p)
