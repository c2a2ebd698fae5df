"""Exercise 1, task 1: one step of gradient descent."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def gradient_step(w: np.ndarray, gradient: np.ndarray, rate: float) -> np.ndarray:
    return w - rate * gradient


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        {"w": np.array([1.0, -2.0]), "gradient": np.array([4.0, -1.0]), "rate": 0.1},
        {"w": np.array([1.0, -2.0]), "gradient": np.array([0.0, 0.0]), "rate": 0.1},
        {"w": np.array([1.0, -2.0]), "gradient": np.array([4.0, -1.0]), "rate": 0.0},
        {"w": np.array([[1.0], [3.0]]), "gradient": np.array([[-1.0], [0.5]]), "rate": 2.0},
    ]
    sizes = rng.integers(1, 6, size=6)
    return edges + [
        {
            "w": rng.standard_normal(n),
            "gradient": 3 * rng.standard_normal(n),
            "rate": float(rng.uniform(0.01, 1.5)),
        }
        for n in sizes
    ]


TASK = Task(
    name="gradient_step",
    number=1,
    section=Section("01_constant_lr", "What an update is"),
    points=1,
    reference=gradient_step,
    make_cases=cases,
    hints=(
        Hint(
            "The check says that I go uphill",
            "The gradient points to where the loss *grows* fastest. Training wants the opposite.",
        ),
        Hint(
            "The values are small and do not look like weights",
            "Perhaps you return the move itself. The task asks for the weights *after* the move.",
        ),
        Hint(
            "I do not know how to begin",
            "Do it for one number first. The weight is 1, the slope there is 4, the rate 0.1. "
            "Which way is downhill, how far do you move, and where are you then? Arrays need no "
            "loop, because NumPy does this for all weights at once.",
        ),
    ),
    misconceptions=(
        Misconception(
            "uphill",
            lambda w, gradient, rate: w + rate * gradient,
            "This step goes uphill. The gradient points to where the loss grows, so it has to "
            "be subtracted from the weights.",
        ),
        Misconception(
            "no rate",
            lambda w, gradient, rate: w - gradient,
            "You do not use the rate. This is the result of subtracting the whole gradient, as "
            "if the rate were 1.",
        ),
        Misconception(
            "only the change",
            lambda w, gradient, rate: -rate * gradient,
            "This is the change of the weights. The function has to return the new weights: "
            "where you were, plus that change.",
        ),
        Misconception(
            "rate divides",
            lambda w, gradient, rate: w - gradient / np.float64(rate),
            "The gradient is divided by the rate here. A larger rate means a longer step.",
        ),
        Misconception(
            "unit step",
            lambda w, gradient, rate: (
                w - rate * gradient / (np.linalg.norm(gradient) if np.any(gradient) else 1.0)
            ),
            "The gradient was scaled to length 1 first, so every step is equally long. Plain "
            "gradient descent takes shorter steps where the slope is small.",
        ),
    ),
)
