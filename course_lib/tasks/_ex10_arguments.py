"""Five tasks of exercise 10: schedulers that are built, restored or called with wrong things."""

from __future__ import annotations

import math

import numpy as np

from course_lib.tasks._ex10_counting import half_cosine, named, rate_between
from course_lib.tasks.task import Case, Hint, Misconception, Task


def _repaired_one_cycle(max_lr: float, epochs: int, examples: int, batch_size: int) -> np.ndarray:
    t = np.arange(epochs * math.ceil(examples / batch_size))
    knots = [t[0], 0.3 * len(t) - 1, len(t) - 1]
    return np.interp(t, knots, [max_lr / 10, max_lr, max_lr / 100])


def _one_cycle_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 2, 18, 4), (0.1, 3, 20, 4), (2.0, 1, 25, 4), (0.5, 4, 33, 8)]
    for _ in range(8):
        batch_size, batches = int(rng.integers(3, 9)), int(rng.integers(3, 7))
        examples = batch_size * batches + int(rng.integers(0, batch_size))
        edges.append((rate_between(rng), int(rng.integers(2, 6)), examples, batch_size))
    return named("max_lr epochs examples batch_size", edges)


def _one_cycle(max_lr, total, t):
    """Return torch's one-cycle after t steps, its last line going on past the end."""
    up, end = 0.3 * total - 1, total - 1
    rise = max_lr / 10 + (max_lr - max_lr / 10) * t / up
    fall = max_lr + (max_lr / 100 - max_lr) * (t - up) / (end - up)
    return np.where(t <= up, rise, fall)


def _stops_with_error(count):
    def rates(max_lr, epochs, examples, batch_size):
        updates = epochs * math.ceil(examples / batch_size)
        total = count(epochs, examples, batch_size)
        if updates > total:
            raise ValueError(f"Tried to step {total + 1} times")
        return _one_cycle(max_lr, total, np.arange(updates))

    return rates


def _one_cycle_guarded(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size)
    t = np.arange(epochs * math.ceil(examples / batch_size))
    return _one_cycle(max_lr, total, np.minimum(t, total))


def _one_cycle_too_long(max_lr, epochs, examples, batch_size):
    updates = epochs * math.ceil(examples / batch_size)
    return _one_cycle(max_lr, updates + 1, np.arange(updates))


def _small_batches_dropped(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size)
    return _one_cycle(max_lr, total, np.arange(total))


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


REPAIRED_ONE_CYCLE = Task(
    name="repaired_one_cycle",
    points=1,
    reference=_repaired_one_cycle,
    make_cases=_one_cycle_cases,
    hints=(
        Hint(
            "It raises an error about too many steps",
            "Count the batches of one epoch by hand, for 10 examples in batches of 4. The last one "
            "is small. Is it an update?",
        ),
        Hint(
            "It still raises for some numbers of epochs",
            "Every epoch has its own small batch. Round in each epoch, and not once at the end.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _stops_with_error(lambda epochs, examples, size: epochs * (examples // size)),
            "The loop still makes more updates than the scheduler was told of: the small batch at "
            "the end of each epoch is an update, too.",
        ),
        Misconception(
            "rounded once",
            _stops_with_error(lambda epochs, examples, size: math.ceil(epochs * examples / size)),
            "The batches of the whole run are rounded up once. Each epoch has a small batch of its "
            "own, so there are more updates than that.",
        ),
        Misconception(
            "guarded",
            _one_cycle_guarded,
            "The error is gone, and the count is still wrong: the cycle is over too early, and the "
            "updates that are left run past its end, below the last rate.",
        ),
        Misconception(
            "too long",
            _one_cycle_too_long,
            "The cycle is one update longer than the run, so its last rate is never used.",
        ),
        Misconception(
            "small batches dropped",
            _small_batches_dropped,
            "The small batches are left out now. They are part of the run: it has an update for "
            "each of them.",
        ),
    ),
)

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
            "Two things have to be restored, and building a scheduler writes a rate of its own. "
            "In which order do you build and load?",
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
            "The floor is gone.",
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
            "Stepped without an argument the scheduler counts calls, so that T_0 means batches: "
            "the restarts come much too often.",
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
    REPAIRED_ONE_CYCLE,
    REPAIRED_RESUME,
    REPAIRED_FACTOR,
    REPAIRED_RESTARTS,
    REPAIRED_PLATEAU,
)
