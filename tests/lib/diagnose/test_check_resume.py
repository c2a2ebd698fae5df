"""check_resume: a right loop passes and keeps no trace, and what cannot be checked is refused."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR
from torch.optim.swa_utils import AveragedModel

from course_lib.diagnose import ResumeCheck, check_resume
from tests.lib.diagnose.resumed_loops import OPTIMIZERS, SCHEDULERS, UPDATES, builder, check, train

# --- a loop that resumes rightly ---------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_of_torch_resumes_in_a_right_loop(scheduler, optimizer):
    found = check(builder(scheduler, optimizer))
    assert found, found
    assert found.lost == found.notes == ()
    assert found.rates_straight.shape == (UPDATES, 2)
    assert np.array_equal(found.rates_straight, found.rates_resumed)
    assert np.array_equal(found.momentum_straight, found.momentum_resumed)
    assert np.array_equal(found.losses_straight, found.losses_resumed)
    assert len(np.unique(found.rates_straight)) > 1


def test_the_order_in_which_states_are_loaded_does_not_matter_to_torch():
    assert check(restore=("scheduler", "optimizer", "model"))
    assert check(builder("OneCycleLR"), restore=("scheduler", "model", "optimizer"))


def test_a_tuple_gets_names_by_kind():
    def make():
        return tuple(builder(ema=AveragedModel)().values())

    def loop(parts, t):
        return train(dict(zip(("model", "optimizer", "scheduler"), parts, strict=False)), t)

    assert check(make, loop)
    with pytest.raises(ValueError, match=r"'model', 'optimizer', 'scheduler', 'model 2', 'rng'"):
        check(make, loop, restore=("ema",))


# --- bad input, and no trace -------------------------------------------------------------------


def test_a_run_that_cannot_be_that_long_is_refused_with_its_length():
    make = builder("OneCycleLR")  # for 30 updates
    assert check_resume(make, train, at=29, updates=30)
    for options, asked in (({"at": 29}, 39), ({"at": 40}, 50), ({"at": 5, "updates": 31}, 31)):
        with pytest.raises(ValueError, match="updates must be <= 30, because without a") as raised:
            check_resume(make, train, **options)
        assert "ValueError: Tried to step 31 times. The specified number" in str(raised.value)
        assert f"got {asked}, and by default it is at + 10" in str(raised.value)


def test_a_loop_that_never_runs_raises_its_own_error():
    def fails(parts, t):
        raise KeyError("batch")

    with pytest.raises(KeyError, match="batch"):
        check_resume(builder(), fails, at=3)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"at": 0}, ValueError, "at must be >= 1, got 0"),
        ({"at": 24}, ValueError, "at must be < updates=24, got 24"),
        ({"at": 2.0}, TypeError, "at must be a whole number"),
        ({"updates": 0}, ValueError, "updates must be >= 1"),
        ({"tolerance": -1.0}, ValueError, "tolerance must be finite, >= 0"),
        ({"seed": -1}, ValueError, "seed must be >= 0"),
        ({"restore": "model"}, TypeError, "restore must be a tuple of names or a function"),
        ({"restore": ("models",)}, ValueError, "restore must hold names of .*got 'models'"),
        ({"save": 3}, TypeError, "save must be callable, got 3"),
        ({"loop": None}, TypeError, "train must be callable, got None"),
        ({"make": 3}, TypeError, "make must be callable, got 3"),
        ({"make": lambda: 3}, TypeError, "make must return a dict, tuple or list.*got int"),
        ({"make": lambda: ()}, ValueError, "make must return an optimizer among its parts"),
        ({"make": builder(rng=lambda m: 3)}, ValueError, "other than 'rng'"),
        ({"loop": lambda parts, t: "low"}, TypeError, "train must return the loss.*got 'low'"),
        ({"loop": lambda parts, t: torch.ones(2)}, TypeError, "train must return the loss"),
    ],
)
def test_bad_arguments_are_named(options, error, said):
    with pytest.raises(error, match=said):
        check(**options)


def test_a_part_without_a_state_cannot_be_restored():
    make = builder(batches=lambda model: iter([]))
    with pytest.raises(ValueError, match=r"got 'batches' \('batches' has no state_dict\)"):
        check(make, restore=("batches",))


def test_the_same_objects_twice_are_refused():
    parts = builder()()
    with pytest.raises(ValueError, match="'model' is the same object in two calls"):
        check(lambda: parts)
    model = builder()()["model"]

    def make():
        optimizer = SGD(model.parameters(), lr=0.0)
        return {"optimizer": optimizer, "scheduler": ExponentialLR(optimizer, 0.9)}

    with pytest.raises(ValueError, match="hold the same parameters: build the model inside make"):
        check_resume(make, lambda parts, t: None, at=3)


def test_a_loop_that_does_not_repeat_itself_cannot_be_checked():
    count = iter(range(10**6))
    with pytest.raises(
        ValueError, match=r"train must do the same at every run.*losses of step 0 are"
    ):
        check(loop=lambda parts, t: train(parts, next(count) ** 2))


def test_a_save_that_changes_the_run_is_told_from_a_loop_that_does_not_repeat():
    def save(parts):
        parts["model"].eval()
        return {name: part.state_dict() for name, part in parts.items()}

    with pytest.raises(ValueError, match=r"save must not change the run.*losses of step 9 are"):
        check(builder(dropout=0.3), save=save)


def test_rounding_is_let_through_with_a_tolerance():
    noise = iter(np.tile([0.0, 1e-9, -1e-9, 2e-9, 0.0], 10**4))

    def loop(parts, t):
        return train(parts, t).item() * (1 + next(noise))

    with pytest.raises(ValueError, match="or give a tolerance"):
        check(loop=loop)
    assert check(loop=loop, tolerance=1e-8)


def test_no_trace_is_left():
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    expected = torch.rand(1).item(), np.random.rand(), random.random()  # noqa: NPY002
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    check(builder(dropout=0.3))
    assert (torch.rand(1).item(), np.random.rand(), random.random()) == expected  # noqa: NPY002


def test_the_words_of_a_right_run_and_of_a_failed_assert():
    found = check()
    assert str(found) == (
        "The run resumed after 9 updates is the run without a stop, up to update 24 of 24."
    )
    assert isinstance(found, ResumeCheck)
    assert repr(found).startswith("<ResumeCheck: The run resumed after 9")


def test_the_package_loads_no_torch():
    code = "import sys, course_lib.diagnose; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
