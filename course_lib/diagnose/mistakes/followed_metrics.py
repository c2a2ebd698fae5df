"""The metric that a plateau rule follows, read from the log that is compared with the rule."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.diagnose.rate_log import RateLog

_HELD_OUT = ("val", "eval", "test", "dev", "held")


@dataclass(frozen=True, eq=False)
class FollowedMetric:
    """A column of a log, as the record of what a rule was called with.

    Attributes:
        name: name of the column.
        values: (calls,), the metric at each call of the rule.
        t: (calls,), the step after which each call was made, in the log's unit.
        others: the other columns that the rule may have followed, the likeliest first.
    """

    name: str
    values: np.ndarray
    t: np.ndarray
    others: tuple[FollowedMetric, ...] = ()

    def calls(self, t: np.ndarray) -> np.ndarray:
        """Return how many calls were made before each step t."""
        return np.searchsorted(self.t, np.asarray(t, dtype=np.float64) - 1e-6, "left")


def followed_metric(
    log: RateLog, name: str, signature: inspect.Signature, arguments: Mapping[str, Any]
) -> FollowedMetric:
    """Return the column of a log that a rule most likely followed.

    The column that `monitor` names comes first, then the loss on held-out data, then another
    metric on such data, then the training loss. A rule that waits for a maximum prefers a metric
    that is no loss.

    Args:
        log: the recorded run.
        name: name of the rule, for the error.
        signature: the arguments that the rule takes.
        arguments: name -> value, as the plan gives them.

    Raises:
        ValueError: the log has no such column.
    """
    defaults = {key: one.default for key, one in signature.parameters.items()}
    given = {**defaults, **arguments}
    columns = {key: np.asarray(column, dtype=np.float64) for key, column in log.metrics.items()}
    if log.losses is not None:
        columns["loss"] = np.asarray(log.losses, dtype=np.float64)
    columns = {key: column for key, column in columns.items() if np.isfinite(column).any()}
    if not columns:
        raise ValueError(
            f"plan: {name} follows a metric, and the log has none beside its rates; give "
            "metrics=[…] in the call, one number for each of its steps"
        )
    order = sorted(columns, key=_order(given.get("monitor"), given.get("mode") == "max"))
    lag = max(log.lags, default=0)
    found = [_record(key, columns[key], log.at - lag) for key in order]
    first, others = found[0], tuple(found[1:])
    return FollowedMetric(first.name, first.values, first.t, others)


def _order(monitor: Any, rises: bool) -> Callable[[str], Sequence[Any]]:
    def order(name: str) -> Sequence[Any]:
        plain = name.lower()
        held_out = any(word in plain.split("/")[0] for word in _HELD_OUT) or any(
            word in plain.split("/")[-1].split("_") for word in _HELD_OUT
        )
        return (name != monitor, not held_out, ("loss" in plain) == rises, name)

    return order


def _record(name: str, column: np.ndarray, t: np.ndarray) -> FollowedMetric:
    told = np.isfinite(column)
    return FollowedMetric(name, column[told], t[told])
