"""Answers to exercise 1 as learners write them: right in several ways, and wrong as people are.

A cell of its own is marked off by `# %%`; the last cell holds the task's function.
"""

from __future__ import annotations

#: By task: functions that are right.
RIGHT: dict[str, tuple[str, ...]] = {
    "gradient_step": (
        """\
def gradient_step(w, gradient, rate):
    \"\"\"Return the weights after one step of gradient descent.\"\"\"
    return w - rate * gradient
""",
        """\
def gradient_step(w, gradient, rate):
    step = -rate * gradient
    print("step:", step)
    return w + step
""",
        """\
def gradient_step(w, gradient, rate):
    new = np.empty(w.shape)
    for i in np.ndindex(w.shape):
        new[i] = w[i] - rate * gradient[i]
    return new
""",
    ),
    "largest_stable_rate": (
        """\
def largest_stable_rate(hessian):
    \"\"\"Return the rate from which gradient descent on a quadratic no longer converges.\"\"\"
    return 2 / np.linalg.eigvalsh(hessian)[-1]
""",
        """\
eigenvalues, eigenvectors = np.linalg.eig(np.array([[3.0, 2.0], [2.0, 3.0]]))
print(eigenvalues)
# %%
def largest_stable_rate(hessian):
    eigenvalues, _ = np.linalg.eig(hessian)
    biggest = 0
    for value in eigenvalues:
        if value > biggest:
            biggest = value
    return float(2 / biggest)
""",
        """\
def largest_stable_rate(hessian):
    # all curvatures are positive, so the largest is the spectral norm
    return 2.0 / np.linalg.norm(hessian, 2)
""",
    ),
    "steady_state_loss": (
        """\
def steady_state_loss(rate, curvature, noise_std):
    \"\"\"Return the expected loss at which noisy gradient descent comes to rest.\"\"\"
    m = rate**2 * noise_std**2 / (1 - (1 - rate * curvature) ** 2)
    return 0.5 * curvature * m
""",
        """\
def steady_state_loss(rate, curvature, noise_std):
    # m = (1 - a)^2 m + b  ->  m (2a - a^2) = b
    a = rate * curvature
    b = (rate * noise_std) ** 2
    return curvature / 2 * b / (a * (2 - a))
""",
        """\
def shrink(rate, curvature):
    return (1 - rate * curvature) ** 2
# %%
def steady_state_loss(rate, curvature, noise_std):
    s = shrink(rate, curvature)
    mean_square = 0.0
    for _ in range(2000):
        mean_square = s * mean_square + rate**2 * noise_std**2
    return 0.5 * curvature * mean_square
""",
    ),
}

#: By task and known mistake: functions that make it.
WRONG: dict[str, dict[str, str]] = {
    "gradient_step": {
        "uphill": """\
def gradient_step(w, gradient, rate):
    return w + rate * gradient
""",
        "no rate": """\
def gradient_step(w, gradient, rate):
    w = w - gradient
    return w
""",
        "only the change": """\
def gradient_step(w, gradient, rate):
    return -gradient * rate
""",
    },
    "largest_stable_rate": {
        "one step to the minimum": """\
def largest_stable_rate(hessian):
    curvatures = np.linalg.eigvalsh(hessian)
    return 1 / max(curvatures)
""",
        "flattest direction": """\
def largest_stable_rate(hessian):
    rates = [2 / c for c in np.linalg.eigvalsh(hessian)]
    return max(rates)
""",
        "diagonal": """\
def largest_stable_rate(hessian):
    return 2 / hessian.diagonal().max()
""",
        "trace": """\
def largest_stable_rate(hessian):
    return 2 / np.sum(np.linalg.eigvals(hessian))
""",
    },
    "steady_state_loss": {
        "small-rate limit": """\
def steady_state_loss(rate, curvature, noise_std):
    # from the lesson
    return rate * noise_std**2 / 4
""",
        "squared distance": """\
def steady_state_loss(rate, curvature, noise_std):
    shrink = (1 - rate * curvature) ** 2
    return rate**2 * noise_std**2 / (1 - shrink)
""",
        "forgotten half": """\
def steady_state_loss(rate, curvature, noise_std):
    m = (rate * noise_std) ** 2 / (1 - (1 - rate * curvature) ** 2)
    return curvature * m
""",
        "factor not squared": """\
def steady_state_loss(rate, curvature, noise_std):
    m = (rate * noise_std) ** 2 / (1 - (1 - rate * curvature))
    return 0.5 * curvature * m
""",
    },
}

#: Calls the implementation that the course has.
LIBRARY = """\
from course_lib.theory import noise_floor


def steady_state_loss(rate, curvature, noise_std):
    return noise_floor(rate, curvature, noise_std)
"""

#: Nothing that Python can read.
SYNTAX_ERROR = """\
def steady_state_loss(rate, curvature, noise_std)
    m = (rate * noise_std) ** 2 / (1 - (1 - rate * curvature) ** 2)
    return 0.5 * curvature * m
"""

#: Never returns.
ENDLESS_LOOP = """\
def largest_stable_rate(hessian):
    w = np.ones(len(hessian))
    factor = 0.0
    while factor < 1:
        rate = 0.0
        factor = np.abs(1 - rate * (hessian @ w) / w).min() - 1e-9
        rate += 0.01
    return rate
"""

#: By task: cells that learners add behind it.
OWN_CELLS: dict[str, tuple[str, ...]] = {
    "gradient_step": (
        "gradient_step(np.array([1.0, -2.0]), np.array([4.0, -1.0]), 0.1)",
        """\
w = np.array([1.0])
for t in range(5):
    w = gradient_step(w, 4 * w, 0.1)
    print(t, w)
""",
    ),
    "largest_stable_rate": (
        """\
H = np.diag([1.0, 10.0])
largest_stable_rate(H)
""",
        """\
%precision 4
largest_stable_rate(np.array([[3.0, 2.0], [2.0, 3.0]]))
""",
    ),
    "steady_state_loss": (
        'print("should be near 0.33:", steady_state_loss(0.5, 2.0, 1.0))',
        """\
import matplotlib.pyplot as plt

rates = np.linspace(0.05, 0.95, 40)
plt.plot(rates, [steady_state_loss(r, 2.0, 1.0) for r in rates])
plt.xlabel("rate"); plt.ylabel("loss");
""",
    ),
}
