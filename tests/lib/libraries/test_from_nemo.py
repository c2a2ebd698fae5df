"""NeMo's schedules: warmups, holds that are none, floors, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(60)


def ours(name, **arguments):
    return from_library(f"nemo.{name}", **{"base_lr": 1.0, "max_steps": 10, **arguments})


def test_the_warmup_has_one_step_more_than_it_says_and_ends_at_the_peak():
    rates = ours("WarmupPolicy", warmup_steps=3, min_lr=0.1)(T)
    assert rates[:5].tolist() == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert rates[10:12].tolist() == [1.0, 0.1]
    assert ours("WarmupPolicy", warmup_ratio=0.39) == ours("WarmupPolicy", warmup_steps=3)


def test_constant_steps_change_the_warmup_of_the_cosine():
    plain = ours("CosineAnnealing", warmup_steps=3, min_lr=0.01)
    constant = ours("CosineAnnealing", warmup_steps=3, min_lr=0.01, constant_steps=2)
    assert (plain(0), constant(0)) == (0.25, 0.0)
    assert plain(3) == constant(3) == 1.0
    assert plain(9) > constant(8) == constant(10) == 0.01


def test_a_decay_without_hold_counts_from_the_first_update():
    rates = ours("PolynomialHoldDecayAnnealing", warmup_steps=3)(T)
    np.testing.assert_allclose(rates[3:9], [1, 3 / 7, 2 / 7, 1 / 7, 0, 0], atol=1e-15)
    line = ours("WarmupHoldAnnealLinear", warmup_steps=3)
    assert line(4) == pytest.approx(0.6)
    assert ours("WarmupHoldAnnealLinear", warmup_steps=3, hold_steps=0)(4) == pytest.approx(6 / 7)


def test_cycle_has_an_effect_only_there():
    plain, cycled = (ours("PolynomialDecayAnnealing", cycle=c) for c in (False, True))
    assert plain == cycled
    cycled = ours("PolynomialHoldDecayAnnealing", warmup_steps=3, cycle=True)
    assert cycled(9) == pytest.approx(1 - 9 / 14)


def test_noam_has_its_first_rate_twice_and_its_floor_after_the_warmup():
    schedule = ours("NoamAnnealing", d_model=64, warmup_steps=5, min_lr=0.05)
    assert [schedule(0), schedule(1)] == pytest.approx([5**-1.5 / 8] * 2)
    assert schedule(5) == pytest.approx(5**-0.5 / 8)
    assert schedule(59) == pytest.approx(0.05)


def test_t5_has_a_rate_of_its_own():
    schedule = from_library("nemo.T5InverseSquareRootAnnealing", max_steps=20, constant_steps=4)
    assert [schedule(t) for t in (0, 4, 16, 20, 21)] == pytest.approx(
        [0.5, 0.5, 0.25, 0.05**0.5, 0]
    )


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("WarmupPolicy", {"warmup_steps": 1, "warmup_ratio": 0.1}, ValueError, "must not both"),
        ("WarmupPolicy", {"warmup_ratio": 0.1, "max_steps": None}, ValueError, "max_steps must be"),
        ("WarmupAnnealing", {"hold_steps": 3}, TypeError, "got 'hold_steps'"),
        ("CosineAnnealing", {"min_lr": 2.0}, ValueError, "min_lr must be <= base_lr = 1, got 2"),
        ("CosineAnnealing", {"min_lr": 1.0, "constant_steps": 1}, ValueError, "must be < base_lr"),
        ("CosineAnnealing", {"constant_steps": 10}, ValueError, "constant_steps must not equal"),
        ("NoamAnnealing", {"d_model": 4, "min_lr": 2.0}, ValueError, "min_lr must be <="),
        ("NoamHoldAnnealing", {}, ValueError, "warmup_steps must be >= 1"),
        ("WarmupHoldAnnealLinear", {"hold_steps": 10}, ValueError, "must not end at max_steps"),
        (
            "WarmupHoldAnnealOneMinusSquareRoot",
            {"hold_steps": 10},
            ValueError,
            "must not end at max_steps = 10",
        ),
        (
            "T5InverseSquareRootAnnealing",
            {"constant_steps": 4, "constant_ratio": 0.4},
            ValueError,
            "raises TypeError",
        ),
        ("ReduceLROnPlateau", {}, ValueError, "follows a metric"),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        ours(name, **arguments)
