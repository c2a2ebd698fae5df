"""skorch's callback and its warm restarts, and the clock that they need."""

import numpy as np
import pytest

from course_lib.libraries import from_library
from course_lib.libraries.pieces import by_epoch
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Clocked
from course_lib.schedules.shapes import Cosine, Exponential, Polynomial


def test_a_period_takes_one_step_more():
    found = from_library("skorch.WarmRestartLR", base_period=3, max_lr=1.0, min_lr=0.0)
    assert np.flatnonzero(found(np.arange(12)) == 1.0).tolist() == [0, 4, 11]
    equal = from_library("skorch.WarmRestartLR", base_period=3, period_mult=1)
    assert (equal(np.arange(40)).reshape(10, 4) == equal(np.arange(4))).all()


def test_the_default_policy_does_not_use_the_rate_of_the_net():
    found = from_library("skorch.LRScheduler", base_lr=0.001, batches_per_epoch=4)
    assert found([0, 4]) == pytest.approx([0.05, 0.048776], abs=1e-6)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({}, TypeError, "batches_per_epoch must be given"),
        ({"policy": "ReduceLROnPlateau"}, ValueError, "it follows the loss"),
        ({"policy": "Nothing"}, ValueError, "must be one of"),
        ({"step_every": "update"}, ValueError, "step_every must be one of"),
    ],
)
def test_bad_arguments_are_named(given, error, said):
    with pytest.raises(error, match=said):
        from_library("skorch.LRScheduler", **given)


def test_a_clock_ticks_once_in_several_steps_and_begins_anew():
    halves = Clocked(Exponential(0.5), every=2, period=3)
    assert halves(np.arange(8.0), 1.0).tolist() == [1, 1, 0.5, 0.5, 0.25, 0.25, 1, 1]
    with pytest.raises(ValueError, match="shape must be an open shape"):
        Clocked(Cosine(), 2)


@pytest.mark.parametrize("shape", [Polynomial(), Cosine(), Exponential(0.9)])
def test_epochs_are_updates_repeated(shape):
    phases = (Phase(4, 0.0, 1.0, Polynomial()), Phase(5, 1.0, 0.1, shape))
    slow, quick = Schedule(by_epoch(phases, 3)), Schedule(phases)
    t = np.arange(40)
    assert (slow(t) == quick(t // 3)).all()
    assert by_epoch(phases, 1) == phases
