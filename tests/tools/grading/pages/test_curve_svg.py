"""Curves become pictures: what is drawn, where it breaks, what is marked, whatever the numbers."""

import math
import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.grading.pages.curve_svg import HEIGHT, WIDTH, bars, drawing
from course_tools.grading.report import Curve
from tests.tools.grading.pages import feedback_reports as made


def points(path):
    return [tuple(map(float, pair.split(","))) for pair in re.findall(r"[-\d.]+,[-\d.]+", path)]


def of(got, expected=(0.0, 1.0, 2.0, 3.0)):
    return drawing(Curve(tuple(map(float, range(len(got)))), tuple(got), tuple(expected)))


def test_equal_curves_lie_on_each_other_and_nothing_is_marked():
    drawn = of((0.0, 1.0, 2.0, 3.0))
    assert drawn.got == drawn.expected
    assert (drawn.mark, drawn.mark_text) == (None, "")
    assert not drawn.is_cut
    assert not drawn.has_gaps
    first, *_, last = points(drawn.got)
    assert (first[0], last[0]) == (drawn.area.left, drawn.area.right)
    assert drawn.area.top < last[1] < first[1] < drawn.area.bottom


def test_the_first_difference_is_marked_at_the_answer():
    drawn = of((0.0, 1.0, 2.5, 9.0))
    assert drawn.mark == points(drawn.got)[2]
    assert drawn.mark_text == "2"


def test_no_number_leaves_a_gap_and_is_marked_at_the_expected_curve():
    drawn = of((0.0, None, 2.0, math.inf))
    assert drawn.got.count("M") == 2
    assert drawn.got.endswith("h.01")  # a single value is a dot
    assert drawn.has_gaps
    assert drawn.mark == points(drawn.expected)[1]


def test_what_a_check_takes_for_equal_is_not_marked():
    assert of((1e-7, 1.000005, 2.0, 3.0)).mark is None
    assert of((1e-5, 1.0, 2.0, 3.0)).mark_text == "0"


def test_an_answer_that_explodes_leaves_the_expected_curve_in_sight():
    drawn = of((0.0, 1.0, 1e12, -1e300))
    assert drawn.is_cut
    ys = [y for _, y in points(drawn.expected)]
    assert max(ys) - min(ys) > HEIGHT / 6
    assert all(abs(y) <= 9 * HEIGHT for _, y in points(drawn.got))


def test_an_answer_a_little_larger_is_seen_as_a_whole():
    assert not of((0.0, 1.5, 3.0, 4.5)).is_cut


def test_nothing_but_gaps_is_no_picture():
    assert of((None,) * 4, (None,) * 4) is None
    assert drawing(Curve((), (), ())) is None
    assert of((None,) * 4).got == ""


def test_a_long_curve_keeps_its_single_spike():
    flat = [0.5] * 20_000
    spiked = flat.copy()
    spiked[12_345] = 1.0
    drawn = of(spiked, flat)
    assert len(points(drawn.got)) < 1_000
    assert min(y for _, y in points(drawn.got)) < points(drawn.expected)[0][1] - 50
    assert drawn.mark_text == "12345"


def test_few_values_are_dots():
    few = of((0.0, None, 2.0, 3.0))
    assert few.is_sparse
    assert (len(few.dots), len(few.expected_dots)) == (3, 4)
    assert few.dots[0] == points(few.got)[0]
    for number, is_sparse in ((24, True), (25, False)):
        drawn = of((0.0,) * number, (1.0,) * number)
        assert drawn.is_sparse == bool(drawn.dots) == bool(drawn.expected_dots) == is_sparse
    assert drawing(made.curve()).dots == ()


def test_ticks_are_round_and_short():
    drawn = drawing(made.curve())
    assert [tick.text for tick in drawn.x_ticks] == ["0", "50", "100", "150", "200"]
    assert [tick.text for tick in drawn.y_ticks] == ["0", "0.05", "0.1"]
    small = of((0.0, 1e-7, 2e-7, 3e-7), (0.0, 1e-7, 2e-7, 3e-7))
    assert [tick.text for tick in small.y_ticks] == ["0", "1e-7", "2e-7", "3e-7"]


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"as many steps as values, got \(2, 1, 2\)"):
        drawing(Curve((0.0, 1.0), (0.0,), (0.0, 1.0)))


NUMBERS = st.none() | st.floats() | st.sampled_from([0.0, 1.7e308, -1.7e308, 5e-324])


@given(st.lists(st.tuples(st.floats(), NUMBERS, NUMBERS), min_size=1, max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_numbers_are_drawn_inside_the_picture(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = drawing(Curve(*map(tuple, zip(*rows, strict=True))))
    if drawn is None:
        return
    for text in (drawn.got, drawn.expected):
        assert re.fullmatch(r"[MLh0-9.,-]*", text)
    assert all(0 <= x <= WIDTH for path in (drawn.got, drawn.expected) for x, _ in points(path))
    for tick in drawn.x_ticks:
        assert drawn.area.left - 0.1 <= tick.at <= drawn.area.right + 0.1
        assert len(tick.text) <= 12
    if drawn.mark:
        assert 0 <= drawn.mark[0] <= WIDTH
        assert drawn.area.top <= drawn.mark[1] <= drawn.area.bottom


def test_bars_are_as_high_as_their_counts():
    one, two, three = bars((0, 5, 10))
    assert (one.height, three.height) == (0.0, 2 * two.height)
    assert one.x < two.x < three.x
    assert bars(()) == ()
    assert [bar.height for bar in bars((0, 0))] == [0.0, 0.0]
