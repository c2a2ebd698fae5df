"""PaddlePaddle's schedulers where they surprise: resumed, nested, as functions, at their limits."""

import numpy as np
import pytest

from course_lib.libraries import from_library
from tests.lib.libraries.converter_arguments import needed

T = np.arange(60)


def paddle(name, **arguments):
    return from_library(f"paddle.{name}", **arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ExponentialDecay", {"gamma": 0.9}),
        ("StepDecay", {"step_size": 7}),
        ("PolynomialDecay", {"decay_steps": 30, "cycle": True}),
        ("InverseTimeDecay", {"gamma": 0.2}),
    ],
)
def test_a_closed_form_goes_on_where_it_was(name, arguments):
    unbroken = paddle(name, learning_rate=0.1, **arguments)
    resumed = paddle(name, learning_rate=0.1, **arguments, last_epoch=19)
    np.testing.assert_allclose(resumed(T), unbroken(T + 20), rtol=1e-12)


def test_a_resumed_line_takes_the_base_rate_for_the_rate_of_then():
    resumed = paddle("LinearLR", learning_rate=0.1, total_steps=10, last_epoch=4)
    assert resumed(0) == pytest.approx(0.1 / 9 * 10)
    assert resumed(20) == pytest.approx(0.1 / 6 * 10)
    assert paddle("LinearLR", learning_rate=0.1, total_steps=10, last_epoch=10)(5) == 0.1


def recursion(base, half, floor, last, updates):
    """The library's own, written down: what each rate is from the one before."""
    rate, found = base, []
    for t in range(last + 1, last + 1 + updates):
        if (t - 1 - half) % (2 * half) == 0:
            rate += (base - floor) * (1 - np.cos(np.pi / half)) / 2
        else:
            above = (1 + np.cos(np.pi * t / half)) / (1 + np.cos(np.pi * (t - 1) / half))
            rate = above * (rate - floor) + floor
        found.append(rate)
    return found


@pytest.mark.parametrize("last", [0, 1, 4, 8, 9, 10, 11, 19, 20, 26, 27, 28, 45])
@pytest.mark.parametrize("half", [1, 9])
def test_a_resumed_cosine_is_the_recursion_from_the_base_rate(half, last):
    resumed = paddle("CosineAnnealingDecay", learning_rate=0.1, T_max=half, last_epoch=last)
    expected = recursion(0.1, half, 0.0, last, 60)
    np.testing.assert_allclose(resumed(T), expected, rtol=0, atol=1e-12 * max(expected))


def test_a_cosine_resumed_at_its_end_climbs_to_thousands_of_base_rates():
    resumed = paddle("CosineAnnealingDecay", learning_rate=0.1, T_max=100, last_epoch=100)
    assert resumed(99) == pytest.approx(0.1 * (1 + 2 / (1 - np.cos(np.pi / 100))), rel=1e-9)
    assert resumed(99) > 400


def test_warm_restarts_resumed_in_a_late_cycle_search_for_their_place():
    resumed = paddle("CosineAnnealingWarmRestarts", learning_rate=1.0, T_0=5, last_epoch=17)
    places, place = [], 17
    for _ in T:
        place = place + 1 - (5 if place + 1 >= 5 else 0)
        places.append(place)
    np.testing.assert_allclose(resumed(T), (1 + np.cos(np.pi * np.array(places) / 5)) / 2)
    stuck = paddle("CosineAnnealingWarmRestarts", learning_rate=1.0, T_0=1, last_epoch=3)
    assert set(stuck(T)) == {0.0}


def test_warm_restarts_in_a_warmup_are_late_where_the_logarithm_is_rounded_down():
    inner = {"learning_rate": 1.0, "T_0": 1, "T_mult": 3}
    warmed = paddle(
        "LinearWarmup",
        learning_rate=("paddle.CosineAnnealingWarmRestarts", inner),
        warmup_steps=4,
        start_lr=0.0,
        end_lr=1.0,
    )
    alone = paddle("CosineAnnealingWarmRestarts", **inner)
    late = (3**5 - 1) // 2
    assert (warmed(4 + late), alone(late)) == (0.0, 1.0)
    steps = np.delete(np.arange(200), late)
    np.testing.assert_allclose(warmed(4 + steps), alone(steps), atol=1e-14)


def test_functions_drop_their_arguments_in_dynamic_mode():
    fast = paddle(
        "exponential_decay", learning_rate=0.1, decay_steps=10, decay_rate=0.9, staircase=True
    )
    np.testing.assert_allclose(fast(T), 0.1 * 0.9**T)
    cosine = paddle("cosine_decay", learning_rate=0.1, step_each_epoch=6, epochs=10)
    assert cosine(10) == pytest.approx(0.0, abs=1e-17)
    assert cosine(20) == pytest.approx(0.1)


def test_a_boundary_below_the_one_before_leaves_its_value_out():
    schedule = paddle("PiecewiseDecay", boundaries=[10, 5, 20.5], values=[1.0, 0.5, 0.25, 0.1, 0.2])
    assert [schedule(t) for t in (9, 10, 20, 21)] == [1.0, 0.25, 0.25, 0.2]


@pytest.mark.parametrize(
    ("name", "bad", "error", "said"),
    [
        ("StepDecay", {"gamma": 1.0}, ValueError, "gamma must be >= 0 and < 1"),
        ("ExponentialDecay", {"gamma": 1.0}, ValueError, "gamma must be > 0 and < 1"),
        ("MultiStepDecay", {"milestones": [5, 5]}, ValueError, "milestones must increase"),
        ("MultiStepDecay", {"milestones": 5}, TypeError, "milestones must be a list"),
        ("PiecewiseDecay", {"boundaries": []}, ValueError, "boundaries must have at least one"),
        ("PiecewiseDecay", {"values": 3}, TypeError, "must be lists"),
        ("piecewise_decay", {"values": [1, 2, 3]}, ValueError, "values must be 2 rates, got 3"),
        ("exponential_decay", {"decay_rate": 1.0}, ValueError, "decay_rate must be > 0 and < 1"),
        ("cosine_decay", {"learning_rate": 1}, TypeError, "learning_rate must be a float"),
        ("LinearWarmup", {"end_lr": 0.0}, ValueError, "end_lr must be > start_lr"),
        (
            "LinearWarmup",
            {"learning_rate": ("torch.StepLR", {"base_lr": 0.1, "step_size": 4})},
            ValueError,
            "paddle's own schedulers",
        ),
        (
            "LinearWarmup",
            {
                "learning_rate": ("paddle.LinearLR", {"learning_rate": 0.1, "total_steps": 4}),
                "last_epoch": 20,
            },
            ValueError,
            "last_epoch must be < warmup_steps with LinearLR inside",
        ),
        (
            "LinearWarmup",
            {
                "learning_rate": (
                    "paddle.OneCycleLR",
                    {"max_learning_rate": 0.1, "total_steps": 4},
                ),
                "last_epoch": 30,
            },
            ValueError,
            "past OneCycleLR's total_steps",
        ),
        ("OneCycleLR", {"phase_pct": 1}, TypeError, "phase_pct must be a float"),
        ("OneCycleLR", {"phase_pct": 0.025}, ValueError, "divide by zero"),
        ("OneCycleLR", {"phase_pct": 0.5, "three_phase": True}, ValueError, "phase_pct must be <"),
        ("OneCycleLR", {"last_epoch": 40}, ValueError, "last_epoch must be <= 39"),
        ("CyclicLR", {"exp_gamma": 1}, TypeError, "exp_gamma must be a float"),
        ("CyclicLR", {"scale_fn": abs}, ValueError, "no closed form"),
        ("LambdaDecay", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("MultiplicativeDecay", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("StepDecay", {"last_epoch": -2}, ValueError, "last_epoch must be >= -1"),
    ],
)
def test_bad_arguments_are_refused_by_name(name, bad, error, said):
    with pytest.raises(error, match=said):
        paddle(name, **{**needed(f"paddle.{name}"), **bad})


def test_a_plateau_is_refused():
    with pytest.raises(ValueError, match="follows a metric"):
        paddle("ReduceOnPlateau", learning_rate=0.1)
