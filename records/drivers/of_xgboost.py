"""Trains trees with XGBoost's callback, and reads their rates off their leaves."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xgboost

from course_lib.libraries import from_library
from records.drivers.driving import drive

# The same release without what a GPU needs.
PINS = ("xgboost-cpu==3.2.0", "scipy==1.17.1", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of the trees of a run with as many rounds as rates are given."""
    given = arguments.pop("learning_rates")
    rounds = updates
    if isinstance(given[0], str):
        schedule = from_library(given[0], **given[1])
        given = lambda boosting_round: schedule(boosting_round)  # noqa: E731
    else:
        rounds = min(len(given), updates)
    data = xgboost.DMatrix(np.array([[0.0], [1.0]]), label=[0.0, 1.0])
    plain = {"lambda": 0.0, "min_child_weight": 0.0, "max_depth": 1, "base_score": 0.0}
    booster = xgboost.train(
        {"tree_method": "exact", **plain, **arguments},
        data,
        rounds,
        obj=lambda margins, matrix: (np.array([1.0, -1.0]), np.ones(2)),
        callbacks=[getattr(xgboost.callback, name)(given)],
    )
    trees = [json.loads(tree) for tree in booster.get_dump(dump_format="json")]
    return [float(np.float32(max(_leaves(tree)))) for tree in trees]


def _leaves(tree: dict[str, Any]) -> list[float]:
    return [tree["leaf"]] if "leaf" in tree else [x for c in tree["children"] for x in _leaves(c)]


if __name__ == "__main__":
    drive(rates, xgboost.__version__)
