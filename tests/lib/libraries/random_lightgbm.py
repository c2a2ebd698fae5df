"""Random rates of LightGBM's callback, and the trees of LightGBM."""

from tests.lib.libraries.random_boosting import draw_lightgbm as draw
from tests.lib.libraries.random_boosting import real

__all__ = ["close", "draw", "real"]


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
