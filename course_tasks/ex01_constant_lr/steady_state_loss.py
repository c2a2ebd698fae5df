"""Exercise 1, task 3: the loss that noise leaves behind."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def steady_state_loss(rate: float, curvature: float, noise_std: float) -> float:
    return rate * noise_std**2 / (2.0 * (2.0 - rate * curvature))


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        {"rate": 0.1, "curvature": 1.0, "noise_std": 1.0},
        {"rate": 1.9, "curvature": 1.0, "noise_std": 0.5},
        {"rate": 0.1, "curvature": 10.0, "noise_std": 2.0},
        {"rate": 0.1, "curvature": 1.0, "noise_std": 0.0},
    ]
    for _ in range(6):
        curvature = float(rng.uniform(0.2, 20.0))
        rate = float(rng.uniform(0.05, 1.9)) / curvature
        noise_std = float(rng.uniform(0.1, 3.0))
        edges.append({"rate": rate, "curvature": curvature, "noise_std": noise_std})
    return edges


TASK = Task(
    name="steady_state_loss",
    number=3,
    section=Section("01_constant_lr", "Noise, and the floor it leaves"),
    points=3,
    reference=steady_state_loss,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            'Write the step as "(something) times $w$, plus noise". Square it and take the '
            "mean. What happens to the cross term, given that the noise is independent of $w$? "
            "You then have $E[w^2]$ after the step in terms of $E[w^2]$ before it.",
        ),
        Hint(
            "I have that equation. What do I do now?",
            "When the expected loss no longer changes, the value after the step equals the "
            "value before it. Call it $m$ and solve for it.",
        ),
        Hint(
            "I am right for small rates and wrong for large ones",
            "Somewhere $(\\eta\\lambda)^2$ got lost. It is small only when $\\eta\\lambda$ is "
            "small.",
        ),
        Hint(
            "I am off by a factor that depends on the curvature",
            "You may have computed the mean of $w^2$. The loss is not $w^2$.",
        ),
    ),
    misconceptions=(
        Misconception(
            "small-rate limit",
            lambda rate, curvature, noise_std: rate * noise_std**2 / 4,
            "This is η σ² / 4, which holds for rates far below the stability limit. Solve "
            "m = (1 - ηλ)² m + η² σ² without dropping (ηλ)².",
        ),
        Misconception(
            "squared distance",
            lambda rate, curvature, noise_std: (
                rate * noise_std**2 / (curvature * (2 - rate * curvature))
            ),
            "This is the mean of w², the squared distance to the minimum. The loss is ½ λ w².",
        ),
        Misconception(
            "forgotten half",
            lambda rate, curvature, noise_std: rate * noise_std**2 / (2 - rate * curvature),
            "This is twice the expected value: the loss is ½ λ w², with the ½.",
        ),
        Misconception(
            "standard deviation",
            lambda rate, curvature, noise_std: rate * noise_std / (2 * (2 - rate * curvature)),
            "The noise enters with σ here. Its variance σ² is what adds up from step to step.",
        ),
        Misconception(
            "noise without the rate",
            lambda rate, curvature, noise_std: noise_std**2 / (2 * rate * (2 - rate * curvature)),
            "Your noise is added to the weight directly. It is part of the gradient, so it is "
            "multiplied by the rate as well.",
        ),
        Misconception(
            "rate not squared",
            lambda rate, curvature, noise_std: noise_std**2 / (2 * (2 - rate * curvature)),
            "The noise enters with η σ². The term that is squared is η σ ξ, so the rate is "
            "squared too.",
        ),
        Misconception(
            "factor not squared",
            lambda rate, curvature, noise_std: rate * noise_std**2 / 2,
            "This solves m = (1 - ηλ) m + η² σ². Each step multiplies the distance by (1 - ηλ), "
            "so it multiplies the squared distance by (1 - ηλ)².",
        ),
    ),
)
