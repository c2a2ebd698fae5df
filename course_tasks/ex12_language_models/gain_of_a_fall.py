"""Exercise 12, task 3: the gain from one fall of the rate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_tasks.ex12_language_models.shared import PUBLISHED, drawn
from course_tasks.task import Case, Hint, Misconception, Section, Task


def gain_of_a_fall(
    before: float, after: float, span: float, parameters: Mapping[str, float]
) -> float:
    pace = parameters["C"] * after ** -parameters["gamma"]
    left = (1 + pace * span) ** -parameters["beta"]
    return parameters["B"] * (before - after) * (1 - left)


def cases(rng: np.random.Generator) -> list[Case]:
    names = ("before", "after", "span", "parameters")
    edges = [
        (3e-4, 3e-5, 0.06, PUBLISHED),
        (3e-4, 3e-5, 0.0, PUBLISHED),
        (3e-4, 3e-4, 0.06, PUBLISHED),
        (1e-4, 3e-4, 0.06, PUBLISHED),
    ]
    for _ in range(8):
        before, share = float(10 ** rng.uniform(-4, -2.5)), float(rng.uniform(0.05, 0.9))
        edges.append((before, share * before, float(rng.uniform(1e-3, 0.5)), drawn(rng)))
    return [dict(zip(names, edge, strict=True)) for edge in edges]


def gain_with(drop=None, base=None, sign=-1, response=lambda left: 1 - left, inside=False):
    def gain(before, after, span, parameters):
        p = parameters
        fall = before - after if drop is None else drop(before, after)
        rate = after if base is None else base(before, after)
        power = sign * p["gamma"]
        pace = (p["C"] * rate) ** power if inside else p["C"] * rate**power
        return p["B"] * fall * response((1 + pace * span) ** -p["beta"])

    return gain


def all_at_once(before, after, span, parameters):
    return parameters["B"] * (before - after)


TASK = Task(
    name="gain_of_a_fall",
    number=3,
    section=Section("12_language_models", "Predict a run before you pay for it"),
    points=1,
    reference=gain_of_a_fall,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Build it from the inside: first $\\eta^{-\\gamma}$ of the rate after the fall, then "
            "the bracket, then its power, and then what is missing from it to 1.",
        ),
        Hint(
            "Right after the fall I get a large gain",
            "With `span` 0 the bracket is 1, and so is every power of it. Which part of the "
            "formula makes the gain 0 there?",
        ),
        Hint(
            "My gain has the wrong sign",
            "A fall of the rate lowers the loss, so its gain is positive. A rise has a negative "
            "gain.",
        ),
    ),
    misconceptions=(
        Misconception(
            "sign of the fall",
            gain_with(drop=lambda before, after: after - before),
            "Your fall has the wrong sign. It is the rate before less the rate after, so that a "
            "falling rate gains and a rising one loses.",
        ),
        Misconception(
            "rate before the fall",
            gain_with(base=lambda before, after: before),
            "You take the power -gamma of the rate before the fall. How fast the gain comes "
            "depends on the rate with which training goes on, the one after the fall.",
        ),
        Misconception(
            "gamma without its minus",
            gain_with(sign=1),
            "Your exponent of the rate is gamma; it should be -gamma. With the smaller rate after "
            "a fall, the gain comes sooner for the same sum of rates.",
        ),
        Misconception(
            "what is left",
            gain_with(response=lambda left: left),
            "You return what is still to come of the gain, which is everything right after the "
            "fall and nothing in the end. The gain so far is 1 less that share.",
        ),
        Misconception(
            "relative fall",
            gain_with(drop=lambda before, after: (before - after) / before),
            "You divide the fall by the rate before it. The law takes the fall itself, in units "
            "of the rate.",
        ),
        Misconception(
            "C inside the power",
            gain_with(inside=True),
            "You take the power -gamma of C times the rate. The power belongs to the rate alone, "
            "and C multiplies the result.",
        ),
        Misconception(
            "all at once",
            all_at_once,
            "Your gain is there at once. After a fall the loss needs some updates to come down, "
            "and the response says how much of the gain it has reached.",
        ),
    ),
)
