"""lightly's scheduler: where its warmup and its cosine meet, and the arguments that it refuses."""

import numpy as np
import pytest

from course_lib.libraries import from_library


def scheduler(**given):
    given = {"base_lr": 0.1, "warmup_epochs": 5, "max_epochs": 20, **given}
    return from_library("lightly.CosineWarmupScheduler", **given)


def test_the_peak_is_used_twice_and_the_end_with_the_last_update():
    found = scheduler()
    assert found([0, 4, 5, 19, 20, 99]) == pytest.approx([0.02, 0.1, 0.1, 1e-4, 1e-4, 1e-4])


def test_a_warmup_may_end_below_the_peak():
    assert scheduler(warmup_end_value=0.5)([4, 5]) == pytest.approx([0.05, 0.1])


def test_a_period_has_no_end():
    found = scheduler(period=10)
    np.testing.assert_allclose(found([10, 15, 20, 25]), [1e-4, 0.1, 1e-4, 0.1])


def test_a_warmup_as_long_as_the_run_is_followed_by_the_end():
    assert scheduler(warmup_epochs=20)([19, 20]) == pytest.approx([0.1, 1e-4])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"warmup_epochs": 21}, "warmup_epochs must be <= max_epochs = 20, got 21"),
        ({"period": 0}, "period must be .* > 0, got 0"),
        ({"end_value": -1.0}, "end_value must be .* >= 0, got -1.0"),
    ],
)
def test_bad_arguments_are_named(given, said):
    with pytest.raises(ValueError, match=said):
        scheduler(**given)
