"""The training explorer: its scores, words and charts are those of the runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_lib import explorers, problems, training
from course_lib.explorers.training_charts import recent_median
from course_lib.explorers.training_plan import plan_of
from course_lib.intervals import bootstrap_interval
from course_lib.plots.base import CARD
from course_lib.schedules.catalogue import FAMILIES
from tests.lib.explorers.training_panel import ALONE, SMALL, go, panel_with, scores_by_hand, text

ROOT = Path(__file__).parents[3]


def test_each_schedule_is_one_of_the_shapes_that_the_lesson_tunes():
    source = (ROOT / "sources/lessons/08_grand_comparison.py").read_text(encoding="utf-8")
    cells = re.findall(
        r"^def shapes\(.*?^    return [^\n]*$|^s = schedules$|^families \|?= \{.*?^\}",
        source,
        re.S | re.M,
    )
    names = {}
    exec("from course_lib import schedules\n" + "\n".join(cells), names)
    families = names["families"]
    assert set(FAMILIES) == set(families)
    for n in (60, 300, 600):
        steps = np.arange(n)
        for name, maker in FAMILIES.items():
            family = families[name]
            shapes = family.values() if isinstance(family, dict) else [family]
            same = [np.array_equal(maker(0.8, n)(steps), make(0.8, n)(steps)) for make in shapes]
            assert any(same), name


@pytest.mark.parametrize(
    ("settings", "data", "optimizer"),
    [
        ({}, problems.noisy_spirals(), training.Sgd()),
        (
            {"data": "spirals, all labels right", "optimizer": "Adam", "seeds": 3},
            problems.noisy_spirals(label_noise=0.0),
            training.Adam(),
        ),
        (
            {"data": "digits", "optimizer": "SGD, momentum 0.9", "updates": 100},
            problems.digits(),
            training.Sgd(momentum=0.9),
        ),
    ],
)
def test_the_scores_are_those_of_train(settings, data, optimizer):
    panel = panel_with(**settings)
    panel.controls["peak_3"].value *= 10**0.3
    words, asked = go(panel), SMALL | settings
    chosen = ("constant", "exponential", "cosine", "WSD")
    for slot, name in enumerate(chosen, 1):
        rates = FAMILIES[name](panel.controls[f"peak_{slot}"].value, asked["updates"])
        runs = scores_by_hand(rates(np.arange(asked["updates"])), asked["seeds"], data, optimizer)
        interval = bootstrap_interval(runs.held_out_loss[:, -1])
        peak = f"{panel.controls[f'peak_{slot}'].value:.3g}"
        assert f"{slot} {name} (peak {peak}) {interval:.2f}" in words
        assert f"{name}, peak {peak}: {interval:.3f}" in text(panel.details)
        if slot == 3 and data.classes == 3:
            assert f"{slot} {name} with seed 0, gets {runs.held_out_accuracy[0, -1]:.0%}" in words
    assert f"guessing costs {np.log(data.classes):.2f}" in words
    assert ("0.64 is the lowest loss to expect" in words) == ("data" not in settings)
    assert f"after {asked['updates']} updates, mean of {asked['seeds']} seeds" in words


def test_the_order_is_that_of_paired_intervals():
    words = go(panel_with(seeds=8, updates=300, schedule_4=""))
    finals = {}
    for name in ("constant", "exponential", "cosine"):
        rates = FAMILIES[name](10**-0.1, 300)(np.arange(300))
        runs = scores_by_hand(rates, 8, problems.noisy_spirals(), training.Sgd())
        finals[name] = runs.held_out_loss[:, -1]
    for name in ("constant", "exponential"):
        behind = finals[name] - finals["cosine"]
        half = 3.1276 * behind.std(ddof=1) / np.sqrt(8)  # t with 7 df at 1 - 0.05 / 3 / 2
        clearly = behind.mean() > half
        assert clearly == (name in words.split("; worse:")[1].split(";")[0].split("(")[0])
    assert "Lowest is 3 cosine" in words


def test_a_run_that_diverges_is_said_and_marked():
    panel = panel_with(seeds=8, peak_1=1e3, peak_2=10.0, shown=1)
    words = go(panel)
    runs = scores_by_hand(np.full(60, 1e3), 8, problems.noisy_spirals(), training.Sgd())
    gone = runs.diverged_at[runs.diverged]
    assert len(gone) >= 1
    assert "1 constant (peak 1000) diverged" in words
    said = f"1 constant: {len(gone)} of 8 runs diverged, the first at update {gone.min()}"
    assert said in words
    assert "2 exponential is no better than guessing" in words
    assert "; worse: 1 constant" in words
    assert " diverged</span>" in panel.picture.value  # the key of the crosses
    assert "nan" not in panel.picture.value
    assert "inf" not in panel.picture.value


def test_the_median_counts_a_diverged_run_as_infinite():
    nan = np.nan
    losses = np.array([[1.0, 2.0, nan, nan], [3.0, 4.0, 5.0, nan], [5.0, 6.0, 9.0, 8.0]])
    assert recent_median(losses, 1) == pytest.approx([3, 4, 9, nan], nan_ok=True)
    assert recent_median(losses, 2) == pytest.approx([3, 3.5, 6.5, nan], nan_ok=True)
    drawn = np.random.default_rng(0).random((5, 40))
    medians = np.sort(drawn, axis=0)[2]
    by_hand = [medians[max(0, t - 6) : t + 1].mean() for t in range(40)]
    assert recent_median(drawn, 7) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule_1": "sawtooth"}, "schedule must be one of"),
        ({"data": "cats"}, "data must be one of"),
        ({"optimizer": "Lion"}, "optimizer must be one of"),
        ({"seeds": 1}, "seeds must be >= 2, got 1"),
        ({"seeds": 13}, "seeds must be <= 12, got 13"),
        ({"updates": 59}, "updates must be >= 60, got 59"),
        ({"peak_2": 0.0}, "peak must be finite, > 0, got 0.0"),
        ({f"schedule_{slot}": "" for slot in (1, 2, 3, 4)}, "at least one schedule, got none"),
    ],
)
def test_a_plan_names_what_is_wrong(change, message):
    settings = explorers.training().settings() | change
    settings.pop("shown")
    settings.pop("forecast")
    with pytest.raises(ValueError, match=message):
        plan_of(**settings)


def done_view(panel):
    """The charts as data, of what the panel has trained."""
    go(panel)
    return explorers.training_view(outcome=panel.outcome, **panel.settings())


def test_the_boundary_is_that_of_the_network_with_seed_0():
    panel = panel_with(updates=200, shown=4)
    *_, chart = done_view(panel).charts
    assert chart.title == "boundary of 4 WSD, seed 0"
    colours = chart.marks[0].colours / 255
    rows, columns, _ = colours.shape
    x = np.linspace(chart.x.low, chart.x.high, 2 * columns + 1)[1::2]
    y = np.linspace(chart.y.high, chart.y.low, 2 * rows + 1)[1::2]  # the first row is the top
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    rates = FAMILIES["WSD"](10**-0.1, 200)(np.arange(200))
    data = problems.noisy_spirals()
    workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=32)
    runs = training.train(workload, rates[None], [0], keep_at=(200,), **ALONE)
    classes = training.predict(runs.weights[0], points, (2, 64, 64, 3))[0].argmax(axis=0)
    classes = classes.reshape(rows, columns)
    assert len(np.unique(classes)) == 3
    card, ink = to_rgb(CARD), [to_rgb(points.colour) for points in chart.marks[1:]]
    for label in range(3):  # every colour lies on the way from the card's to that of its label
        way = np.array(ink[label]) - card
        there = colours[classes == label] - card
        share = there @ way / (way @ way)
        assert (share > 0.1).all()
        assert there == pytest.approx(share[:, None] * way, abs=0.006)


def test_the_charts_show_the_rates_losses_and_intervals():
    panel = panel_with(updates=120, seeds=3, schedule_3="", shown=1, peak_4=0.5)
    rates, losses, scores, _ = done_view(panel).charts
    for i, (slot, name, peak) in enumerate(
        [(1, "constant", 10**-0.1), (2, "exponential", 10**-0.1), (4, "WSD", 0.5)]
    ):
        wanted = FAMILIES[name](peak, 120)(np.arange(120))
        np.testing.assert_allclose(rates.marks[i].y, wanted)
        runs = scores_by_hand(wanted, 3, problems.noisy_spirals(), training.Sgd())
        median = np.median(runs.losses, axis=0)
        assert losses.marks[i].y[-1] == pytest.approx(median[-6:].mean())
        interval = bootstrap_interval(runs.held_out_loss[:, -1])
        seeds, whisker, mean = scores.marks[1 + 3 * i : 4 + 3 * i]
        np.testing.assert_allclose(np.sort(seeds.y), np.sort(runs.held_out_loss[:, -1]))
        assert (mean.x, mean.y) == (slot, pytest.approx(interval.mean))
        assert (np.nanmin(whisker.y), np.nanmax(whisker.y)) == pytest.approx(
            (interval.low, interval.high)
        )
        assert scores.y.low < interval.low < interval.high < scores.y.high
    assert scores.marks[0].y == pytest.approx([0.6392, 0.6392], abs=1e-4)


@pytest.mark.parametrize(("peak", "log"), [(10.0, False), (1000.0, True)])
def test_rates_that_are_far_apart_are_all_seen(peak, log):
    rates = panel_with(peak_1=peak).draw().charts[0]
    assert rates.y.log is log
    assert rates.y.high > peak


def test_the_share_of_wrong_digits_is_that_of_the_runs():
    panel = panel_with(data="digits")
    *_, wrong = done_view(panel).charts
    rates = FAMILIES["cosine"](10**-0.1, 60)(np.arange(60))
    runs = scores_by_hand(rates, 2, problems.digits(), training.Sgd())
    assert wrong.marks[2].x.tolist() == [10, 20, 30, 40, 50, 60]
    assert wrong.marks[2].y[-1] == pytest.approx(100 - 100 * runs.held_out_accuracy.mean())
