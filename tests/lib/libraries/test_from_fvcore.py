"""fvcore's parameter schedulers: shares of a run, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(130)
LINE = ("fvcore.LinearParamScheduler", {"start_value": 0.0, "end_value": 1.0})
COSINE = ("fvcore.CosineParamScheduler", {"start_value": 1.0, "end_value": 0.0})


def composite(*pairs, **arguments):
    return from_library(
        "fvcore.CompositeParamScheduler", schedulers=list(pairs), total_steps=100, **arguments
    )


def test_decay_is_the_factor_of_the_whole_run():
    schedule = from_library(
        "fvcore.ExponentialParamScheduler", start_value=0.1, decay=0.5, total_steps=100
    )
    assert schedule(1) == pytest.approx(0.0993092, abs=1e-7)
    assert schedule(100) == pytest.approx(0.05)


def test_equal_parts_of_a_run_that_does_not_divide():
    schedule = from_library(
        "fvcore.StepWithFixedGammaParamScheduler",
        base_value=1.0,
        num_decays=3,
        gamma=0.1,
        num_updates=10,
        total_steps=10,
    )
    _, counts = np.unique(schedule(T[:10]), return_counts=True)
    assert list(counts[::-1]) == [3, 2, 3, 2]


def test_a_boundary_comes_early_in_a_run_of_millions():
    total = 10_000_000
    schedule = from_library(
        "fvcore.MultiStepParamScheduler",
        values=[1.0, 0.1],
        num_updates=total,
        milestones=[5_000_000],
        total_steps=total,
    )
    assert [schedule(5_000_000 - before) for before in (11, 10, 9)] == [1.0, 0.1, 0.1]


def test_fixed_and_rescaled_differ_in_where_the_second_begins():
    lengths = [0.25, 0.75]
    fixed = composite(LINE, COSINE, lengths=lengths, interval_scaling=["rescaled", "fixed"])
    whole = composite(LINE, COSINE, lengths=lengths, interval_scaling=["rescaled", "rescaled"])
    assert whole(25) == pytest.approx(1.0)
    assert fixed(25) == pytest.approx((1 + np.cos(np.pi / 4)) / 2)
    assert fixed(100) == pytest.approx(0.0, abs=1e-15)
    assert fixed(24) == whole(24) == pytest.approx(0.96)


@pytest.mark.parametrize(("power", "after"), [(0.9, 0.0), (1.0, -0.1), (2.0, 0.01)])
def test_past_the_end_a_polynomial_depends_on_its_power(power, after):
    schedule = from_library(
        "fvcore.PolynomialDecayParamScheduler", base_value=1.0, power=power, total_steps=10
    )
    assert schedule(11) == pytest.approx(after)


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("MultiStepParamScheduler", {"values": [1.0]}, TypeError, "num_updates or milestones"),
        (
            "MultiStepParamScheduler",
            {"values": [1.0, 0.1], "milestones": [90], "num_updates": 90},
            ValueError,
            r"milestones must rise from > 0 to < num_updates = 90, got \[90\]",
        ),
        (
            "MultiStepParamScheduler",
            {"values": [1.0, 0.1], "milestones": [30, 60, 90]},
            ValueError,
            "milestones must hold 2, got 3",
        ),
        (
            "MultiStepParamScheduler",
            {"values": [1.0, 0.1, 0.01], "num_updates": 2},
            ValueError,
            "num_updates must be >= the number of values",
        ),
        ("StepParamScheduler", {"num_updates": 3, "values": []}, TypeError, "at least one rate"),
        (
            "CompositeParamScheduler",
            {"schedulers": [LINE], "lengths": [0.5], "interval_scaling": ["fixed"]},
            ValueError,
            "lengths must sum to 1",
        ),
        (
            "CompositeParamScheduler",
            {"schedulers": [LINE], "lengths": [1.0], "interval_scaling": ["scaled"]},
            ValueError,
            "interval_scaling must be one of",
        ),
        (
            "CompositeParamScheduler",
            {"schedulers": [LINE], "lengths": [1.0, 0.0], "interval_scaling": ["fixed"]},
            ValueError,
            "lengths must have one entry a scheduler",
        ),
        (
            "CompositeParamScheduler",
            {
                "schedulers": [(LINE[0], {"start_value": 0.0, "total_steps": 5})],
                "lengths": [1.0],
                "interval_scaling": ["fixed"],
            },
            TypeError,
            "takes the arguments start_value, end_value; got 'total_steps'",
        ),
        (
            "CompositeParamScheduler",
            {
                "schedulers": [("torch.StepLR", {})],
                "lengths": [1.0],
                "interval_scaling": ["fixed"],
            },
            ValueError,
            "scheduler must be one of",
        ),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        from_library(f"fvcore.{name}", total_steps=100, **arguments)
