"""Exercise 12, task 4: the loss at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_tasks.ex12_language_models.shared import PUBLISHED, drawn, later_sums, law
from course_tasks.task import Case, Hint, Misconception, Section, Task


def multi_power_loss(rates: np.ndarray, parameters: Mapping[str, float]) -> float:
    base = parameters["L0"] + parameters["A"] * np.sum(rates) ** -parameters["alpha"]
    gain = 0.0
    for t in range(1, len(rates)):
        grown = 1 + parameters["C"] * rates[t] ** -parameters["gamma"] * np.sum(rates[t:])
        gain += (rates[t - 1] - rates[t]) * (1 - grown ** -parameters["beta"])
    return base - parameters["B"] * gain


def cases(rng: np.random.Generator) -> list[Case]:
    peak = 3e-4
    edges = [
        np.full(40, peak),
        np.array([peak] * 20 + [peak / 10] * 20),
        np.array([peak] * 10 + [peak / 2] * 10 + [peak] * 10),
        peak * (1 - np.arange(50) / 50),
        np.array([peak]),
    ]
    found = [{"rates": rates, "parameters": PUBLISHED} for rates in edges]
    for _ in range(6):
        total = int(rng.integers(20, 120))
        peak, share = float(10 ** rng.uniform(-3.7, -2.7)), rng.uniform(0.05, 1.0, size=total)
        if rng.random() < 0.5:
            share = np.sort(share)[::-1]
        found.append({"rates": peak * share, "parameters": drawn(rng)})
    return found


def final_loss(changes=None, spans=None, bases=None, gain=None):
    """Return a law of which one part is another: each takes the rates, and gives T - 1 numbers."""

    def loss(rates, parameters):
        return law(
            parameters,
            rates,
            changes=(changes or (lambda r: r[:-1] - r[1:]))(rates),
            spans=(spans or (lambda r: later_sums(r)[1:]))(rates),
            bases=(bases or (lambda r: r[1:]))(rates),
            gain=gain,
        )

    return loss


def updates_counted(rates, parameters):
    p, total = parameters, len(rates)
    return multi_power_loss(rates, p) + p["A"] * (
        total ** -p["alpha"] - np.sum(rates) ** -p["alpha"]
    )


def exponent_without_its_minus(rates, parameters):
    p, total = parameters, np.sum(rates)
    return multi_power_loss(rates, p) + p["A"] * (total ** p["alpha"] - total ** -p["alpha"])


def no_gain(rates, parameters):
    return parameters["L0"] + parameters["A"] * np.sum(rates) ** -parameters["alpha"]


def first_change_from_zero(rates, parameters):
    """Return the loss of a run whose first rate is taken for a rise from 0."""
    p = parameters
    grown = 1 + p["C"] * rates[0] ** -p["gamma"] * np.sum(rates)
    return multi_power_loss(rates, p) + p["B"] * rates[0] * (1 - grown ** -p["beta"])


TASK = Task(
    name="multi_power_loss",
    number=4,
    section=Section("12_language_models", "Predict a run before you pay for it"),
    points=3,
    reference=multi_power_loss,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Begin with a run of three updates, and write down every change of the rate in it. "
            "There are two. For each, `gain_of_a_fall` needs the rate before, the rate after, and "
            "a sum that `sum_of_rates` can give you.",
        ),
        Hint(
            "I am right for a constant rate but wrong otherwise",
            "With a constant rate no change counts. Take two rates, $\\eta_0$ and then $\\eta_1$. "
            "The first update at the new rate counts, too. So which rates does the sum "
            "after this fall hold?",
        ),
        Hint(
            "My loss is higher after a decay than without it",
            "A gain lowers the loss. Check both signs: that of the fall, and that of the whole sum "
            "in the law.",
        ),
        Hint(
            "I fail where the rate rises again",
            "The sum runs over all changes. What sign does `before - after` have where the rate "
            "rises, and what does it then do to the loss?",
        ),
        Hint(
            "My loop over the updates is slow",
            "The sum of the rates from step $t$ to the end is needed for every $t$. A cumulative "
            "sum of the reversed rates has all of them.",
        ),
    ),
    misconceptions=(
        Misconception(
            "updates counted",
            updates_counted,
            "Your power law counts updates. It should take the sum of the rates.",
        ),
        Misconception(
            "alpha without its minus",
            exponent_without_its_minus,
            "Your power law has the exponent alpha; it should be -alpha. As it is, the loss grows "
            "with the length of the run.",
        ),
        Misconception(
            "no gain",
            no_gain,
            "You return the power law alone. The falls of the rate are missing, so a decay looks "
            "like a mere loss of training.",
        ),
        Misconception(
            "sign of the falls",
            final_loss(changes=lambda rates: rates[1:] - rates[:-1]),
            "Falls raise your loss and rises lower it. Either the fall has the wrong sign, or the "
            "sum is added where it should be subtracted.",
        ),
        Misconception(
            "rate before the fall in the sum",
            final_loss(spans=lambda rates: later_sums(rates)[:-1]),
            "The sum after a fall includes the rate before it. It begins with the first update at "
            "the new rate.",
        ),
        Misconception(
            "first update after the fall left out",
            final_loss(spans=lambda rates: later_sums(rates)[1:] - rates[1:]),
            "The sum after a fall leaves out the first update at the new rate. This update has "
            "already acted on the fall.",
        ),
        Misconception(
            "sum up to the fall",
            final_loss(spans=lambda rates: np.cumsum(rates)[:-1]),
            "You take the sum of the rates up to the fall. The gain grows after the fall, with the "
            "sum from there to the end.",
        ),
        Misconception(
            "gamma on the rate before",
            final_loss(bases=lambda rates: rates[:-1]),
            "You take the power -gamma of the rate before each fall. The rate after it decides how "
            "fast the gain comes.",
        ),
        Misconception(
            "what is left",
            final_loss(gain=lambda left: left),
            "The 1 minus is missing: you subtract the part of each gain that is still to come.",
        ),
        Misconception(
            "all at once",
            final_loss(gain=np.ones_like),
            "Each fall has its whole gain at once, even in the last update. The response is "
            "missing.",
        ),
        Misconception(
            "rises left out",
            final_loss(changes=lambda rates: np.maximum(rates[:-1] - rates[1:], 0.0)),
            "You leave out the rises of the rate. In this law a rise costs as much as a fall of "
            "the same size gains.",
        ),
        Misconception(
            "start as a rise",
            first_change_from_zero,
            "You count the first rate as a rise from 0, which costs a lot. The law starts with the "
            "first rate, and the first change is the one to the second.",
        ),
    ),
)
