"""Parameter groups: every group's rate is recorded, and one schedule keeps their ratios."""

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import SGD, Adagrad, Adam
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LambdaLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from course_lib.libraries.simulate import Loop, Resume, simulate_loop
from course_lib.libraries.torch_scheduler import as_torch_scheduler
from course_lib.schedules import cosine, step_decay
from tests.lib.libraries.torch_loops import make, run, through_a_file

BODY, HEAD = 0.01, 0.1


def group_rates(factory, updates=10, base_lr=(BODY, HEAD), **options):
    result = simulate_loop(factory, Loop(updates, **options), base_lr=base_lr)
    assert result.error is None, str(result.error)
    assert result.warnings == ()
    return result.group_rates


def with_rates(*rates, factory=SGD):
    optimizer = make(factory, groups=len(rates))
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    return optimizer


# --- simulate_loop -----------------------------------------------------------------------------


def test_a_factor_keeps_the_ratio_of_the_groups():
    got = group_rates(partial(CosineAnnealingLR, T_max=10))
    expected = (1 + np.cos(np.pi * np.arange(10) / 10)) / 2
    assert got == pytest.approx(np.outer(expected, [BODY, HEAD]), rel=1e-12)


def test_a_list_of_lambdas_acts_group_by_group():
    got = group_rates(lambda o: LambdaLR(o, [lambda t: 1 - t / 10, lambda t: 0.5**t]))
    t = np.arange(10)
    assert got == pytest.approx(np.stack([BODY * (1 - t / 10), HEAD * 0.5**t], axis=1))


def test_one_cycle_takes_a_list_of_peaks_and_one_peak_makes_the_groups_equal():
    several = group_rates(lambda o: OneCycleLR(o, max_lr=[0.3, 3.0], total_steps=12))
    assert several[:, 1] == pytest.approx(10 * several[:, 0])
    one = group_rates(lambda o: OneCycleLR(o, max_lr=0.3, total_steps=12))
    assert np.array_equal(one[:, 0], one[:, 1])
    assert np.array_equal(one[:, 0], several[:, 0])


def test_an_absolute_floor_changes_the_ratio():
    got = group_rates(partial(CosineAnnealingLR, T_max=9, eta_min=0.005))
    assert got[9].tolist() == pytest.approx([0.005, 0.005])


def test_momentum_is_recorded_for_every_group():
    factory = lambda o: OneCycleLR(o, max_lr=[0.3, 3.0], total_steps=12)  # noqa: E731
    adam = simulate_loop(
        factory, Loop(5), base_lr=[BODY, HEAD], optimizer_factory=partial(Adam, betas=(0.8, 0.9))
    )
    assert adam.group_momentum.shape == (5, 2)
    assert adam.group_momentum[0].tolist() == [0.95, 0.95]
    assert np.array_equal(adam.momentum, adam.group_momentum[:, 0])
    none = simulate_loop(
        partial(StepLR, step_size=3), Loop(5), base_lr=[BODY, HEAD], optimizer_factory=Adagrad
    )
    assert none.momentum is None
    assert np.isnan(none.group_momentum).all()


def test_a_plateau_rule_has_a_floor_for_each_group():
    loop = Loop(8, step_arguments=[1.0] * 8)
    factory = lambda o: ReduceLROnPlateau(o, factor=0.1, patience=0, min_lr=[0.005, 0.0])  # noqa: E731
    got = simulate_loop(factory, loop, base_lr=[BODY, HEAD]).group_rates
    assert got[-1].tolist() == pytest.approx([0.005, 1e-7 / 10], abs=1e-6)


def test_a_resume_that_swaps_the_groups_curves_shows_in_each_group():
    falls, rises = (lambda t: 1 - t / 10), (lambda t: 1 + t)
    swapped = Resume(4, scheduler_factory=lambda o: LambdaLR(o, [rises, falls]))
    got = group_rates(lambda o: LambdaLR(o, [falls, rises]), 6, resume=swapped)
    # The state loaded gives update 4 its rates; from then on each group has the other's curve.
    assert got[4].tolist() == pytest.approx([BODY * 0.6, HEAD * 5])
    assert got[5].tolist() == pytest.approx([BODY * 6, HEAD * 0.5])


def test_a_single_rate_is_one_group_as_before():
    for base_lr in (0.1, np.float64(0.1), [0.1], np.array([0.1]), (0.1,)):
        result = simulate_loop(partial(StepLR, step_size=3), Loop(4), base_lr=base_lr)
        assert result.group_rates.shape == (4, 1)
        assert result.rates.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.01])


def test_a_rate_set_by_hand_is_set_in_all_groups():
    got = group_rates(partial(StepLR, step_size=30), 4, lr_overrides={2: 0.7})
    assert got.tolist() == [[BODY, HEAD]] * 2 + [[0.7, 0.7]] * 2


def test_an_error_before_the_first_update_leaves_an_empty_table_of_the_right_width():
    result = simulate_loop(lambda o: LambdaLR(o, [lambda t: 1.0]), Loop(3), base_lr=[BODY, HEAD])
    assert "Expected 2 lr_lambdas, but got 1" in str(result.error)
    assert result.group_rates.shape == result.group_momentum.shape == (0, 2)
    assert result.rates.shape == result.momentum.shape == (0,)


@pytest.mark.parametrize(
    ("base_lr", "error", "words"),
    [
        ([], ValueError, r"base_lr must be a rate, or one for each group, got \[\]"),
        ([0.1, -1.0], ValueError, r"base_lr\[1\] must be finite, >= 0, got -1\.0"),
        ([0.1, "0.2"], TypeError, r"base_lr\[1\] must be a real number, got '0\.2'"),
        ("0.1", TypeError, r"base_lr must be a real number, got '0\.1'"),
        ([[0.1]], TypeError, r"base_lr\[0\] must be a real number"),
    ],
)
def test_bad_rates_of_groups_are_named(base_lr, error, words):
    with pytest.raises(error, match=words):
        simulate_loop(partial(StepLR, step_size=3), Loop(4), base_lr=base_lr)


# --- as_torch_scheduler ------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(
    own=st.lists(st.floats(1e-6, 10.0), min_size=1, max_size=4),
    at=st.integers(0, 19),
)
def test_ratios_kept_are_those_of_the_groups_own_rates(own, at):
    optimizer = with_rates(*own)
    scheduler = as_torch_scheduler(optimizer, cosine(0.3, 20), ratios="keep")
    rates, _ = run(optimizer, scheduler, at + 1)
    assert rates[at] == pytest.approx([cosine(0.3, 20)(at) * rate / own[0] for rate in own])
    assert scheduler.ratios == pytest.approx([rate / own[0] for rate in own])


def test_ratios_are_those_of_a_native_scheduler_that_multiplies():
    ours, native = with_rates(HEAD, BODY), with_rates(HEAD, BODY)
    got, _ = run(ours, as_torch_scheduler(ours, cosine(HEAD, 20), ratios="keep"), 20)
    expected, _ = run(native, CosineAnnealingLR(native, 20), 20)
    assert np.allclose(got, expected, rtol=1e-12, atol=1e-16)


def test_ratios_given_as_numbers():
    optimizer = make(groups=2)
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 20), ratios=np.array([1.0, 0.25]))
    rates, _ = run(optimizer, scheduler, 5)
    assert rates == [[cosine(0.1, 20)(t), cosine(0.1, 20)(t) * 0.25] for t in range(5)]
    through_a_file(scheduler.state_dict())


def test_one_schedule_on_groups_that_differ_warns_until_it_is_said_what_is_meant():
    with pytest.warns(
        UserWarning, match=r"rates \[0\.1, 0\.01\] of their own.*ratios=\"keep\""
    ) as w:
        as_torch_scheduler(with_rates(HEAD, BODY), cosine(0.1, 20))
    assert w[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        as_torch_scheduler(with_rates(HEAD, BODY), cosine(0.1, 20), ratios=(1.0, 1.0))
        as_torch_scheduler(with_rates(HEAD, BODY), [cosine(0.1, 20), cosine(0.01, 20)])
        as_torch_scheduler(with_rates(HEAD, HEAD), cosine(0.1, 20))


@pytest.mark.parametrize("at", [2, 5, 8])
def test_ratios_survive_a_resume_and_other_ratios_are_refused(at):
    def build(*own):
        optimizer = with_rates(*own)
        parts = [
            as_torch_scheduler(optimizer, curve, ratios="keep")
            for curve in (step_decay(1.0, every=2), cosine(1, 9))
        ]
        return optimizer, SequentialLR(optimizer, parts, [5])

    first, whole = build(HEAD, BODY)
    run(first, whole, at)
    saved = through_a_file({"optimizer": first.state_dict(), "scheduler": whole.state_dict()})
    second, resumed = build(HEAD, BODY)
    second.load_state_dict(saved["optimizer"])
    resumed.load_state_dict(saved["scheduler"])
    assert run(second, resumed, 6) == run(first, whole, 6)
    _, other = build(HEAD, HEAD)
    with pytest.raises(ValueError, match="saved with another schedule"):
        other.load_state_dict(saved["scheduler"])


def test_a_scheduler_built_after_another_one_keeps_the_ratios_of_the_own_rates():
    optimizer = with_rates(HEAD, BODY)
    ConstantLR(optimizer, 0.5)
    optimizer.param_groups[1]["lr"] = 7.0
    assert as_torch_scheduler(optimizer, cosine(0.1, 9), ratios="keep").ratios[1] == pytest.approx(
        0.1
    )


def test_ratios_serve_no_group_added_later():
    optimizer = with_rates(HEAD, BODY)
    scheduler = as_torch_scheduler(optimizer, cosine(0.1, 20), ratios="keep")
    optimizer.add_param_group({"params": make().param_groups[0]["params"]})
    with pytest.raises(ValueError, match=r"ratios must hold one number for each.* 3 .*got 2"):
        run(optimizer, scheduler, 1)


@pytest.mark.parametrize(
    ("ratios", "error", "words"),
    [
        ("kept", ValueError, "ratios must be a sequence or 'keep', got 'kept'"),
        ([1.0], ValueError, "ratios must hold one number for each.* 2 .*got 1"),
        ([1.0, -1.0], ValueError, r"ratios\[1\] must be finite, >= 0"),
        (0.5, TypeError, "ratios must be a list with one number for each group, got 0.5"),
    ],
)
def test_bad_ratios_are_named(ratios, error, words):
    with pytest.raises(error, match=words):
        as_torch_scheduler(make(groups=2), cosine(0.1, 9), ratios=ratios)


def test_ratios_that_cannot_be():
    with pytest.raises(ValueError, match="ratios must be None beside a list of schedules"):
        as_torch_scheduler(make(), [cosine(0.1, 9)], ratios="keep")
    with pytest.raises(ValueError, match="ratios must be a sequence where group 0's rate is 0"):
        as_torch_scheduler(with_rates(0.0, 0.1), cosine(0.1, 9), ratios="keep")
