"""Schedules that the random search found to be converted wrongly, each with the library's rates.

Rates of torch are asked of the installed torch; those of libraries that need not be installed were
printed by the release that is named.
"""

import numpy as np
import pytest

from course_lib.libraries import from_library
from tests.lib.libraries import random_torch


def cycle(peak, total, **more):
    return ("torch.OneCycleLR", {"max_lr": peak, "total_steps": total, "pct_start": 0.3, **more})


def constant(factor, total):
    return ("torch.ConstantLR", {"factor": factor, "total_iters": total})


def cosine(half, low=0.0):
    return ("torch.CosineAnnealingLR", {"T_max": half, "eta_min": low})


EXPONENTIAL = ("torch.ExponentialLR", {"gamma": 0.9})
HALVED = ("torch.MultiplicativeLR", {"lr_lambda": 0.5})
CYCLIC = ("torch.CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 4})


def sequential(*parts, at):
    return ("torch.SequentialLR", {"schedulers": list(parts), "milestones": at})


def chain(*parts):
    return ("torch.ChainedScheduler", {"schedulers": list(parts)})


TORCH = {
    "a one-cycle that begins after its peak leaves its own first rate": (
        sequential(cycle(0.1, 5, pct_start=0.1), constant(0.5, 9), at=[4]),
        {4: 0.002},
    ),
    "the last one-cycle's peak is the peak of all": (
        sequential(cycle(1.0, 5), cycle(0.1, 5), at=[5]),
        {0: 0.004},
    ),
    "a milestone at 0 makes the second scheduler the first": (
        sequential(constant(0.1, 3), EXPONENTIAL, cycle(0.1, 20), at=[0, 5]),
        {0: 0.004},
    ),
    "a factor of no length acts in the constructor": (
        sequential(EXPONENTIAL, constant(0.1, 0), at=[0]),
        {0: 0.1},
    ),
    "a chain with a polynomial that reaches 0 before the cosine": (
        chain(
            constant(0.5, 4), ("torch.PolynomialLR", {"total_iters": 2, "power": 1.0}), cosine(10)
        ),
        {0: 0.5, 2: 0.0},
    ),
    "a factor undone at a cosine's minimum multiplies the minimum": (
        chain(cosine(3, low=0.5), constant(0.1, 3)),
        {3: 5.0},
    ),
    "a multiplicative scheduler goes on from the rate that it finds": (
        sequential(constant(0.1, 3), HALVED, at=[5]),
        {4: 1.0, 5: 0.5},
    ),
    "a chain inside a sequence takes its first step twice": (
        sequential(chain(EXPONENTIAL, HALVED), constant(0.5, 3), at=[5]),
        {0: 0.45},
    ),
    "a sequence inside a sequence is one milestone ahead": (
        sequential(sequential(EXPONENTIAL, constant(0.5, 9), at=[3]), HALVED, at=[9]),
        {2: 0.5},
    ),
    "CyclicLR after another scheduler begins at the other's base": (
        chain(EXPONENTIAL, CYCLIC),
        {0: 1.0, 1: 0.01 + 0.19 / 4},
    ),
    "SWALR in a sequence anneals from the rate that it finds": (
        sequential(constant(0.1, 9), ("torch.SWALR", {"swa_lr": 0.05}), at=[5]),
        {5: 0.1},
    ),
}


@pytest.mark.parametrize("case", TORCH)
def test_torch(case):
    (name, arguments), known = TORCH[case]
    seen = np.array(random_torch.real(name, {"base_lr": 1.0, **arguments}, 40))
    ours = from_library(name, base_lr=1.0, **arguments)(np.arange(seen.size))
    np.testing.assert_allclose(ours, seen, rtol=0, atol=1e-12 * seen.max())
    for t, rate in known.items():
        assert ours[t] == pytest.approx(rate, abs=1e-12)


@pytest.mark.parametrize("inner", [chain(EXPONENTIAL), sequential(EXPONENTIAL, at=[])])
def test_a_composite_cannot_be_entered_at_a_milestone(inner):
    name, arguments = sequential(constant(0.5, 3), inner, at=[4])
    assert len(random_torch.real(name, {"base_lr": 1.0, **arguments}, 40)) == 4  # then it raises
    with pytest.raises(ValueError, match="can only be the first scheduler of a SequentialLR"):
        from_library(name, base_lr=1.0, **arguments)


def test_a_one_cycle_that_ends_before_its_milestone_is_refused():
    name, arguments = sequential(cycle(0.1, 5), constant(0.5, 3), at=[9])
    assert len(random_torch.real(name, {"base_lr": 1.0, **arguments}, 40)) == 6  # then it raises
    with pytest.raises(ValueError, match=r"before the next milestone.*total_steps = 5"):
        from_library(name, base_lr=1.0, **arguments)


def test_transformers_restarts_of_less_than_two_updates(needs_transformers):
    from tests.lib.libraries import random_transformers

    name = "transformers.get_cosine_with_hard_restarts_schedule_with_warmup"
    arguments = {
        "base_lr": 5e-5,
        "num_warmup_steps": 0,
        "num_training_steps": 10,
        "num_cycles": 7,
    }
    seen = random_transformers.real(name, arguments, 12)
    np.testing.assert_allclose(from_library(name, **arguments)(np.arange(12)), seen, atol=1e-16)
    assert seen[8] == pytest.approx(1.7274575e-5)


def test_transformers_decay_that_begins_inside_the_warmup(needs_transformers):
    from tests.lib.libraries import random_transformers

    name = "transformers.get_wsd_schedule"
    arguments = {
        "base_lr": 1.0,
        "num_warmup_steps": 6,
        "num_decay_steps": 8,
        "num_training_steps": 10,
    }
    seen = random_transformers.real(name, arguments, 12)
    np.testing.assert_allclose(from_library(name, **arguments)(np.arange(12)), seen, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "arguments", "rates"),
    [
        ("MultiStepLRScheduler", {"decay_t": [1], "decay_rate": 0.1}, [1.0, 0.1]),
        ("MultiStepLRScheduler", {"decay_t": [0], "decay_rate": 0.1}, [1.0, 0.1]),
        ("CosineLRScheduler", {"t_initial": 5, "cycle_limit": 0}, [1.0, 0.0]),
        ("WSDLRScheduler", {"t_initial": 5, "decay_t": 1, "lr_min": 2.0}, [1.0, 2.0]),
        ("TanhLRScheduler", {"t_initial": 9, "lb": 0.0}, [1.0, 0.339243]),
        ("StepLRScheduler", {"decay_t": 1, "decay_rate": 0.5, "warmup_t": 1}, [0.0, 1.0]),
    ],
)
def test_timm_never_asks_for_the_rate_of_the_first_update(name, arguments, rates):
    # timm 1.0.31, its scheduler constructed and step_update(1) called after the first update.
    ours = from_library(f"timm.{name}", base_lr=1.0, **arguments)
    np.testing.assert_allclose(ours([0, 1]), rates, atol=1e-6)


@pytest.mark.parametrize(
    ("inner", "rates"),
    [
        (EXPONENTIAL, [0.9, 0.81, 0.729]),
        (constant(0.5, 2), [0.25, 0.25, 0.5]),
        (cosine(4), [1.1715728752538097, 0.8535533905932737, 0.5]),
        (("torch.CosineAnnealingWarmRestarts", {"T_0": 2}), [0.5, 1.0, 0.5]),
        (("torch.SWALR", {"swa_lr": 0.05}), [1.0, 1.0, 1.0]),
    ],
)
def test_ignite_computes_the_first_rate_twice(inner, rates):
    # ignite 0.5.5 with torch 2.13: LRScheduler called at the start of each iteration.
    name, arguments = inner
    ours = from_library("ignite.LRScheduler", lr_scheduler=(name, {"base_lr": 1.0, **arguments}))
    np.testing.assert_allclose(ours([0, 1, 2]), rates, atol=1e-12)


def test_ignite_cannot_hold_a_sequence():
    name, arguments = sequential(EXPONENTIAL, at=[])
    with pytest.raises(ValueError, match="NotImplementedError"):
        from_library("ignite.LRScheduler", lr_scheduler=(name, {"base_lr": 1.0, **arguments}))


def test_fastai_positions_are_not_rounded():
    # fastai 2.8.12: combined_cos(1 / 3, 0.04, 1, 1e-5) at 1 / 2.
    ours = from_library("fastai.fit_one_cycle", n_batches=2, lr_max=1.0, pct_start=1 / 3)
    assert ours(1) == pytest.approx(0.85355485506, abs=4e-7)
