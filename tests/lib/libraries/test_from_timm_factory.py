"""timm's factory beside its classes: other defaults, and a clock of epochs."""

import numpy as np
import pytest

from course_lib.libraries import from_library

NAME = "timm.create_scheduler_v2"


def test_a_second_cycle_has_a_tenth_of_the_peak_and_in_the_class_all_of_it():
    made = from_library(NAME, base_lr=1.0, num_epochs=5, cycle_limit=3, updates_per_epoch=4)
    assert made([0, 20, 40]) == pytest.approx([1.0, 0.1, 0.01])
    kind = from_library("timm.CosineLRScheduler", base_lr=1.0, t_initial=5, cycle_limit=3)
    assert kind([0, 5, 10]) == pytest.approx([1.0, 1.0, 1.0])


def test_a_rate_is_an_epochs_unless_updates_are_asked_for():
    given = {"base_lr": 0.1, "num_epochs": 10, "updates_per_epoch": 7}
    epochs = from_library(NAME, **given)(np.arange(70)).reshape(10, 7)
    assert (epochs == epochs[:, :1]).all()
    updates = from_library(NAME, step_on_epochs=False, **given)(np.arange(70))
    np.testing.assert_allclose(updates[::7], epochs[:, 0])
    assert (np.diff(updates) < 0).all()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"updates_per_epoch": 0}, TypeError, "updates_per_epoch must be given"),
        ({"sched": "plateau"}, ValueError, "it follows a metric"),
        ({"sched": "cos"}, ValueError, "sched must be one of"),
        ({"noise": 0.5}, ValueError, "the rate is random"),
        ({"sched": "wsd", "warmup_epochs": 300}, ValueError, "decay_epochs must be > 0"),
        ({"sched": "step", "decay_epochs": 2.5}, ValueError, "decay_epochs must be a whole"),
    ],
)
def test_bad_arguments_are_named(given, error, said):
    with pytest.raises(error, match=said):
        from_library(NAME, **{"base_lr": 0.1, "updates_per_epoch": 3, **given})
