"""A schedule as a torch scheduler: rates, momentum, torch's company, warnings, bad input."""

import math
import warnings

import numpy as np
import pytest
import torch
from torch.optim import SGD, Adagrad, Adam, AdamW, NAdam, RMSprop
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    OneCycleLR,
    SequentialLR,
    StepLR,
)

from course_lib import schedules
from course_lib.libraries.torch_scheduler import ScheduleLR, as_torch_scheduler
from course_lib.schedules import cosine, one_cycle, one_cycle_momentum, step_decay
from tests.lib.libraries.torch_loops import MOMENTUM_SGD, NATIVE, make, run, through_a_file


@pytest.mark.parametrize("name", NATIVE)
def test_rates_are_those_of_torchs_own_scheduler(name):
    schedule, factory = NATIVE[name]
    native, ours = make(), make(lr=0.7)
    expected, _ = run(native, factory(native), 59)
    got, _ = run(ours, as_torch_scheduler(ours, schedule), 59)
    assert np.allclose(got, expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", NATIVE)
def test_rates_are_those_of_the_schedule_to_the_bit(name):
    schedule, _ = NATIVE[name]
    optimizer = make()
    scheduler = as_torch_scheduler(optimizer, schedule)
    rates, _ = run(optimizer, scheduler, 100)
    assert np.array_equal(np.ravel(rates), schedule(np.arange(100)))
    assert scheduler.get_last_lr() == [schedule(100)]


def test_it_is_a_scheduler_of_torch_and_keeps_the_optimizers_rate_aside():
    optimizer = make(lr=0.7)
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 10))
    assert isinstance(scheduler, LRScheduler)
    assert isinstance(scheduler, ScheduleLR)
    assert optimizer.param_groups[0]["initial_lr"] == 0.7
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert scheduler.base_lrs == [0.7]


def test_a_list_holds_one_schedule_for_each_group():
    optimizer = make(groups=3)
    curves = [cosine(0.1, 20), step_decay(0.2, every=3), lambda t: np.float32(1) / (t + 1)]
    rates, _ = run(optimizer, as_torch_scheduler(optimizer, curves), 20)
    assert rates == [[float(curve(t)) for curve in curves] for t in range(20)]


def test_one_schedule_serves_groups_added_later_and_a_list_says_that_it_does_not():
    for given_schedule, error in ((cosine(0.1, 20), None), ([cosine(0.1, 20)], ValueError)):
        optimizer = make()
        scheduler = as_torch_scheduler(optimizer, given_schedule)
        run(optimizer, scheduler, 3)
        param = torch.nn.Parameter(torch.zeros(2))
        optimizer.add_param_group({"params": [param], "lr": 5.0})
        if error is None:
            rates, _ = run(optimizer, scheduler, 3)
            assert rates[1:] == [[cosine(0.1, 20)(t)] * 2 for t in (4, 5)]
        else:
            with pytest.raises(error, match="each of the optimizer's 2 param groups, got 1"):
                run(optimizer, scheduler, 1)


@pytest.mark.parametrize("factory", [SGD, Adam, AdamW, NAdam, RMSprop, Adagrad])
def test_any_optimizer_moves_by_the_rates_of_the_schedule(factory):
    ours, by_hand = make(factory), make(factory)
    run(ours, as_torch_scheduler(ours, cosine(0.3, 12)), 12)
    for t in range(12):
        by_hand.param_groups[0]["lr"] = cosine(0.3, 12)(t)
        by_hand.param_groups[0]["params"][0].grad = torch.ones(2)
        by_hand.step()
    ours, by_hand = (each.param_groups[0]["params"][0] for each in (ours, by_hand))
    assert torch.equal(ours, by_hand)


def test_a_tensor_rate_stays_the_same_tensor():
    optimizer = make(Adam, lr=torch.tensor(0.7), capturable=False, foreach=False)
    tensor = optimizer.param_groups[0]["lr"]
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 10))
    rates, _ = run(optimizer, scheduler, 10)
    assert optimizer.param_groups[0]["lr"] is tensor
    assert np.allclose(np.ravel(rates), cosine(0.1, 10)(np.arange(10)), rtol=1e-6)
    through_a_file(scheduler.state_dict())


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": [cosine(0.01, 10), cosine(0.1, 10), cosine(0.2, 10)]},
        {"schedule": cosine(0.01, 10), "ratios": (1, 10, 20)},
    ],
)
def test_groups_with_one_tensor_for_their_rates_have_rates_of_their_own(options):
    tensor = torch.tensor(0.7, dtype=torch.float64)
    groups = [{"params": [torch.nn.Parameter(torch.zeros(2))]} for _ in range(3)]
    optimizer = Adam(groups, lr=tensor, foreach=False)
    scheduler = as_torch_scheduler(optimizer, **options)
    for t in range(10):
        rates = [group["lr"].item() for group in optimizer.param_groups]
        assert rates == pytest.approx(np.array([0.01, 0.1, 0.2]) * cosine(1, 10)(t), rel=1e-12)
        assert rates == scheduler.get_last_lr()
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] is tensor
    assert {type(rate) for rate in scheduler.state_dict()["_last_lr"]} == {float}


def test_an_optimizer_that_wraps_another_is_served():
    class Wrapper(torch.optim.Optimizer):
        def __init__(self, inner):
            self.inner = inner
            super().__init__([torch.nn.Parameter(torch.zeros(1))], {"lr": 0.0})
            self.param_groups = inner.param_groups

        def step(self, closure=None):
            return self.inner.step(closure)

    wrapper = Wrapper(make())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates, _ = run(wrapper, as_torch_scheduler(wrapper, cosine(0.1, 9)), 9)
    assert np.ravel(rates).tolist() == [cosine(0.1, 9)(t) for t in range(9)]


# --- momentum ----------------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [MOMENTUM_SGD, Adam, RMSprop])
def test_momentum_goes_round_the_cycle_as_torchs_does(factory):
    native, ours = make(factory), make(factory)
    expected = run(native, OneCycleLR(native, max_lr=0.1, total_steps=60), 59)
    scheduler = as_torch_scheduler(
        ours, one_cycle(0.1, 59, 17 / 59), momentum=one_cycle_momentum(59, 17 / 59)
    )
    got = run(ours, scheduler, 59)
    assert np.allclose(got, expected, rtol=1e-12, atol=1e-16)
    if "betas" in ours.param_groups[0]:
        assert ours.param_groups[0]["betas"][1] == 0.999


def test_momentum_may_differ_between_groups_and_none_leaves_it_alone():
    optimizer = make(MOMENTUM_SGD, groups=2)
    curves = [lambda t: 0.5 + t / 100, lambda t: 0.25]
    _, momentum = run(optimizer, as_torch_scheduler(optimizer, cosine(0.1, 9), curves), 4)
    assert momentum == [[0.5, 0.25], [0.51, 0.25], [0.52, 0.25], [0.53, 0.25]]
    optimizer = make(MOMENTUM_SGD)
    _, momentum = run(optimizer, as_torch_scheduler(optimizer, cosine(0.1, 9)), 4)
    assert momentum == [[0.9]] * 4


# --- in torch's company ------------------------------------------------------------------------


def test_sequential_lr_starts_each_part_at_its_milestone():
    up, down = schedules.warmup(schedules.constant(0.1), 5, start=0.02), cosine(0.1, 20)
    optimizer = make()
    parts = [as_torch_scheduler(optimizer, up), as_torch_scheduler(optimizer, down)]
    rates, _ = run(optimizer, SequentialLR(optimizer, parts, [5]), 25)
    assert np.ravel(rates).tolist() == [*map(up, range(5)), *map(down, range(20))]


def test_sequential_lr_mixes_ours_with_torchs_before_and_after():
    optimizer = make()
    parts = [LinearLR(optimizer, 0.1, total_iters=5), as_torch_scheduler(optimizer, cosine(1, 20))]
    rates, _ = run(optimizer, SequentialLR(optimizer, parts, [5]), 9)
    assert np.ravel(rates) == pytest.approx(
        [0.01, 0.028, 0.046, 0.064, 0.082, *cosine(1, 20)(np.arange(4))]
    )
    optimizer = make()
    parts = [as_torch_scheduler(optimizer, step_decay(3.0)), StepLR(optimizer, 2, gamma=0.5)]
    rates, _ = run(optimizer, SequentialLR(optimizer, parts, [3]), 7)
    assert np.ravel(rates) == pytest.approx([3, 3, 3, 0.1, 0.1, 0.05, 0.05])


def test_sequential_lr_sets_momentum_at_a_milestone_too():
    optimizer = make(MOMENTUM_SGD)
    hold = schedules.constant(0.1)
    parts = [
        as_torch_scheduler(optimizer, hold, lambda t: 0.5 + t / 100),
        as_torch_scheduler(optimizer, hold, lambda t: 0.8 + t / 100),
    ]
    _, momentum = run(optimizer, SequentialLR(optimizer, parts, [2]), 4)
    assert np.ravel(momentum).tolist() == [0.5, 0.51, 0.8, 0.81]


@pytest.mark.parametrize("at", [2, 5, 8])
def test_sequential_lr_resumes_to_the_bit(at):
    def build():
        optimizer = make()
        parts = [as_torch_scheduler(optimizer, f) for f in (step_decay(1.0, every=2), cosine(1, 9))]
        return optimizer, SequentialLR(optimizer, parts, [5])

    first, whole = build()
    run(first, whole, at)
    saved = through_a_file({"optimizer": first.state_dict(), "scheduler": whole.state_dict()})
    second, resumed = build()
    second.load_state_dict(saved["optimizer"])
    resumed.load_state_dict(saved["scheduler"])
    assert run(second, resumed, 6) == run(first, whole, 6)


def test_in_a_chain_it_forgets_what_came_before_and_is_multiplied_afresh_by_what_follows():
    schedule = cosine(0.1, 20)
    optimizer = make()
    chain = [ConstantLR(optimizer, 0.5, 100), as_torch_scheduler(optimizer, schedule)]
    rates, _ = run(optimizer, ChainedScheduler(chain), 9)
    assert np.ravel(rates).tolist() == [schedule(t) for t in range(9)]
    optimizer = make()
    chain = [
        as_torch_scheduler(optimizer, schedule),
        MultiplicativeLR(optimizer, lambda t: 1 / t),
    ]
    rates, _ = run(optimizer, ChainedScheduler(chain), 9)
    assert np.ravel(rates) == pytest.approx([schedule(0), *(schedule(t) / t for t in range(1, 9))])


def test_a_skipped_update_of_a_real_grad_scaler_leaves_the_rate_where_it_is():
    optimizer = make()
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 20))
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    param = optimizer.param_groups[0]["params"][0]
    for update in range(6):
        scale = scaler.get_scale()
        optimizer.zero_grad()
        scaler.scale((param * (math.inf if update == 2 else 1.0)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        if scaler.get_scale() >= scale:
            scheduler.step()
    assert scheduler.last_epoch == 5


# --- warnings ----------------------------------------------------------------------------------


def test_stepping_before_the_optimizer_warns_as_torch_does():
    blamed = set()  # the user's file, or that of torch before 2.10: the same for both
    for factory in (lambda o: StepLR(o, 3), lambda o: as_torch_scheduler(o, cosine(0.1, 9))):
        scheduler = factory(make())
        with pytest.warns(
            UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step"
        ) as w:
            scheduler.step()
        blamed.add(w[0].filename)
    assert len(blamed) == 1


def test_a_right_loop_warns_of_nothing():
    optimizer = make(MOMENTUM_SGD)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(optimizer, as_torch_scheduler(optimizer, cosine(0.1, 9), one_cycle_momentum(9)), 12)


def test_step_with_an_epoch_warns_and_jumps_as_torchs_does():
    optimizer = make(MOMENTUM_SGD)
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 20), lambda t: 0.5 + t / 100)
    run(optimizer, scheduler, 1)
    with pytest.warns(UserWarning, match="epoch parameter in `scheduler.step"):
        scheduler.step(7)
    assert scheduler.get_last_lr() == [cosine(0.1, 20)(7)]
    rates, momentum = run(optimizer, scheduler, 2)
    assert rates == [[cosine(0.1, 20)(t)] for t in (7, 8)]
    assert np.ravel(momentum) == pytest.approx([0.57, 0.58])


def test_get_lr_outside_step_warns_and_changes_nothing():
    optimizer = make(MOMENTUM_SGD)
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 9), schedules.constant(0.5))
    optimizer.param_groups[0]["momentum"] = 0.7
    with pytest.warns(UserWarning, match="get_last_lr"):
        assert scheduler.get_lr() == [0.1]
    assert optimizer.param_groups[0]["momentum"] == 0.7


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"schedule": 0.1}, TypeError, r"schedule must be callable.*got 0\.1"),
        ({"schedule": [cosine(0.1, 9), 0.1]}, TypeError, r"schedule\[1\] must be callable.*0\.1"),
        ({"schedule": [cosine(0.1, 9)]}, ValueError, "schedule must hold one.* 2 .*got 1"),
        ({"schedule": [cosine(0.1, 9)] * 3}, ValueError, "schedule must hold one.* 2 .*got 3"),
        ({"schedule": []}, ValueError, "schedule must hold one.* 2 .*got 0"),
        (
            {"schedule": lambda t: math.nan},
            ValueError,
            "schedule must be finite, got nan at step 0",
        ),
        (
            {"schedule": lambda t: "0.1"},
            TypeError,
            "schedule must give one number at step 0.*'0.1'",
        ),
        ({"schedule": lambda t: None}, TypeError, "schedule must give one number.*None"),
        ({"schedule": lambda t: np.ones(2)}, TypeError, "schedule must give one number"),
        ({"schedule": lambda t: torch.ones(2)}, TypeError, "schedule must give one number"),
        ({"momentum": 0.9}, TypeError, r"momentum must be callable.*got 0\.9"),
        ({"momentum": [cosine(0.1, 9)]}, ValueError, "momentum must hold one"),
        ({"momentum": lambda t: 1.0}, ValueError, r"momentum must be >= 0 and < 1, got 1\.0"),
        ({"momentum": lambda t: -0.1}, ValueError, r"momentum must be >= 0 and < 1, got -0\.1"),
        ({"last_epoch": -2}, ValueError, "last_epoch must be >= -1, got -2"),
        ({"last_epoch": 1.0}, TypeError, r"last_epoch must be a whole number, got 1\.0"),
    ],
)
def test_bad_arguments_are_named(arguments, error, words):
    optimizer = make(MOMENTUM_SGD, groups=2)
    with pytest.raises(error, match=words):
        as_torch_scheduler(optimizer, **{"schedule": cosine(0.1, 9), **arguments})


def test_a_wrong_number_of_schedules_leaves_the_optimizer_as_it_was():
    optimizer = make(groups=2)
    with pytest.raises(ValueError, match="schedule must hold one"):
        as_torch_scheduler(optimizer, [cosine(0.1, 9)])
    assert "initial_lr" not in optimizer.param_groups[0]


def test_an_optimizer_without_momentum_and_something_that_is_none():
    with pytest.raises(ValueError, match="momentum must be None for Adagrad"):
        as_torch_scheduler(make(Adagrad), cosine(0.1, 9), momentum=one_cycle_momentum(9))
    with pytest.raises(TypeError, match=r"optimizer must be a torch\.optim\.Optimizer, got 3"):
        as_torch_scheduler(3, cosine(0.1, 9))


def test_a_negative_rate_past_the_end_is_passed_on():
    optimizer = make()
    rates, _ = run(optimizer, as_torch_scheduler(optimizer, lambda t: 0.1 - 0.05 * t), 5)
    assert np.ravel(rates) == pytest.approx([0.1, 0.05, 0, -0.05, -0.1])
