"""Settings of the range-test explorer, and what a sweep says, computed by hand."""

import re

import numpy as np

from course_lib import explorers, problems, range_test, training
from course_lib.explorers import range_charts, range_words
from tests.lib.range_test.made_sweeps import made_sweep

FIRST = {
    "data": "spirals",
    "optimizer": "SGD",
    "angle_noise": 0.25,
    "label_noise": 0.0,
    "depth": 2,
    "width": 64,
    "batch_size": 32,
    "seeds": 8,
    "lowest_rate": 1e-5,
    "steps": 100,
    "spread": "quartiles",
    "step": 100,
}
QUICK = FIRST | {"width": 8, "depth": 1, "seeds": 3, "label_noise": 0.3, "steps": 60, "step": 60}
RUNAWAY = FIRST | {"lowest_rate": 1e-3, "depth": 4, "width": 128, "seeds": 5}
NO_ZONES = FIRST | {"lowest_rate": 1.0, "depth": 4, "width": 128, "batch_size": 8}
MADE_BY = {
    "SGD": training.Sgd(),
    "SGD, momentum 0.9": training.Sgd(momentum=0.9),
    "Adam": training.Adam(),
}


def losses_of(setting):
    """Rates and losses of the same test, made with the training loop alone."""
    rates = np.geomspace(setting["lowest_rate"], 10, setting["steps"])
    data = problems.digits()
    if setting["data"] == "spirals":
        data = problems.noisy_spirals(
            noise=setting["angle_noise"], label_noise=setting["label_noise"]
        )
    model = training.Mlp((setting["width"],) * setting["depth"], dtype="float32")
    work = training.Workload(data, model, MADE_BY[setting["optimizer"]], setting["batch_size"])
    seeds = np.arange(setting["seeds"])
    runs = training.train(work, np.tile(rates, (len(seeds), 1)), seeds, progress=False, jobs=1)
    return rates, runs.losses


def smoothed(losses):
    """The median over seeds, then over seven steps, the ends repeated; NaN counts as infinite."""
    median = np.median(np.nan_to_num(losses, nan=np.inf), axis=0)
    padded = np.concatenate([median[:1].repeat(3), median, median[-1:].repeat(3)])
    return np.array([np.median(padded[i : i + 7]) for i in range(len(median))])


def edges(rates, curve):
    """First rates of the falling and of the unstable zone, by a search from the lowest loss."""
    tenth = curve[: len(curve) // 10]
    start, lowest = np.median(tenth), int(np.argmin(curve))
    margin = max(0.1 * (start - curve[lowest]), np.ptp(tenth))
    first = lowest
    while first > 0 and curve[first - 1] <= start - margin:
        first -= 1
    last = lowest
    while curve[last] <= curve[lowest] + margin:
        last += 1
    return rates[first], rates[last]


def medians_of(rates, losses):
    """Each rule's median over the runs that it reads a rate from."""
    found = {}
    for name, rule in range_test.RULES.items():
        each = np.array([rule.suggest(rates, run).rate for run in losses])
        if np.isfinite(each).any():
            found[name] = np.nanmedian(each)
    return found


def said(words, pattern):
    """The groups of a pattern that must stand in the words, numbers without commas."""
    match = re.search(pattern, words)
    assert match, f"{pattern!r} is not said in {words!r}"
    return [text.replace(",", "") for text in match.groups()]


def view_of(losses):
    """What the explorer would show of a single run with these losses."""
    sweep = made_sweep(losses)
    zones, table = range_test.zones(sweep), range_test.summary(sweep)
    step = len(sweep.rates)
    shown = (
        range_charts.loss_chart(sweep, zones, step, "quartiles"),
        range_charts.rules_chart(sweep, zones, step, table),
    )
    return explorers.View(shown, range_words.words_of(sweep, zones, "", step, table))


def marks(view, kind, number=0):
    return [mark for mark in view.charts[number].marks if isinstance(mark, kind)]
