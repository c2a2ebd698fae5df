"""diffusers' schedules: the names of the training scripts, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(120)
LENGTHS = {"num_warmup_steps": 0, "num_training_steps": 20}


def named(name, **arguments):
    return from_library("diffusers.get_scheduler", base_lr=1.0, name=name, **arguments)


def test_the_cosine_takes_no_cycles():
    with_cycles = named("cosine", num_cycles=3, **LENGTHS)
    assert with_cycles == named("cosine", **LENGTHS)
    assert with_cycles(7) == pytest.approx(0.7270, abs=1e-4)
    function = from_library(
        "diffusers.get_cosine_schedule_with_warmup", base_lr=1.0, num_cycles=3, **LENGTHS
    )
    assert function(7) != pytest.approx(0.7270, abs=1e-1)


def test_the_steps_of_rules_are_counted_from_the_start():
    schedule = named("piecewise_constant", step_rules="1:10,0.1:20,0.01:30,0.005")
    assert [int(t) for t in T[1:] if schedule(int(t)) != schedule(int(t) - 1)] == [10, 20, 30]
    assert named("piecewise_constant", step_rules="0.5")(99) == 0.5


def test_a_polynomial_has_no_rates_of_groups():
    arguments = {"base_lr": [0.1, 0.01], **LENGTHS}
    assert len(from_library("diffusers.get_scheduler", name="linear", **arguments)) == 2
    with pytest.raises(ValueError, match="the optimizer's default lr"):
        from_library("diffusers.get_scheduler", name="polynomial", **arguments)


def test_a_warmup_beyond_the_end_falls_to_the_floor_at_once():
    schedule = named("linear", num_warmup_steps=60, num_training_steps=40)
    assert schedule(59) == pytest.approx(59 / 60)
    assert schedule(60) == 0.0


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"name": "cosine_with_min_lr"}, ValueError, "name must be one of"),
        ({"name": "linear"}, TypeError, r"get_scheduler\('linear'\) needs .*'num_warmup_steps'"),
        ({"name": "cosine", "num_warmup_steps": 3}, TypeError, "needs .*'num_training_steps'"),
        ({"name": "polynomial", "lr_end": 0.1, **LENGTHS}, TypeError, "got 'lr_end'"),
        ({"name": "piecewise_constant"}, TypeError, "step_rules must be text"),
        ({"name": "piecewise_constant", "step_rules": "1:10"}, ValueError, "a lone factor"),
        ({"name": "piecewise_constant", "step_rules": "1:0,0.5"}, ValueError, "step_rules"),
        ({"name": "piecewise_constant", "step_rules": "-1:9,0.5"}, ValueError, "step_rules"),
    ],
)
def test_bad_arguments_are_named(arguments, error, said):
    with pytest.raises(error, match=said):
        named(**arguments)
