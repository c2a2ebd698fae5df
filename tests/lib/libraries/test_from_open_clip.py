"""The schedules of open_clip's training script: the first update, the end, and after it."""

import numpy as np
import pytest

from course_lib.libraries import from_library

RUN = {"base_lr": 1.0, "warmup_length": 5, "steps": 20}


def test_the_peak_is_reached_one_update_before_the_warmup_is_over():
    for name in ("const_lr", "cosine_lr"):
        schedule = from_library(f"open_clip.{name}", **RUN)
        assert schedule(0) == 0.2
        assert schedule(3) < schedule(4) == schedule(5) == 1.0


def test_a_cooldown_runs_on_below_its_end():
    schedule = from_library(
        "open_clip.const_lr_cooldown", cooldown_steps=5, cooldown_end_lr=0.01, **RUN
    )
    assert schedule(np.array([19, 20, 22])) == pytest.approx([0.208, 0.01, -0.386])
    rising = from_library(
        "open_clip.const_lr_cooldown", cooldown_steps=5, cooldown_power=2.0, **RUN
    )
    assert rising(20) == 0.0 < rising(21)


def test_a_cosine_comes_back_up():
    schedule = from_library("open_clip.cosine_lr", **RUN)
    assert schedule(20) == pytest.approx(0.0, abs=1e-15)
    assert schedule(21) == pytest.approx(0.0109262, abs=1e-7)


def test_a_warmup_into_the_cooldown_is_followed_by_a_fall():
    schedule = from_library(
        "open_clip.const_lr_cooldown",
        base_lr=1.0,
        warmup_length=15,
        steps=20,
        cooldown_steps=10,
    )
    assert schedule(14) == 1.0
    assert schedule(15) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("cosine_lr", {"warmup_length": -1}, ValueError, "warmup_length must be >= 0"),
        ("cosine_lr", {"base_lr": [0.1, 0.2]}, ValueError, "one rate to all groups"),
        ("cosine_lr", {"steps": 0}, ValueError, "steps must be >= 1"),
        ("cosine_lr", {"min_lr": 0.1}, TypeError, "got 'min_lr'"),
        ("const_lr_cooldown", {}, TypeError, "needs the argument 'cooldown_steps'"),
        (
            "const_lr_cooldown",
            {"cooldown_steps": 5, "cooldown_power": 0.0},
            ValueError,
            "cooldown_power",
        ),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        from_library(f"open_clip.{name}", **{**RUN, **arguments})
