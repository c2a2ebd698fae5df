"""Exercise 7, second part: the average of a range test, and its stop."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Task


def _debiased_average(losses: np.ndarray, beta: float) -> np.ndarray:
    average, averages = 0.0, []
    for t, loss in enumerate(losses):
        average = beta * average + (1 - beta) * loss
        averages.append(average / (1 - beta ** (t + 1)))
    return np.array(averages)


def _average_cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (np.full(8, 2.3), 0.98),  # a flat loss stays flat
        (np.array([4.0, 1.0, 2.0, 3.0, 0.5]), 0.5),
        (np.array([4.0, 1.0, 2.0, 3.0, 0.5]), 0.0),  # the losses themselves
        (np.array([1.5]), 0.9),
    ]
    for _ in range(8):
        losses = rng.uniform(0.2, 3.0, size=int(rng.integers(3, 60)))
        edges.append((losses, float(rng.uniform(0.3, 0.99))))
    return [{"losses": losses, "beta": beta} for losses, beta in edges]


def _stop_index(losses: np.ndarray, smoothed: np.ndarray, stop_factor: float) -> int:
    best = np.inf
    for t, (loss, average) in enumerate(zip(losses, smoothed, strict=True)):
        if not np.isfinite(loss) or average > stop_factor * best:
            return t
        best = min(best, average)
    return len(losses)


def _stop_cases(rng: np.random.Generator) -> list[Case]:
    nan, inf = np.nan, np.inf
    by_hand = [
        ([2.0, 1.0, 0.5, 3.0, 9.0], [2.0, 1.5, 1.0, 2.0, 5.0], 4.0),  # one loss alone is too large
        ([2.0, 1.0, 0.5, 1.5, 9.0], [2.0, 1.0, 0.5, 2.0, 2.25], 4.0),  # exactly four times goes on
        ([2.0, 1.0, 0.5, nan, nan], [2.0, 1.5, 1.0, nan, nan], 4.0),
        ([2.0, 1.0, 0.9, inf, nan], [2.0, 1.5, 1.3, inf, nan], 4.0),
        ([2.0, 1.9, 1.8, 1.7, 1.6], [2.0, 1.95, 1.9, 1.8, 1.7], 4.0),  # to its end
        ([nan, nan], [nan, nan], 4.0),
        ([inf, 1.0, 2.0], [inf, inf, inf], 4.0),
        ([8.0, 1.0, 4.0, 6.0, 40.0], [8.0, 2.0, 3.0, 7.0, 30.0], 3.0),  # below the first one's
        ([1.0, 2.0, 0.1, 0.1, 0.1], [1.0, 1.4, 0.3, 0.2, 0.1], 5.0),  # the best comes later
    ]
    cases = [
        {"losses": np.array(losses), "smoothed": np.array(smoothed), "stop_factor": factor}
        for losses, smoothed, factor in by_hand
    ]
    for k in range(8):
        n = int(rng.integers(15, 50))
        low = int(rng.integers(5, n - 4))
        t = np.arange(n)
        losses = np.where(t <= low, 3 * np.exp(-2 * t / low), 0.4 * np.exp(0.8 * (t - low)))
        losses *= rng.uniform(0.8, 1.25, size=n)
        if k % 2:
            losses[int(rng.integers(3, low + 2)) :] = nan
        smoothed = _debiased_average(losses, float(rng.uniform(0.5, 0.8)))
        factor = float(rng.uniform(2, 6))
        cases.append({"losses": losses, "smoothed": smoothed, "stop_factor": factor})
    return cases


def _average(first, divided, own=lambda beta: beta):
    """Return a wrong average, by its first state, what it is divided by, and its weight."""

    def function(losses, beta):
        average, averages, keep = first(losses), [], own(beta)
        for t, loss in enumerate(losses):
            average = keep * average + (1 - keep) * loss
            averages.append(average / divided(keep, t))
        return np.array(averages)

    return function


def _debiased_again(losses, beta):
    average, averages = 0.0, []
    for t, loss in enumerate(losses):
        average = (beta * average + (1 - beta) * loss) / (1 - beta ** (t + 1))
        averages.append(average)
    return np.array(averages)


def _first_index(stops):
    """Return a wrong stop: the first t at which `stops(losses, smoothed, stop_factor, t)`."""

    def function(losses, smoothed, stop_factor):
        found = [t for t in range(len(losses)) if stops(losses, smoothed, stop_factor, t)]
        return found[0] if found else len(losses)

    return function


def _best_before(smoothed, t):
    return min(smoothed[:t], default=np.inf)


def _ended_by(end):
    """Return the right stop, with another answer where nothing stops the test."""

    def function(losses, smoothed, stop_factor):
        found = _stop_index(losses, smoothed, stop_factor)
        return found if found < len(losses) else end(losses)

    return function


DEBIASED_AVERAGE = Task(
    name="debiased_average",
    points=2,
    reference=_debiased_average,
    make_cases=_average_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Keep one number, the average, and change it once for every loss. Write down a "
            "corrected *copy* each time.",
        ),
        Hint(
            "A flat loss does not stay flat",
            "After one loss the average holds the share 1 - beta of it. Which share is filled "
            "after two, after t + 1?",
        ),
        Hint(
            "I divide by zero, or my first value is infinite",
            "At t = 0, 1 - beta**t is 0. How many losses has the average taken in by then?",
        ),
        Hint(
            "Only the first value is right",
            "Perhaps the corrected value goes into the next round. The correction is for "
            "showing only: the average itself goes on uncorrected.",
        ),
    ),
    misconceptions=(
        Misconception(
            "not debiased",
            _average(lambda losses: 0.0, lambda beta, t: 1.0),
            "The division is missing. This average begins at 0 and is too small at first.",
        ),
        Misconception(
            "begins at the first loss",
            _average(lambda losses: losses[0], lambda beta, t: 1.0),
            "This average begins at the first loss. It needs no correction, but it is another "
            "average: the first loss keeps a far too large weight.",
        ),
        Misconception(
            "one step off",
            _average(lambda losses: 0.0, lambda beta, t: 1 - beta ** (t + 2)),
            "The correction is one step ahead, as it is in Lightning: your first value is smaller "
            "than the first loss.",
        ),
        Misconception(
            "the exponent is t",
            _average(lambda losses: 0.0, lambda beta, t: 1 - beta**t),
            "1 - beta**t is 0 at t = 0. After L_t, t + 1 losses are in, and the share is "
            "1 - beta**(t+1).",
        ),
        Misconception(
            "divided by the weight of one loss",
            _average(lambda losses: 0.0, lambda beta, t: 1 - beta),
            "You divide by 1 - beta every time. That is the share after one loss; it grows with "
            "each further one.",
        ),
        Misconception(
            "weights exchanged",
            _average(
                lambda losses: 0.0, lambda keep, t: 1 - keep ** (t + 1), own=lambda beta: 1 - beta
            ),
            "beta and 1 - beta have changed places: beta is the weight of the *past*.",
        ),
        Misconception(
            "corrected again and again",
            _debiased_again,
            "The corrected value goes into the next round here, and so is corrected again. Keep "
            "the average as it is, and correct a copy.",
        ),
    ),
)


STOP_INDEX = Task(
    name="stop_index",
    points=2,
    reference=_stop_index,
    make_cases=_stop_cases,
    hints=(
        Hint(
            "It never stops on NaN",
            "Every comparison with NaN is false. Ask in another way whether a number is one: "
            "NumPy has a function for it.",
        ),
        Hint(
            "It stops too late in some cases",
            "What is the best at the beginning, and when does it change? It is the lowest value "
            "*so far*.",
        ),
        Hint(
            "It stops too early in some cases",
            "There are two curves. Which of them may be large for a moment?",
        ),
    ),
    misconceptions=(
        Misconception(
            "NaN goes on",
            _first_index(lambda losses, smoothed, f, t: smoothed[t] > f * min(smoothed[: t + 1])),
            "NaN does not stop this: `nan > limit` is False, for ever. Ask whether the loss is "
            "finite, too.",
        ),
        Misconception(
            "infinity goes on",
            _first_index(
                lambda losses, smoothed, f, t: (
                    np.isnan(losses[t]) or smoothed[t] > f * _best_before(smoothed, t)
                )
            ),
            "NaN stops this, and infinity does not always: at the first update there is no best "
            "to compare with. Ask whether the loss is finite.",
        ),
        Misconception(
            "stops at the limit",
            _first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or smoothed[t] >= f * _best_before(smoothed, t)
                )
            ),
            "This stops as well where the average is exactly stop_factor times the best. It has "
            "to be greater.",
        ),
        Misconception(
            "watches the single loss",
            _first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or losses[t] > f * min(losses[: t + 1])
                )
            ),
            "This watches the losses of single batches, so one bad batch ends the test. The "
            "limit is for the average.",
        ),
        Misconception(
            "against the first",
            _first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or smoothed[t] > f * smoothed[0]
                )
            ),
            "This compares with the first value. A loss that has fallen a lot may then grow for "
            "a long time; compare with the best so far.",
        ),
        Misconception(
            "best of the whole curve",
            _first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or smoothed[t] > f * np.nanmin(smoothed)
                )
            ),
            "This compares with the best of the whole curve, later values included. During the "
            "test the future is not known.",
        ),
        Misconception(
            "only what is not finite",
            _first_index(lambda losses, smoothed, f, t: not np.isfinite(losses[t])),
            "This stops only when a loss is not finite. It should also stop when the average is "
            "above stop_factor times the best so far.",
        ),
        Misconception(
            "minus one at the end",
            _ended_by(lambda losses: -1),
            "Where nothing stops the test you return -1. Then the answer is len(losses): every "
            "loss may be looked at.",
        ),
        Misconception(
            "the last index at the end",
            _ended_by(lambda losses: len(losses) - 1),
            "Where nothing stops the test you return the last index. Then the answer is "
            "len(losses), or else the last loss would be left out.",
        ),
        Misconception(
            "one before the stop",
            lambda losses, smoothed, stop_factor: (
                _stop_index(losses, smoothed, stop_factor)
                - (_stop_index(losses, smoothed, stop_factor) < len(losses))
            ),
            "Where the test stops this is one too small: it is the last loss that a rule may look "
            "at. The index of the loss that stops the test is asked for.",
        ),
        Misconception(
            "one too small",
            lambda losses, smoothed, stop_factor: _stop_index(losses, smoothed, stop_factor) - 1,
            "Every answer is one too small: the last loss that a rule may look at, and not the "
            "first that it may not.",
        ),
        Misconception(
            "one further",
            lambda losses, smoothed, stop_factor: min(
                _stop_index(losses, smoothed, stop_factor) + 1, len(losses)
            ),
            "This is one too large where the test stops: it counts the losses, the last one "
            "included. The index of the loss that stops the test is asked for.",
        ),
    ),
)
