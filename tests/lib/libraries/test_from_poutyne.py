"""poutyne's policies: rates that are used twice, and the lengths at which it divides by zero."""

import numpy as np
import pytest

from course_lib.libraries import from_library

LINE = ("linspace", {"start": 0.0, "end": 1.0, "steps": 5})


def test_both_ends_of_each_phase_are_used():
    found = from_library("poutyne.one_cycle_phases", steps=100)
    assert np.flatnonzero(found(np.arange(120)) == 1.0).tolist() == [44, 45]
    assert found([0, 89, 90, 99, 100]) == pytest.approx([0.1, 0.1, 0.1, 0.01, 0.01])
    cycles = from_library("poutyne.sgdr_phases", base_cycle_length=4, cycles=2)
    assert cycles([0, 3, 4, 11, 12]) == pytest.approx([1.0, 0.1, 1.0, 0.1, 0.1])


def test_a_policy_may_begin_inside_a_phase():
    whole = from_library("poutyne.OptimizerPolicy", phases=[LINE, LINE])
    later = from_library("poutyne.OptimizerPolicy", phases=[LINE, LINE], initial_step=3)
    assert whole(np.arange(6)) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0, 0.0])
    np.testing.assert_allclose(later(np.arange(20)), whole(np.arange(3, 23)))


@pytest.mark.parametrize(
    ("name", "given", "error", "said"),
    [
        ("one_cycle_phases", {"steps": 15}, ValueError, "which give 7, 7, 1: .* divides by zero"),
        ("one_cycle_phases", {"steps": 20, "lr": 0.1}, TypeError, "lr must be a pair of rates"),
        ("one_cycle_phases", {"steps": 20, "lr": (0.1, -1)}, ValueError, r"lr\[1\] must be"),
        ("sgdr_phases", {"base_cycle_length": 1, "cycles": 2}, ValueError, "must be >= 2, got 1"),
        (
            "sgdr_phases",
            {"base_cycle_length": 4, "cycles": 2, "cycle_mult": 1.5},
            TypeError,
            "cycle_mult must be a whole number",
        ),
        ("OptimizerPolicy", {"phases": [LINE], "initial_step": 5}, ValueError, "must be < 5"),
        ("OptimizerPolicy", {"phases": [("tanh", {})]}, ValueError, "name of a phase must be"),
        ("OptimizerPolicy", {"phases": [("linspace", {})]}, TypeError, "start, end, steps"),
        (
            "OptimizerPolicy",
            {"phases": [("linspace", {"start": 0.1, "end": 1.0, "steps": 1})]},
            ValueError,
            "steps must be 0 or >= 2, got 1",
        ),
    ],
)
def test_bad_arguments_are_named(name, given, error, said):
    with pytest.raises(error, match=said):
        from_library(f"poutyne.{name}", **given)
