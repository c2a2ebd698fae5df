"""Exercise 6, task 1: one cycle in two phases."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of, steps_near, through, zero_past_the_end
from course_tasks.task import Case, Hint, Misconception, Section, Task


def one_cycle_lr(
    step: int, peak_lr: float, total_steps: int, pct_start: float, div: float, final_div: float
) -> float:
    rise = round(pct_start * total_steps)
    up = min(step / rise, 1)
    down = min((max(step, rise) - rise) / (total_steps - rise), 1)
    first = peak_lr / div
    climbed = (peak_lr - first) * (1 - np.cos(np.pi * up)) / 2
    fallen = (peak_lr - first / final_div) * (1 - np.cos(np.pi * down)) / 2
    return first + climbed - fallen


def cases(rng: np.random.Generator) -> list[Case]:
    settings = [
        (0.1, 100, 0.3, 25.0, 1e4),
        (2.0, 50, 0.5, 4.0, 10.0),
        (0.5, 20, 0.9, 10.0, 1.0),  # it ends where it began
        (1.0, 10, 0.2, 5.0, 100.0),  # a rise of two updates; one less is no division by 0
        (0.3, 12, 0.25, 1.0, 20.0),  # no rise: it begins at the peak
        (0.1, 33, 0.3, 25.0, 50.0),  # 9.9: rounded, not cut off
    ]
    for _ in range(2):
        total = int(rng.integers(20, 300))
        rise = int(rng.integers(2, total - 2))
        pct_start = (rise + float(rng.uniform(-0.4, 0.4))) / total
        peak, div, final_div = rng.uniform(0.05, 3.0), rng.uniform(2, 30), rng.uniform(2, 100)
        settings.append((float(peak), total, pct_start, float(div), float(final_div)))
    names = ("peak_lr", "total_steps", "pct_start", "div", "final_div")
    return [
        {"step": step} | dict(zip(names, setting, strict=True))
        for setting in settings
        for step in steps_near([0, round(setting[1] * setting[2])], setting[1], rng)
    ]


def climbs_again(step, peak_lr, total_steps, pct_start, div, final_div):
    rise = round(pct_start * total_steps)
    if step <= rise:
        return one_cycle_lr(step, peak_lr, total_steps, pct_start, div, final_div)
    end = peak_lr / div / final_div
    share = (step - rise) / (total_steps - rise)
    return end + (peak_lr - end) * (1 + np.cos(np.pi * share)) / 2


def turning(top, end):
    """Return a wrong 1-cycle, by where its peak is, of pct_start * total_steps, and its end."""

    def rate(step, peak_lr, total_steps, pct_start, div, final_div):
        ends = [0, top(pct_start * total_steps), end(total_steps)]
        levels = [peak_lr / div, peak_lr, peak_lr / div / final_div]
        return through(step, ends, levels)

    return rate


def fall_over_the_run(held):
    """Return a 1-cycle whose fall is as long as the run: ended at total_steps, or later."""

    def rate(step, peak_lr, total_steps, pct_start, div, final_div):
        rise, last = round(pct_start * total_steps), peak_lr / div / final_div
        if held and step >= total_steps:
            return last
        return through(step, [0, rise, rise + total_steps], [peak_lr / div, peak_lr, last])

    return rate


def without_the_half(step, peak_lr, total_steps, pct_start, div, final_div):
    rise, first = round(pct_start * total_steps), peak_lr / div
    if step < rise:
        return first + (peak_lr - first) * (1 - np.cos(np.pi * step / rise))
    share = min((step - rise) / (total_steps - rise), 1)
    return peak_lr + (first / final_div - peak_lr) * (1 - np.cos(np.pi * share))


def two_phases(**levels):
    """Return a wrong 1-cycle of half-cosines: with another first or last level, or with lines."""

    def rate(step, peak_lr, total_steps, pct_start, div, final_div):
        first = levels.get("first", lambda peak, div: peak / div)(peak_lr, div)
        last = levels.get("last", lambda peak, div, final: peak / div / final)
        ends = [0, round(pct_start * total_steps), total_steps]
        values = [first, peak_lr, last(peak_lr, div, final_div)]
        return through(step, ends, values, levels.get("linear", False))

    return rate


def line_then_cosine(step, peak_lr, total_steps, pct_start, div, final_div):
    linear = step < round(pct_start * total_steps)
    return two_phases(linear=linear)(step, peak_lr, total_steps, pct_start, div, final_div)


def cosine_over_the_run(step, peak_lr, total_steps, pct_start, div, final_div):
    if step < round(pct_start * total_steps):
        return one_cycle_lr(step, peak_lr, total_steps, pct_start, div, final_div)
    end = peak_lr / div / final_div
    return through(step, [0, total_steps], [peak_lr, end])


TASK = Task(
    name="one_cycle_lr",
    number=1,
    section=Section("06_one_cycle", "One climb, one fall"),
    points=3,
    reference=one_cycle_lr,
    make_cases=cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "Draw three points: the first rate, the peak and the last rate. Each of the two "
            "phases between them needs a share that runs from 0 to 1, and half a cosine that "
            "turns this share into a rate.",
        ),
        Hint(
            "The rise is right, but the fall is not",
            "The share of the fall has to be 0 at the *peak*. How many updates are left from "
            "there to the end?",
        ),
        Hint(
            "I end too high, or too low",
            "There are two factors between the peak and the last rate. Print both levels "
            "separately.",
        ),
        Hint(
            "My curve climbs again past the end",
            "The cosine does not stop by itself. Its share must not grow beyond 1.",
        ),
        Hint(
            "One setting is right, but others are off by one update",
            "`pct_start * total_steps` is rarely a whole number, and `int` cuts the fraction off.",
        ),
    ),
    misconceptions=(
        Misconception(
            "one update early",
            turning(lambda r: round(r) - 1, lambda total: total - 1),
            "This is PyTorch's way of counting: peak and end come one update early. Here the "
            "peak is at step r and the end at total_steps.",
        ),
        Misconception(
            "one update early, not rounded",
            turning(lambda r: r - 1, lambda total: total - 1),
            "This is PyTorch's formula: peak and end come one update early, and r is not rounded. "
            "Here the peak is at step r, a whole number, and the end at total_steps.",
        ),
        Misconception(
            "the peak one update early",
            turning(lambda r: round(r) - 1, lambda total: total),
            "Your peak comes one update early, as PyTorch's does. Here it is at step r.",
        ),
        Misconception(
            "the end one update early",
            turning(round, lambda total: total - 1),
            "The rise is right. Your fall ends at total_steps - 1, the last update. Here it "
            "ends at total_steps.",
        ),
        Misconception(
            "cut off",
            turning(int, lambda total: total),
            "You cut r off instead of rounding it: `int(9.9)` is 9.",
        ),
        Misconception(
            "not rounded",
            turning(lambda r: r, lambda total: total),
            "You do not round r. It has to be a whole number, so that the peak falls on a step.",
        ),
        Misconception(
            "final_div divides the peak",
            two_phases(last=lambda peak, div, final: peak / final),
            "Your last rate is the peak divided by final_div. final_div divides the first rate, "
            "which is already the peak divided by div.",
        ),
        Misconception(
            "back to the first rate",
            two_phases(last=lambda peak, div, final: peak / div),
            "Your fall ends at the first rate. final_div is not used.",
        ),
        Misconception(
            "down to zero",
            two_phases(last=lambda peak, div, final: 0.0),
            "This ends at 0. The last level is small, but it is not 0.",
        ),
        Misconception(
            "from zero",
            two_phases(first=lambda peak, div: 0.0),
            "Your rise begins at 0. div is not used in it.",
        ),
        Misconception(
            "linear phases",
            two_phases(linear=True),
            "The turning points are right, but your phases are linear. Each of them should be "
            "half a cosine.",
        ),
        Misconception(
            "rise along a line",
            line_then_cosine,
            "The fall is right. Your rise is linear, as in a warmup; here it should be half a "
            "cosine as well.",
        ),
        Misconception(
            "climbs again",
            climbs_again,
            "This is right up to total_steps, but then the rate climbs again. It should keep "
            "its last value.",
        ),
        Misconception(
            "the fall began at the start",
            cosine_over_the_run,
            "The length of your fall is the whole run. It should be only the rest after the "
            "rise. As it is, the rate jumps down after the rise.",
        ),
        Misconception(
            "the fall takes too long",
            fall_over_the_run(held=False),
            "Your fall takes total_steps updates, so it is not over at total_steps. Fewer "
            "updates are left after the rise.",
        ),
        Misconception(
            "the fall is cut short",
            fall_over_the_run(held=True),
            "You divide by total_steps in the fall, not by the number of updates that are left "
            "after the rise. So the fall is not over at total_steps, and the rate jumps to its "
            "last value.",
        ),
        Misconception(
            "zero past the end",
            zero_past_the_end(one_cycle_lr),
            "This is right up to total_steps, but then the rate is 0. It should keep its last "
            "value.",
        ),
        Misconception(
            "cosine without the half",
            without_the_half,
            "1 - cos goes from 0 to 2, so your rise ends far above the peak and your fall ends "
            "below 0. You have to halve it.",
        ),
    ),
)
