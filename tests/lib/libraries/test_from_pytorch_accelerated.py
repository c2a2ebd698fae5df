"""pytorch-accelerated's schedulers where they surprise, and the arguments that they refuse."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(130)


def cosine(**given):
    given = {"total_num_epochs": 10, "num_update_steps_per_epoch": 10, "lr_min": 0.0, **given}
    return from_library("pytorch_accelerated.CosineLrScheduler", base_lr=1.0, **given)


def wsd(**given):
    given = {"base_lr": 1.0, "lr_min": 0.1, "decay_phase_ratio": 0.2, **given}
    return from_library("pytorch_accelerated.WSDLrScheduler", **given)


def test_the_first_two_updates_have_the_same_rate():
    assert (cosine()([0, 1]) == 1.0).all()
    assert (cosine(num_warmup_epochs=1)([0, 1]) == 1e-6).all()


def test_the_warmup_is_cut_off_the_end_of_the_cosine():
    found = cosine(num_warmup_epochs=2)
    whole = 0.5 * (1 + np.cos(np.pi * np.arange(80) / 80))
    np.testing.assert_allclose(found(np.arange(21, 81)), whole[:60], atol=1e-12)
    assert whole[60] > 0.1
    assert (found(np.arange(81, 130)) == 0.0).all()


def test_a_warmup_of_half_the_run_leaves_no_decay():
    found = cosine(num_warmup_epochs=5)
    assert found(50) == pytest.approx(1 - 1 / 50, abs=1e-6)
    assert (found(np.arange(51, 100)) == 0.0).all()


def test_a_share_as_the_first_rate_carries_the_warmup_past_the_peak():
    found = cosine(num_warmup_epochs=5, total_num_epochs=50, warmup_starting_lr_ratio=0.5)
    assert found([0, 1, 50]) == pytest.approx([1e-6, 0.5, 1.48], abs=1e-5)
    assert found(51) == 1.0


def test_the_first_update_is_at_the_peak_before_the_warmup():
    found = wsd(total_steps=100, num_warmup_steps=10)
    assert found([0, 1, 11]) == pytest.approx([1.0, 1e-6, 1.0])


def test_the_warmup_is_a_hundredth_where_it_is_none():
    assert wsd(total_steps=500, num_warmup_steps=None)([1, 5, 6]) == pytest.approx([1e-6, 0.8, 1.0])


def test_two_checkpoints_leave_half_of_the_run_at_the_floor():
    found = wsd(total_steps=100, num_checkpoints=2)
    assert found(26) == 1.0
    np.testing.assert_allclose(found(np.arange(51, 100)), 0.1)
    assert wsd(total_steps=100, num_checkpoints=3)(75) == 1.0


def test_a_total_that_4_does_not_divide_has_a_period_more():
    found = wsd(total_steps=102, num_checkpoints=4)
    assert found([100, 101, 102]) == pytest.approx([1 - 0.9 * 0.9**0.5, 1.0, 1.0])


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({}, TypeError, "needs total_steps, or num_epochs"),
        ({"num_epochs": 3}, TypeError, "needs total_steps, or num_epochs"),
        (
            {"total_steps": 9, "num_epochs": 3, "num_update_steps_per_epoch": 3},
            ValueError,
            "total_steps must be left out",
        ),
        ({"total_steps": 9, "warmup_starting_lr": 2.0}, ValueError, "warmup_starting_lr must be"),
        ({"total_steps": 9, "lr_min": 0.0, "use_inverse_sqrt_decay": False}, ValueError, "lr_min"),
        (
            {"total_steps": 99, "num_checkpoints": 2, "decay_phase_ratio": 0.5},
            ValueError,
            "decay_phase_ratio must be <= 1/3",
        ),
        ({"total_steps": 3, "num_checkpoints": 2}, ValueError, "total_steps must be >= 4"),
        (
            {"total_steps": 19, "num_checkpoints": 2},
            ValueError,
            "decay_phase_ratio must be >= .* divides by zero at t = 9",
        ),
    ],
)
def test_bad_arguments_are_named(given, error, said):
    with pytest.raises(error, match=said):
        wsd(**given)
