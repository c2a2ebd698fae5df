"""MLX's schedules, joined and alone, as its source has them."""

import numpy as np
import pytest

from course_lib.libraries import from_library
from tests.lib.libraries.converter_arguments import needed

T = np.arange(90)


def mlx(name, **arguments):
    return from_library(f"mlx.{name}", **arguments)


def test_a_length_may_be_a_fraction():
    schedule = mlx("cosine_decay", init=0.1, decay_steps=20.5, end=0.01)
    u = np.minimum(T, 20.5) / 20.5
    np.testing.assert_allclose(schedule(T), 0.01 + 0.09 * (1 + np.cos(np.pi * u)) / 2, rtol=1e-12)


def test_a_factor_is_that_of_float32():
    schedule = mlx("exponential_decay", init=0.1, decay_rate=0.9999)
    assert schedule(10_000) == pytest.approx(0.1 * float(np.float32(0.9999)) ** 10_000, rel=1e-12)
    assert abs(schedule(10_000) / (0.1 * 0.9999**10_000) - 1) > 1e-5


def test_a_factor_of_zero_leaves_the_first_step():
    assert list(mlx("exponential_decay", init=0.1, decay_rate=0.0)(T[:3])) == [0.1, 0.0, 0.0]
    stairs = mlx("step_decay", init=0.1, decay_rate=0.0, step_size=2)
    assert list(stairs(T[:4])) == [0.1, 0.1, 0.0, 0.0]


def test_numbers_are_constants_between_schedules():
    up = ("mlx.linear_schedule", {"init": 0, "end": 0.1, "steps": 10})
    down = ("mlx.linear_schedule", {"init": 0.1, "end": 0.0, "steps": 20})
    joined = mlx("join_schedules", schedules=[up, 0.1, down], boundaries=[10, 40])
    assert [joined(t) for t in (0, 5, 10, 39, 50, 60, 80)] == pytest.approx(
        [0.0, 0.05, 0.1, 0.1, 0.05, 0.0, 0.0]
    )


@pytest.mark.parametrize(
    ("name", "bad", "error", "said"),
    [
        ("step_decay", {"step_size": 0}, ValueError, "step_size must be >= 1"),
        ("cosine_decay", {"decay_steps": 0.5}, ValueError, "decay_steps must be finite, >= 1"),
        ("linear_schedule", {"steps": 0}, ValueError, "steps must be finite, >= 1"),
        ("join_schedules", {"boundaries": [3]}, ValueError, "one entry fewer"),
        ("join_schedules", {"schedules": [0.1]}, ValueError, "AttributeError for a function"),
        ("join_schedules", {"schedules": 0.1}, TypeError, "schedules must be a list"),
        ("join_schedules", {"schedules": [abs]}, TypeError, "pairs, got the item"),
    ],
)
def test_bad_arguments_are_refused_by_name(name, bad, error, said):
    with pytest.raises(error, match=said):
        mlx(name, **{**needed(f"mlx.{name}"), **bad})
