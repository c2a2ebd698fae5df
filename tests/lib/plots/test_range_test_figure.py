"""The figure of a range test: what it draws, and that its words fit."""

import numpy as np
import pytest

from course_lib import plots
from course_lib.plots import range_test_figure
from course_lib.range_test import RULES, summary, zones
from tests.lib.plots.words_of_figures import assert_words_fit, words_drawn
from tests.lib.range_test.made_sweeps import STEPS, U, made_sweep

NARROW = np.concatenate([np.ones(92), np.linspace(1, 0.5, 6), [9, 99]])
EARLY = np.concatenate([np.ones(10), [0.3] * 5, np.full(85, 2.0)])


@pytest.mark.parametrize(
    "losses", [[U], [NARROW, NARROW], [EARLY], [np.where(STEPS < 60, U, np.nan)]]
)
def test_labels_of_the_figure_neither_overlap_nor_leave_it(losses):
    figure = range_test_figure(made_sweep(losses), marks={"best constant": 0.5})
    assert_words_fit(figure)
    found = dict(words_drawn(figure))
    axes = figure.axes[0].get_window_extent()
    zone_labels = [found[name] for name in ("too low", "falling", "unstable") if name in found]
    assert all(axes.x0 < box.x0 and box.x1 < axes.x1 for box in zone_labels)
    assert set(found) >= {"too low", "unstable", *RULES, "best constant"}


def test_the_figure_draws_the_median_the_quartiles_and_the_zones():
    runs = made_sweep([U, 0.5 * U**2, U**0.5, np.where(STEPS < 60, U, np.nan)])
    figure = range_test_figure(runs, marks={"tuned": 0.3})
    above, below = figure.axes
    table = summary(runs).rows
    for y, row in enumerate(table):
        line, bar, median = below.lines[3 * y : 3 * y + 3]
        assert line.get_xdata() == pytest.approx([row.lowest, row.highest])
        assert bar.get_xdata() == pytest.approx([row.lower_quartile, row.upper_quartile])
        assert median.get_xdata() == pytest.approx([row.median])
        assert set(line.get_ydata()) | set(bar.get_ydata()) | set(median.get_ydata()) == {y}
    labels = [label.get_text() for label in below.get_yticklabels()]
    assert labels == [*RULES, "tuned"]
    assert above.lines[0].get_ydata()[:50] == pytest.approx(np.ones(50), abs=0.6)
    found = zones(runs)
    spans = sorted(patch.get_x() for patch in above.patches)
    assert spans[1:] == pytest.approx([found.falls_from, found.unstable_from])
    assert above.get_xlim() == below.get_xlim()
    assert above.get_xscale() == below.get_xscale() == "log"


def test_the_figure_says_for_how_many_seeds_a_rule_speaks():
    short = np.where(STEPS < 14, 1.0 - 0.01 * STEPS, np.nan)
    runs = made_sweep([U, short], steps_run=[100, 14])
    figure = range_test_figure(runs, {"fastai minimum": RULES["fastai minimum"]})
    assert [t.get_text() for t in figure.axes[1].get_yticklabels()] == ["fastai minimum 1/2"]


def test_the_figure_is_small_opaque_and_the_same_each_time():
    first, second = (plots.png(range_test_figure(made_sweep([U, U * 1.1]))) for _ in range(2))
    assert first == second
    assert len(first) < 60_000
