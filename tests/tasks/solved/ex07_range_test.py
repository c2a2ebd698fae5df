"""Exercise 7, solved in other ways."""

import math

import numpy as np


def range_test_rates(lowest_rate, highest_rate, steps):
    growth = (highest_rate / lowest_rate) ** (1 / (steps - 1))
    rates = [lowest_rate]
    while len(rates) < steps:
        rates.append(rates[-1] * growth)
    return rates


def range_test_losses(loss_and_gradient, w, rates):
    losses = np.zeros(len(rates))
    for t, rate in enumerate(rates):
        losses[t], gradient = loss_and_gradient(w)
        w -= rate * gradient
    return losses


def debiased_average(losses, beta):
    found = []
    for t in range(len(losses)):
        weights = [beta ** (t - k) for k in range(t + 1)]
        found.append(sum(a * b for a, b in zip(weights, losses, strict=False)) / sum(weights))
    return found


def stop_index(losses, smoothed, stop_factor):
    best = np.minimum.accumulate(smoothed)
    with np.errstate(invalid="ignore"):
        stops = ~np.isfinite(losses) | (smoothed > stop_factor * best)
    return int(np.argmax(stops)) if stops.any() else len(losses)


def tenth_of_minimum(rates, smoothed, skip_start, skip_end):
    places = range(skip_start, len(rates) - skip_end)
    return 0.1 * rates[min(places, key=lambda k: smoothed[k])]


def steepest_rate(rates, smoothed):
    best, chosen = math.inf, None
    for k in range(len(rates) - 1):
        slope = (smoothed[k + 1] - smoothed[k]) / math.log10(rates[k + 1] / rates[k])
        if slope < best:
            best, chosen = slope, rates[k]
    return chosen


def choose_peak(train):
    logs = np.linspace(-5, 2, 8)
    losses = [train(10**x) for x in logs]
    middle = logs[int(np.argmin(losses))]
    low, high, golden = middle - 1, middle + 1, (math.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    at_a, at_b = train(10**a), train(10**b)
    for _ in range(4):
        if at_a < at_b:
            high, b, at_b = b, a, at_a
            a = high - golden * (high - low)
            at_a = train(10**a)
        else:
            low, a, at_a = a, b, at_b
            b = low + golden * (high - low)
            at_b = train(10**b)
    return 10**a if at_a < at_b else 10**b


OTHER = {
    f.__name__: f
    for f in (
        range_test_rates,
        range_test_losses,
        debiased_average,
        stop_index,
        tenth_of_minimum,
        steepest_rate,
        choose_peak,
    )
}
SAME_LENGTH = "all arrays of a case are of one length, whatever is done to their values"
SAME_PLACE = "a number added to every value leaves the lowest where it is"
SAME_SLOPES = "a number added to every value leaves the differences as they are"
SCALED = "all slopes times the same positive number: the smallest stays the smallest"
STILL_FINITE = "finite values stay finite, and the others as they are"
OTHER_PLAN = (
    "a task that is scored: another plan of calls, whose losses are within a twentieth, too"
)
NAN_OR_NOT = "asks the average, which is NaN or infinite from the first such loss on"
LOOP = "for t, (loss, average) in enumerate(zip(losses, smoothed, strict=True)):"
KEPT = "kept = slice(skip_start, len(rates) - skip_end)"
LOWEST = "return rates[kept][np.argmin(smoothed[kept])] / 10"
SLOPES = "slopes = np.diff(smoothed) / np.diff(np.log(rates))"
FACTOR = "factor = 10.0"
GRID = "losses = {rate: train(rate) for rate in 10.0 ** np.arange(-5, 3)}"
EQUIVALENT = {
    "debiased_average": {
        "0.0 to 0, column 20 of `average, averages = 0.0, []`": "a float after the first loss",
    },
    "stop_index": {
        "losses to smoothed, column 11 of `return len(losses)`": SAME_LENGTH,
        "losses Add 1, column 11 of `return len(losses)`": SAME_LENGTH,
        "losses Sub 1, column 11 of `return len(losses)`": SAME_LENGTH,
        "minus losses, column 11 of `return len(losses)`": SAME_LENGTH,
        f"losses to smoothed, column 40 of `{LOOP}`": NAN_OR_NOT,
        f"losses Add 1, column 40 of `{LOOP}`": STILL_FINITE,
        f"losses Sub 1, column 40 of `{LOOP}`": STILL_FINITE,
        f"minus losses, column 40 of `{LOOP}`": STILL_FINITE,
        "call * 2, column 7 of `if not np.isfinite(loss) or average > stop_factor * best:`": (
            "twice True is as true as True, and twice False is 0"
        ),
    },
    "tenth_of_minimum": {
        f"rates to smoothed, column 29 of `{KEPT}`": SAME_LENGTH,
        f"rates Add 1, column 29 of `{KEPT}`": SAME_LENGTH,
        f"rates Sub 1, column 29 of `{KEPT}`": SAME_LENGTH,
        f"minus rates, column 29 of `{KEPT}`": SAME_LENGTH,
        f"smoothed Add 1, column 29 of `{LOWEST}`": SAME_PLACE,
        f"smoothed Sub 1, column 29 of `{LOWEST}`": SAME_PLACE,
    },
    "steepest_rate": {
        f"call * 2, column 9 of `{SLOPES}`": SCALED,
        f"call * 2, column 29 of `{SLOPES}`": SCALED,
        f"call * 2, column 37 of `{SLOPES}`": SCALED,
        f"call + 1, column 37 of `{SLOPES}`": SAME_SLOPES,
        f"smoothed Add 1, column 17 of `{SLOPES}`": SAME_SLOPES,
        f"smoothed Sub 1, column 17 of `{SLOPES}`": SAME_SLOPES,
    },
    "choose_peak": {
        f"10.0 to 11.0, column 9 of `{FACTOR}`": OTHER_PLAN,
        f"10.0 to 9.0, column 9 of `{FACTOR}`": OTHER_PLAN,
        f"10.0 to 11.0, column 40 of `{GRID}`": OTHER_PLAN,
        f"10.0 to 9.0, column 40 of `{GRID}`": OTHER_PLAN,
        f"10.0 to 20.0, column 40 of `{GRID}`": OTHER_PLAN,
        f"call + 1, column 48 of `{GRID}`": OTHER_PLAN,
        f"3 to 2, column 62 of `{GRID}`": OTHER_PLAN,
        f"3 to 1.5, column 62 of `{GRID}`": OTHER_PLAN,
        f"5 to 4, column 59 of `{GRID}`": OTHER_PLAN,
    },
}
