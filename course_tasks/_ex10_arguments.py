"""Four tasks of exercise 10: schedulers that are restored, built or called with wrong things."""

from __future__ import annotations

import math

import numpy as np

from course_tasks._ex10_counting import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Task


def _repaired_resume(peak_lr: float, total_steps: int, stop: int) -> np.ndarray:
    done = np.arange(total_steps) / total_steps
    return peak_lr * (1 + np.cos(np.pi * done)) / 2


def _resume_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 8, 3), (0.1, 8, 4), (2.0, 10, 1), (0.5, 6, 5)]
    for _ in range(8):
        total_steps = int(rng.integers(6, 25))
        edges.append((rate_between(rng), total_steps, int(rng.integers(2, total_steps - 2))))
    return named("peak_lr total_steps stop", edges)


def _resumed_as(second_half):
    def rates(peak_lr, total_steps, stop):
        whole = half_cosine(np.arange(total_steps), total_steps)
        later = np.arange(total_steps - stop)  # steps since the restart
        return peak_lr * np.append(whole[:stop], second_half(later, total_steps, stop, whole))

    return rates


def _skips_a_rate(later, total, stop, whole):
    return half_cosine(later + stop + 1, total)


def _counter_one_too_many(later, total, stop, whole):
    # The first rate is the one in force; each later one is torch's ratio, taken one step ahead.
    ahead = half_cosine(later + stop + 1, total) / half_cosine(stop + 1, total)
    return whole[stop] * np.where(later > 0, ahead, 1.0)


def _repaired_factor(base_lr: float, gamma: float, floor: float, updates: int) -> list[float]:
    return [max(base_lr * gamma**t, floor) for t in range(updates)]


def _factor_cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (0.1, 0.5, 0.01, 7),
        (0.1, 0.9, 0.0, 6),
        (2.0, 0.5, 0.3, 6),
        (1.0, 0.5, 0.1, 5),
        (0.5, 0.8, 0.5, 3),
    ]
    for _ in range(8):
        base = rate_between(rng)
        floor = base * float(rng.uniform(0.05, 0.3))
        edges.append((base, float(rng.uniform(0.5, 0.9)), floor, int(rng.integers(8, 16))))
    return named("base_lr gamma floor updates", edges)


def _factor_as(rate_at):
    def rates(base_lr, gamma, floor, updates):
        return np.array([rate_at(base_lr, gamma, floor, t) for t in range(updates)])

    return rates


def _factors_multiplied_up(base_lr, gamma, floor, updates):
    factors = np.maximum(gamma ** np.arange(updates), floor / base_lr)  # the first one is 1
    return base_lr * np.cumprod(factors)


def _repaired_restarts(peak_lr: float, T_0: int, epochs: int, batches: int) -> np.ndarray:
    done = np.arange(epochs * batches) / batches % T_0 / T_0
    return peak_lr * (1 + np.cos(np.pi * done)) / 2


def _restarts_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 2, 4, 4), (0.1, 1, 3, 5), (2.0, 3, 7, 2), (0.5, 4, 3, 3), (0.1, 2, 5, 1)]
    for _ in range(8):
        T_0, batches = int(rng.integers(2, 5)), int(rng.integers(2, 8))
        edges.append((rate_between(rng), T_0, T_0 + int(rng.integers(1, 6)), batches))
    return named("peak_lr T_0 epochs batches", edges)


def _restarts_as(epochs_done):
    def rates(peak_lr, T_0, epochs, batches):
        t = np.arange(epochs * batches)
        return half_cosine(epochs_done(t, batches) % T_0, T_0, peak_lr)

    return rates


def _repaired_plateau(
    base_lr: float, factor: float, patience: int, threshold: float, metrics: list[float]
) -> list[float]:
    rate, best, waited, rates = base_lr, math.inf, [], []
    for metric in metrics:
        rates.append(rate)
        if metric < best - threshold:
            best, waited = metric, []
        else:
            waited.append(metric)
        if len(waited) > patience:
            rate, waited = rate * factor, []
    return rates


def _plateau_cases(rng: np.random.Generator) -> list[Case]:
    # Metrics and thresholds are multiples of 1/16: sums are exact, however they are written.
    edges = [
        (0.1, 0.1, 2, 0.125, [-1.0] * 9),
        (0.1, 0.5, 1, 0.125, [-1.0, -1.125, -1.1875, -1.25, -1.25, -1.5, -1.5, -1.5]),
        (2.0, 0.5, 0, 0.125, [1.0, 0.5, 0.5, -0.5, -0.5, -0.625, -1.0]),
        (0.5, 0.1, 2, 0.125, [-1.0, -0.9375, -0.9375, -0.9375, -0.9375, -0.9375, -0.9375]),
        (0.5, 0.1, 2, 0.125, [-4.0, -3.75, -3.5, -3.25, -3.0, -3.0, -3.0]),
        (0.1, 0.5, 1, 0.25, [-2.0, -2.125, -2.25, -2.375, -2.5, -2.625, -2.75, -2.875]),
        (0.1, 0.5, 1, 0.125, [-1.0, -2.0, -1.5, -1.75, -2.0, -3.0, -2.5, -2.75, -2.5]),
        (0.1, 0.5, 3, 0.125, [-1.0, -2.0]),
    ]
    for _ in range(8):
        sixteenths = np.cumsum(rng.choice([-6, -3, -2, -1, 0, 1, 3], size=14)) - 40
        metrics = (sixteenths / 16).tolist()
        edges.append((rate_between(rng), 0.5, int(rng.integers(0, 4)), 0.125, metrics))
    return named("base_lr factor patience threshold metrics", edges)


def _plateau_as(is_better, waits=lambda bad, patience: bad > patience, start=math.inf):
    def rates(base_lr, factor, patience, threshold, metrics):
        rate, best, bad, used, last = base_lr, start, 0, [], start
        for metric in metrics:
            used.append(rate)
            better = is_better(metric, best, threshold, last)
            best, bad = (metric, 0) if better else (best, bad + 1)
            last = metric
            if waits(bad, patience):
                rate, bad = rate * factor, 0
        return used

    return rates


REPAIRED_RESUME = Task(
    name="repaired_resume",
    points=1,
    reference=_repaired_resume,
    make_cases=_resume_cases,
    hints=(
        Hint(
            "The rate goes on where it was, but falls too slowly",
            "The rate itself is kept in the optimizer's state. Something else remembers how far "
            "the schedule is. Was that saved?",
        ),
        Hint(
            "The first rate after the restart is the peak",
            "Two things have to be restored. Which of them holds the rate in force?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _resumed_as(lambda later, total, stop, whole: whole[stop] * half_cosine(later, total)),
            "These are still the rates of the broken loop: the optimizer's rate is restored, but "
            "the scheduler's counter begins at 0 again.",
        ),
        Misconception(
            "nothing restored",
            _resumed_as(lambda later, total, stop, whole: half_cosine(later, total)),
            "After the restart the whole curve begins again at the peak: neither state has arrived "
            "in the new objects.",
        ),
        Misconception(
            "scheduler only",
            _resumed_as(lambda later, total, stop, whole: whole[later + stop] / whole[stop]),
            "The counter is restored and the rate is not. torch's cosine computes each rate from "
            "the one in force, so the rest of the curve starts from the peak.",
        ),
        Misconception(
            "one rate skipped",
            _resumed_as(_skips_a_rate),
            "One rate is skipped at the restart: the scheduler moves on once too often.",
        ),
        Misconception(
            "last_epoch one too many",
            _resumed_as(_counter_one_too_many),
            "The first rate after the restart is right, and from there on the curve falls too "
            "fast: the counter is one too many. last_epoch is the updates done, minus one.",
        ),
        Misconception(
            "a new cosine for the rest",
            _resumed_as(
                lambda later, total, stop, whole: whole[stop] * half_cosine(later, total - stop)
            ),
            "After the restart a new cosine falls from the rate in force to zero. The run was to "
            "go on as if it had never stopped.",
        ),
    ),
)

REPAIRED_FACTOR = Task(
    name="repaired_factor",
    points=1,
    reference=_repaired_factor,
    make_cases=_factor_cases,
    hints=(
        Hint(
            "All rates are too small by the same factor",
            "What does LambdaLR do with the number that your function returns?",
        ),
        Hint(
            "Only the floor is wrong now",
            "The floor is a rate. Your function returns something else. How is the one expressed "
            "in the other?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _factor_as(lambda base, gamma, floor, t: base * max(base * gamma**t, floor)),
            "These are still the rates of the broken loop: LambdaLR multiplies what it is given "
            "by the optimizer's own rate.",
        ),
        Misconception(
            "floor as a factor",
            _factor_as(lambda base, gamma, floor, t: base * max(gamma**t, floor)),
            "The falling part is right. The floor is still given as a rate where a factor is "
            "wanted, so it lies too low or too high.",
        ),
        Misconception(
            "no floor",
            _factor_as(lambda base, gamma, floor, t: base * gamma**t),
            "The floor is gone. It is asked for as a rate; what is it as a factor?",
        ),
        Misconception(
            "factors multiplied up",
            _factors_multiplied_up,
            "The factors of all steps are multiplied up, so the rate falls faster and faster. "
            "LambdaLR applies one factor to the base rate; MultiplicativeLR compounds them.",
        ),
        Misconception(
            "added",
            _factor_as(lambda base, gamma, floor, t: floor + (base - floor) * gamma**t),
            "The rate approaches the floor slowly. It was to fall as without a floor, and stop "
            "there.",
        ),
    ),
)

REPAIRED_RESTARTS = Task(
    name="repaired_restarts",
    points=1,
    reference=_repaired_restarts,
    make_cases=_restarts_cases,
    hints=(
        Hint(
            "The first two rates are equal",
            "The step comes *after* the update. How many batches of this epoch are done when it is "
            "called for the first time?",
        ),
        Hint(
            "My restarts come one update too late",
            "At the last batch of an epoch the argument should be a whole number. Which one?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _restarts_as(lambda t, batches: np.maximum(t - 1, 0) / batches),
            "These are still the rates of the broken loop: each lags one update behind, and the "
            "peak is used twice at the start.",
        ),
        Misconception(
            "no argument",
            _restarts_as(lambda t, batches: t),
            "T_0 is counted in batches here: the scheduler was told of whole batches, or stepped "
            "without an argument. The restarts come much too often.",
        ),
        Misconception(
            "once an epoch",
            _restarts_as(lambda t, batches: t // batches),
            "The rate changes once an epoch. It is to fall within the epochs, too.",
        ),
        Misconception(
            "one epoch ahead",
            _restarts_as(lambda t, batches: np.where(t > 0, (t - 1) / batches + 1, 0)),
            "The epoch was counted from 1. The batch is what is done by one more, not the epoch.",
        ),
        Misconception(
            "one ahead",
            _restarts_as(lambda t, batches: np.where(t > 0, (t + 1) / batches, 0)),
            "From the second update on each rate is one update ahead: one too many was added.",
        ),
    ),
)

REPAIRED_PLATEAU = Task(
    name="repaired_plateau",
    points=1,
    reference=_repaired_plateau,
    make_cases=_plateau_cases,
    hints=(
        Hint(
            "The rate never falls",
            "Compute the bar by hand, for a best metric of -1. Is it easier or harder to reach "
            "than -1 itself? The scheduler has a second mode for its threshold.",
        ),
        Hint(
            "My rate falls one epoch off",
            "patience is the number of bad epochs that are borne. The one after them is too many.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _plateau_as(lambda metric, best, threshold, last: metric < best * (1 - threshold)),
            "These are still the rates of the broken loop: the bar is a share of the best metric, "
            "and of a negative one it lies on the wrong side, so that standing still counts.",
        ),
        Misconception(
            "no threshold",
            _plateau_as(lambda metric, best, threshold, last: metric < best),
            "Every improvement counts here, however small. It has to be larger than the threshold.",
        ),
        Misconception(
            "one epoch early",
            _plateau_as(
                lambda metric, best, threshold, last: metric < best - threshold,
                lambda bad, patience: bad >= max(patience, 1),
            ),
            "The rate falls one epoch early, as in Keras. In torch `patience` bad epochs are "
            "borne, and the next one cuts.",
        ),
        Misconception(
            "larger is better",
            _plateau_as(
                lambda metric, best, threshold, last: metric > best + threshold, start=-math.inf
            ),
            "Larger metrics count as better here. This one is to become smaller, that is more "
            "negative.",
        ),
        Misconception(
            "against the last epoch",
            _plateau_as(lambda metric, best, threshold, last: metric < last - threshold),
            "Each metric is compared with the epoch before. It has to beat the best so far.",
        ),
    ),
)

TASKS = (
    REPAIRED_RESUME,
    REPAIRED_FACTOR,
    REPAIRED_RESTARTS,
    REPAIRED_PLATEAU,
)
