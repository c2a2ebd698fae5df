"""Exercise 7, task 2: the losses."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Stateful, Task


def range_test_losses(loss_and_gradient, w, rates):
    losses = []
    for rate in rates:
        loss, gradient = loss_and_gradient(w)
        losses.append(loss)
        w = w - rate * gradient
    return np.array(losses)


def cases(rng: np.random.Generator) -> list[Case]:
    settings = [([2.0], [1.0], 0.0, [0.1, 0.2]), ([2.0, 1.0], [1.0, -3.0], 0.5, [0.25])]
    for _ in range(8):
        n = int(rng.integers(1, 5))
        rates = np.geomspace(1e-3, float(rng.uniform(0.5, 2.0)), int(rng.integers(5, 30)))
        curvatures = rng.uniform(0.3, 2.0, size=n).round(3).tolist()
        w, spread = rng.uniform(1, 4, size=n).round(3), round(rng.uniform(0.2, 1.0), 3)
        settings.append((curvatures, w, spread, rates))
    return [
        {
            "loss_and_gradient": Stateful(
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


def wrong_test(losses_of):
    """Return a wrong range test: `losses_of(f, w, rate)` returns a loss and the next weights."""

    def function(loss_and_gradient, w, rates):
        losses = []
        for rate in rates:
            loss, w = losses_of(loss_and_gradient, w, rate)
            losses.append(loss)
        return np.array(losses)

    return function


def uphill(f, w, rate):
    loss, gradient = f(w)
    return loss, w + rate * gradient


def two_batches(f, w, rate):
    loss = f(w)[0]
    return loss, w - rate * f(w)[1]


def loss_after(f, w, rate):
    w = w - rate * f(w)[1]
    return f(w)[0], w


def one_round_early(loss_and_gradient, w, rates):
    losses, gradient = [], loss_and_gradient(w)[1]
    for rate in rates:
        w = w - rate * gradient
        loss, gradient = loss_and_gradient(w)
        losses.append(loss)
    return np.array(losses)


def never_moves(f, w, rate):
    return f(w)[0], w


def from_the_start_each_time(loss_and_gradient, w, rates):
    losses = []
    for rate in rates:
        _, gradient = loss_and_gradient(w)
        losses.append(loss_and_gradient(w - rate * gradient)[0])
    return np.array(losses)


TASK = Task(
    name="range_test_losses",
    number=2,
    section=Section("07_range_test", "From scratch"),
    points=2,
    reference=range_test_losses,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Write a loop of the gradient steps of exercise 1, with another rate in every "
            "round, and collect the losses in a list.",
        ),
        Hint(
            "The first loss is right, the others are not",
            "Print w in every round. Does it move in the right direction, and with the rate of "
            "that round? And how often do you take a batch?",
        ),
        Hint(
            "All my losses come one round early",
            "A range test records the loss *before* the update, which the same call returns "
            "together with the gradient.",
        ),
    ),
    misconceptions=(
        Misconception(
            "uphill",
            wrong_test(uphill),
            "The weights go uphill. You have to subtract the gradient from them.",
        ),
        Misconception(
            "two batches an update",
            wrong_test(two_batches),
            "You call loss_and_gradient twice in a round, so the loss comes from one batch and "
            "the gradient from the next. One call returns both.",
        ),
        Misconception(
            "loss after the update",
            wrong_test(loss_after),
            "These are losses after the update, on a further batch. Record the loss before the "
            "update, on the batch that gives the gradient.",
        ),
        Misconception(
            "one round early",
            one_round_early,
            "All your losses come one round early. The first one, before any update, is "
            "missing, and the last one comes from one batch too many.",
        ),
        Misconception(
            "one rate for all",
            lambda loss_and_gradient, w, rates: range_test_losses(
                loss_and_gradient, w, np.full(len(rates), rates[0])
            ),
            "Every update is made with the first rate here. Each round has a rate of its own.",
        ),
        Misconception(
            "nothing is trained",
            wrong_test(never_moves),
            "The weights never move. These are the losses of all batches at the starting point.",
        ),
        Misconception(
            "each rate from the start",
            from_the_start_each_time,
            "Each rate is tried from the starting point here. A range test is a single run, in "
            "which each update starts where the last one ended.",
        ),
    ),
)
