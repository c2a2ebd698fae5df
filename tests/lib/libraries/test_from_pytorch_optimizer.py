"""pytorch-optimizer's schedulers: the first update, the floor, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(120)


@pytest.mark.parametrize("name", ["LinearScheduler", "CosineScheduler", "PolyScheduler"])
def test_the_first_update_runs_at_min_lr_and_the_curve_is_one_update_late(name):
    schedule = from_library(
        f"pytorch_optimizer.{name}", t_max=50, max_lr=1.0, min_lr=0.1, warmup_steps=4
    )
    assert [schedule(t) for t in range(6)] == [0.1, 0.0, 0.25, 0.5, 0.75, 1.0]


def test_linear_goes_below_zero_and_poly_grows():
    linear = from_library("pytorch_optimizer.LinearScheduler", t_max=10, max_lr=1.0)
    assert linear(12) == pytest.approx(-0.1)
    poly = from_library("pytorch_optimizer.PolyScheduler", t_max=10, max_lr=1.0, min_lr=0.0)
    np.testing.assert_allclose(poly(T[2:]), (T[2:] - 1.0) ** 0.5)


def test_rex_never_uses_its_peak():
    rates = from_library("pytorch_optimizer.REXScheduler", total_steps=5)(T)
    np.testing.assert_allclose(rates[:6], [0, 8 / 9, 0.75, 4 / 7, 1 / 3, 0])


def test_restarts_shrink_the_peak_and_cut_the_lengths_to_whole_steps():
    schedule = from_library(
        "pytorch_optimizer.CosineAnnealingWarmupRestarts",
        first_cycle_steps=7,
        cycle_mult=1.5,
        max_lr=1.0,
        min_lr=0.1,
        warmup_steps=2,
        gamma=0.5,
    )
    # The cosines take 5, 7 (7.5) and 10 (10.5) steps, each after a warmup of 2.
    assert [schedule(t) for t in (2, 9, 18)] == pytest.approx([1.0, 0.5, 0.25])
    assert [schedule(t) for t in (0, 7, 16, 28)] == pytest.approx([0.1] * 4)
    assert schedule(10**6) > 0.0


def test_wsd_falls_through_its_floor_unless_it_is_a_cosine():
    arguments = {
        "base_lr": 1.0,
        "num_warmup_steps": 0,
        "num_stable_steps": 5,
        "num_decay_steps": 20,
        "min_lr_ratio": 0.1,
    }
    assert from_library("pytorch_optimizer.get_wsd_schedule", **arguments)(T).min() < 0.03
    cosine = from_library("pytorch_optimizer.get_wsd_schedule", cooldown_type="cosine", **arguments)
    assert cosine(T).min() == 0.1


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("LinearScheduler", {"t_max": 4, "max_lr": 1.0, "warmup_steps": 4}, ValueError, "t_max"),
        ("LinearScheduler", {"max_lr": 1.0}, TypeError, "needs the argument 't_max'"),
        ("LinearScheduler", {"t_max": 4, "max_lr": 1.0, "base_lr": 1.0}, TypeError, "'base_lr'"),
        ("PolyScheduler", {"t_max": 4, "max_lr": 1, "poly_order": 0}, ValueError, "poly_order"),
        (
            "CosineAnnealingWarmupRestarts",
            {"first_cycle_steps": 4, "warmup_steps": 4},
            ValueError,
            "first_cycle_steps must be > warmup_steps = 4",
        ),
        ("get_chebyshev_schedule", {"base_lr": 1, "num_epochs": 0}, ValueError, "num_epochs"),
        ("get_chebyshev_schedule", {"base_lr": 1, "num_epochs": 10**5}, ValueError, "<= 16384"),
        (
            "get_wsd_schedule",
            {
                "base_lr": 1.0,
                "num_warmup_steps": 0,
                "num_stable_steps": 0,
                "num_decay_steps": 1,
                "cooldown_type": "1-squared",
            },
            ValueError,
            "cooldown_type must be one of",
        ),
        ("ProportionScheduler", {}, ValueError, "sets no rate"),
        ("deberta_v3_large_lr_scheduler", {}, ValueError, "parameter groups"),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        from_library(f"pytorch_optimizer.{name}", **arguments)
