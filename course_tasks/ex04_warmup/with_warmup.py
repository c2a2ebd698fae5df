"""Exercise 4, task 3: a warmup before any schedule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_tasks.task import Case, Given, Hint, Misconception, Section, Task


def with_warmup(step: int, schedule: Callable[[int], float], warmup_steps: int) -> float:
    if step < warmup_steps:
        return schedule(0) * step / warmup_steps
    return schedule(step - warmup_steps)


def cases(rng: np.random.Generator) -> list[Case]:
    def case(step, schedule, warmup_steps):
        return {"step": step, "schedule": schedule, "warmup_steps": warmup_steps}

    linear = Given("schedules.linear", peak_lr=0.1, total_steps=20)
    steep = Given("schedules.exponential", peak_lr=2.0, gamma=0.8)
    edges = [case(t, linear, 5) for t in (0, 1, 4, 5, 6, 15, 19, 20, 24, 25, 26, 40)]
    edges += [case(t, steep, 3) for t in (0, 1, 2, 3, 4, 10)]
    edges += [case(t, steep, 0) for t in (0, 1, 5)] + [case(t, linear, 1) for t in (0, 1, 2)]
    stairs = Given("schedules.multi_step", peak_lr=1.0, milestones=[4, 8], drop=0.1)
    edges += [case(t, stairs, 2) for t in (1, 2, 5, 6, 9, 10)]
    for _ in range(8):
        total, peak = int(rng.integers(5, 60)), float(rng.uniform(0.01, 2.0))
        floor = float(rng.uniform(0.0, 0.5)) * peak
        cosine = Given("schedules.cosine", peak_lr=peak, total_steps=total, floor=floor)
        warmup = int(rng.integers(1, 20))
        edges.append(case(int(rng.integers(0, total + 2 * warmup)), cosine, warmup))
    return edges


TASK = Task(
    name="with_warmup",
    number=3,
    section=Section("04_warmup", "What goes wrong: a warmup to the wrong rate"),
    points=2,
    reference=with_warmup,
    make_cases=cases,
    scale=lambda case, expected: case["schedule"].arguments["peak_lr"],
    curve="step",
    hints=(
        Hint(
            "I do not know which kind of schedule I get",
            "You do not need to know. It is a function: you call it with a step and get a rate. "
            "To which rate does the warmup have to rise?",
        ),
        Hint(
            "My curve jumps where the warmup ends",
            "There the schedule should be at *its* beginning. Which of its own steps is that?",
        ),
        Hint(
            "The schedule says that a step must be a whole number",
            "A quotient is a float. Pass the schedule only a difference of steps.",
        ),
    ),
    misconceptions=(
        Misconception(
            "schedule not shifted",
            lambda step, schedule, warmup_steps: (
                schedule(0) * step / warmup_steps if step < warmup_steps else schedule(step)
            ),
            "The schedule already runs during the warmup. When it takes over, its first "
            "warmup_steps updates are gone, and so is the peak. timm does so unless "
            "warmup_prefix is set.",
        ),
        Misconception(
            "multiplied",
            lambda step, schedule, warmup_steps: (
                schedule(step) * (min(step / warmup_steps, 1) if warmup_steps else 1)
            ),
            "You multiply the warmup with the schedule, which falls meanwhile. The schedule should "
            "wait until the warmup is over.",
        ),
        Misconception(
            "rises to the wrong rate",
            lambda step, schedule, warmup_steps: (
                schedule(warmup_steps) * step / warmup_steps
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "Your warmup rises to the rate that the schedule has at step warmup_steps. Then the "
            "schedule starts at a higher rate, so there is a jump.",
        ),
        Misconception(
            "rises to a later rate",
            lambda step, schedule, warmup_steps: (
                schedule(warmup_steps) * step / warmup_steps
                if step < warmup_steps
                else schedule(step)
            ),
            "Your warmup rises to the rate that the schedule has at step warmup_steps, and the "
            "schedule goes on from there. So its beginning is left out, including the peak.",
        ),
        Misconception(
            "multiplied, then shifted",
            lambda step, schedule, warmup_steps: (
                schedule(step) * step / warmup_steps
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "Your schedule already runs during the warmup, so your rise is not linear. The rise "
            "should lead to the rate that the schedule has at step 0.",
        ),
        Misconception(
            "one piece too few",
            lambda step, schedule, warmup_steps: (
                schedule(0) * step / (warmup_steps - 1)
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "Your warmup reaches schedule(0) one update too early, at warmup_steps - 1. It "
            "should reach it at warmup_steps, where the schedule begins.",
        ),
        Misconception(
            "first update moves",
            lambda step, schedule, warmup_steps: (
                schedule(0) * (step + 1) / warmup_steps
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "Your warmup is one update ahead. Here the rate at step 0 is 0 if there is a warmup.",
        ),
        Misconception(
            "peak twice",
            lambda step, schedule, warmup_steps: (
                schedule(0) * step / warmup_steps
                if step < warmup_steps
                else schedule(max(step - warmup_steps - 1, 0))
            ),
            "Your schedule is one update late. It should begin at step = warmup_steps, and one "
            "step later it should be at its own step 1.",
        ),
        Misconception(
            "warmup only",
            lambda step, schedule, warmup_steps: (
                schedule(0) * min(step / warmup_steps, 1) if warmup_steps else schedule(0)
            ),
            "After the warmup your rate stays at the peak. From there on the schedule decides.",
        ),
    ),
)
