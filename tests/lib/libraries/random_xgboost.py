"""Random rates of XGBoost's callback, and the trees of XGBoost."""

from tests.lib.libraries.random_boosting import draw_xgboost as draw
from tests.lib.libraries.random_boosting import real

__all__ = ["close", "draw", "real"]


def close(arguments, updates):
    """Return the share of the largest rate that float32 loses."""
    return 2e-7
