"""Trains trees with LightGBM's callback, and reads their rates off their leaves."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from course_lib.libraries import from_library
from records.drivers.driving import drive

PINS = ("lightgbm==4.7.0", "scipy==1.17.1", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of the trees of a run with as many rounds as rates are given."""
    given, rounds = arguments.pop("learning_rate"), updates
    if isinstance(given[0], str):
        schedule = from_library(given[0], **given[1])
        given = lambda boosting_round: schedule(boosting_round)  # noqa: E731
    else:
        rounds = len(given)
    forest = arguments.get("boosting") == "rf"  # allows no objective of one's own
    arguments |= {"bagging_freq": 1, "bagging_fraction": 0.9} if forest else {}
    inputs = np.repeat([[0.0], [1.0]], 100, axis=0)
    slopes = np.repeat([1.0, -1.0], 100)
    plain = {"min_data_in_leaf": 1, "min_data_in_bin": 1, "num_leaves": 2, "verbosity": -1}
    booster = lightgbm.train(
        {
            "objective": "l2" if forest else lambda margins, data: (slopes, np.ones_like(slopes)),
            **{"min_sum_hessian_in_leaf": 0.0, "num_threads": 1, **plain, **arguments},
        },
        lightgbm.Dataset(inputs, label=inputs[:, 0], params={"min_data_in_bin": 1}),
        rounds,
        callbacks=[getattr(lightgbm, name)(learning_rate=given)],
    )
    trees = booster.dump_model()["tree_info"]
    if forest:
        return [float(tree["shrinkage"]) for tree in trees][:updates]
    return [float(tree["tree_structure"]["right_child"]["leaf_value"]) for tree in trees][:updates]


if __name__ == "__main__":
    drive(rates, lightgbm.__version__)
