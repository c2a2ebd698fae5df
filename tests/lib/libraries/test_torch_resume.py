"""Saving and resuming: the same rates to the bit, and a state of another run is refused."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import Adam, AdamW
from torch.optim.lr_scheduler import (
    SequentialLR,
    StepLR,
)

from course_lib import schedules
from course_lib.libraries.torch_scheduler import as_torch_scheduler
from course_lib.schedules import cosine, one_cycle_momentum, wsd
from tests.lib.libraries.torch_loops import MOMENTUM_SGD, NATIVE, make, run, through_a_file


@settings(max_examples=60, deadline=None)
@given(
    schedule=st.sampled_from([schedule for schedule, _ in NATIVE.values()]),
    at=st.integers(0, 120),
    factory=st.sampled_from([MOMENTUM_SGD, Adam]),
    cycle=st.booleans(),
)
def test_resuming_anywhere_gives_the_same_run_to_the_bit(schedule, at, factory, cycle):
    momentum = one_cycle_momentum(100) if cycle else None
    first = make(factory, groups=2)
    whole = as_torch_scheduler(first, schedule, momentum)
    run(first, whole, at)
    saved = through_a_file({"optimizer": first.state_dict(), "scheduler": whole.state_dict()})

    second = make(factory, groups=2, lr=0.9)
    resumed = as_torch_scheduler(second, schedule, momentum)
    second.load_state_dict(saved["optimizer"])
    resumed.load_state_dict(saved["scheduler"])
    assert resumed.get_last_lr() == whole.get_last_lr()
    assert resumed.state_dict() == whole.state_dict()
    assert resumed._step_count == at + 1  # torch warns of a wrong order while it is 1
    assert run(second, resumed, 10) == run(first, whole, 10)


def test_resuming_in_a_fresh_process(tmp_path):
    schedule = schedules.warmup_cosine(0.1, 3, 20)
    optimizer = make(AdamW, lr=1.0)
    scheduler = as_torch_scheduler(optimizer, schedule)
    run(optimizer, scheduler, 7)
    saved = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save(saved, tmp_path / "state.pt")
    code = """
import sys, torch
from course_lib.libraries.torch_scheduler import as_torch_scheduler
from course_lib.schedules import warmup_cosine
optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2))], lr=1.0)
scheduler = as_torch_scheduler(optimizer, warmup_cosine(0.1, 3, 20))
saved = torch.load(sys.argv[1], weights_only=True)
optimizer.load_state_dict(saved["optimizer"])
scheduler.load_state_dict(saved["scheduler"])
for _ in range(13):
    print(optimizer.param_groups[0]["lr"].hex())
    optimizer.step()
    scheduler.step()
"""
    command = [sys.executable, "-c", code, str(tmp_path / "state.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [schedule(t).hex() for t in range(7, 20)]


def test_a_state_holds_plain_numbers_and_little_of_them():
    optimizer = make(groups=2)
    scheduler = as_torch_scheduler(optimizer, lambda t: np.float64(0.1) / (t + 1))
    scheduler.last_epoch = 1_000_000
    state = scheduler.state_dict()
    assert state == through_a_file(state)
    assert len(state["past"]["steps"]) < 50
    assert {type(rate) for rates in state["past"]["schedule"] for rate in rates} == {float}


def test_a_state_samples_only_steps_that_have_been():
    optimizer = make()
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 20))
    assert scheduler.state_dict()["past"]["steps"] == [0]
    run(optimizer, scheduler, 6)
    assert scheduler.state_dict()["past"]["steps"] == [0, 1, 2, 4, 5, 6]
    waiting = as_torch_scheduler(optimizer, cosine(0.1, 20))
    SequentialLR(optimizer, [scheduler, waiting], [3])
    assert waiting.state_dict()["past"]["steps"] == []


def test_a_last_epoch_of_updates_done_minus_1_goes_on():
    schedule, optimizer = cosine(0.1, 20), make(groups=2)
    run(optimizer, as_torch_scheduler(optimizer, schedule), 5)
    rates, _ = run(optimizer, as_torch_scheduler(optimizer, schedule, last_epoch=4), 5)
    assert rates == [[schedule(t)] * 2 for t in range(5, 10)]
    with pytest.raises(KeyError, match="initial_lr"):
        as_torch_scheduler(make(), schedule, last_epoch=4)


def saved_after(steps, schedule, momentum=None, groups=1):
    optimizer = make(MOMENTUM_SGD, groups=groups)
    scheduler = as_torch_scheduler(optimizer, schedule, momentum)
    run(optimizer, scheduler, steps)
    return scheduler.state_dict()


def test_a_schedule_with_another_past_is_refused_and_nothing_is_changed():
    state = saved_after(30, cosine(0.1, 100))
    scheduler = as_torch_scheduler(make(), cosine(0.1, 200))
    before = scheduler.state_dict()
    with pytest.raises(ValueError, match=r"another schedule: at step 1 it gave \[0\.0999.*last_ep"):
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before


def test_the_decay_of_a_wsd_run_is_branched_off_an_earlier_checkpoint():
    trunk, branch = wsd(0.1, 5, 1000, 100), wsd(0.1, 5, 40, 10)
    scheduler = as_torch_scheduler(make(), branch)
    scheduler.load_state_dict(saved_after(30, trunk))
    assert scheduler.last_epoch == 30
    with pytest.raises(ValueError, match="another schedule"):
        scheduler.load_state_dict(saved_after(31, trunk))


def test_a_last_bit_of_difference_between_machines_is_let_through():
    schedule = cosine(0.1, 100)
    scheduler = as_torch_scheduler(make(), lambda t: schedule(t) * (1 + 3e-16) + 1e-18)
    scheduler.load_state_dict(saved_after(100, schedule))
    assert scheduler.last_epoch == 100


def test_the_momentum_and_the_groups_of_a_state_are_checked_too():
    hold = schedules.constant(0.5)
    with_momentum, without = saved_after(9, hold, hold), saved_after(9, hold)
    scheduler = as_torch_scheduler(make(), hold)
    with pytest.raises(ValueError, match="no momentum schedule, it had one"):
        scheduler.load_state_dict(with_momentum)
    with pytest.raises(ValueError, match="saved with 2 param groups, the optimizer has 1"):
        scheduler.load_state_dict(saved_after(9, hold, groups=2))
    scheduler = as_torch_scheduler(make(), hold, lambda t: 0.4)
    with pytest.raises(ValueError, match="a momentum schedule, it had none"):
        scheduler.load_state_dict(without)
    with pytest.raises(ValueError, match="another momentum: at step 0"):
        scheduler.load_state_dict(with_momentum)
    with pytest.raises(ValueError, match="must come from a ScheduleLR"):
        scheduler.load_state_dict(StepLR(make(), 3).state_dict())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_goes_its_own_way(duplicate):
    optimizer = make(MOMENTUM_SGD, groups=2)
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 20), one_cycle_momentum(20))
    run(optimizer, scheduler, 5)
    twin = duplicate(scheduler)
    ahead = run(twin.optimizer, twin, 5)
    assert optimizer.param_groups[0]["lr"] == cosine(0.1, 20)(5)
    assert run(optimizer, scheduler, 5) == ahead
