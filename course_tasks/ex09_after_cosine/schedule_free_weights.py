"""Exercise 9, task 4: without a schedule."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Task


def schedule_free_weights(
    start: np.ndarray, curvatures: np.ndarray, noise: np.ndarray, rate: float, beta: float
) -> np.ndarray:
    z = x = start
    for t, disturbance in enumerate(noise, 1):
        y = (1 - beta) * z + beta * x
        z = z - rate * (curvatures * y + disturbance)
        x = x + (z - x) / t
    return x


def cases(rng: np.random.Generator) -> list[Case]:
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


def schedule_free_with(gradient_at="y", returned="x", first=1):
    def run(start, curvatures, noise, rate, beta):
        at = dict.fromkeys("xyz", start)
        for t, disturbance in enumerate(noise, first):
            at["y"] = (1 - beta) * at["z"] + beta * at["x"]
            at["z"] = at["z"] - rate * (curvatures * at[gradient_at] + disturbance)
            at["x"] = at["x"] + (at["z"] - at["x"]) / t
        at["y"] = (1 - beta) * at["z"] + beta * at["x"]
        return at[returned]

    return run


def beta_on_z(start, curvatures, noise, rate, beta):
    return schedule_free_weights(start, curvatures, noise, rate, 1 - beta)


def start_counted_in_place(start, curvatures, noise, rate, beta):
    z = x = np.array(start)
    for t, disturbance in enumerate(noise, 2):
        z -= rate * (curvatures * ((1 - beta) * z + beta * x) + disturbance)
        x = x + (z - x) / t
    return x


TASK = Task(
    name="schedule_free_weights",
    number=4,
    points=3,
    reference=schedule_free_weights,
    make_cases=cases,
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
            schedule_free_with(gradient_at="z"),
            "The gradient is taken at z here, which is plain SGD with an average beside it. "
            "Schedule-free takes it at y, between z and x.",
        ),
        Misconception(
            "gradient at x",
            schedule_free_with(gradient_at="x"),
            "The gradient is taken at the average x here. It belongs to y, between z and x.",
        ),
        Misconception(
            "returns z",
            schedule_free_with(returned="z"),
            "This is z, which does the steps and is as restless as plain SGD. The model is x.",
        ),
        Misconception(
            "returns y",
            schedule_free_with(returned="y"),
            "This is y, where the next gradient would be taken: what you score when you forget "
            "optimizer.eval(). The model is x.",
        ),
        Misconception(
            "start in the average",
            schedule_free_with(first=2),
            "The start is counted in your average: the newest point comes in with one half in the "
            "first update. x is the mean of the z after each update; the first replaces it.",
        ),
        Misconception(
            "beta on z",
            beta_on_z,
            "The weights of z and x in y are swapped: with a beta near 1 the gradient is to be "
            "taken close to the average x.",
        ),
        Misconception(
            "start counted, in place",
            start_counted_in_place,
            "The start is counted in your average: from the second update on the newest point "
            "comes in with too little weight. And z and x are one array at first, so that a "
            "change of one in place is a change of both.",
        ),
    ),
)
