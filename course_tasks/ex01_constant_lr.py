"""Exercise 1: one gradient step, the largest stable rate, the loss at which noise holds a run."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Task


def _gradient_step(w: np.ndarray, gradient: np.ndarray, rate: float) -> np.ndarray:
    return w - rate * gradient


def _gradient_step_cases(rng: np.random.Generator) -> list[Case]:
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


def _largest_stable_rate(hessian: np.ndarray) -> float:
    return 2.0 / max(np.linalg.eigvalsh(hessian))


def _hessian_cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        np.array([[4.0]]),
        np.diag([1.0, 10.0]),
        np.diag([10.0, 1.0]),
        np.array([[3.0, 2.0], [2.0, 3.0]]),
    ]
    for n in (2, 3, 4, 6):
        basis, _ = np.linalg.qr(rng.standard_normal((n, n)))
        curvatures = rng.uniform(0.1, 20.0, size=n)
        matrix = basis @ np.diag(curvatures) @ basis.T
        edges.append((matrix + matrix.T) / 2)
    return [{"hessian": matrix} for matrix in edges]


def _steady_state_loss(rate: float, curvature: float, noise_std: float) -> float:
    return rate * noise_std**2 / (2.0 * (2.0 - rate * curvature))


def _steady_state_cases(rng: np.random.Generator) -> list[Case]:
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


GRADIENT_STEP = Task(
    name="gradient_step",
    points=1,
    reference=_gradient_step,
    make_cases=_gradient_step_cases,
    hints=(
        Hint(
            "The check says that I go uphill",
            "The gradient points to where the loss *grows* fastest. Training wants the opposite.",
        ),
        Hint(
            "The values are small and do not look like weights",
            "Perhaps you return how far to move. Asked for is where you are *after* the move.",
        ),
        Hint(
            "I do not know how to begin",
            "Do it for one number first. The weight is 1, the slope there is 4, the rate "
            "0.1. Which way is downhill, how far do you move, and where are you then? Arrays need "
            "no loop: NumPy does this for all weights at once.",
        ),
    ),
    misconceptions=(
        Misconception(
            "uphill",
            lambda w, gradient, rate: w + rate * gradient,
            "This step goes uphill. The gradient points to where the loss grows, so it has to be "
            "taken away from the weights.",
        ),
        Misconception(
            "no rate",
            lambda w, gradient, rate: w - gradient,
            "The rate is not used: this is what you get when the whole gradient is taken away, "
            "as if the rate were 1.",
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

LARGEST_STABLE_RATE = Task(
    name="largest_stable_rate",
    points=2,
    reference=_largest_stable_rate,
    make_cases=_hessian_cases,
    hints=(
        Hint(
            "I pass with diagonal matrices and fail with the others",
            "You may be reading the curvatures off the diagonal. Off it, the directions "
            "mix. NumPy finds the curvatures of a symmetric matrix: look for `eigvalsh` in "
            "`np.linalg`.",
        ),
        Hint(
            "My answer is too small by a factor of two",
            "Which rate did you solve for: the one that makes the factor of the steepest "
            "direction 0, or the one that makes its *size* 1?",
        ),
        Hint(
            "My answer is far too large",
            "Every direction has a limit of its own. All of them have to be respected by one rate.",
        ),
    ),
    misconceptions=(
        Misconception(
            "one step to the minimum",
            lambda hessian: 1 / np.linalg.eigvalsh(hessian)[-1],
            "This is half of the limit: the rate that lands on the minimum in one step along the "
            "steepest direction, |1 - ηλ| = 0. The limit is where |1 - ηλ| reaches 1 again.",
        ),
        Misconception(
            "flattest direction",
            lambda hessian: 2 / np.linalg.eigvalsh(hessian)[0],
            "This uses the smallest curvature. At that rate the flattest direction is just "
            "stable, but a steeper one has long run away: the steepest decides.",
        ),
        Misconception(
            "trace",
            lambda hessian: 2 / np.trace(hessian),
            "This divides by the sum of the curvatures (the trace). Directions do not add up: "
            "each has its own limit, and the smallest of these limits counts.",
        ),
        Misconception(
            "diagonal",
            lambda hessian: 2 / np.max(np.diag(hessian)),
            "This reads the curvature off the diagonal. That works only when the axes are the "
            "eigenvectors; in general the largest eigenvalue is larger than any diagonal entry.",
        ),
        Misconception(
            "curvature itself",
            lambda hessian: np.linalg.eigvalsh(hessian)[-1],
            "This is the largest curvature λ. The limit is the rate at which |1 - ηλ| = 1.",
        ),
    ),
)

STEADY_STATE_LOSS = Task(
    name="steady_state_loss",
    points=3,
    reference=_steady_state_loss,
    make_cases=_steady_state_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            'Write the step as "(something) times $w$, plus noise". Square it and take the '
            "mean: what happens to the cross term, when the noise knows nothing of $w$? You "
            "have $E[w^2]$ after the step in terms of $E[w^2]$ before.",
        ),
        Hint(
            "I have that equation, and now?",
            '"Stands still" means that the value after the step equals the value before. '
            "Call it $m$ and solve for it.",
        ),
        Hint(
            "I am right for small rates and wrong for large ones",
            "Somewhere $(\\eta\\lambda)^2$ got lost. It is small when $\\eta\\lambda$ is, and "
            "only then.",
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
            "The noise enters as if it were added to the weight as it is. The noise is multiplied "
            "by the rate too: it is part of the gradient.",
        ),
        Misconception(
            "rate not squared",
            lambda rate, curvature, noise_std: noise_std**2 / (2 * (2 - rate * curvature)),
            "The noise enters with η σ². It is η σ ξ that is squared, so the rate is squared too.",
        ),
        Misconception(
            "factor not squared",
            lambda rate, curvature, noise_std: rate * noise_std**2 / 2,
            "This solves m = (1 - ηλ) m + η² σ². The distance shrinks by (1 - ηλ) a step, so the "
            "squared distance shrinks by (1 - ηλ)².",
        ),
    ),
)

TASKS = (GRADIENT_STEP, LARGEST_STABLE_RATE, STEADY_STATE_LOSS)
