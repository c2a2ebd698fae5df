"""Converts `torch.optim.lr_scheduler` (read and run with torch 2.13).

All of it counts calls of `scheduler.step()`, one an update here; `base_lr` is the optimizer's lr.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from course_lib.libraries.pieces import (
    ANNEALED,
    Phases,
    exponential,
    first_rate,
    hold,
    ramp,
    stretch,
    wave,
)
from course_lib.libraries.registry import (
    check_choice,
    check_steps,
    converter,
)
from course_lib.schedules import Phase
from course_lib.schedules.shapes import Drops, Polynomial, Restarts, Shape, Triangle
from course_lib.validation import check_count, check_real

COSINE = "torch.CosineAnnealingLR"

_FUNCTION = (
    "it takes a function of the step and may do anything; give lr_lambda as a number for a "
    "constant factor, or build the schedule from phases"
)


@converter("torch.ConstantLR")
def constant_lr(*, base_lr: float, factor: float = 1.0 / 3, total_iters: int = 5) -> Phases:
    """base_lr * factor for t < total_iters, then base_lr, held for ever.

    With total_iters = 0 the factor is never taken back: torch undoes it when its counter equals
    total_iters after the first step, which 0 never does.
    """
    base = check_real("base_lr", base_lr)
    check_real("factor", factor, high=1.0)
    steps = check_count("total_iters", total_iters, low=0)
    if steps == 0:
        return hold(base * factor)
    if factor == 0.0:
        raise ValueError("factor must be > 0, got 0: torch divides by it after total_iters")
    return hold(base * factor, steps) + hold(base)


@converter("torch.LinearLR")
def linear_lr(
    *, base_lr: float, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5
) -> Phases:
    """base_lr * (start + (end - start) * t / total_iters), then base_lr * end_factor, held.

    A ramp (t + 1) / W is start_factor=1/W with total_iters=W - 1. With total_iters = 0 the rate
    stays at start_factor.
    """
    base = check_real("base_lr", base_lr)
    check_real("start_factor", start_factor, low_open=True, high=1.0)
    check_real("end_factor", end_factor, high=1.0)
    steps = check_count("total_iters", total_iters, low=0)
    if steps == 0:
        return hold(base * start_factor)
    return ramp(steps, base * start_factor, base * end_factor)


@converter("torch.StepLR")
def step_lr(*, base_lr: float, step_size: int, gamma: float = 0.1) -> Phases:
    """base_lr * gamma ** floor(t / step_size), for ever; the first drop acts at t = step_size."""
    base = check_real("base_lr", base_lr)
    drops = Drops(check_real("gamma", gamma, low_open=True), check_count("step_size", step_size))
    return (Phase(math.inf, base, 0.0, drops),)


@converter("torch.MultiStepLR")
def multi_step_lr(*, base_lr: float, milestones: Sequence[int], gamma: float = 0.1) -> Phases:
    """base_lr * gamma ** (number of milestones <= t); a milestone at m first acts at t = m.

    The last rate is held. A milestone listed twice counts twice; the order does not matter.
    """
    base = check_real("base_lr", base_lr)
    check_real("gamma", gamma, low_open=True)
    if not isinstance(milestones, list | tuple):
        raise TypeError(f"milestones must be a list of whole numbers, got {milestones!r}")
    marks = check_steps("milestones", sorted(milestones))
    phases: Phases = ()
    for drops, (begin, end) in enumerate(zip([0, *marks], [*marks, math.inf], strict=True)):
        phases += hold(base * gamma**drops, end - begin)
    return phases


@converter("torch.ExponentialLR")
def exponential_lr(*, base_lr: float, gamma: float) -> Phases:
    """base_lr * gamma ** t, for ever: nothing stops it at a floor."""
    return exponential(check_real("base_lr", base_lr), check_real("gamma", gamma, low_open=True))


@converter("torch.MultiplicativeLR")
def multiplicative_lr(*, base_lr: float, lr_lambda: float) -> Phases:
    """base_lr * lr_lambda ** t for a constant factor, given as a number; for ever."""
    if callable(lr_lambda):
        raise ValueError(f"torch.MultiplicativeLR has no closed form: {_FUNCTION}")
    return exponential(
        check_real("base_lr", base_lr), check_real("lr_lambda", lr_lambda, low_open=True)
    )


@converter("torch.LambdaLR")
def lambda_lr(*, base_lr: float, lr_lambda: float) -> Phases:
    """base_lr * lr_lambda for a constant factor, given as a number; held for ever.

    torch multiplies what the function returns by base_lr: an absolute rate comes out too small.
    """
    if callable(lr_lambda):
        raise ValueError(f"torch.LambdaLR has no closed form: {_FUNCTION}")
    return hold(check_real("base_lr", base_lr) * check_real("lr_lambda", lr_lambda))


@converter("torch.PolynomialLR")
def polynomial_lr(*, base_lr: float, total_iters: int = 5, power: float = 1.0) -> Phases:
    """base_lr * (1 - t / total_iters) ** power, then 0, held. total_iters = 0 never decays."""
    base = check_real("base_lr", base_lr)
    check_real("power", power, low_open=True)
    steps = check_count("total_iters", total_iters, low=0)
    return ramp(steps, base, 0.0, Polynomial(power)) if steps else hold(base)


@converter(COSINE)
def cosine_annealing_lr(*, base_lr: float, T_max: int, eta_min: float = 0.0) -> Phases:
    """eta_min + (base_lr - eta_min) * (1 + cos(pi t / T_max)) / 2.

    eta_min is reached at t = T_max and not held: the rate climbs back to base_lr at 2 T_max, falls
    again, and so on. (torch computes it by a recursion; past T_max it adds instead of multiplying,
    which gives the same curve.)
    """
    base = check_real("base_lr", base_lr)
    return wave(base, check_real("eta_min", eta_min), check_count("T_max", T_max))


@converter("torch.CosineAnnealingWarmRestarts")
def cosine_annealing_warm_restarts(
    *, base_lr: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0
) -> Phases:
    """The half-cosine over cycles of length T_0 * T_mult**i, starting over at base_lr, for ever.

    eta_min is approached and never reached: at the cycle's end the next one begins. (A loop that
    calls `step(epoch + i / iterations)` finds the cycle by a logarithm, and has eta_min at some of
    the restarts, in torch 2.13.0: `findings/torch_warm_restart_missed.sh`.)
    """
    base = check_real("base_lr", base_lr)
    shape = Restarts(check_count("T_0", T_0), check_count("T_mult", T_mult))
    return (Phase(math.inf, base, check_real("eta_min", eta_min), shape),)


@converter("torch.CyclicLR")
def cyclic_lr(
    *,
    base_lr: float,
    max_lr: float,
    step_size_up: float = 2000,
    step_size_down: float | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    scale_fn: None = None,
    scale_mode: str = "cycle",
    cycle_momentum: bool = True,
    base_momentum: float = 0.8,
    max_momentum: float = 0.9,
) -> Phases:
    """Straight up from base_lr to max_lr at t = step_size_up, straight down, and so on for ever.

    "triangular2" halves the height each cycle, "exp_range" multiplies it by gamma ** t. `base_lr`
    is the scheduler's own argument: the optimizer's rate is overwritten. The momentum arguments do
    not change the rate.
    """
    if scale_fn is not None:
        raise ValueError(f"torch.CyclicLR with scale_fn has no closed form: {_FUNCTION}")
    check_choice("mode", mode, ["triangular", "triangular2", "exp_range"])
    up = check_real("step_size_up", step_size_up, low_open=True)
    down = up
    if step_size_down is not None:
        down = check_real("step_size_down", step_size_down, low_open=True)
    shape = Triangle(
        period=up + down,
        rise=up / (up + down),
        scale=0.5 if mode == "triangular2" else 1.0,
        gamma=check_real("gamma", gamma, low_open=True) if mode == "exp_range" else 1.0,
    )
    foot, top = check_real("base_lr", base_lr), check_real("max_lr", max_lr)
    return (Phase(math.inf, foot, top, shape),)


@converter("torch.OneCycleLR")
def one_cycle_lr(
    *,
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
    base_lr: float | None = None,
) -> Phases:
    """From max_lr / div_factor up to max_lr at t = pct_start * T - 1, down to the end at t = T - 1.

    T is total_steps, or epochs * steps_per_epoch; the end is max_lr / div_factor /
    final_div_factor. With three_phase the way down first takes as long as the way up, to t =
    2 * pct_start * T - 2. `base_lr`, the optimizer's rate, is overwritten and has no effect.

    Past the end: torch allows one more update, t = T, extrapolated beyond the last phase (above
    the end for "cos", negative for "linear"), and raises ValueError at the step() after it. The
    schedule has that update as a phase of its own and holds its rate.
    """
    if base_lr is not None:
        check_real("base_lr", base_lr)
    total = one_cycle_total(total_steps, epochs, steps_per_epoch)
    if not isinstance(pct_start, float):
        raise TypeError(f"pct_start must be a float from 0 to 1, got {pct_start!r}")
    check_real("pct_start", pct_start, high=1.0)
    check_choice("anneal_strategy", anneal_strategy, ["cos", "linear"])
    peak = check_real("max_lr", max_lr)
    first = peak / check_real("div_factor", div_factor, low_open=True)
    last = first / check_real("final_div_factor", final_div_factor, low_open=True)
    return one_cycle_phases(first, peak, last, total, pct_start, anneal_strategy, three_phase)


def one_cycle_total(
    total_steps: int | None, epochs: int | None, steps_per_epoch: int | None
) -> int:
    """Return the length of OneCycleLR from the arguments that may give it."""
    if total_steps is not None:
        return check_count("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise TypeError("torch.OneCycleLR needs total_steps, or epochs and steps_per_epoch")
    return check_count("epochs", epochs) * check_count("steps_per_epoch", steps_per_epoch)


def one_cycle_phases(
    first: float,
    peak: float,
    last: float,
    total: int,
    pct_start: float,
    anneal_strategy: str,
    three_phase: bool,
) -> Phases:
    """Return OneCycleLR's phases between three rates that the parameter group has."""
    ends = [(float(pct_start * total) - 1, first, peak), (total - 1, peak, last)]
    if three_phase:
        ends[1:] = [(float(2 * pct_start * total) - 2, peak, first), (total - 1, first, last)]
    return _cycle_phases(ends, total, ANNEALED[anneal_strategy])


def _cycle_phases(ends: list[tuple[float, float, float]], total: int, shape: Shape) -> Phases:
    """Return the phases of one cycle from its (end step, rate before, rate after) triples.

    The end steps need not be whole, nor >= 0: a phase that ends before t = 0 is skipped, and the
    next one then begins part of the way down.
    """
    if ends[0][0] == 0:
        raise ValueError(
            f"pct_start must not be 1 / total_steps, which makes torch divide by zero; "
            f"total_steps is {total}"
        )
    phases: Phases = ()
    begin, at = 0.0, 0
    for end, before, after in ends[:-1]:
        upto = min(max(math.ceil(end), at), total)
        phases += stretch(upto - at, before, after, shape, at - begin, end - begin)
        if total <= end:
            return phases + _extra(before, after, shape, total - begin, end - begin)
        begin, at = end, upto
    end, before, after = ends[-1]
    if end == begin:  # the phase before lasted to the end; torch divides by zero at t = total
        return phases + hold(before, 1)
    phases += stretch(total - at, before, after, shape, at - begin, end - begin)
    return phases + _extra(before, after, shape, total - begin, end - begin)


def _extra(before: float, after: float, shape: Shape, offset: float, length: float) -> Phases:
    """Return the update that torch allows after the last one, at the extrapolated rate."""
    return hold(first_rate(stretch(1, before, after, shape, offset, length)), 1)


@converter("torch.SWALR")
def swa_lr(
    *, base_lr: float, swa_lr: float, anneal_epochs: int = 10, anneal_strategy: str = "cos"
) -> Phases:
    """From base_lr to swa_lr over anneal_epochs updates, along a cosine or a line, then held.

    With anneal_epochs = 0 the rate is swa_lr from the first update on, and beside another scheduler
    from the moment of construction (in torch 2.13.0: `findings/torch_swalr_before_its_time.sh`).
    """
    base, end = check_real("base_lr", base_lr), check_real("swa_lr", swa_lr)
    check_choice("anneal_strategy", anneal_strategy, ["cos", "linear"])
    steps = check_count("anneal_epochs", anneal_epochs, low=0)
    return ramp(steps, base, end, ANNEALED[anneal_strategy]) if steps else hold(end)
