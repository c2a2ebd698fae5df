"""Exercise 9, task 4: without a schedule."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


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
    section=Section("09_after_cosine", "Averages in place of decay"),
    points=3,
    reference=schedule_free_weights,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Do one update by hand, without noise and with one weight. All three points are the "
            "same at first. Where is $z$ after the update? And where is the average of one "
            "point?",
        ),
        Hint(
            "The first update is right, but the second is not",
            "Two mistakes show only from the second update on: the point where you take the "
            "gradient, and the weight of the newest $z$ in the average. For the first three "
            "updates print $z$, $x$, $y$ and the weight that $z$ has in $x$.",
        ),
        Hint(
            "I am right with beta = 0 but wrong otherwise",
            "With $\\beta = 0$ the gradient is taken at $z$. Which of the two points gets the "
            "weight $\\beta$: the average, or the point that makes the steps?",
        ),
    ),
    misconceptions=(
        Misconception(
            "gradient at z",
            schedule_free_with(gradient_at="z"),
            "You take the gradient at z, which is plain SGD with an additional average. "
            "Schedule-free SGD takes it at y, between z and x.",
        ),
        Misconception(
            "gradient at x",
            schedule_free_with(gradient_at="x"),
            "You take the gradient at the average x. Schedule-free SGD takes it at y, between z "
            "and x.",
        ),
        Misconception(
            "returns z",
            schedule_free_with(returned="z"),
            "This is z, which makes the steps and is as noisy as plain SGD. The model is x.",
        ),
        Misconception(
            "returns y",
            schedule_free_with(returned="y"),
            "This is y, where the next gradient would be taken. You also get y in practice if "
            "you forget optimizer.eval(). The model is x.",
        ),
        Misconception(
            "start in the average",
            schedule_free_with(first=2),
            "Your average includes the start, so the first z gets only the weight one half. x "
            "is the mean of the z after each update, so the first z replaces the start.",
        ),
        Misconception(
            "beta on z",
            beta_on_z,
            "The weights of z and x in y are swapped. With a beta near 1 the gradient should be "
            "taken close to the average x.",
        ),
        Misconception(
            "start counted, in place",
            start_counted_in_place,
            "Your average includes the start, so the newest z gets too little weight from the "
            "second update on. Also, z and x are the same array at first, so changing one in "
            "place changes both.",
        ),
    ),
)
