"""Exercise 6, solved in other ways."""

import math


def half_cosine(start, end, share):
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def one_cycle_lr(step, peak_lr, total_steps, pct_start, div, final_div):
    rise = round(pct_start * total_steps)
    low = peak_lr / div
    if step >= total_steps:
        return low / final_div
    if step < rise:
        return half_cosine(low, peak_lr, step / rise)
    return half_cosine(peak_lr, low / final_div, (step - rise) / (total_steps - rise))


def three_phase_lr(step, peak_lr, total_steps, rise_steps, div, final_div):
    low = peak_lr / div
    if step < 2 * rise_steps:
        return peak_lr - (peak_lr - low) * abs(step - rise_steps) / rise_steps
    left = max(total_steps - step, 0) / (total_steps - 2 * rise_steps)
    return low / final_div + (low - low / final_div) * left


def cycled_momentum(step, total_steps, rise_steps, base_momentum, max_momentum):
    if step < rise_steps:
        return half_cosine(max_momentum, base_momentum, step / rise_steps)
    share = (min(step, total_steps) - rise_steps) / (total_steps - rise_steps)
    return half_cosine(base_momentum, max_momentum, share)


def one_cycle_arguments(rates):
    rates = list(rates)
    top, n = rates.index(max(rates)), len(rates)
    div = rates[top] / rates[0]
    return [rates[top], n, (top + 1) / n, div, rates[top] / div / rates[-1]]


OTHER = {
    f.__name__: f for f in (one_cycle_lr, three_phase_lr, cycled_momentum, one_cycle_arguments)
}
SAME_LENGTH = "changed rates are as many as before"
SAME_PLACE = "a number added to every rate leaves the largest where it is"
EQUIVALENT = {
    "three_phase_lr": {
        "0 to 0.0, column 8 of `ends = [0, rise_steps, 2 * rise_steps, total_steps]`": (
            "the ends become floats in any case"
        ),
    },
    "one_cycle_arguments": {
        "rates Add 1, column 18 of `total_steps = len(rates)`": SAME_LENGTH,
        "rates Sub 1, column 18 of `total_steps = len(rates)`": SAME_LENGTH,
        "minus rates, column 18 of `total_steps = len(rates)`": SAME_LENGTH,
        "rates Add 1, column 17 of `peak = np.argmax(rates)`": SAME_PLACE,
        "rates Sub 1, column 17 of `peak = np.argmax(rates)`": SAME_PLACE,
    },
}
