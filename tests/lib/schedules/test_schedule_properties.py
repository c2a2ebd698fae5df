"""What holds for every schedule and every parameter: bounds, boundaries, purity, JSON, joins."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import schedules as s
from course_lib.schedules import library_shapes, recursion, shapes

rates = st.floats(1e-6, 1e3)
counts = st.integers(1, 5_000)
shares = st.floats(0.01, 1.0)


@st.composite
def finite(draw):
    """Draw a schedule with an end, its lowest and its highest rate."""
    peak, total = draw(rates), draw(st.integers(4, 5_000))
    floor = peak * draw(st.floats(0.0, 1.0))
    rise = draw(st.integers(0, total - 3))
    make = draw(
        st.sampled_from(
            [
                lambda: (s.linear(peak, total, floor), floor),
                lambda: (s.cosine(peak, total, floor), floor),
                lambda: (s.polynomial(peak, total, draw(st.floats(0.2, 5.0)), floor), floor),
                lambda: (s.warmup_cosine(peak, rise, total, floor), floor),
                lambda: (s.warmup_linear(peak, rise, total, floor), floor),
                lambda: (s.wsd(peak, rise, total, draw(st.integers(1, total - rise - 1))), 0.0),
                lambda: (s.one_cycle(peak, total, 0.3), 0.0),
                lambda: (s.one_cycle(peak, total, 0.26, three_phase=True, anneal="linear"), 0.0),
            ]
        )
    )
    schedule, low = make()
    return schedule, min(low, schedule(0)), peak


@st.composite
def endless(draw):
    """Draw a schedule without an end."""
    peak = draw(rates)
    return draw(
        st.sampled_from(
            [
                s.constant(peak),
                s.step_decay(peak, draw(shares), draw(counts)),
                s.multi_step(peak, sorted(draw(st.sets(counts, min_size=1, max_size=4)))),
                s.exponential(peak, draw(shares)),
                s.inverse_time(peak, draw(shares)),
                s.inverse_sqrt(peak, draw(counts)),
                s.transformer(draw(counts), draw(counts)),
                s.cosine_restarts(peak, draw(counts), draw(st.floats(1.0, 3.0))),
                s.triangular(peak, peak / 3, draw(st.integers(2, 500))),
                s.triangular(peak, 0.0, draw(st.integers(2, 500)), "triangular2"),
                s.triangular(peak, 0.0, draw(st.integers(2, 500)), "exp_range", gamma=0.999),
            ]
        )
    )


any_schedule = st.one_of(finite().map(lambda drawn: drawn[0]), endless())


@given(finite())
def test_rates_stay_between_the_lowest_and_the_peak(drawn):
    schedule, low, peak = drawn
    values = schedule(np.arange(schedule.total_steps + 5))
    slack = 1e-12 * peak
    assert values.min() >= low - slack
    assert values.max() <= peak + slack
    assert values.max() == pytest.approx(peak)


@given(any_schedule)
def test_every_phase_starts_exactly_at_its_start_and_the_end_is_held(schedule):
    first = 0
    for phase in schedule.phases:
        assert schedule(first) == phase.start
        first += phase.steps
    if first < math.inf:
        last = schedule.phases[-1].end
        assert schedule(first) == schedule(first + 1) == schedule(10 * first) == last


@given(finite())
def test_phases_follow_each_other_without_a_jump(drawn):
    schedule, _, _ = drawn
    for before, after in zip(schedule.phases, schedule.phases[1:], strict=False):
        assert before.end == after.start


@given(rates, st.floats(0.0, 1.0), counts, st.floats(0.2, 5.0), st.data())
def test_decays_fall(peak, share, total, power, data):
    schedule = data.draw(
        st.sampled_from(
            [
                s.linear(peak, total, share * peak),
                s.cosine(peak, total, share * peak),
                s.polynomial(peak, total, power, share * peak),
                s.exponential(peak, max(share, 0.01)),
                s.step_decay(peak, max(share, 0.01), total),
                s.inverse_time(peak, share),
            ]
        )
    )
    values = schedule(np.arange(min(total, 2_000) + 3))
    assert (np.diff(values) <= 1e-12 * peak).all()


@given(any_schedule, st.lists(st.integers(0, 20_000), min_size=1, max_size=20))
def test_one_step_at_a_time_equals_an_array(schedule, steps):
    together = schedule(np.array(steps))
    assert together.dtype == np.float64
    assert together.tolist() == [schedule(step) for step in steps]


@given(any_schedule)
def test_json_there_and_back(schedule):
    back = s.Schedule.from_json(schedule.to_json())
    assert back == schedule
    assert back.name == schedule.name
    assert hash(back) == hash(schedule)


@given(any_schedule, st.data())
def test_the_join_of_the_parts_is_the_whole(schedule, data):
    if len(schedule.phases) == 1:
        return
    cut = data.draw(st.integers(1, len(schedule.phases) - 1))
    parts = s.Schedule(schedule.phases[:cut]), s.Schedule(schedule.phases[cut:])
    assert s.join(*parts) == schedule


@given(any_schedule, counts)
def test_take_keeps_the_beginning_and_holds_what_it_reached(schedule, steps):
    steps = int(min(steps, schedule.total_steps))
    short = schedule.take(steps)
    assert short.total_steps == steps
    t = np.arange(steps)
    assert (short(t) == schedule(t)).all()
    assert short(steps) == short(steps + 7)
    assert s.Schedule.from_json(short.to_json()) == short


@given(endless(), counts, counts)
def test_a_branch_leaves_at_the_rate_of_its_trunk(schedule, at_step, decay_steps):
    branched = schedule.branch(at_step, decay_steps)
    t = np.arange(at_step)
    assert (branched(t) == schedule(t)).all()
    assert branched(at_step) == pytest.approx(float(schedule.take(at_step)(at_step)))
    assert branched(at_step + decay_steps) == 0.0


@given(any_schedule, st.floats(0.0, 100.0))
def test_scaling_scales(schedule, factor):
    t = np.arange(300)
    assert s.scale(schedule, factor)(t) == pytest.approx(factor * schedule(t), rel=1e-12)


@given(finite(), st.integers(1, 5))
def test_repeating_repeats(drawn, times):
    schedule = drawn[0]
    t = np.arange(schedule.total_steps)
    assert (
        s.repeat(schedule, times)(np.arange(times * len(t))) == np.tile(schedule(t), times)
    ).all()


@given(st.integers(1, 50), st.floats(1.0, 4.0), st.integers(0, 30))
def test_every_cycle_of_restarts_begins_at_the_peak(period, mult, cycle):
    begin = period * (mult**cycle - 1) / (mult - 1) if mult > 1 else period * cycle
    step = math.ceil(begin)
    if step < 2**40 and step - begin < 1e-9:
        assert s.cosine_restarts(1.0, period, mult)(step) == pytest.approx(1.0, abs=1e-9)


@given(any_schedule)
def test_a_step_of_any_size_is_answered(schedule):
    value = schedule(10**400)
    assert math.isfinite(value)
    assert schedule(np.array([], dtype=int)).shape == (0,)
    assert schedule([[0, 1], [2, 3]]).shape == (2, 2)
    for step in (np.int32(5), np.uint8(5), np.array(5)):
        assert schedule(step) == schedule(5)
        assert type(schedule(step)) is float


@pytest.mark.parametrize("step", [1.0, True, "3", None, [0.5], np.array([True]), np.bool_(True)])
def test_a_step_that_is_no_whole_number_is_refused(step):
    with pytest.raises(TypeError, match="step"):
        s.constant(0.1)(step)


@pytest.mark.parametrize("step", [-1, [0, -3], np.int64(-2)])
def test_a_negative_step_is_refused(step):
    with pytest.raises(ValueError, match=r"step must be >= 0, got -\d"):
        s.constant(0.1)(step)


def test_schedules_are_values():
    assert s.cosine(0.1, 10) == s.cosine(0.1, 10) != s.cosine(0.1, 11)
    assert len({s.cosine(0.1, 10), s.cosine(0.1, 10)}) == 1
    with pytest.raises(AttributeError):
        s.cosine(0.1, 10).name = "mine"
    with pytest.raises(AttributeError):
        s.cosine(0.1, 10).phases[0].start = 1.0
    assert repr(s.cosine(0.1, 10).phases[0]) == "Phase(10, 0.1, 0, Cosine(exponent=1.0, warp=1.0))"


SHAPES = {
    "Constant": {},
    "Polynomial": {"power": 2.5},
    "Cosine": {"exponent": 2.0, "warp": 1.5},
    "OneMinusSqrt": {},
    "Geometric": {"ratio": 0.1},
    "Tanh": {},
    "Drops": {"drop": 0.5, "every": 3},
    "Exponential": {"gamma": 0.9},
    "InverseTime": {"rate": 0.1},
    "CosineWave": {"half_period": 7},
    "Restarts": {"period": 7, "mult": 2.0, "scale": 0.5},
    "Triangle": {"period": 8, "rise": 0.25, "scale": 0.5, "gamma": 0.99},
    "WarpedPolynomial": {"power": 2.0, "warp": 1.5},
    "Logarithm": {},
    "StretchedPolynomial": {"period": 4, "power": 2.0},
    "Staircase": {"shape": shapes.Exponential(0.9), "every": 3},
    "Part": {"shape": shapes.Cosine(), "length": 20.0, "low": 0.3},
    "Replay": {
        "state": recursion.replay(
            [recursion.Leaf("ExponentialLR", {"gamma": 0.9}, base=1.0, epoch=0, count=1)],
            recursion.GroupValues(1.0, 1.0),
        ).state
    },
    "Clocked": {"shape": shapes.Exponential(0.9), "every": 3, "period": 4},
    "Product": {"parts": (shapes.Exponential(0.9), shapes.Drops(0.5, 4))},
    "Floored": {"shape": shapes.Exponential(0.9), "low": 0.5},
    "Rex": {},
    "WarmedCycles": {"steps": 7, "mult": 1.5, "gamma": 0.9, "foot": 0.1},
    "Rectified": {"beta2": 0.99},
}


def test_every_shape_is_in_this_table():
    assert SHAPES.keys() == {cls.__name__ for cls in shapes.Shape.__subclasses__()}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_one_at_its_beginning_and_goes_to_json_and_back(name):
    [module] = [m for m in (shapes, library_shapes, recursion) if name in vars(m)]
    shape = getattr(module, name)(**SHAPES[name])
    value = shape(np.array([0.0, 10.0]), 10.0)
    assert value[0] == pytest.approx(1.0, abs=1e-6)
    if shape.closing and name != "Tanh":
        assert value[1] == 0.0
    schedule = s.Schedule((s.Phase(10 if shape.closing else math.inf, 1.0, 0.1, shape),))
    assert s.Schedule.from_json(schedule.to_json()) == schedule


@given(st.lists(st.floats(-5, 5), max_size=60), st.integers(0, 5), st.floats(0.1, 0.9))
def test_plateau_is_a_value_and_never_goes_below_its_floor(metrics, patience, factor):
    first = s.plateau(1.0, factor, patience, floor=0.05)
    rates_seen = s.plateau_rates(first, metrics)
    assert first == s.plateau(1.0, factor, patience, floor=0.05)
    assert ((rates_seen >= 0.05) & (rates_seen <= 1.0)).all()
    assert (np.diff(rates_seen) <= 0).all()


def test_plateau_reduces_after_patience_also_on_a_negative_metric():
    assert s.plateau_rates(s.plateau(1.0, 0.5, 2), [1, 1, 1, 1, 1]).tolist() == [1, 1, 1, 0.5, 0.5]
    assert s.plateau_rates(s.plateau(1.0, 0.5, 2), [-1] * 4).tolist() == [1, 1, 1, 0.5]
    assert s.plateau_rates(s.plateau(1.0, 0.5, 0, mode="max"), [1, 2, 2]).tolist() == [1, 1, 0.5]
    assert s.plateau_rates(s.plateau(1.0, 0.5, 1), [1, math.nan, math.nan]).tolist() == [1, 1, 0.5]


@pytest.mark.parametrize("step", [10**3, 10**6, 10**9])
def test_a_late_step_takes_no_more_memory_than_an_early_one(step):
    schedule = s.warmup_cosine(0.1, 10**8, 10**10)
    tracemalloc.start()
    schedule(step)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000
