"""The phase model and its first presets: values, boundaries, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.schedules import Phase, Schedule, constant, cosine, step_decay
from course_lib.schedules.shapes import Constant, Cosine, Drops

rates = st.floats(min_value=0.0, max_value=1e3, allow_subnormal=False)
counts = st.integers(min_value=1, max_value=10_000)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (constant(0.3), {0: 0.3, 1: 0.3, 10**9: 0.3}),
        (step_decay(0.8, drop=0.5, every=10), {0: 0.8, 9: 0.8, 10: 0.4, 19: 0.4, 20: 0.2, 35: 0.1}),
        (cosine(0.1, 100), {0: 0.1, 50: 0.05, 100: 0.0, 101: 0.0, 10**9: 0.0}),
        (cosine(0.1, 100, floor=0.02), {0: 0.1, 50: 0.06, 100: 0.02, 500: 0.02}),
        (cosine(0.1, 1), {0: 0.1, 1: 0.0}),
    ],
)
def test_values_a_person_can_check(schedule, expected):
    for step, rate in expected.items():
        assert schedule(step) == pytest.approx(rate, rel=1e-14, abs=1e-18), step


@given(peak=rates, floor_share=st.floats(0, 1), total=counts)
def test_cosine_starts_at_the_peak_ends_at_the_floor_and_falls(peak, floor_share, total):
    floor = peak * floor_share
    schedule = cosine(peak, total, floor)
    values = schedule(np.arange(total + 3))
    assert values[0] == peak
    assert (values[total:] == floor).all()
    assert (np.diff(values) <= 1e-12 * peak).all()


@given(peak=rates, drop=st.floats(0.01, 1.0), every=counts, step=st.integers(0, 10**6))
def test_step_decay_is_its_formula(peak, drop, every, step):
    value = step_decay(peak, drop, every)(step)
    assert value == pytest.approx(peak * drop ** (step // every), rel=1e-12, abs=1e-300)


@given(
    schedule=st.one_of(
        st.builds(constant, rates),
        st.builds(step_decay, rates, st.floats(0.01, 1.0), counts),
        st.builds(cosine, rates, counts),
    ),
    steps=st.lists(st.integers(0, 20_000), min_size=1, max_size=20),
)
def test_one_step_at_a_time_equals_an_array(schedule, steps):
    together = schedule(np.array(steps))
    assert together.dtype == np.float64
    assert together.tolist() == [schedule(step) for step in steps]


def test_phases_are_half_open():
    schedule = Schedule((Phase(3, 1.0, 1.0, Constant()), Phase(4, 8.0, 2.0, Cosine())))
    assert schedule(np.arange(9)).tolist()[:4] == [1.0, 1.0, 1.0, 8.0]
    assert schedule(7) == schedule(8) == 2.0
    assert schedule.total_steps == 7


@pytest.mark.parametrize("step", [np.int32(5), np.uint8(5), np.array(5), 5])
def test_a_step_of_any_integer_type_gives_a_float(step):
    value = cosine(0.1, 10)(step)
    assert type(value) is float
    assert value == cosine(0.1, 10)(5)


def test_shapes_empty_and_huge_steps():
    schedule = cosine(0.1, 10)
    assert schedule([[0, 1], [2, 3]]).shape == (2, 2)
    assert schedule(np.array([], dtype=int)).shape == (0,)
    assert schedule([]).dtype == np.float64
    assert schedule(10**400) == 0.0
    assert constant(0.1)(10**400) == 0.1


@pytest.mark.parametrize("step", [1.0, True, "3", None, [0.5], np.array([True])])
def test_a_step_that_is_no_whole_number_is_refused(step):
    with pytest.raises(TypeError, match="step"):
        constant(0.1)(step)


@pytest.mark.parametrize("step", [-1, [0, -3], np.int64(-2)])
def test_a_negative_step_is_refused(step):
    with pytest.raises(ValueError, match=r"step must be >= 0, got -\d"):
        constant(0.1)(step)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: constant(-0.1), ValueError, "peak_lr .*got -0.1"),
        (lambda: constant(math.nan), ValueError, "peak_lr .*got nan"),
        (lambda: constant(math.inf), ValueError, "peak_lr .*got inf"),
        (lambda: constant("0.1"), TypeError, "peak_lr .*got '0.1'"),
        (lambda: constant(True), TypeError, "peak_lr .*got True"),
        (lambda: step_decay(0.1, drop=0.0), ValueError, "drop .*> 0 and <= 1, got 0.0"),
        (lambda: step_decay(0.1, drop=1.5), ValueError, "drop .*got 1.5"),
        (lambda: step_decay(0.1, every=0), ValueError, "every must be >= 1, got 0"),
        (lambda: step_decay(0.1, every=2.0), TypeError, "every .*got 2.0"),
        (lambda: cosine(0.1, 0), ValueError, "total_steps must be >= 1, got 0"),
        (lambda: cosine(0.1, 10, floor=0.2), ValueError, "floor .*<= 0.1, got 0.2"),
        (lambda: Phase(math.inf, 1.0, 0.0, Cosine()), ValueError, "steps must be finite"),
        (lambda: Phase(5, 1.0, 0.0, Drops(0.5, 2)), ValueError, "never reaches end=0.0"),
        (lambda: Schedule(()), ValueError, "at least one phase"),
        (
            lambda: Schedule((constant(1.0).phases[0], constant(2.0).phases[0])),
            ValueError,
            "only the last",
        ),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_schedules_are_values():
    assert cosine(0.1, 10) == cosine(0.1, 10)
    assert cosine(0.1, 10) != cosine(0.1, 11)
    assert len({cosine(0.1, 10), cosine(0.1, 10)}) == 1
    with pytest.raises(AttributeError):
        cosine(0.1, 10).name = "mine"
