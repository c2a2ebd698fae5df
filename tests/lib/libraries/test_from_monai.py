"""MONAI's schedulers: range tests that do not stop, a floor that is a rate, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(120)


def test_range_tests_reach_their_end_with_the_last_update_and_go_on():
    line = from_library("monai.LinearLR", base_lr=0.1, end_lr=1.0, num_iter=10)
    assert line(9) == pytest.approx(1.0)
    assert line(18) == pytest.approx(1.9)
    curve = from_library("monai.ExponentialLR", base_lr=0.01, end_lr=1.0, num_iter=10)
    assert [curve(t) for t in (0, 9, 18)] == pytest.approx([0.01, 1.0, 100.0])
    zero = from_library("monai.ExponentialLR", base_lr=0.01, end_lr=0.0, num_iter=10)
    assert [zero(t) for t in (0, 1, 50)] == [0.01, 0.0, 0.0]


def test_the_floor_cuts_the_cosine_off_and_may_lie_above_the_rate():
    arguments = {"warmup_steps": 3, "t_total": 10, "end_lr": 0.1}
    high = from_library("monai.WarmupCosineSchedule", base_lr=1.0, **arguments)
    low = from_library("monai.WarmupCosineSchedule", base_lr=0.05, **arguments)
    free = from_library("monai.WarmupCosineSchedule", base_lr=1.0, warmup_steps=3, t_total=10)
    np.testing.assert_allclose(high(T[3:]), np.maximum(free(T[3:]), 0.1))
    assert low(T).tolist() == pytest.approx([0.0, 0.05 / 3, 0.1 / 3, *[0.1] * 117])


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("LinearLR", {"end_lr": 1.0, "num_iter": 1}, "num_iter must be >= 2"),
        ("ExponentialLR", {"base_lr": 0.0, "end_lr": 1.0, "num_iter": 5}, "base_lr must be .* > 0"),
        (
            "WarmupCosineSchedule",
            {"warmup_steps": 1, "t_total": 9, "warmup_multiplier": 1.5},
            "warmup_multiplier must be .* <= 1",
        ),
    ],
)
def test_bad_arguments_are_named(name, arguments, said):
    with pytest.raises(ValueError, match=said):
        from_library(f"monai.{name}", **{"base_lr": 0.1, **arguments})
