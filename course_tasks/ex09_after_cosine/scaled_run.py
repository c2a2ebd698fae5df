"""Two tasks of exercise 9: a new batch size, and schedule-free SGD."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Task


def _scaled_run(
    rate: float,
    updates: int,
    batch_size: int,
    new_batch_size: int,
    optimizer: str,
    rate_limit: float,
) -> np.ndarray:
    power = {"sgd": 1.0, "adam": 0.5}[optimizer]
    new_rate = rate * (new_batch_size / batch_size) ** power
    return np.array([min(new_rate, rate_limit), updates * batch_size // new_batch_size])


def _scaled_cases(rng: np.random.Generator) -> list[Case]:
    names = ("rate", "updates", "batch_size", "new_batch_size", "optimizer", "rate_limit")
    edges = [
        (0.1, 1000, 32, 128, "sgd", 2.0),
        (0.001, 1000, 32, 128, "adam", 0.1),
        (0.1, 1000, 128, 32, "sgd", 2.0),
        (0.4, 1000, 32, 512, "sgd", 2.0),
        (0.02, 1000, 32, 512, "adam", 0.05),
        (0.1, 1000, 32, 32, "sgd", 2.0),
        (0.1, 1001, 32, 96, "sgd", 2.0),
        (0.3, 7, 3, 4, "adam", 2.0),
        (0.2, 10, 5, 8, "sgd", 1.0),
    ]
    for _ in range(8):
        batch_size, new_batch_size = (int(n) for n in rng.integers(8, 600, size=2))
        optimizer = str(rng.choice(["sgd", "adam"]))
        rate, updates = float(rng.uniform(0.01, 0.5)), int(rng.integers(100, 5000))
        edges.append((rate, updates, batch_size, new_batch_size, optimizer, 10 * rate))
    return [dict(zip(names, edge, strict=True)) for edge in edges]


def _scaled_with(power, whole_batches=np.floor, keep_updates=False, limited=True):
    def scaled(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
        ratio = new_batch_size / batch_size
        new_rate = rate * ratio ** power[optimizer]
        count = updates if keep_updates else whole_batches(updates * batch_size / new_batch_size)
        return np.array([min(new_rate, rate_limit) if limited else new_rate, count])

    return scaled


def _whole_ratio(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
    new_rate = rate * (new_batch_size // batch_size) ** _RULES[optimizer]
    return np.array([min(new_rate, rate_limit), updates * batch_size // new_batch_size])


def _divided_first(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
    new_rate = rate * (new_batch_size / batch_size) ** _RULES[optimizer]
    return np.array([min(new_rate, rate_limit), updates * (batch_size // new_batch_size)])


_RULES = {"sgd": 1.0, "adam": 0.5}


def _schedule_free_weights(
    start: np.ndarray, curvatures: np.ndarray, noise: np.ndarray, rate: float, beta: float
) -> np.ndarray:
    z = x = start
    for t, disturbance in enumerate(noise, 1):
        y = (1 - beta) * z + beta * x
        z = z - rate * (curvatures * y + disturbance)
        x = x + (z - x) / t
    return x


def _schedule_free_cases(rng: np.random.Generator) -> list[Case]:
    def case(updates: int, size: int, rate: float, beta: float) -> Case:
        return {
            "start": 3.0 * rng.standard_normal(size) + 1.0,
            "curvatures": rng.uniform(0.2, 2.0, size=size),
            "noise": rng.standard_normal((updates, size)),
            "rate": rate,
            "beta": beta,
        }

    edges = [case(1, 2, 0.1, 0.9), case(2, 2, 0.5, 0.9), case(3, 1, 0.5, 0.0)]
    edges += [case(0, 2, 0.5, 0.9), case(4, 3, 0.5, 1.0)]
    edges[0] |= {"start": np.array([1.0, -2.0]), "noise": np.zeros((1, 2))}
    for _ in range(6):
        updates, size = int(rng.integers(5, 40)), int(rng.integers(1, 5))
        edges.append(case(updates, size, float(rng.uniform(0.05, 0.8)), float(rng.uniform(0, 1))))
    return edges


def _schedule_free_with(gradient_at="y", returned="x", first=1):
    def run(start, curvatures, noise, rate, beta):
        at = dict.fromkeys("xyz", start)
        for t, disturbance in enumerate(noise, first):
            at["y"] = (1 - beta) * at["z"] + beta * at["x"]
            at["z"] = at["z"] - rate * (curvatures * at[gradient_at] + disturbance)
            at["x"] = at["x"] + (at["z"] - at["x"]) / t
        at["y"] = (1 - beta) * at["z"] + beta * at["x"]
        return at[returned]

    return run


def _beta_on_z(start, curvatures, noise, rate, beta):
    return _schedule_free_weights(start, curvatures, noise, rate, 1 - beta)


def _start_counted_in_place(start, curvatures, noise, rate, beta):
    z = x = np.array(start)
    for t, disturbance in enumerate(noise, 2):
        z -= rate * (curvatures * ((1 - beta) * z + beta * x) + disturbance)
        x = x + (z - x) / t
    return x


SCALED_RUN = Task(
    name="scaled_run",
    points=2,
    reference=_scaled_run,
    make_cases=_scaled_cases,
    scale=lambda case, expected: case["rate"],
    hints=(
        Hint(
            "My rate is right for one optimizer only",
            "A larger batch has less noise. SGD's step shrinks and grows with the gradient. Adam "
            "divides by the gradient's size, in which the noise is included: it feels the "
            "standard deviation, not the variance.",
        ),
        Hint(
            "My number of updates is off by one",
            "What the last examples are too few for is not done. Count the examples first, then "
            "see how many *whole* batches they make.",
        ),
        Hint(
            "My rate is too large for large batches",
            "There is one more argument. No batch is large enough to go past it.",
        ),
    ),
    misconceptions=(
        Misconception(
            "linear for Adam too",
            _scaled_with({"sgd": 1.0, "adam": 1.0}),
            "The rate is scaled linearly for Adam as well. Adam divides by the gradient's size, "
            "so its rate goes with the square root of the batch.",
        ),
        Misconception(
            "root for SGD too",
            _scaled_with({"sgd": 0.5, "adam": 0.5}),
            "The rate is scaled by the square root for SGD as well. At equal examples SGD's rate "
            "goes with the batch itself.",
        ),
        Misconception(
            "rules swapped",
            _scaled_with({"sgd": 0.5, "adam": 1.0}),
            "The two rules are swapped: the square root belongs to Adam.",
        ),
        Misconception(
            "updates kept",
            _scaled_with(_RULES, keep_updates=True),
            "The number of updates stayed as it was. With another batch size this is another "
            "number of examples: the run gets longer, or shorter.",
        ),
        Misconception(
            "rounded up",
            _scaled_with(_RULES, whole_batches=np.ceil),
            "The updates are rounded up. The last of them would need more examples than there are.",
        ),
        Misconception(
            "rounded",
            _scaled_with(_RULES, whole_batches=np.rint),
            "The updates are rounded to the nearest number. Where that is up, the last update "
            "needs more examples than there are.",
        ),
        Misconception(
            "no limit",
            _scaled_with(_RULES, limited=False),
            "The limit is not used. The rules hold while noise limits the rate; past the "
            "stability limit a larger batch allows no larger rate.",
        ),
        Misconception(
            "other way round",
            _scaled_with({"sgd": -1.0, "adam": -0.5}),
            "The rate falls where the batch grows. A larger batch has less noise, so that it can "
            "bear a larger rate.",
        ),
        Misconception(
            "whole ratio",
            _whole_ratio,
            "The ratio of the batch sizes is cut to a whole number, which is 0 for a smaller "
            "batch. The rate needs the ratio as it is; only batches are whole.",
        ),
        Misconception(
            "divided first",
            _divided_first,
            "The batch sizes were divided by each other before the updates came in, and what was "
            "left over is lost. Count the examples first, and divide them once.",
        ),
        Misconception(
            "not whole",
            _scaled_with(_RULES, whole_batches=float),
            "Your number of updates has a fraction. Half an update cannot be done: count whole "
            "batches.",
        ),
    ),
)

SCHEDULE_FREE_WEIGHTS = Task(
    name="schedule_free_weights",
    points=3,
    reference=_schedule_free_weights,
    make_cases=_schedule_free_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Do one update by hand, without noise and with one weight. All three points are the "
            "same at first. Where is $z$ after it? And the average of one point, where is it?",
        ),
        Hint(
            "The first update is right and the second is not",
            "Two things are wrong only from the second update on: where the gradient is taken, and "
            "how much of the newest $z$ comes into the average. For the first three updates print "
            "$z$, $x$, $y$ and the weight that $z$ has in $x$.",
        ),
        Hint(
            "I am right with beta = 0 and wrong otherwise",
            "With $\\beta = 0$ the gradient is taken at $z$. Which of the two points gets the "
            "weight $\\beta$, the quiet one or the restless one?",
        ),
    ),
    misconceptions=(
        Misconception(
            "gradient at z",
            _schedule_free_with(gradient_at="z"),
            "The gradient is taken at z here, which is plain SGD with an average beside it. "
            "Schedule-free takes it at y, between z and x.",
        ),
        Misconception(
            "gradient at x",
            _schedule_free_with(gradient_at="x"),
            "The gradient is taken at the average x here. It belongs to y, between z and x.",
        ),
        Misconception(
            "returns z",
            _schedule_free_with(returned="z"),
            "This is z, which does the steps and is as restless as plain SGD. The model is x.",
        ),
        Misconception(
            "returns y",
            _schedule_free_with(returned="y"),
            "This is y, where the next gradient would be taken: what you score when you forget "
            "optimizer.eval(). The model is x.",
        ),
        Misconception(
            "start in the average",
            _schedule_free_with(first=2),
            "The start is counted in your average: the newest point comes in with one half in the "
            "first update. x is the mean of the z after each update; the first replaces it.",
        ),
        Misconception(
            "beta on z",
            _beta_on_z,
            "The weights of z and x in y are swapped: with a beta near 1 the gradient is to be "
            "taken close to the average x.",
        ),
        Misconception(
            "start counted, in place",
            _start_counted_in_place,
            "The start is counted in your average: from the second update on the newest point "
            "comes in with too little weight. And z and x are one array at first, so that a "
            "change of one in place is a change of both.",
        ),
    ),
)
