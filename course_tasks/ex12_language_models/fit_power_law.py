"""Exercise 12, task 2: the fit of a power law."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def fit_power_law(sums: np.ndarray, losses: np.ndarray, floor_loss: float) -> np.ndarray:
    slope, intercept = np.polyfit(np.log(sums), np.log(losses - floor_loss), 1)
    return np.array([np.exp(intercept), -slope])


def cases(rng: np.random.Generator) -> list[Case]:
    def case(amplitude: float, alpha: float, floor_loss: float, noise: float, count: int) -> Case:
        sums = np.sort(rng.uniform(0.1, 10.0, size=count))
        spread = np.exp(noise * rng.standard_normal(count))
        return {
            "sums": sums,
            "losses": floor_loss + amplitude * sums**-alpha * spread,
            "floor_loss": floor_loss,
        }

    edges = [case(0.6, 0.5, 2.6, 0.0, 5), case(1.0, 0.3, 0.5, 0.0, 2), case(0.5, 0.4, 3.0, 0.1, 8)]
    for _ in range(6):
        amplitude, alpha = float(rng.uniform(0.3, 2.0)), float(rng.uniform(0.2, 0.9))
        floor_loss, count = float(rng.uniform(0.5, 3.0)), int(rng.integers(6, 30))
        edges.append(case(amplitude, alpha, floor_loss, 0.15, count))
    return edges


def line_through(x, y):
    slope, intercept = np.polyfit(x, y, 1)
    return intercept, slope


def sign_of_the_slope(sums, losses, floor_loss):
    return fit_power_law(sums, losses, floor_loss) * [1, -1]


def floor_not_subtracted(sums, losses, floor_loss):
    return fit_power_law(sums, losses, 0.0)


def logarithm_of_the_amplitude(sums, losses, floor_loss):
    amplitude, alpha = fit_power_law(sums, losses, floor_loss)
    return np.array([np.log(amplitude), alpha])


def logarithms_of_two_bases(sums, losses, floor_loss):
    intercept, slope = line_through(np.log10(sums), np.log10(losses - floor_loss))
    return np.array([np.exp(intercept), -slope])


def swapped_axes(sums, losses, floor_loss):
    intercept, slope = line_through(np.log(losses - floor_loss), np.log(sums))
    return np.array([np.exp(intercept), -slope])


def swapped_order(sums, losses, floor_loss):
    return fit_power_law(sums, losses, floor_loss)[::-1]


def straight_line_through_the_losses(sums, losses, floor_loss):
    intercept, slope = line_through(sums, losses - floor_loss)
    return np.array([intercept, -slope])


def exponential_decay(sums, losses, floor_loss):
    intercept, slope = line_through(sums, np.log(losses - floor_loss))
    return np.array([np.exp(intercept), -slope])


def first_and_last(sums, losses, floor_loss):
    ends = [0, -1]
    return fit_power_law(sums[ends], losses[ends], floor_loss)


def fitted_in_the_losses(sums, losses, floor_loss):
    """Return A and alpha with the least squared error of the losses, by Gauss-Newton steps."""
    above = losses - floor_loss
    amplitude, alpha = fit_power_law(sums, losses, floor_loss)
    log_amplitude = np.log(amplitude)
    for _ in range(60):
        made = np.exp(log_amplitude) * sums**-alpha
        slopes = np.stack([made, -np.log(sums) * made], axis=1)
        step = np.linalg.lstsq(slopes, above - made, rcond=None)[0]
        log_amplitude, alpha = log_amplitude + step[0], alpha + step[1]
    return np.array([np.exp(log_amplitude), alpha])


TASK = Task(
    name="fit_power_law",
    number=2,
    section=Section("12_language_models", "Predict a run before you pay for it"),
    points=2,
    reference=fit_power_law,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Take the logarithm of both sides of $L - L_0 = A\\,S^{-\\alpha}$. Which letter is "
            "then a slope, and which belongs to the height of the graph at 0?",
        ),
        Hint(
            "My exponent is right but A is not",
            "The height of the graph at $\\log S = 0$ is the logarithm of $A$. Undo it with the "
            "function that belongs to the logarithm you took.",
        ),
        Hint(
            "I pass without noise but fail with it",
            "Without noise every way of fitting gives the same line. With noise it matters of "
            "which quantities the squares are taken, and that all readings are used.",
        ),
        Hint(
            "My exponent is far too small",
            "How does $\\log L$ look on a log-log plot where $L$ ends near $L_0$? What has to "
            "become straight?",
        ),
    ),
    misconceptions=(
        Misconception(
            "sign of the slope",
            sign_of_the_slope,
            "Your alpha is negative: it is the slope of the line. The law has the exponent "
            "-alpha, so alpha is minus the slope.",
        ),
        Misconception(
            "floor not subtracted",
            floor_not_subtracted,
            "You fit the losses themselves. Subtract the floor first: only what is above it falls "
            "as a power law.",
        ),
        Misconception(
            "logarithm of A",
            logarithm_of_the_amplitude,
            "Your first number is the logarithm of A, the height of the line. Raise e to it.",
        ),
        Misconception(
            "two bases",
            logarithms_of_two_bases,
            "You take logarithms to the base 10 and undo them with base e. The slope does not "
            "mind, but A does.",
        ),
        Misconception(
            "axes swapped",
            swapped_axes,
            "Your line gives the sum of rates as a function of the loss. The law gives the loss as "
            "a function of the sum.",
        ),
        Misconception(
            "order swapped",
            swapped_order,
            "Your two numbers are in the other order: first A, then alpha.",
        ),
        Misconception(
            "line through the losses",
            straight_line_through_the_losses,
            "You fit a straight line without any logarithm. A power law is a straight line only "
            "where both axes are logarithmic.",
        ),
        Misconception(
            "exponential decay",
            exponential_decay,
            "You take the logarithm of the losses, but not of the sums. That fits an exponential "
            "decay. A power law needs both logarithms.",
        ),
        Misconception(
            "first and last reading",
            first_and_last,
            "Your line passes through the first and the last reading. The noise of these two then "
            "decides everything. Use all readings.",
        ),
        Misconception(
            "fitted in the losses",
            fitted_in_the_losses,
            "You minimise squared errors of the losses. The large losses at the start then count "
            "most. The task asks for the least squares of the logarithms.",
        ),
    ),
)
