"""Exercise 12, solved in other ways."""

import math

import numpy as np


def sum_of_rates(rates, updates, start):
    return [sum(rates[start:done]) if done > start else 0.0 for done in updates]


def fit_power_law(sums, losses, floor_loss):
    x, y = np.log2(sums), np.log2(losses - floor_loss)
    alpha = -np.cov(x, y, bias=True)[0, 1] / np.var(x)
    return [2 ** (y.mean() + alpha * x.mean()), alpha]


def gain_of_a_fall(before, after, span, parameters):
    bracket = 1 + parameters["C"] * span / after ** parameters["gamma"]
    return parameters["B"] * (before - after) * -math.expm1(-parameters["beta"] * math.log(bracket))


def multi_power_loss(rates, parameters):
    left, loss = 0.0, parameters["L0"]
    for after, before in zip(rates[:0:-1], rates[-2::-1], strict=True):
        left += after
        loss -= gain_of_a_fall(before, after, left, parameters)
    return loss + parameters["A"] / math.fsum(rates) ** parameters["alpha"]


def cooldown_start(total_steps, peak_lr, parameters, starts):
    tried = []
    for start in starts:
        rates = np.full(total_steps, peak_lr)
        rates[start:] = np.linspace(peak_lr, 0.0, total_steps - start, endpoint=False)
        tried.append((multi_power_loss(rates, parameters), start))
    loss, start = min(tried)
    return [start, loss]


OTHER = {
    f.__name__: f
    for f in (sum_of_rates, fit_power_law, gain_of_a_fall, multi_power_loss, cooldown_start)
}
_TOTALS = "`totals = np.append(0.0, np.cumsum(rates))`"
_DIFFERENCE = "`return np.maximum(totals[updates] - totals[start], 0.0)`"
_LOOP = "`for t in range(1, len(rates)):`"
_FIRST = "`best, lowest = 0, np.inf`"
_ANY_START = "there is a candidate, and the first replaces it"
EQUIVALENT = {
    "sum_of_rates": {
        f"0.0 to 0, column 19 of {_TOTALS}": "the sums are floats all the same",
        f"0.0 to 0, column 51 of {_DIFFERENCE}": "the differences are floats all the same",
        f"call + 1, column 9 of {_TOTALS}": "what is added to all totals leaves differences alone",
    },
    "multi_power_loss": {
        "0.0 to 0, column 7 of `gain = 0.0`": "the loss is a float all the same",
        **{
            f"{change}, column 22 of {_LOOP}": "only the length of the rates is used here"
            for change in ("rates Add 1", "rates Sub 1", "minus rates")
        },
    },
    "cooldown_start": {
        f"0 to -1, column 15 of {_FIRST}": _ANY_START,
        f"0 to 0.0, column 15 of {_FIRST}": _ANY_START,
        f"0 to 1, column 15 of {_FIRST}": _ANY_START,
        "Lt to LtE, column 3 of `if loss < lowest:`": "no two starts have the same loss",
    },
}
