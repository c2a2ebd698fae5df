"""Figures: that each draws what it is given, carries its words, and is small and repeatable."""

import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from course_lib import plots, problems, schedules
from course_lib.compare import paired
from course_lib.forecast import LossCurve, Prediction
from course_lib.intervals import Interval
from course_lib.libraries.warmup_cosine_calls import CALLS, STARTS, WARMUP_STEPS, alike
from course_lib.plots.base import ticks_at, with_intervals
from course_lib.plots.lesson00 import gallery, schedule_parts
from course_lib.plots.lesson02 import decay_families, loss_over_drop_time
from course_lib.plots.lesson03 import half_cosine
from course_lib.plots.lesson04 import with_and_without
from course_lib.plots.lesson08 import difference_dots, loss_over_mean_rate
from course_lib.plots.lesson09 import peak_panels
from course_lib.plots.lesson12 import (
    bound_figure,
    forecast_figure,
    gap_figure,
    peak_curves,
    share_curves,
)
from course_lib.plots.small_panels import small_panels
from tests.lib.plots.words_of_figures import assert_words_fit

RATES = np.array([0.1, 0.3, 1.0])
LOSSES = np.array([[0.5, 0.6], [0.1, 0.2], [0.3, np.nan]])
FIGURES = {
    "schedule": lambda: plots.schedule_curve(schedules.cosine(0.1, 50), 60),
    "descent": lambda: plots.descent_paths(4.0, {"a": np.array([2.0, -1.0]), "b": np.ones(3)}),
    "ravine": lambda: plots.ravine_paths((1.0, 9.0), {"a": np.ones((4, 2))}),
    "losses": lambda: plots.loss_curves({"a": np.ones((3, 9)), "b": np.ones(9)}, floors=[0.5]),
    "points": lambda: plots.labelled_points(problems.spirals()),
    "sweep": lambda: plots.rate_sweep({"a": (RATES, LOSSES)}, chance=1.0),
    "parts": lambda: schedule_parts(0.1, 0.01, 4, 20),
    "families": lambda: decay_families({"a": schedules.linear(0.1, 9)}, 9),
    "drops": lambda: loss_over_drop_time([1, 2, 3], {"a": np.ones(3), "b": np.eye(3)}),
    "half cosine": lambda: half_cosine(0.1, 0.01, 20),
    "rates": lambda: plots.rate_lines({"a": np.ones(9), "b": np.zeros(5)}),
    "sharpness": lambda: plots.sharpness_panel([0, 5], {"a": np.eye(2) + 1}, {"a": np.ones(6)}),
    "peaks": lambda: peak_curves({"a": {0.1: 2.0, 0.3: 1.0, 1.0: 9.0}}, top=3.0),
    "shares": lambda: share_curves([0.1, 0.5], {"a": [1.02, 1.0]}, {"b": [1.0, 1.03]}),
    "bound": lambda: bound_figure({"a": (0.01, 0.02)}, {"a": (0.5, 0.6)}),
    "gaps": lambda: gap_figure([320, 640], {"a": [Interval(0.1, 0.0, 0.2)] * 2}, "b"),
    "forecast": lambda: forecast_figure(
        {"a": LossCurve(np.ones(9), [3, 9], [1.0, 0.8])},
        {"a": [Prediction(np.array([3, 9]), *(np.full((3, 2), 0.9)), 0.9)]},
        ["law"],
    ),
    "warmups": lambda: with_and_without({"n": {"a": ({0.1: 2.0, 1.0: 3.0}, {0.1: 2.0, 1.0: 1.0})}}),
    "panels": lambda: peak_panels({"n": {"a": {0.1: 2.0, 0.3: 1.0, 1.0: 9.0}}}),
    "differences": lambda: difference_dots({"n": [paired("a", "b", [1, 2], [2, 4], 0.1)]}),
    "small panels": lambda: small_panels({"a": np.ones(5), "b": np.eye(1, 5)[0]}, 4, 2, 1.0),
    "held out": lambda: plots.held_out_curves(np.array([5, 10]), {"a": np.eye(2) + 1.0}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_small_opaque_and_the_same_each_time(name):
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    assert all(ax.get_xlabel() for ax in figure.axes)
    first, second = plots.png(figure), plots.png(FIGURES[name]())
    assert first == second
    assert len(first) < 60_000
    corner = Image.open(io.BytesIO(first)).convert("RGBA").getpixel((0, 0))
    assert min(corner) > 245  # a light, opaque card: readable on a dark page too
    assert len(Image.open(io.BytesIO(first)).convert("L").getcolors()) > 5  # something is drawn


def test_a_sweep_shows_runs_that_diverged_and_no_mean_for_them():
    ax = plots.rate_sweep({"a": (RATES, LOSSES)}, chance=0.9).axes[0]
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [line.get_xydata().tolist() for line in crosses] == [[[1.0, 0.96]]]
    assert "nan" in [text.get_text() for text in ax.texts]
    means = ax.containers[0].lines[0]
    assert means.get_xdata().tolist() == [0.1, 0.3]
    assert means.get_ydata() == pytest.approx([0.55, 0.15])


def test_a_figure_is_drawn_into_the_axes_it_is_given():
    figure, (left, right) = plots.panels(2)
    assert plots.schedule_curve(schedules.constant(0.1), 10, ax=right) is figure
    assert not left.lines
    assert right.lines


def test_the_image_carries_its_words_escaped():
    tag = plots.img_tag(FIGURES["schedule"](), alt='rate < 1, "falling"')
    assert 'alt="rate &lt; 1, &quot;falling&quot;"' in tag
    assert re.search(r'src="data:image/png;base64,[A-Za-z0-9+/=]+"', tag)


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_figure_without_words_is_refused(alt):
    with pytest.raises(ValueError, match="alt must describe the figure"):
        plots.img_tag(FIGURES["schedule"](), alt=alt)


def test_the_parts_of_a_schedule_are_where_they_are_said_to_be():
    ax = schedule_parts(0.1, 0.01, 4, 20).axes[0]
    after, during = ((line.get_xdata(), line.get_ydata()) for line in ax.lines[:2])
    assert during[0].tolist() == list(range(20))
    assert during[1][[0, 4]] == pytest.approx([0.0, 0.1])
    assert after[0][0] == 20
    assert after[1] == pytest.approx(0.01)


def test_the_gallery_has_one_panel_a_schedule_on_one_scale():
    shapes = {
        "a": schedules.constant(1.0),
        "b": schedules.cosine(0.5, 9),
        "c": schedules.constant(2),
    }
    axes = gallery(shapes, 9).axes
    assert [ax.get_title(loc="left") for ax in axes] == ["a", "b", "c"]
    assert len({ax.get_ylim() for ax in axes}) == 1
    for ax, schedule in zip(axes, shapes.values(), strict=True):
        assert ax.lines[0].get_ydata() == pytest.approx(schedule(np.arange(9)))
        assert ax.get_ylim()[1] > schedule(np.arange(9)).max()


def test_the_best_time_of_a_drop_is_ringed():
    ax = loss_over_drop_time([10, 20, 30], {"a": np.array([3.0, 1.0, 2.0])}).axes[0]
    ring = ax.lines[1]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (20, 1.0)


def test_the_half_cosine_is_the_schedule_it_stands_for():
    ax = half_cosine(0.1, 0.02, 20).axes[0]
    curves = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) > 10]
    t = np.arange(21)
    expected = schedules.cosine(0.1, 20, floor=0.02)(t)
    assert any(
        np.interp(t, line.get_xdata(), line.get_ydata()) == pytest.approx(expected, abs=1e-3)
        for line in ax.lines
        if len(line.get_ydata()) > 10
    ), curves


def test_the_bars_end_where_the_intervals_do():
    (ax,) = plots.panels()[1]
    with_intervals(ax, [1, 2], [Interval(3.0, 2.5, 5.0), Interval(1.0, 0.0, 1.5)])
    (bars,) = ax.containers[0].lines[2]
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    assert ends == [[2.5, 5.0], [0.0, 1.5]]


@pytest.mark.parametrize("direction", ["x", "y"])
def test_the_ticks_are_at_the_values_and_nowhere_else(direction):
    (ax,) = plots.panels()[1]
    ax.set(xscale="log", yscale="log")
    axis = {"x": ax.xaxis, "y": ax.yaxis}[direction]
    ticks_at(axis, [0.001, 0.5, 20], fontsize=8)
    assert axis.get_ticklocs().tolist() == [0.001, 0.5, 20]
    assert [label.get_text() for label in axis.get_ticklabels()] == ["0.001", "0.5", "20"]
    assert {label.get_fontsize() for label in axis.get_ticklabels()} == {8}
    assert [*ax.xaxis.get_minorticklocs(), *ax.yaxis.get_minorticklocs()] == []


def test_the_points_beside_the_constants_are_named_after_their_peak():
    figure = loss_over_mean_rate({0.01: 2.0, 0.05: 1.0}, {"cosine": (0.03, 1.5)}, peak_lr=0.25)
    words = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert words == ["constant rates", "schedules with peak 0.25"]


def test_the_limit_of_sharpness_follows_the_rate_and_ends_where_the_rate_is_zero():
    runs = {"a": np.array([[2.0, 3.0, np.nan], [4.0, 5.0, 6.0]]), "b": np.ones(3)}
    rates = {"b": np.array([0.5, 0.25, 0.1, 0.0])}
    ax = plots.sharpness_panel([0, 2, 3], runs, rates).axes[0]
    first, second, limit = ax.lines
    assert first.get_ydata().tolist() == [3.0, 4.0, 6.0]  # medians of the runs that are left
    assert limit.get_color() == second.get_color()
    assert limit.get_ydata() == pytest.approx([4.0, 8.0, 20.0, np.nan], nan_ok=True)
    assert ax.get_yscale() == "log"
    other = plots.sharpness_panel([0, 2], {"a": [1.0, 2.0]}, 0.5, numerator=38, log=False).axes[0]
    assert other.lines[1].get_ydata().tolist() == [76, 76, 76]
    assert [text.get_text() for text in other.get_legend().get_texts()] == ["a", "38 / rate"]


def test_runs_that_all_diverged_leave_no_curve_and_no_error():
    ax = plots.sharpness_panel([0, 2], {"a": np.full((2, 2), np.nan)}, 0.5).axes[0]
    assert ax.lines[0].get_ydata().size == 0


@pytest.mark.parametrize(
    ("sharpness", "rates", "message"),
    [
        ({"a": np.ones(2)}, {"b": 0.5}, r"rates must be of \['a'\], got \['b'\]"),
        ({"a": np.ones((2, 3))}, 0.5, r"'a' must have one value for each of the 2 updates"),
    ],
)
def test_a_sharpness_panel_whose_parts_do_not_fit_is_refused(sharpness, rates, message):
    with pytest.raises(ValueError, match=message):
        plots.sharpness_panel([0, 2], sharpness, rates)


def test_curves_over_the_peak_ring_the_lowest_and_leave_out_what_is_too_high():
    ax = peak_curves({"a": {0.1: 2.0, 0.3: 1.0, 1.0: 9.0}}, top=3.0).axes[0]
    line, ring = ax.lines
    assert line.get_ydata().tolist() == [2.0, 1.0]
    assert ring.get_xydata().tolist() == [[0.3, 1.0]]
    assert ax.get_xticks().tolist() == [0.1, 0.3]


def test_the_rows_of_the_bound_are_in_the_order_given_and_read_from_the_top():
    losses, peaks = {"a": (0.0, 0.1), "b": (0.2, 0.3)}, {"b": (0.6, 0.7), "a": (0.4, 0.5)}
    left, right = bound_figure(losses, peaks).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["a", "b"]
    assert left.lines[0].get_xydata().tolist() == [[0.0, 1], [0.2, 0]]
    assert right.lines[1].get_xydata().tolist() == [[0.5, 1], [0.7, 0]]


def test_the_words_of_lesson_12_s_figures_fit():
    lines = {f"{n},000 updates": [0.03, 0.01, 0.0] for n in (15, 25, 35, 50)}
    assert_words_fit(share_curves([0.1, 0.5, 0.9], lines, lines))
    rows = {f"WSD 20 %, 1-sqrt, {k}": (0.01, 0.03) for k in range(9)}
    assert_words_fit(bound_figure(rows, rows))


def test_runs_without_a_warmup_are_rings_and_those_with_one_are_dots():
    bare, warm = {0.1: 2.0, 1.0: 3.0}, {0.1: 2.5, 1.0: 1.0}
    figure = with_and_without({"short": {"a": (bare, warm)}, "long": {"a": (warm, bare)}})
    for ax, pair in zip(figure.axes, ((bare, warm), (warm, bare)), strict=True):
        assert [list(line.get_ydata()) for line in ax.lines] == [list(p.values()) for p in pair]
        assert [line.get_markerfacecolor() == "none" for line in ax.lines] == [True, False]
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["short", "long"]
    assert_words_fit(figure)


def test_differences_are_drawn_with_their_intervals_row_by_row():
    rows = [paired(name, "ref", [1.0, 1.2], [1.1, 1.1 + i], 0.1) for i, name in enumerate("ab")]
    figure = difference_dots({"short": rows, "long": rows[:1] * 2})
    (ax,) = figure.axes
    dots = [line for line in ax.lines if line.get_marker() not in ("None", "")]
    assert list(dots[0].get_xdata()) == [one.difference.mean for one in rows]
    drawn = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    for one in rows:
        assert (one.difference.low, one.difference.high) in drawn
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert dots[0].get_ydata()[0] > dots[0].get_ydata()[1]  # the first is on top
    assert "ref" in ax.get_xlabel()
    assert_words_fit(figure)


def test_every_schedule_has_a_ring_at_its_lowest_loss_in_each_panel():
    curve = {0.1: 2.0, 0.3: 1.0, 1.0: np.nan}
    figure = peak_panels({"short": {"a": curve}, "long": {"a": {0.1: 0.5, 0.3: 1.0, 1.0: 2.0}}})
    rings = [line for ax in figure.axes for line in ax.lines if line.get_markersize() > 10]
    assert [ring.get_xdata().tolist() for ring in rings] == [[0.3], [0.1]]
    assert_words_fit(figure)


def test_the_titles_of_small_panels_fit_and_every_first_update_is_shown():
    groups = alike(CALLS, STARTS)
    titles = [group[0].label + (" and 11 more" if len(group) > 1 else "") for group in groups]
    curves = {title: group[0].rates for title, group in zip(titles, groups, strict=True)}
    figure = small_panels(curves, STARTS, WARMUP_STEPS, 1.0)
    assert_words_fit(figure)
    assert [ax.get_title(loc="left").replace("\n", " ") for ax in figure.axes] == titles
    for ax, curve in zip(figure.axes, curves.values(), strict=True):
        dots, first = ax.lines[2:]
        np.testing.assert_array_equal(dots.get_ydata(), curve[:STARTS])
        assert first.get_ydata() == curve[0]
