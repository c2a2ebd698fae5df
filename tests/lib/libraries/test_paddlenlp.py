"""PaddleNLP's schedulers: copies of others with other defaults, and counts that may be shares."""

import numpy as np
import pytest

from course_lib.libraries import from_library
from tests.lib.libraries.converter_arguments import needed

T = np.arange(120)


def paddlenlp(name, /, **arguments):
    return from_library(f"paddlenlp.{name}", **arguments)


def test_the_default_cosine_is_at_zero_half_way_and_at_the_peak_at_the_end():
    arguments = {"learning_rate": 0.1, "total_steps": 100, "warmup": 10}
    schedule = paddlenlp("CosineDecayWithWarmup", **arguments)
    assert [schedule(t) for t in (10, 55, 100)] == pytest.approx([0.1, 0.0, 0.1])
    half = paddlenlp("CosineDecayWithWarmup", **arguments, with_hard_restarts=True, num_cycles=1.0)
    steps = {"num_warmup_steps": 10, "num_training_steps": 100}
    function = paddlenlp("get_cosine_schedule_with_warmup", learning_rate=0.1, **steps)
    np.testing.assert_allclose(half(T[:101]), function(T[:101]), atol=1e-16)
    stops = paddlenlp("CosineDecayWithWarmup", **arguments, with_hard_restarts=True)
    assert stops(99) == pytest.approx(0.05, rel=0.02)
    assert stops(100) == 0.0


def test_hard_restarts_of_no_cycle_hold_the_peak():
    schedule = paddlenlp(
        "CosineDecayWithWarmup",
        learning_rate=0.1,
        total_steps=9,
        warmup=2,
        with_hard_restarts=True,
        num_cycles=0.0,
    )
    assert [schedule(t) for t in (0, 1, 2, 8, 9)] == [0.0, 0.05, 0.1, 0.1, 0.0]


def test_a_float_of_steps_is_a_share():
    by_count = paddlenlp("LinearDecayWithWarmup", learning_rate=0.1, total_steps=100, warmup=10)
    by_share = paddlenlp("LinearDecayWithWarmup", learning_rate=0.1, total_steps=100, warmup=0.1)
    assert by_count.phases == by_share.phases
    meant = paddlenlp("LinearDecayWithWarmup", learning_rate=0.1, total_steps=100, warmup=10.0)
    assert meant(100) == pytest.approx(0.01)
    assert meant(1000) == 0.0


@pytest.mark.parametrize(("warmup", "end"), [(10, 60), (7.5, 60.2), (10, 10), (10, 4), (0, 30)])
def test_annealing_is_its_formula(warmup, end):
    schedule = paddlenlp(
        "LinearAnnealingWithWarmupDecay",
        max_lr=0.1,
        min_lr=0.001,
        warmup_step=warmup,
        decay_step=end,
    )
    expected = []
    for t in T:
        if warmup > 0 and t <= warmup:
            expected.append(0.1 * t / warmup)
        elif t > end:
            expected.append(0.001)
        else:
            expected.append(0.001 + (1 - (t - warmup) / (end - warmup)) * 0.099)
    np.testing.assert_allclose(schedule(T), expected, atol=1e-15)


@pytest.mark.parametrize(
    "name", ["linear", "cosine", "constant", "constant_with_warmup", "polynomial"]
)
def test_get_scheduler_is_the_function_of_its_name(name):
    steps = {"num_warmup_steps": 10, "num_training_steps": 60}
    schedule = paddlenlp("get_scheduler", name=name, learning_rate=0.1, **steps)
    long = "polynomial_decay" if name == "polynomial" else name.removesuffix("_with_warmup")
    more = "" if name == "constant" else "_with_warmup"
    allowed = {
        "constant": (),
        "constant_with_warmup": ("num_warmup_steps",),
    }.get(name, tuple(steps))
    arguments = {key: steps[key] for key in allowed}
    function = paddlenlp(f"get_{long}_schedule{more}", learning_rate=0.1, **arguments)
    assert schedule.phases == function.phases


@pytest.mark.parametrize(
    ("name", "bad", "error", "said"),
    [
        ("CosineDecayWithWarmup", {"num_cycles": 0.5}, TypeError, "num_cycles must be an int"),
        (
            "CosineDecayWithWarmup",
            {"with_hard_restarts": True, "num_cycles": 1},
            TypeError,
            "num_cycles must be a float",
        ),
        ("ConstScheduleWithWarmup", {"warmup": 0.1}, TypeError, "total_steps must be given"),
        ("LinearDecayWithWarmup", {"total_steps": 0}, ValueError, "total_steps must be >= 1"),
        ("PolyDecayWithWarmup", {"lr_end": 0.2}, ValueError, "lr_end must be < learning_rate"),
        ("PolyDecayWithWarmup", {"warmup": 40}, ValueError, "must not take all of 40 steps"),
        (
            "LinearAnnealingWithWarmupDecay",
            {"warmup_step": 0, "decay_step": 0},
            ValueError,
            "decay_step must be > 0",
        ),
        ("get_scheduler", {"name": "inverse_sqrt"}, ValueError, "name must be one of"),
        ("get_scheduler", {"num_warmup_steps": None}, TypeError, "num_warmup_steps must be given"),
    ],
)
def test_bad_arguments_are_refused_by_name(name, bad, error, said):
    with pytest.raises(error, match=said):
        paddlenlp(name, **{**needed(f"paddlenlp.{name}"), **bad})
