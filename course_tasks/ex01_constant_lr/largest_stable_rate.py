"""Exercise 1, task 2: the largest stable rate."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def largest_stable_rate(hessian: np.ndarray) -> float:
    return 2.0 / max(np.linalg.eigvalsh(hessian))


def cases(rng: np.random.Generator) -> list[Case]:
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


TASK = Task(
    name="largest_stable_rate",
    number=2,
    section=Section("01_constant_lr", "Two directions, one rate"),
    points=2,
    reference=largest_stable_rate,
    make_cases=cases,
    hints=(
        Hint(
            "I pass with diagonal matrices and fail with the others",
            "You may be reading the curvatures off the diagonal. This works only for a diagonal "
            "matrix, because the other entries mix the directions. NumPy finds the curvatures "
            "of a symmetric matrix: look for `eigvalsh` in `np.linalg`.",
        ),
        Hint(
            "My answer is too small by a factor of two",
            "Which rate did you solve for: the one that makes the factor of the steepest "
            "direction 0, or the one that makes its *size* 1?",
        ),
        Hint(
            "My answer is far too large",
            "Every direction has a limit of its own. A single rate has to stay below all of them.",
        ),
    ),
    misconceptions=(
        Misconception(
            "one step to the minimum",
            lambda hessian: 1 / np.linalg.eigvalsh(hessian)[-1],
            "This is half of the limit. It is the rate that reaches the minimum in one step "
            "along the steepest direction, where |1 - ηλ| = 0. The limit is where |1 - ηλ| "
            "reaches 1 again.",
        ),
        Misconception(
            "flattest direction",
            lambda hessian: 2 / np.linalg.eigvalsh(hessian)[0],
            "This uses the smallest curvature. At that rate the flattest direction is just "
            "stable, but the steeper ones diverge. The steepest direction decides.",
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
