"""The mistakes people make with torch's schedulers, each with the rates it leads to."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    LambdaLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from course_lib.libraries.simulate import Loop, Resume, simulate_loop
from course_lib.libraries.torch_scheduler import as_torch_scheduler
from course_lib.schedules import cosine
from tests.lib.libraries.loop_rates import (
    COSINE_10,
    COSINE_100,
    LINEAR_10,
    ORDER_WARNING,
    STEP_3,
    cosine_of,
    near,
    rates,
)


def test_scheduler_before_optimizer_skips_the_first_rate():
    assert rates(STEP_3, Loop(updates=4)) == near([0.1, 0.1, 0.1, 0.01])
    result = simulate_loop(STEP_3, Loop(updates=3, scheduler_first=True))
    assert result.rates == near([0.1, 0.1, 0.01])
    assert [ORDER_WARNING in message for message in result.warnings] == [True]


def test_a_skipped_amp_step_that_advances_the_scheduler_loses_a_rate():
    assert rates(STEP_3, Loop(updates=6, skipped=[1])) == near([0.1, 0.1, 0.01, 0.01, 0.01])
    kept = Loop(updates=6, skipped=[1], step_when_skipped=False)
    assert rates(STEP_3, kept) == near([0.1, 0.1, 0.1, 0.01, 0.01])
    assert simulate_loop(STEP_3, kept).attempts.tolist() == [0, 2, 3, 4, 5]


def test_a_first_amp_step_skipped_makes_torch_warn_of_the_order_though_the_order_is_right():
    result = simulate_loop(STEP_3, Loop(updates=3, skipped=[0]))
    assert [ORDER_WARNING in message for message in result.warnings] == [True]


@pytest.mark.parametrize("step_when_skipped", [True, False])
def test_skipping_is_what_a_real_grad_scaler_does(step_when_skipped):
    param = torch.nn.Parameter(torch.zeros(1))
    optimizer = SGD([param], lr=0.1)
    scheduler, scaler = STEP_3(optimizer), torch.amp.GradScaler("cpu", init_scale=4.0)
    seen = []
    for update in range(8):
        optimizer.zero_grad()
        scaler.scale((param * (math.inf if update in (1, 4) else 1.0)).sum()).backward()
        scale, before = scaler.get_scale(), param.item()
        scaler.step(optimizer)
        scaler.update()
        if param.item() != before:
            seen.append(before - param.item())
        if step_when_skipped or scaler.get_scale() >= scale:
            scheduler.step()
    loop = Loop(updates=8, skipped=[1, 4], step_when_skipped=step_when_skipped)
    assert rates(STEP_3, loop) == near(seen, 1e-6)


def test_a_scheduler_counted_in_epochs_and_stepped_per_batch_and_the_reverse():
    per_epoch = Loop(updates=12, step_per="epoch", batches_per_epoch=2)
    assert rates(STEP_3, per_epoch) == near([0.1] * 6 + [0.01] * 6)
    per_batch = Loop(updates=12, step_per="batch", batches_per_epoch=2)
    assert rates(STEP_3, per_batch) == near([0.1] * 3 + [0.01] * 3 + [1e-3] * 3 + [1e-4] * 3)
    # a cosine over 100 updates that hears of the 4 epochs only
    slow = rates(COSINE_100, Loop(updates=100, step_per="epoch", batches_per_epoch=25))
    assert slow[[0, 24, 25, 99]] == near(cosine_of([0, 0, 1, 3], 100))


def test_epochs_are_counted_in_batches_also_when_gradients_are_accumulated():
    loop = Loop(updates=6, accumulate=2, step_per="epoch", batches_per_epoch=4)
    assert rates(partial(StepLR, step_size=1), loop) == near([0.1, 0.1, 0.01, 0.01, 1e-3, 1e-3])
    first = simulate_loop(
        partial(StepLR, step_size=1),
        Loop(updates=4, step_per="epoch", batches_per_epoch=2, scheduler_first=True),
    )
    assert first.rates == near([0.01, 0.01, 1e-3, 1e-3])


def test_four_scheduler_steps_an_update_run_through_two_cosines():
    assert simulate_loop(COSINE_100, Loop(updates=100, processes=4)).scheduler_steps == 400
    four_processes = rates(COSINE_100, Loop(updates=100, processes=4))
    assert four_processes[[0, 25, 50, 75]] == near([0.1, 0, 0.1, 0])
    # With accumulation three of the four come before the first update: .0998 for .1, and a warning.
    accumulated = simulate_loop(COSINE_100, Loop(updates=100, accumulate=4, step_per="batch"))
    assert accumulated.rates[[0, 25, 50, 75]] == near([0.1, 0, 0.1, 0], 3e-4)
    assert accumulated.rates == near(cosine_of(4 * np.arange(100) + 3, 100))
    assert [ORDER_WARNING in message for message in accumulated.warnings] == [True]
    # Accelerate means it so: T_max is then counted in batches of one process.
    meant = rates(partial(CosineAnnealingLR, T_max=400), Loop(updates=100, processes=4))
    assert meant == near(cosine_of(np.arange(100), 100))


def test_a_cosine_past_its_end_climbs_back():
    got = rates(COSINE_100, Loop(updates=201))
    assert got[[0, 50, 100, 150, 200]] == near([0.1, 0.05, 0, 0.05, 0.1])


@pytest.mark.parametrize(("anneal", "extra"), [("linear", -0.0143), ("cos", 0.0050)])
def test_one_cycle_allows_one_update_too_many_and_then_raises(anneal, extra):
    factory = partial(OneCycleLR, max_lr=0.1, total_steps=10, anneal_strategy=anneal)
    result = simulate_loop(factory, Loop(updates=20))
    assert result.rates[9] == near(0.1 / 25 / 1e4)
    assert (len(result.rates), result.rates[10].round(4)) == (11, extra)
    assert isinstance(result.error.exception, ValueError)
    assert (result.error.where, result.error.update) == ("scheduler.step()", 11)
    assert (result.error.scheduler_step, result.scheduler_steps) == (11, 10)
    assert "Tried to step 11 times" in str(result.error)


@pytest.mark.parametrize("optimizer_factory", [partial(SGD, momentum=0.5), AdamW])
def test_one_cycle_overrides_the_optimizers_rate_and_momentum(optimizer_factory):
    factory = partial(OneCycleLR, max_lr=0.1, total_steps=10)
    result = simulate_loop(
        factory, Loop(updates=10), base_lr=3.0, optimizer_factory=optimizer_factory
    )
    assert result.rates[[0, 2]] == near([0.1 / 25, 0.1])
    assert result.momentum[[0, 2, 9]] == near([0.95, 0.85, 0.95])


def test_one_cycle_of_three_steps_divides_by_zero():
    factory = partial(OneCycleLR, max_lr=0.1, total_steps=3, pct_start=1 / 3)
    result = simulate_loop(factory, Loop(updates=3))
    assert isinstance(result.error.exception, ZeroDivisionError)
    assert (result.error.where, result.error.update) == ("scheduler_factory(optimizer)", 0)
    assert result.rates.size == 0


def test_one_cycle_in_sequential_lr_makes_the_warmup_25_times_too_low():
    def warmup_then(build):
        return lambda optimizer: SequentialLR(
            optimizer, [LinearLR(optimizer, 0.1, total_iters=5), build(optimizer)], [5]
        )

    right = rates(warmup_then(partial(CosineAnnealingLR, T_max=20)), Loop(updates=8))
    assert right[:5] == near([0.01, 0.028, 0.046, 0.064, 0.082])
    wrong = rates(warmup_then(partial(OneCycleLR, max_lr=0.1, total_steps=20)), Loop(updates=8))
    assert right[:5] / wrong[:5] == near([25.0] * 5)


@pytest.mark.parametrize(
    ("restore", "by_cosine", "by_lambda"),
    [
        (
            ("build", "load_optimizer", "load_scheduler"),
            cosine_of([5, 6, 7], 10),
            [0.05, 0.04, 0.03],
        ),
        # its state forgotten, the curve starts over: CosineAnnealingLR from the rate now in force,
        # LambdaLR from the peak, one update later
        (("build", "load_optimizer"), cosine_of([0, 1, 2], 10, peak=0.05), [0.05, 0.09, 0.08]),
        (("build",), cosine_of([0, 1, 2], 10), [0.1, 0.09, 0.08]),
        # the optimizer's state forgotten, or loaded too early for LambdaLR: one update at the first
        # rate; CosineAnnealingLR goes on from there, twice too high to the end
        (("build", "load_scheduler"), 2 * cosine_of([5, 6, 7], 10), [0.1, 0.04, 0.03]),
        (
            ("load_optimizer", "build", "load_scheduler"),
            cosine_of([5, 6, 7], 10),
            [0.1, 0.04, 0.03],
        ),
    ],
)
def test_resuming_with_something_forgotten(restore, by_cosine, by_lambda):
    loop = Loop(updates=8, resume=Resume(5, restore))
    assert rates(COSINE_10, loop)[5:] == near(by_cosine)
    assert rates(LINEAR_10, loop)[5:] == near(by_lambda)
    assert rates(COSINE_10, loop)[:5] == near(cosine_of(np.arange(5), 10))


def test_old_state_overwrites_a_new_length():
    longer = Resume(5, scheduler_factory=partial(CosineAnnealingLR, T_max=20))
    got = rates(COSINE_10, Loop(updates=16, resume=longer))
    assert got == near(rates(COSINE_10, Loop(updates=16)))
    assert got[[10, 15]] == near([0, 0.05])  # it climbs back: T_max is 10 again
    ours = Resume(5, scheduler_factory=partial(as_torch_scheduler, schedule=cosine(0.1, 20)))
    loop = Loop(updates=16, resume=ours)
    result = simulate_loop(partial(as_torch_scheduler, schedule=cosine(0.1, 10)), loop)
    assert (result.error.where, result.error.update) == ("scheduler.load_state_dict()", 5)


def test_last_epoch_is_updates_done_minus_1():
    def resumed(factory, last_epoch):
        again = Resume(5, ("load_optimizer", "build"), partial(factory, last_epoch=last_epoch))
        return rates(factory, Loop(updates=9, resume=again))[5:]

    assert resumed(LINEAR_10, 4) == near([0.05, 0.04, 0.03, 0.02])
    assert resumed(COSINE_10, 4) == near(cosine_of([5, 6, 7, 8], 10))
    # one too many: LambdaLR skips a rate, CosineAnnealingLR ends at 0 one update early
    assert resumed(LINEAR_10, 5) == near([0.04, 0.03, 0.02, 0.01])
    assert resumed(COSINE_10, 5) == near([0.05, 0.029828, 0.013820, 0.003542], 1e-6)


def test_last_epoch_without_the_optimizers_state_is_an_error_of_torch():
    again = Resume(5, ("build",), partial(CosineAnnealingLR, T_max=10, last_epoch=4))
    result = simulate_loop(COSINE_10, Loop(updates=9, resume=again))
    assert isinstance(result.error.exception, KeyError)
    assert "initial_lr" in str(result.error)
    assert len(result.rates) == 5


def test_a_manual_change_is_kept_by_cosine_annealing_and_discarded_by_lambda():
    loop = Loop(updates=8, lr_overrides={4: 0.01})
    tenth = cosine_of([5, 6, 7], 10) * 0.01 / cosine_of(4, 10)
    assert rates(COSINE_10, loop)[4:] == near([0.01, *tenth])
    assert rates(LINEAR_10, loop)[4:] == near([0.01, 0.05, 0.04, 0.03])


def test_warm_restarts_stepped_by_a_fraction_of_an_epoch_lag_one_update():
    fractions = [epoch + i / 4 for epoch in range(2) for i in range(4)]
    two_epochs = partial(CosineAnnealingWarmRestarts, T_0=2)
    lagging = rates(two_epochs, Loop(updates=8, step_arguments=fractions))
    right = rates(partial(CosineAnnealingWarmRestarts, T_0=8), Loop(updates=8))
    assert lagging == near([0.1, *right[:7]])


def test_a_warmup_from_zero_leaves_the_first_update_without_effect():
    params = []

    def optimizer_factory(parameters, lr):
        params.extend(parameters)
        return AdamW(parameters, lr=lr)

    warmup = partial(LambdaLR, lr_lambda=lambda t: min(1, t / 4))
    got = rates(warmup, Loop(updates=1), optimizer_factory=optimizer_factory)
    assert got.tolist() == [0.0]
    assert params[0].item() == 0.0
    assert rates(warmup, Loop(updates=6)) == near([0, 0.025, 0.05, 0.075, 0.1, 0.1])


def plateau(metrics, **options):
    factory = partial(ReduceLROnPlateau, patience=2, **options)
    return rates(factory, Loop(updates=len(metrics), step_arguments=metrics))


def test_plateau_with_patience_2_first_reduces_at_call_4():
    assert plateau([1.0] * 5) == near([0.1] * 4 + [0.01])


def test_plateau_in_rel_mode_never_reduces_on_a_negative_metric_that_stalls():
    assert plateau([-1.0] * 50) == near([0.1] * 50)
    assert plateau([-1.0] * 50, mode="max") == near([0.1] * 50)
    # not even on one that creeps the wrong way, by less than the threshold a call
    assert plateau([-1.0 + 5e-5 * k for k in range(50)]) == near([0.1] * 50)
    # one that jumps the wrong way is seen, and abs mode sees them all
    assert plateau([-1.0, -0.9, -0.9, -0.9, -0.9]) == near([0.1] * 4 + [0.01])
    assert plateau([-1.0] * 5, threshold_mode="abs") == near([0.1] * 4 + [0.01])


def test_plateau_without_its_metric_is_an_error_of_torch():
    result = simulate_loop(ReduceLROnPlateau, Loop(updates=3))
    assert (result.error.where, result.error.update) == ("scheduler.step()", 1)
    assert "metrics" in str(result.error)


def test_an_absolute_rate_given_to_lambda_lr_is_multiplied_by_the_base():
    assert rates(partial(LambdaLR, lr_lambda=lambda t: 0.1), Loop(updates=3)) == near([0.01] * 3)
    ours = partial(as_torch_scheduler, schedule=lambda t: 0.1)
    assert rates(ours, Loop(updates=3)) == near([0.1] * 3)
