"""Every torch converter against the installed torch, stepped with random parameters."""

import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from course_lib.libraries import from_library
from course_lib.schedules import Schedule

UPDATES = 120
# Of the largest rate. torch multiplies its way from step to step, some roundings an update, and
# a cosine's recursion divides by what is left near its minimum: those cases are held to less.
CLOSE = 1e-11

rates = st.floats(1e-4, 1.0)
factors = st.floats(0.01, 1.0)
lengths = st.integers(1, 90)
quick = settings(max_examples=40, deadline=None)


def stepped(schedulers, base_lr=0.1, build=None):
    """Return the rates that a real optimizer has, until torch raises."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base_lr, momentum=0.9)
    made = [
        getattr(torch.optim.lr_scheduler, name.removeprefix("torch."))(optimizer, **arguments)
        for name, arguments in schedulers
    ]
    scheduler = build(optimizer, made) if build else made[0]
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the optimizer itself is not stepped
        for _ in range(UPDATES):
            seen.append(optimizer.param_groups[0]["lr"])
            try:
                scheduler.step()
            except ValueError:  # OneCycleLR, one update after its end
                break
    return np.array(seen)


def agree(name, arguments, base_lr=None, close=CLOSE):
    seen = stepped([(name, arguments)], base_lr=base_lr or 0.1)
    given_base = {} if base_lr is None else {"base_lr": base_lr}
    ours = from_library(name, **given_base, **arguments)(np.arange(seen.size))
    np.testing.assert_allclose(ours, seen, rtol=0, atol=close * np.abs(seen).max())
    return seen


@quick
@given(base=rates, factor=factors, total=st.integers(0, 130))
def test_constant_lr(base, factor, total):
    agree("torch.ConstantLR", {"factor": factor, "total_iters": total}, base)


@quick
@given(base=rates, start=factors, end=st.floats(0.0, 1.0), total=st.integers(0, 130))
def test_linear_lr(base, start, end, total):
    arguments = {"start_factor": start, "end_factor": end, "total_iters": total}
    agree("torch.LinearLR", arguments, base)


@quick
@given(base=rates, size=lengths, gamma=st.floats(0.05, 1.2))
def test_step_lr(base, size, gamma):
    agree("torch.StepLR", {"step_size": size, "gamma": gamma}, base)


@quick
@given(base=rates, marks=st.lists(st.integers(0, 130), max_size=6), gamma=st.floats(0.05, 1.2))
def test_multi_step_lr(base, marks, gamma):
    agree("torch.MultiStepLR", {"milestones": marks, "gamma": gamma}, base)


@quick
@given(base=rates, gamma=st.floats(0.8, 1.05))
def test_exponential_lr(base, gamma):
    agree("torch.ExponentialLR", {"gamma": gamma}, base)


@quick
@given(base=rates, total=st.integers(0, 130), power=st.floats(0.2, 4.0))
def test_polynomial_lr(base, total, power):
    agree("torch.PolynomialLR", {"total_iters": total, "power": power}, base)


@quick
@given(base=rates, half=st.integers(1, 130), low=st.floats(0.0, 1.0))
def test_cosine_annealing_lr(base, half, low):
    agree("torch.CosineAnnealingLR", {"T_max": half, "eta_min": low * base}, base, close=1e-9)


@quick
@given(base=rates, first=lengths, mult=st.integers(1, 4), low=st.floats(0.0, 1.0))
def test_warm_restarts(base, first, mult, low):
    arguments = {"T_0": first, "T_mult": mult, "eta_min": low * base}
    agree("torch.CosineAnnealingWarmRestarts", arguments, base)


@quick
@given(
    foot=st.floats(0.0, 0.5),
    height=st.floats(1e-3, 1.0),
    up=lengths,
    down=st.none() | lengths,
    mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
    gamma=st.floats(0.9, 1.0),
)
def test_cyclic_lr(foot, height, up, down, mode, gamma):
    arguments = {
        "base_lr": foot,
        "max_lr": foot + height,
        "step_size_up": up,
        "step_size_down": down,
        "mode": mode,
        "gamma": gamma,
    }
    agree("torch.CyclicLR", arguments)


@settings(max_examples=200, deadline=None)
@given(
    peak=rates,
    total=st.integers(2, UPDATES - 5),
    pct=st.floats(0.0, 1.0),
    anneal=st.sampled_from(["cos", "linear"]),
    three_phase=st.booleans(),
    div=st.floats(1.0, 50.0),
    final_div=st.floats(1.0, 1e4),
)
def test_one_cycle_lr(peak, total, pct, anneal, three_phase, div, final_div):
    # Near a phase of length 0 torch's quotient loses all its digits; at 0 it raises.
    ends = [pct * total - 1, 2 * pct * total - 2] if three_phase else [pct * total - 1]
    edges = [0.0, *ends, total - 1.0]
    assume(all(abs(a - b) > 1e-3 for a, b in itertools.pairwise(edges)))
    arguments = {
        "max_lr": peak,
        "total_steps": total,
        "pct_start": pct,
        "anneal_strategy": anneal,
        "three_phase": three_phase,
        "div_factor": div,
        "final_div_factor": final_div,
    }
    seen = agree("torch.OneCycleLR", arguments)
    assert seen.size == total + 1


def test_one_cycle_of_ten_ends_with_a_negative_update():
    arguments = {"max_lr": 0.1, "total_steps": 10, "anneal_strategy": "linear"}
    seen = agree("torch.OneCycleLR", arguments)
    assert seen[-1] == pytest.approx(-0.0143, abs=5e-5)
    held = from_library("torch.OneCycleLR", **arguments)(np.arange(10, 15))
    assert np.all(held == held[0])


def test_one_cycle_that_torch_cannot_begin():
    arguments = {"max_lr": 0.1, "total_steps": 3, "pct_start": 1 / 3}
    with pytest.raises(ZeroDivisionError):
        stepped([("torch.OneCycleLR", arguments)])
    with pytest.raises(ValueError, match="divide by zero"):
        from_library("torch.OneCycleLR", **arguments)


@pytest.mark.parametrize("three_phase", [False, True])
def test_one_cycle_all_the_way_up(three_phase):
    agree_until = {"max_lr": 0.1, "total_steps": 20, "pct_start": 1.0 - 0.5 * three_phase}
    arguments = {**agree_until, "three_phase": three_phase}
    schedule = from_library("torch.OneCycleLR", **arguments)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, **arguments)
    seen = [optimizer.param_groups[0]["lr"]]
    for _ in range(19):
        optimizer.step()
        scheduler.step()
        seen.append(optimizer.param_groups[0]["lr"])
    np.testing.assert_allclose(schedule(np.arange(20)), seen, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pct", [0.51, 0.52, 0.54, 0.6, 0.9])
def test_one_cycle_whose_way_down_outlasts_the_run(pct):
    # The second phase ends at 2 * pct * 40 - 2: in the run, in the update after it, or later.
    arguments = {"max_lr": 0.1, "total_steps": 40, "pct_start": pct, "three_phase": True}
    agree("torch.OneCycleLR", arguments)


@quick
@given(
    base=rates,
    strategy=st.sampled_from(["cos", "linear"]),
    steps=st.integers(0, 60),
    end=st.floats(0.0, 1.0),
)
def test_swa_lr(base, strategy, steps, end):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    arguments = {"swa_lr": end, "anneal_epochs": steps, "anneal_strategy": strategy}
    scheduler = torch.optim.swa_utils.SWALR(optimizer, **arguments)
    seen = []
    for _ in range(UPDATES):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    ours = from_library("torch.SWALR", base_lr=base, **arguments)(np.arange(UPDATES))
    # Near alpha = 1 torch divides by 1 - alpha to find where it came from.
    np.testing.assert_allclose(ours, seen, rtol=0, atol=1e-9)


def sequential(base, pairs, marks, close=1e-9):
    seen = stepped(
        pairs,
        base,
        lambda optimizer, made: torch.optim.lr_scheduler.SequentialLR(optimizer, made, marks),
    )
    ours = from_library("torch.SequentialLR", base_lr=base, schedulers=pairs, milestones=marks)
    ours = ours(np.arange(seen.size))
    np.testing.assert_allclose(ours, seen, rtol=0, atol=close * np.abs(seen).max())


@quick
@given(base=rates, start=factors, warmup=st.integers(1, 40), half=st.integers(1, 100))
def test_sequential_warmup_and_cosine(base, start, warmup, half):
    pairs = [
        ("torch.LinearLR", {"start_factor": start, "total_iters": warmup}),
        ("torch.CosineAnnealingLR", {"T_max": half, "eta_min": 0.01 * base}),
    ]
    sequential(base, pairs, [warmup])


PARTS = st.one_of(
    st.builds(lambda f, n: ("torch.ConstantLR", {"factor": f, "total_iters": n}), factors, lengths),
    st.builds(
        lambda s, e, n: (
            "torch.LinearLR",
            {"start_factor": s, "end_factor": e, "total_iters": n},
        ),
        factors,
        factors,
        lengths,
    ),
    st.builds(lambda g: ("torch.ExponentialLR", {"gamma": g}), st.floats(0.9, 1.0)),
    st.builds(lambda n: ("torch.StepLR", {"step_size": n, "gamma": 0.5}), lengths),
    st.builds(lambda m: ("torch.MultiStepLR", {"milestones": [0, m]}), lengths),
    st.builds(lambda n: ("torch.PolynomialLR", {"total_iters": n, "power": 2.0}), lengths),
)
OTHERS = st.one_of(
    st.builds(lambda n: ("torch.CosineAnnealingLR", {"T_max": n}), lengths),
    st.builds(lambda n: ("torch.CosineAnnealingWarmRestarts", {"T_0": n, "T_mult": 2}), lengths),
    st.builds(
        lambda n: ("torch.CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": n}), lengths
    ),
)


@settings(max_examples=120, deadline=None)
@given(
    base=rates,
    pairs=st.lists(PARTS | OTHERS, min_size=1, max_size=4),
    marks=st.lists(st.integers(1, 110), min_size=3, max_size=3, unique=True),
)
def test_sequential_of_anything(base, pairs, marks):
    sequential(base, pairs, sorted(marks)[: len(pairs) - 1])


def test_sequential_constant_lr_of_no_length_differs_by_its_place():
    never = ("torch.ConstantLR", {"factor": 0.5, "total_iters": 0})
    sequential(0.1, [never, never], [5])


def test_one_cycle_after_a_warmup_makes_it_25_times_too_low():
    pairs = [
        ("torch.LinearLR", {"start_factor": 0.1, "total_iters": 10}),
        ("torch.OneCycleLR", {"max_lr": 0.1, "total_steps": 90}),
    ]
    sequential(0.1, pairs, [10])
    ours = from_library("torch.SequentialLR", base_lr=0.1, schedulers=pairs, milestones=[10])
    assert ours(0) == pytest.approx(0.1 * 0.1 / 25)


def chained(base, pairs, close=1e-9):
    seen = stepped(pairs, base, lambda _, made: torch.optim.lr_scheduler.ChainedScheduler(made))
    ours = from_library("torch.ChainedScheduler", base_lr=base, schedulers=pairs)
    ours = ours(np.arange(seen.size))
    np.testing.assert_allclose(ours, seen, rtol=0, atol=close * np.abs(seen).max())


@settings(max_examples=80, deadline=None)
@given(base=rates, pairs=st.lists(PARTS, min_size=1, max_size=3))
def test_chained_factors(base, pairs):
    chained(base, pairs)


@quick
@given(
    base=rates,
    start=factors,
    warmup=st.integers(1, 30),
    half=st.integers(30, 70),
    low=st.floats(0.0, 0.5),
    cosine_first=st.booleans(),
)
def test_chained_warmup_and_cosine(base, start, warmup, half, low, cosine_first):
    pairs = [
        ("torch.LinearLR", {"start_factor": start, "total_iters": warmup}),
        ("torch.CosineAnnealingLR", {"T_max": half, "eta_min": low * base}),
    ]
    assume(warmup < half)
    chained(base, pairs[::-1] if cosine_first else pairs)


@pytest.mark.parametrize(
    "others",
    [
        [("torch.ExponentialLR", {"gamma": 0.9})],
        [("torch.CosineAnnealingLR", {"T_max": 7, "eta_min": 0.02})],
        [("torch.StepLR", {"step_size": 7})],
    ],
)
def test_chains_without_a_formula_are_followed_step_by_step(others):
    pairs = [("torch.CosineAnnealingLR", {"T_max": 20}), *others]
    chained(0.1, pairs, close=1e-12)
    ours = from_library("torch.ChainedScheduler", base_lr=0.1, schedulers=pairs)
    assert len(ours.phases) == 1
    assert Schedule.from_json(ours.to_json()) == ours
    with pytest.raises(ValueError, match=r"at most 2\*\*22"):
        ours(10**9)


def test_a_chain_with_a_cosine_has_a_formula_again_when_the_others_have_come_to_rest():
    pairs = [
        ("torch.LinearLR", {"start_factor": 0.1, "total_iters": 5}),
        ("torch.CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}),
    ]
    ours = from_library("torch.ChainedScheduler", base_lr=0.1, schedulers=pairs)
    assert ours.phases[0].steps == 6
    assert len(ours.phases) <= 5
    assert ours(10**9) > 0.0


def test_milestones_and_step_agree_on_the_boundary():
    seen = agree("torch.MultiStepLR", {"milestones": [30]}, 0.1)
    assert seen[29] == 0.1
    assert math.isclose(seen[30], 0.01)
