"""Exercise 7: the sweep, its average and its stop, two rules, and the peak of an unknown model."""

from __future__ import annotations

import numpy as np

from course_tasks._ex07_curve import DEBIASED_AVERAGE, STOP_INDEX
from course_tasks._ex07_peak import CHOOSE_PEAK
from course_tasks._ex07_rules import STEEPEST_RATE, TENTH_OF_MINIMUM
from course_tasks.task import Case, Given, Hint, Misconception, Task


def _range_test_rates(lowest_rate: float, highest_rate: float, steps: int) -> np.ndarray:
    share = np.arange(steps) / (steps - 1)
    return lowest_rate * (highest_rate / lowest_rate) ** share


def _rates_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(1e-7, 10.0, 100), (0.01, 1.0, 2), (0.5, 4.0, 4), (1e-3, 1e-2, 11), (1.0, 100.0, 3)]
    for _ in range(8):
        lowest = float(10 ** rng.uniform(-7, -1))
        highest = lowest * float(10 ** rng.uniform(0.5, 7))
        edges.append((lowest, highest, int(rng.integers(5, 200))))
    names = ("lowest_rate", "highest_rate", "steps")
    return [dict(zip(names, edge, strict=True)) for edge in edges]


def _range_test_losses(loss_and_gradient, w, rates):
    losses = []
    for rate in rates:
        loss, gradient = loss_and_gradient(w)
        losses.append(loss)
        w = w - rate * gradient
    return np.array(losses)


def _losses_cases(rng: np.random.Generator) -> list[Case]:
    settings = [([2.0], [1.0], 0.0, [0.1, 0.2]), ([2.0, 1.0], [1.0, -3.0], 0.5, [0.25])]
    for _ in range(8):
        n = int(rng.integers(1, 5))
        rates = np.geomspace(1e-3, float(rng.uniform(0.5, 2.0)), int(rng.integers(5, 30)))
        curvatures = rng.uniform(0.3, 2.0, size=n).round(3).tolist()
        w, spread = rng.uniform(1, 4, size=n).round(3), round(rng.uniform(0.2, 1.0), 3)
        settings.append((curvatures, w, spread, rates))
    return [
        {
            "loss_and_gradient": Given(
                "range_test.models.Minibatches",
                curvatures=curvatures,
                spread=float(spread),
                seed=int(rng.integers(1000)),
            ),
            "w": np.array(w),
            "rates": np.array(rates),
        }
        for curvatures, w, spread, rates in settings
    ]


def _relative(case: Case, expected: np.ndarray) -> float:
    """Rates of a sweep differ by many decades: each is held against itself."""
    return 0.0


def _wrong_test(losses_of):
    """Return a wrong range test: `losses_of(f, w, rate)` returns a loss and the next weights."""

    def function(loss_and_gradient, w, rates):
        losses = []
        for rate in rates:
            loss, w = losses_of(loss_and_gradient, w, rate)
            losses.append(loss)
        return np.array(losses)

    return function


def _uphill(f, w, rate):
    loss, gradient = f(w)
    return loss, w + rate * gradient


def _two_batches(f, w, rate):
    loss = f(w)[0]
    return loss, w - rate * f(w)[1]


def _loss_after(f, w, rate):
    w = w - rate * f(w)[1]
    return f(w)[0], w


def _one_round_early(loss_and_gradient, w, rates):
    losses, gradient = [], loss_and_gradient(w)[1]
    for rate in rates:
        w = w - rate * gradient
        loss, gradient = loss_and_gradient(w)
        losses.append(loss)
    return np.array(losses)


def _never_moves(f, w, rate):
    return f(w)[0], w


def _from_the_start_each_time(loss_and_gradient, w, rates):
    losses = []
    for rate in rates:
        _, gradient = loss_and_gradient(w)
        losses.append(loss_and_gradient(w - rate * gradient)[0])
    return np.array(losses)


RANGE_TEST_RATES = Task(
    name="range_test_rates",
    points=1,
    reference=_range_test_rates,
    make_cases=_rates_cases,
    scale=_relative,
    hints=(
        Hint(
            "I do not know how to begin",
            "Each rate is the one before times a constant. By what does the whole sweep multiply "
            "the first rate? In how many multiplications?",
        ),
        Hint(
            "My last rate is a little too low, or too high",
            "Between n posts of a fence there are not n gaps.",
        ),
    ),
    misconceptions=(
        Misconception(
            "along a line",
            lambda lowest_rate, highest_rate, steps: np.linspace(lowest_rate, highest_rate, steps),
            "These rates lie on a straight line: the same *difference* each time. Asked for is "
            "the same ratio.",
        ),
        Misconception(
            "short of the end",
            lambda lowest_rate, highest_rate, steps: (
                lowest_rate * (highest_rate / lowest_rate) ** (np.arange(steps) / steps)
            ),
            "The highest rate is never reached: from the first to the last rate there is one "
            "multiplication fewer than there are rates.",
        ),
        Misconception(
            "first rate left out",
            lambda lowest_rate, highest_rate, steps: (
                lowest_rate * (highest_rate / lowest_rate) ** (np.arange(1, steps + 1) / steps)
            ),
            "The lowest rate is left out: your sweep begins one multiplication later.",
        ),
        Misconception(
            "one rate too many",
            lambda lowest_rate, highest_rate, steps: np.geomspace(
                lowest_rate, highest_rate, steps + 1
            ),
            "This is one rate more than there are updates.",
        ),
    ),
)


RANGE_TEST_LOSSES = Task(
    name="range_test_losses",
    points=2,
    reference=_range_test_losses,
    make_cases=_losses_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "It is the training loop of exercise 1, with another rate in every round, and with a "
            "list in which you write down the losses.",
        ),
        Hint(
            "The first loss is right, the others are not",
            "Print w in every round. Does it move, in the right direction, and with the rate of "
            "this round? And how often do you ask for a batch?",
        ),
        Hint(
            "All my losses come one round early",
            "A range test writes down the loss *before* the update, which is known from the "
            "same call as the gradient.",
        ),
    ),
    misconceptions=(
        Misconception(
            "uphill",
            _wrong_test(_uphill),
            "The weights go uphill. The gradient has to be taken away from them.",
        ),
        Misconception(
            "two batches an update",
            _wrong_test(_two_batches),
            "You call loss_and_gradient twice in a round: the loss is of one batch, and the "
            "gradient of the next. One call gives both.",
        ),
        Misconception(
            "loss after the update",
            _wrong_test(_loss_after),
            "These are losses after the update, on a further batch. Asked for is the loss before "
            "the update, of the batch that the gradient comes from.",
        ),
        Misconception(
            "one round early",
            _one_round_early,
            "All your losses come one round early: the first one, before any update, is missing, "
            "and the last is of one batch too many.",
        ),
        Misconception(
            "one rate for all",
            lambda loss_and_gradient, w, rates: _range_test_losses(
                loss_and_gradient, w, np.full(len(rates), rates[0])
            ),
            "Every update is made with the first rate here. Each round has a rate of its own.",
        ),
        Misconception(
            "nothing is trained",
            _wrong_test(_never_moves),
            "The weights never move: these are the losses of all batches at the starting point.",
        ),
        Misconception(
            "each rate from the start",
            _from_the_start_each_time,
            "Each rate is tried from the starting point here. A range test is a single run, "
            "which goes on from where the last update has led.",
        ),
    ),
)


TASKS = (
    RANGE_TEST_RATES,
    RANGE_TEST_LOSSES,
    DEBIASED_AVERAGE,
    STOP_INDEX,
    TENTH_OF_MINIMUM,
    STEEPEST_RATE,
    CHOOSE_PEAK,
)
