"""The rates of a resumed run, described by what made them."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.diagnose.resuming.resume_curves import how_rates_depart

T = np.arange(40)
CURVE = np.stack([np.cos(T / 25) + 0.1, 0.5 / (1 + T)], axis=1)
AT = 15


def said(resumed, straight=CURVE):
    return how_rates_depart(straight, np.asarray(resumed), AT)


def test_equal_rates_need_no_words():
    assert said(CURVE[AT:]) == ""
    assert said(CURVE[AT:20]) == ""
    assert said(np.empty((0, 0))) == ""


@settings(max_examples=40, deadline=None)
@given(shift=st.integers(-14, 12).filter(bool))
def test_any_shift_is_counted(shift):
    rows = CURVE[AT + shift : 40 + min(shift, 0)]
    side = "ahead" if shift > 0 else "behind"
    many = "step" if abs(shift) == 1 else "steps"
    assert said(rows[:25]) == f"The curve is {abs(shift)} {many} {side} from step 15 on."


@pytest.mark.parametrize(
    ("resumed", "words"),
    [
        (CURVE[:25], "The curve begins anew: step 15 has the rate of step 0."),
        (np.vstack([CURVE[AT], CURVE[1:25]]), "Only step 15 has the right rate, which the"),
        (0.5 * CURVE[:25], "The curve begins anew from another rate: 0.5 times that of step 0"),
        (CURVE[AT:] * [2.0, 3.0], "The curve goes on at 2 and 3 times the rate."),
        (np.vstack([CURVE[AT], 2 * CURVE[AT + 1 :]]), "Only step 15 has the right rate; then the"),
        (np.vstack([[9.0, 9.0], CURVE[AT + 1 :]]), "Only step 15 has a wrong rate; the rates"),
        (CURVE[AT:, ::-1], "The groups have changed places: .* of the groups \\[1, 0\\]"),
        (np.full((25, 2), 0.3), "The rate stays where it was after the restore, at 0.3, 0.3."),
        (CURVE[AT:] + np.outer(T[:25] > 4, [1, 1]), "From step 20 on the rates are others: 1."),
        (
            np.stack([CURVE[AT:, 0], CURVE[:25, 1]], axis=1),
            "anew: .* of step 0 \\(group 1 alone\\)",
        ),
    ],
)
def test_departures_in_words(resumed, words):
    assert re.search(words, said(resumed))
