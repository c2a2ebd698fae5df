"""Converts the rates of gradient-boosted trees (read and run with XGBoost 3.2 and LightGBM 4.7).

An update is a boosting round, and its rate is what the new tree's leaves are multiplied by. XGBoost
keeps it in float32. A rate for each round is given as a list, or as a function of the round, here a
(name, arguments) pair that `from_library` takes, such as ("optax.exponential_decay", {…}).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from course_lib.libraries.pieces import Phases, endless, hold
from course_lib.libraries.registry import check_choice, check_pairs, convert, converter
from course_lib.validation import check_real

Rates = Sequence[float] | tuple[str, dict[str, Any]]


@converter("xgboost.LearningRateScheduler")
def xgboost_learning_rate_scheduler(*, learning_rates: Rates, eta: float = 0.3) -> Phases:
    """eta for the first tree, then learning_rates[t - 1] for tree t.

    The callback acts *after* each round: every rate is one tree late, the first tree has the rate
    of the parameters (eta, 0.3 by default), and a list's last rate is used by no tree of the run.
    It stays in the booster and in its pickle, and training that goes on from them without the
    callback and without eta has it; so it is held here. A model's file does not hold it: training
    that goes on from one has the default of 0.3. The list needs as many rates as there are rounds,
    and a shorter one raises an IndexError.
    """
    first = hold(check_real("eta", eta), 1)
    return first + _given("learning_rates", learning_rates)


@converter("lightgbm.reset_parameter")
def lightgbm_reset_parameter(*, learning_rate: Rates, boosting: str = "gbdt") -> Phases:
    """learning_rate[t] for tree t: the callback acts before each round, the first too.

    The list has exactly one rate for each round, otherwise LightGBM raises a ValueError; the last
    one is held here. boosting="rf" takes no rate: every tree has 1. "dart" is refused, because it
    changes the rates of trees that are there already.
    """
    check_choice("boosting", boosting, ["gbdt", "dart", "rf"])
    if boosting == "dart":
        raise ValueError("boosting must not be 'dart': it changes the rates of earlier trees")
    phases = _given("learning_rate", learning_rate, low_open=True)
    return hold(1.0) if boosting == "rf" else phases


def _given(name: str, rates: Rates, low_open: bool = False) -> Phases:
    if callable(rates):
        raise ValueError(
            f"{name} must be a list or a (name, arguments) pair: a function has no closed form"
        )
    if isinstance(rates, list | tuple) and rates and isinstance(rates[0], str):
        [(inner, given)] = check_pairs(name, [rates])
        return endless(convert(inner, given))
    if not isinstance(rates, list | tuple) or not rates:
        raise TypeError(f"{name} must be a list of rates, at least one, got {rates!r}")
    checked = [check_real(name, rate, low_open=low_open) for rate in rates]
    runs = [(rate, len(list(same))) for rate, same in itertools.groupby(checked)]
    phases = tuple(phase for rate, length in runs[:-1] for phase in hold(rate, length))
    return phases + hold(runs[-1][0], math.inf)
