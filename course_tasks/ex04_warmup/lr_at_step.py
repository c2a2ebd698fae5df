"""Exercise 4, task 1: warmup and cosine, at one step."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import half_wave, peak_of
from course_tasks.ex04_warmup.shared import fall, share_done
from course_tasks.task import Case, Hint, Misconception, Section, Task


def lr_at_step(step: float, peak_lr: float, warmup_steps: float, total_steps: float) -> np.ndarray:
    t, warmup, total = int(step), int(warmup_steps), int(total_steps)
    if t < warmup:
        rate = peak_lr * t / warmup
    else:
        done = min((t - warmup) / (total - warmup), 1.0)
        rate = peak_lr * (1.0 + np.cos(np.pi * done)) / 2.0
    return np.array([rate])


def cases(rng: np.random.Generator) -> list[Case]:
    def case(step, peak_lr, warmup_steps, total_steps):
        return {
            "step": float(step),
            "peak_lr": peak_lr,
            "warmup_steps": float(warmup_steps),
            "total_steps": float(total_steps),
        }

    edges = [case(t, 1.0, 10, 100) for t in (0, 1, 5, 9, 10, 11, 50, 55, 89, 90, 91, 95)]
    edges += [case(t, 1.0, 10, 100) for t in (99, 100, 101, 110, 150, 190)]
    edges += [case(t, 0.02, 0, 8) for t in (0, 1, 4, 7, 8, 9, 12)]
    edges += [case(t, 3.0, 1, 5) for t in (0, 1, 2, 5)]
    # Lengths and steps with a fraction: all three are cut off, not rounded.
    edges += [case(t, 2.0, 4.9, 20.9) for t in (0.9, 3.7, 4.2, 4.95, 12.6, 19.9, 20.5, 21.2)]
    for _ in range(10):
        warmup = int(rng.integers(1, 40))
        total = 2 * warmup + int(rng.integers(2, 150))  # so that even the mistakes have a cosine
        step = float(rng.uniform(0, 1.3 * total))
        edges.append(case(step, float(rng.uniform(0.001, 2.0)), warmup, total))
    return edges


def warmup_then(after, rise=lambda t, warmup: t / warmup, cast=int):
    """Return `lr_at_step` with a part of it replaced.

    Args:
        after: t, warmup, total -> rate over peak from the end of the warmup on.
        rise: t, warmup -> rate over peak before.
        cast: makes whole numbers of step and lengths.
    """

    def rate(step, peak_lr, warmup_steps, total_steps):
        t, warmup, total = cast(step), cast(warmup_steps), cast(total_steps)
        factor = rise(t, warmup) if t < warmup else after(t, warmup, total)
        return np.array([peak_lr * factor])

    return rate


def optax_with_decay_steps_too_short(t, warmup, total):
    decay_steps = total - warmup  # in optax this is the end of the whole schedule
    return half_wave(min((t - warmup) / (decay_steps - warmup), 1.0))


def no_warmup_breaks(step, peak_lr, warmup_steps, total_steps):
    t, warmup, total = int(step), int(warmup_steps), int(total_steps)
    if t <= warmup:
        return np.array([peak_lr * t / warmup])
    return np.array([peak_lr * fall(t, warmup, total)])


TASK = Task(
    name="lr_at_step",
    number=1,
    section=Section("04_warmup", "The schedule from scratch"),
    points=5,
    reference=lr_at_step,
    make_cases=cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "First make three whole numbers. Then write two parts: one before the end of the "
            "warmup, and one from there on. The first part is linear and goes through two "
            "points that the text names.",
        ),
        Hint(
            "My cosine does not end where it should",
            "The cosine begins when the warmup is over. How many of its own updates have been "
            "done at this step, and how many does it have in all?",
        ),
        Hint(
            "My rate rises again at the end",
            "Past `total_steps` the share done would be more than one. It must not be.",
        ),
        Hint(
            "It raises ZeroDivisionError",
            "With `warmup_steps` 0 there is no rise. To which of your two parts should step 0 "
            "belong then?",
        ),
        Hint(
            "The values are right and I do not get all points",
            "Print the `.shape` of what you return. A number has the shape `()`.",
        ),
    ),
    misconceptions=(
        Misconception(
            "optax decay_steps",
            warmup_then(optax_with_decay_steps_too_short),
            "This is optax.warmup_cosine_decay_schedule with decay_steps = total_steps - "
            "warmup_steps. In optax decay_steps includes the warmup, so this schedule ends too "
            "soon: the last warmup_steps updates run at rate 0 and learn nothing.",
        ),
        Misconception(
            "whole run",
            warmup_then(lambda t, warmup, total: half_wave(min(t / total, 1))),
            "The length of your cosine is the whole run. It should be only the rest after the "
            "warmup. As it is, the rate jumps down right after the warmup.",
        ),
        Misconception(
            "cosine too long",
            warmup_then(lambda t, warmup, total: half_wave(min((t - warmup) / total, 1))),
            "Your cosine begins at the right place and takes total_steps updates from there. So "
            "it ends warmup_steps updates too late. total_steps includes the warmup.",
        ),
        Misconception(
            "first update moves",
            warmup_then(fall, rise=lambda t, warmup: (t + 1) / warmup),
            "Your warmup is one update ahead. It begins above 0 and reaches the peak one update "
            "early. Here the rate at step 0 is 0. (torchtitan warms up as you do.)",
        ),
        Misconception(
            "peak one late",
            warmup_then(fall, rise=lambda t, warmup: t / (warmup + 1)),
            "Your warmup is too flat. It would reach the peak one update after warmup_steps, so "
            "the rate jumps at warmup_steps.",
        ),
        Misconception(
            "the course's warmup",
            warmup_then(fall, rise=lambda t, warmup: (1 + (warmup - 1) * t / warmup) / warmup),
            "Your warmup begins at the peak divided by warmup_steps, as `schedules.warmup` of "
            "this course does by default. Here it begins at 0.",
        ),
        Misconception(
            "no warmup",
            warmup_then(fall, rise=lambda t, warmup: 1.0),
            "Before warmup_steps your rate is already the peak. It has to rise to it from 0.",
        ),
        Misconception(
            "always from 0",
            lambda step, peak_lr, warmup_steps, total_steps: (
                lr_at_step(step, peak_lr, warmup_steps, total_steps) * (int(step) > 0)
            ),
            "Your rate at step 0 is always 0. With warmup_steps 0 there is no rise, and the first "
            "update has the peak.",
        ),
        Misconception(
            "climbs past the end",
            warmup_then(lambda t, warmup, total: half_wave((t - warmup) / (total - warmup))),
            "Past total_steps your rate climbs back towards the peak, as PyTorch's cosine does. "
            "Here it stays at 0.",
        ),
        Misconception(
            "not cut to whole numbers",
            warmup_then(fall, cast=float),
            "Steps and lengths may arrive with a fraction, and you use it. First cut all three "
            "off to whole numbers.",
        ),
        Misconception(
            "rounded",
            warmup_then(fall, cast=round),
            "You round to the nearest whole number. Cut the fraction off instead, as int does.",
        ),
        Misconception(
            "only the step cut",
            lambda step, peak_lr, warmup_steps, total_steps: warmup_then(fall, cast=float)(
                int(step), peak_lr, warmup_steps, total_steps
            ),
            "You cut off the fraction of the step, but not the fractions of the two lengths.",
        ),
        Misconception(
            "not shape (1,)",
            lambda step, peak_lr, warmup_steps, total_steps: float(
                lr_at_step(step, peak_lr, warmup_steps, total_steps)[0]
            ),
            "Every value is right, but you return a single number. The task asks for an array "
            "of shape (1,), which holds one number.",
        ),
        Misconception(
            "linear decay",
            warmup_then(lambda t, warmup, total: 1 - share_done(t, warmup, total)),
            "After the warmup your rate falls linearly. The task asks for half a cosine.",
        ),
        Misconception(
            "integer division",
            warmup_then(
                lambda t, warmup, total: half_wave(min((t - warmup) // (total - warmup), 1)),
                rise=lambda t, warmup: t // warmup,
            ),
            "Your rate is 0, then the peak, then 0 again. You divide with //, which drops "
            "everything after the decimal point.",
        ),
        Misconception(
            "forgotten half",
            warmup_then(lambda t, warmup, total: 2 * fall(t, warmup, total)),
            "The ½ is missing: 1 + cos goes from 2 to 0, so the rate jumps to twice the peak when "
            "the warmup ends.",
        ),
        Misconception(
            "no pi",
            warmup_then(lambda t, warmup, total: (1 + np.cos(share_done(t, warmup, total))) / 2),
            "π is missing: the argument of the cosine goes to 1 only, so the rate stays high to "
            "the end.",
        ),
        Misconception(
            "degrees",
            warmup_then(
                lambda t, warmup, total: (1 + np.cos(180 * share_done(t, warmup, total))) / 2
            ),
            "The cosine is given degrees. NumPy's cosine takes radians, so half a turn is π, "
            "not 180.",
        ),
        Misconception(
            "no warmup breaks",
            no_warmup_breaks,
            "With warmup_steps 0 you divide by 0 at step 0. The warmup is over at warmup_steps, "
            "so that step belongs to the cosine.",
        ),
    ),
)
