"""Figures of comparisons: what they show, and that their words fit."""

import io
from functools import cache, partial

import numpy as np
import pytest
from PIL import Image

from course_lib import plots, schedules
from course_lib.compare import Comparison, Trials, compare
from tests.lib.compare.known_scores import run
from tests.lib.plots.words_of_figures import assert_words_fit, words_drawn


def many() -> Comparison:
    names = [f"schedule number {i}" for i in range(12)]
    makers = {
        name: (lambda p, t, i=i: schedules.polynomial(p, t, i + 1)) for i, name in enumerate(names)
    }

    def runner(rates, seeds, momenta):
        power = np.log(rates[:, 10] / rates[:, 0]) / np.log(0.5)
        noise = [
            np.random.default_rng(s).normal() for s in (seeds * 99 + power.round()).astype(int)
        ]
        scores = 0.1 * power + np.log10(rates[:, 0]) ** 2 + 0.02 * np.array(noise)
        unknown = np.full(len(rates), np.nan)
        return Trials("loss", scores, np.array([20]), scores[:, None], unknown)

    return compare(runner, makers, peaks=np.geomspace(0.1, 10, 9), total_steps=20)


FIGURES = {"forest": partial(plots.forest_plot, margin=0.01), "peaks": plots.peak_sensitivity}
CASES = {
    "twelve": cache(many),
    "lost": cache(lambda: run(lost={("linear", 10.0, 0), ("cosine", 1.0, 7)}, reference="linear")),
    "one": cache(lambda: run(chosen={"linear": schedules.linear}, peaks=[1.0])),
}


@cache
def picture(name, case):
    figure = FIGURES[name](CASES[case]())
    return figure, plots.png(figure)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_small_and_opaque(name, case):
    data = picture(name, case)[1]
    assert len(data) < 90_000
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    assert min(image.getpixel((0, 0))) > 245
    assert len(image.convert("L").getcolors()) > 5


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_the_same_each_time(name):
    assert plots.png(FIGURES[name](CASES["lost"]())) == picture(name, "lost")[1]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FIGURES)
def test_no_words_of_a_figure_overlap_or_leave_it(name, case):
    figure = picture(name, case)[0]
    assert len(words_drawn(figure)) > 5
    assert_words_fit(figure)


def test_the_forest_fills_the_markers_of_those_it_cannot_tell_from_the_reference():
    result = run(base={"constant": 3.2, "linear": 3.0, "cosine": 3.0}, reference="linear")
    left, right = plots.forest_plot(result, margin=0.01).axes
    assert [t.get_text() for t in left.get_yticklabels()] == [r.schedule for r in result.as_table()]
    filled = [
        line.get_markerfacecolor() != plots.CARD
        for line in left.lines
        if len(line.get_xdata()) == 1
    ]
    assert filled == [row.schedule != "constant" for row in result.as_table()]
    points = {
        line.get_ydata()[0]: line.get_xdata()[0]
        for line in right.lines
        if line.get_marker() in "oD"
    }
    for y, row in zip([2, 1, 0], result.as_table(), strict=True):
        assert points[y] == pytest.approx(row.difference.mean)


def test_a_difference_far_beyond_the_others_is_written_at_the_edge_of_the_forest():
    result = run(base={"constant": 30.0, "linear": 3.0, "cosine": 3.01}, reference="linear")
    right = plots.forest_plot(result, margin=0.01).axes[1]
    assert right.get_xlim()[1] < 30
    assert f"{result.differences[0].mean:#.3g} →" in [text.get_text() for text in right.texts]


def test_the_panels_show_the_chosen_peak_the_good_ones_and_those_that_diverged():
    result = run(lost={("linear", 10.0, 0)})
    ax = plots.peak_sensitivity(result).axes[1]
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert rings[0].get_xydata().tolist() == [[1.0, result.validation_means[1, 2]]]
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert crosses[0].get_xdata().tolist() == [10.0]
    good = result.good_ranges[1]
    assert any(list(line.get_xdata()) == [good.low, good.high] for line in ax.lines)
    assert ax.get_title(loc="left") == "linear"
