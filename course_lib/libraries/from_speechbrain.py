"""Converts `speechbrain.nnet.schedulers` (read and run with SpeechBrain 1.1.2).

These are no torch schedulers: the recipe calls one after an update, `scheduler(optimizer)` or
`scheduler(optimizer, n)` with n the updates done, and it writes the rate for the next. So the
first update runs at the rate that the optimizer was made with, `base_lr` here, whatever the
scheduler begins with, and the formulas hold for t >= 1. `LinearScheduler` and `StepScheduler` are
called at the end of an epoch, whose number of updates is `batches_per_epoch` here: the first epoch
runs at `base_lr`. All parameter groups get the same rate. float64, except LinearScheduler, which
takes its rates from torch.linspace in float32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from course_lib.libraries.pieces import Phases, hold, ramp, wave, window
from course_lib.libraries.registry import check_choice, check_steps, check_whole, converter, refuse
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part, Staircase
from course_lib.schedules.shapes import Drops, Exponential, InverseTime, Polynomial, Triangle
from course_lib.validation import check_count, check_real

_FEEDBACK = "it follows the loss, so the rate depends on the training"
refuse("speechbrain.NewBobScheduler", _FEEDBACK)
refuse("speechbrain.ReduceLROnPlateau", _FEEDBACK)
refuse("speechbrain.ScheduledLoss", "it switches between losses and sets no rate")

_MOST_PRODUCTS = 10_000  # a phase each


def _after_the_first(base_lr: float, phases: Phases, updates: int = 1) -> Phases:
    """Return base_lr for the updates before the first call, and the phases as if from t = 0."""
    return hold(check_real("base_lr", base_lr), updates) + window(phases, updates, math.inf)


@converter("speechbrain.WarmAndExpDecayLRSchedule")
def warm_and_exp_decay_lr_schedule(
    *, base_lr: float, lr: float, n_warmup_steps: int, total_steps: int, decay_factor: float = 0.1
) -> Phases:
    """lr * n / W, then lr * decay_factor ** ((n - W) / (total_steps - W)), for ever; n = t - 1.

    The call after the first update still uses n = 0, so the second update is at rate 0 with a
    warmup W. total_steps includes the warmup; the decay does not stop there. decay_factor above 1
    leaves the rate at lr.
    """
    first = hold(check_real("base_lr", base_lr), 1)
    peak = check_real("lr", lr)
    warmup = check_count("n_warmup_steps", n_warmup_steps, low=0)
    decay = check_count("total_steps", total_steps) - warmup
    factor = check_real("decay_factor", decay_factor, low_open=True)
    if decay == 0:
        raise ValueError(
            f"total_steps must not equal n_warmup_steps = {warmup}: SpeechBrain divides by zero"
        )
    gamma = min(1.0, factor ** (1 / decay))
    return (*first, *ramp(warmup, 0.0, peak), Phase(math.inf, peak, 0.0, Exponential(gamma)))


@converter("speechbrain.LinearScheduler")
def linear_scheduler(
    *,
    base_lr: float,
    initial_value: float,
    final_value: float,
    epoch_count: int,
    batches_per_epoch: int = 1,
) -> Phases:
    """A line over the epochs, from initial_value in epoch 0 to final_value in the last, held.

    Epoch e = t // batches_per_epoch: initial_value + (final_value - initial_value) * e /
    (epoch_count - 1). The first epoch runs at base_lr. SpeechBrain raises IndexError at the end of
    epoch epoch_count + 1, counted from 1.
    """
    first, last = check_real("initial_value", initial_value), check_real("final_value", final_value)
    epochs = check_count("epoch_count", epoch_count)
    batches = check_count("batches_per_epoch", batches_per_epoch)
    if epochs == 1:
        return _after_the_first(base_lr, hold(first), batches)
    stairs = Part(Staircase(Polynomial(), batches), length=batches * (epochs - 1))
    phases = (Phase(batches * (epochs - 1), first, last, stairs), *hold(last))
    return _after_the_first(base_lr, phases, batches)


@converter("speechbrain.LinearWarmupScheduler")
def linear_warmup_scheduler(
    *, base_lr: float, initial_value: float, num_warmup_steps: int, num_training_steps: int
) -> Phases:
    """initial_value * t / W, then a line to 0 at t = num_training_steps, held; base_lr at t = 0."""
    peak = check_real("initial_value", initial_value)
    warmup = check_count("num_warmup_steps", num_warmup_steps, low=0)
    total = check_count("num_training_steps", num_training_steps)
    phases = ramp(warmup, 0.0, peak) + (ramp(total - warmup, peak, 0.0) or hold(0.0))
    return _after_the_first(base_lr, phases)


@converter("speechbrain.StepScheduler")
def step_scheduler(
    *,
    base_lr: float,
    initial_value: float,
    decay_factor: float | None = None,
    decay_drop: float | None = None,
    half_life: int | None = None,
    batches_per_epoch: int = 1,
) -> Phases:
    """initial_value * decay_factor ** floor((e + 1) / decay_drop) in epoch e; base_lr in epoch 0.

    By default decay_factor is 0.5 and decay_drop 2, and the first drop acts in the second epoch, e
    = 1. half_life gives decay_factor = 2 ** (-1 / half_life) and decay_drop = 1. (The library's
    docstring says that a larger decay_drop decays faster: it decays more slowly.)
    """
    value = check_real("initial_value", initial_value)
    batches = check_count("batches_per_epoch", batches_per_epoch)
    if half_life is not None:
        if decay_factor is not None or decay_drop is not None:
            raise ValueError("half_life must be None beside decay_factor and decay_drop")
        half = check_real("half_life", half_life, low_open=True)
        factor, every = math.exp(-math.log(2) / half), 1
    else:
        factor = 0.5
        if decay_factor is not None:
            factor = check_real("decay_factor", decay_factor, low_open=True)
        every = check_whole("decay_drop", 2 if decay_drop is None else decay_drop)
    drops = Part(Drops(factor, every * batches), offset=float(batches))
    return _after_the_first(base_lr, (Phase(math.inf, value, 0.0, drops),), batches)


@converter("speechbrain.NoamScheduler")
def noam_scheduler(
    *, base_lr: float, lr_initial: float, n_warmup_steps: int, model_size: int | None = None
) -> Phases:
    """A line to the peak at t = W, then peak * sqrt(W / t), for ever; base_lr at t = 0.

    The peak is lr_initial, or lr_initial / sqrt(model_size * W) where model_size is given.
    """
    peak = check_real("lr_initial", lr_initial)
    warmup = check_count("n_warmup_steps", n_warmup_steps)
    if model_size is not None:
        peak /= math.sqrt(check_count("model_size", model_size) * warmup)
    down = Phase(math.inf, peak, 0.0, InverseTime(1 / warmup, 0.5))
    return _after_the_first(base_lr, (*ramp(warmup, 0.0, peak), down))


@converter("speechbrain.NoamIntervalScheduler")
def noam_interval_scheduler(
    *,
    base_lr: float,
    lr_initial: float,
    n_warmup_steps: int,
    anneal_steps: Sequence[int],
    anneal_rates: Sequence[float],
    model_size: int | None = None,
) -> Phases:
    """`speechbrain.NoamScheduler` times anneal_rates[i] for every i with t > anneal_steps[i]."""
    marks = check_steps("anneal_steps", anneal_steps)
    if len(anneal_rates) < len(marks):
        raise ValueError(
            f"anneal_rates must have an entry for each of the {len(marks)} anneal_steps, "
            f"got {len(anneal_rates)}"
        )
    whole = noam_scheduler(
        base_lr=lr_initial,
        lr_initial=lr_initial,
        n_warmup_steps=n_warmup_steps,
        model_size=model_size,
    )
    phases: Phases = ()
    factor, begin = 1.0, 0
    for mark, share in zip(marks, anneal_rates, strict=False):
        phases += _scaled(window(whole, begin, mark + 1 - begin), factor)
        factor *= check_real("anneal_rates", share)
        begin = mark + 1
    return _after_the_first(base_lr, phases + _scaled(window(whole, begin, math.inf), factor))


def _scaled(phases: Phases, factor: float) -> Phases:
    return tuple(
        replace(phase, start=factor * phase.start, end=factor * phase.end) for phase in phases
    )


@converter("speechbrain.LinearNoamScheduler")
def linear_noam_scheduler(
    *, base_lr: float, lr_initial: float, n_warmup_steps: int, n_keep_steps: int
) -> Phases:
    """lr_initial * t / W, lr_initial for n_keep_steps, then lr_initial * W / (t - n_keep_steps)."""
    peak = check_real("lr_initial", lr_initial)
    warmup = check_count("n_warmup_steps", n_warmup_steps)
    keep = check_count("n_keep_steps", n_keep_steps, low=0)
    down = Phase(math.inf, peak, 0.0, InverseTime(1 / warmup))
    return _after_the_first(base_lr, (*ramp(warmup, 0.0, peak), *hold(peak, keep), down))


@converter("speechbrain.CyclicCosineScheduler")
def cyclic_cosine_scheduler(
    *,
    base_lr: float,
    n_warmup_steps: int,
    lr_initial: float | None = None,
    total_steps: int = 100_000,
) -> Phases:
    """lr_initial * (1 + cos(pi (t - n_warmup_steps) / total_steps)) / 2, for ever.

    In spite of its name there is no warmup: the cosine is shifted, so that its peak is at t =
    n_warmup_steps. It reaches 0 after total_steps more, and rises again. With lr_initial=None, the
    default, the factor multiplies the rate that it finds: a running product that falls to 0 much
    sooner, and stays there.
    """
    shift = check_count("n_warmup_steps", n_warmup_steps)
    total = check_count("total_steps", total_steps)
    if lr_initial is not None:
        peak = check_real("lr_initial", lr_initial)
        return _after_the_first(base_lr, wave(peak, 0.0, total, offset=-shift))
    rate = check_real("base_lr", base_lr)
    if shift + total > _MOST_PRODUCTS:
        raise ValueError(
            "lr_initial must be given where n_warmup_steps + total_steps > "
            f"{_MOST_PRODUCTS}, got {shift + total}: without it each rate is the last one times a "
            "factor, and has no formula"
        )
    phases = hold(rate, 1)
    for t in range(1, shift + total + 1):
        rate *= 0.5 * (math.cos(math.pi * (t - shift) / total) + 1)
        phases += hold(rate, 1)
    return phases + hold(0.0)


@converter("speechbrain.CyclicLRScheduler")
def cyclic_lr_scheduler(
    *,
    base_lr: float = 0.001,
    max_lr: float = 0.006,
    step_size: float = 2000.0,
    mode: str = "triangular",
    gamma: float = 1.0,
    scale_fn: None = None,
    scale_mode: str = "cycle",
    first_lr: float | None = None,
) -> Phases:
    """Straight up from base_lr to max_lr in step_size updates, straight down, and so on for ever.

    "triangular2" halves the height each cycle, "exp_range" multiplies it by gamma ** t. `base_lr`
    is the scheduler's own argument; the first update runs at the optimizer's rate, which is
    first_lr, or base_lr where that is None. (torch's CyclicLR overwrites the optimizer's rate.)
    """
    if scale_fn is not None:
        raise ValueError("scale_fn must be None: an arbitrary function has no closed form")
    check_choice("mode", mode, ["triangular", "triangular2", "exp_range"])
    half = check_real("step_size", step_size, low_open=True)
    shape = Triangle(
        period=2 * half,
        scale=0.5 if mode == "triangular2" else 1.0,
        gamma=check_real("gamma", gamma, low_open=True) if mode == "exp_range" else 1.0,
    )
    foot, top = check_real("base_lr", base_lr), check_real("max_lr", max_lr)
    first = foot if first_lr is None else check_real("first_lr", first_lr)
    return _after_the_first(first, (Phase(math.inf, foot, top, shape),))


@converter("speechbrain.IntervalScheduler")
def interval_scheduler(*, base_lr: float, intervals: Sequence[dict[str, Any]]) -> Phases:
    """The rate of each interval from t = its steps on; base_lr before the first; the last is held.

    intervals are dictionaries {"steps": …, "lr": …}. They are taken in their order, one an update:
    one whose steps are not above those before it acts one update after the one before it, and one
    with steps = 0 never acts.
    """
    if not isinstance(intervals, list | tuple):
        raise TypeError(f"intervals must be a list of dictionaries, got {intervals!r}")
    rate, at = check_real("base_lr", base_lr), 0
    phases: Phases = ()
    for interval in intervals:
        if not isinstance(interval, dict) or not {"steps", "lr"} <= interval.keys():
            raise TypeError(f"intervals must hold dictionaries of steps and lr, got {interval!r}")
        steps = check_count("steps", interval["steps"], low=0)
        following = check_real("lr", interval["lr"])
        if steps > 0:
            begin = max(steps, at + 1)
            phases += hold(rate, begin - at)
            rate, at = following, begin
    return phases + hold(rate)


@converter("speechbrain.InverseSquareRootScheduler")
def inverse_square_root_scheduler(*, base_lr: float, warmup_steps: int) -> Phases:
    """1 / sqrt(max(warmup_steps, t)), for ever: base_lr has no effect after the first update.

    There is no warmup: the rate is 1 / sqrt(warmup_steps), often hundreds of times base_lr, until t
    = warmup_steps.
    """
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    rest = max(warmup, 1)
    down = Phase(math.inf, 1 / math.sqrt(rest), 0.0, InverseTime(1 / rest, 0.5))
    return _after_the_first(base_lr, (*hold(down.start, rest), down))


@converter("speechbrain.WarmCoolDecayLRSchedule")
def warm_cool_decay_lr_schedule(
    *,
    base_lr: float,
    lr: float,
    warmup: int,
    cooldown: int,
    total_steps: int,
    decay_factor: float = 0.75,
    decay_every: int = 100_000,
) -> Phases:
    """lr * t / warmup, lr * decay_factor ** ((t - warmup) / decay_every), a line to 0 at the end.

    The cooldown begins after t = total_steps - cooldown, from lr * decay_factor ** ((total_steps -
    cooldown) / decay_every), which leaves out the warmup: the rate jumps where it begins. Nothing
    stops the line at t = total_steps: the rate goes negative.
    """
    peak = check_real("lr", lr)
    up = check_count("warmup", warmup, low=0)
    down = check_count("cooldown", cooldown)
    total = check_count("total_steps", total_steps, low=0)
    factor = check_real("decay_factor", decay_factor, low_open=True)
    gamma = factor ** (1 / check_real("decay_every", decay_every, low_open=True))
    turn = total - down
    begin = max(up, turn + 1)  # of the cooldown
    top = peak * gamma**turn
    slow: Phases = (Phase(math.inf, peak, 0.0, Exponential(gamma)),)
    line = Phase(math.inf, top, 0.0, Part(Polynomial(), float(begin - turn), float(down)))
    phases = (*ramp(up, 0.0, peak), *window(slow, 0, begin - up), line)
    return _after_the_first(base_lr, phases)


@converter("speechbrain.TriStageLRSchedule")
def tri_stage_lr_schedule(
    *,
    base_lr: float,
    lr: float,
    warmup_steps: int,
    hold_steps: int,
    decay_steps: int,
    total_steps: int | None = None,
    init_lr_scale: float = 0.01,
    final_lr_scale: float = 0.05,
) -> Phases:
    """A line from init_lr_scale * lr to lr, lr, then lr * final_lr_scale ** (k / decay_steps).

    k counts from the decay's beginning and does not stop at decay_steps, so final_lr_scale is no
    floor; total_steps has no effect (the library wants it all the same). (fairseq's tri_stage of
    the same arguments holds final_lr_scale * lr.)
    """
    peak = check_real("lr", lr)
    warmup = check_count("warmup_steps", warmup_steps)
    keep = check_count("hold_steps", hold_steps, low=0)
    decay = check_count("decay_steps", decay_steps)
    start = peak * check_real("init_lr_scale", init_lr_scale)
    gamma = check_real("final_lr_scale", final_lr_scale, low_open=True) ** (1 / decay)
    down = Phase(math.inf, peak, 0.0, Exponential(gamma))
    return _after_the_first(base_lr, (*ramp(warmup, start, peak), *hold(peak, keep), down))
