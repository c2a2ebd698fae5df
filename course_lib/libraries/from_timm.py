"""Converts `timm.scheduler` (read and run with timm 1.0.31).

t is what `step_update(num_updates)` is given (t_in_epochs=False): updates done, our step; float64.
`base_lr` is the optimizer's lr. noise_range_t adds random noise and is refused.

timm's training script calls `step_update(num_updates)` after each update, with the updates done,
and `step_update(0)` never: it asks for a rate before the first update only where it resumes. So the
first update has the rate that the constructor has set, base_lr or with a warmup warmup_lr_init,
even where the formula has another one at t = 0, and it is so here. With t_in_epochs=True the same
holds of `step(epoch)` and the first epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from course_lib.libraries.pieces import Phases, first_rate, hold, ramp, stretch, until, window
from course_lib.libraries.registry import check_choice, check_steps, converter
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part, Product, WarpedPolynomial
from course_lib.schedules.shapes import (
    Cosine,
    Drops,
    Geometric,
    InverseTime,
    OneMinusSqrt,
    Polynomial,
    Shape,
    Tanh,
)
from course_lib.validation import check_count, check_real


def _warmed(
    base: float,
    phases: Phases,
    warmup_t: int,
    warmup_lr_init: float,
    prefix: bool,
    joins: float | None = None,
) -> Phases:
    """Return a line from warmup_lr_init to base, then the phases: from 0 (prefix) or part-way.

    Without a warmup the first update is at base. `joins` is the rate that the line leads to where
    it is another one than base.
    """
    steps = check_count("warmup_t", warmup_t, low=0)
    start = check_real("warmup_lr_init", warmup_lr_init)
    if steps == 0:
        return (
            phases if Schedule(phases)(0) == base else hold(base, 1) + window(phases, 1, math.inf)
        )
    rest = phases if prefix else window(phases, steps, math.inf)
    return ramp(steps, start, base if joins is None else joins) + rest


def _no_noise(noise_range_t: None) -> None:
    if noise_range_t is not None:
        raise ValueError(
            f"noise_range_t must be None, got {noise_range_t!r}: with noise the rate is random"
        )


def _cycles(
    base: float,
    floor: float,
    shape: Shape,
    t_initial: int,
    cycle_mul: float,
    cycle_decay: float,
    cycle_limit: int,
) -> Phases:
    """Return cycle_limit cycles from base * cycle_decay**i towards the floor, then the floor.

    timm finds the cycle by a logarithm when cycle_mul is not 1; where that comes out a rounding
    too small, the first update of a cycle is the end of the one before. It is here too.
    """
    check_count("t_initial", t_initial)
    check_real("lr_min", floor)
    check_real("cycle_mul", cycle_mul, low=1.0)
    check_real("cycle_decay", cycle_decay)
    limit = check_count("cycle_limit", cycle_limit, low=0)
    phases: Phases = ()
    at = 0
    for cycle in range(limit):
        length = t_initial * cycle_mul**cycle
        begin = sum(t_initial * cycle_mul**i for i in range(cycle)) if cycle_mul != 1 else at
        end = until(lambda t: _cycle_number(t, t_initial, cycle_mul) > cycle, begin + length)  # noqa: B023
        top = base * cycle_decay**cycle
        whole = min(end, math.ceil(begin + length)) - at
        phases += stretch(whole, top, floor, shape, at - begin, length)
        phases += hold(first_rate(stretch(1, top, floor, shape, length, length)), end - at - whole)
        at = end
    return phases + hold(floor)


def _cycle_number(t: int, t_initial: int, cycle_mul: float) -> int:
    if cycle_mul == 1:
        return t // t_initial
    return math.floor(math.log(1 - t / t_initial * (1 - cycle_mul), cycle_mul))


@converter("timm.CosineLRScheduler")
def cosine_lr_scheduler(
    *,
    base_lr: float,
    t_initial: int,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
    k_decay: float = 1.0,
) -> Phases:
    """lr_min + (base * cycle_decay**i - lr_min) * (1 + cos(pi v**k_decay)) / 2, v done of cycle i.

    Cycle i takes t_initial * cycle_mul**i; after cycle_limit cycles lr_min is held. The warmup is a
    line from warmup_lr_init to base_lr. By default (warmup_prefix=False) the cosine runs from t =
    0 all the same and is joined at t = warmup_t, part of the way down: base_lr is never reached.
    """
    _no_noise(noise_range_t)
    base = check_real("base_lr", base_lr)
    shape = Cosine(warp=check_real("k_decay", k_decay, low_open=True))
    phases = _cycles(base, lr_min, shape, t_initial, cycle_mul, cycle_decay, cycle_limit)
    return _warmed(base, phases, warmup_t, warmup_lr_init, warmup_prefix)


@converter("timm.PolyLRScheduler")
def poly_lr_scheduler(
    *,
    base_lr: float,
    t_initial: int,
    power: float = 0.5,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
    k_decay: float = 1.0,
) -> Phases:
    """lr_min + (base * cycle_decay**i - lr_min) * (1 - v**k_decay) ** power; lr_min held after.

    Cycles and warmup are those of `timm.CosineLRScheduler`.
    """
    _no_noise(noise_range_t)
    base = check_real("base_lr", base_lr)
    shape: Shape = WarpedPolynomial(power, check_real("k_decay", k_decay, low_open=True))
    if k_decay == 1:
        shape = Polynomial(power)
    phases = _cycles(base, lr_min, shape, t_initial, cycle_mul, cycle_decay, cycle_limit)
    return _warmed(base, phases, warmup_t, warmup_lr_init, warmup_prefix)


@converter("timm.TanhLRScheduler")
def tanh_lr_scheduler(
    *,
    base_lr: float,
    t_initial: int,
    lb: float = -7.0,
    ub: float = 3.0,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
) -> Phases:
    """lr_min + (base * cycle_decay**i - lr_min) * (1 - tanh(lb (1 - v) + ub v)) / 2; lr_min after.

    From t = 1 on it is a little below base_lr, and it ends a little above lr_min, onto which it
    drops. Without warmup_prefix the warmup leads to the rate of the curve at t = warmup_t, where it
    joins it.
    """
    _no_noise(noise_range_t)
    base = check_real("base_lr", base_lr)
    if not check_real("lb", lb, low=-math.inf) < check_real("ub", ub, low=-math.inf):
        raise ValueError(f"lb must be < ub, got {lb!r} and {ub!r}")
    phases = _cycles(base, lr_min, Tanh(lb, ub), t_initial, cycle_mul, cycle_decay, cycle_limit)
    joins = base if warmup_prefix else Schedule(phases)(check_count("warmup_t", warmup_t, low=0))
    return _warmed(base, phases, warmup_t, warmup_lr_init, warmup_prefix, joins)


@converter("timm.StepLRScheduler")
def step_lr_scheduler(
    *,
    base_lr: float,
    decay_t: int,
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
) -> Phases:
    """base_lr * decay_rate ** floor(t / decay_t), t from the warmup's end by default; for ever."""
    _no_noise(noise_range_t)
    base = check_real("base_lr", base_lr)
    drops = Drops(
        check_real("decay_rate", decay_rate, low_open=True), check_count("decay_t", decay_t)
    )
    phases = (Phase(math.inf, base, 0.0, drops),)
    return _warmed(base, phases, warmup_t, warmup_lr_init, warmup_prefix)


@converter("timm.MultiStepLRScheduler")
def multi_step_lr_scheduler(
    *,
    base_lr: float,
    decay_t: Sequence[int],
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
) -> Phases:
    """base_lr * decay_rate ** (number of decay_t <= t + 1): a drop at 30 first acts at t = 29.

    One update earlier than torch's, except that a drop at 1 first acts at t = 1 as well: the first
    update is at base_lr. The last rate is held. t counts from the warmup's end by default.
    """
    _no_noise(noise_range_t)
    base = check_real("base_lr", base_lr)
    check_real("decay_rate", decay_rate, low_open=True)
    marks = [max(mark - 1, 0) for mark in check_steps("decay_t", decay_t)]
    phases: Phases = ()
    for drops, (begin, end) in enumerate(zip([0, *marks], [*marks, math.inf], strict=True)):
        phases += hold(base * decay_rate**drops, end - begin)
    return _warmed(base, phases, warmup_t, warmup_lr_init, warmup_prefix)


@converter("timm.WSDLRScheduler")
def wsd_lr_scheduler(
    *,
    base_lr: float,
    t_initial: int,
    decay_t: int,
    lr_min: float = 0.0,
    stable_fn: str = "constant",
    stable_timescale: float | None = None,
    stable_power: float = 0.5,
    decay_fn: str | Callable[[float], float] = "1-sqrt",
    decay_power: float = 0.5,
    decay_ratio: float = 0.1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
) -> Phases:
    """Warmup, a stable part of t_initial - decay_t, a decay of decay_t to lr_min, held.

    t_initial excludes the warmup. The stable part is base_lr, or base_lr * (1 + t_s / timescale)
    ** -power ("rsqrt": power 1/2), not below lr_min; it goes on falling underneath the decay. The
    timescale is warmup_t by default.
    """
    _no_noise(noise_range_t)
    base = check_real("base_lr", base_lr)
    steps = check_count("t_initial", t_initial)
    decay = check_count("decay_t", decay_t)
    if decay > steps:
        raise ValueError(f"decay_t must be <= t_initial = {steps}, got {decay}")
    floor = check_real("lr_min", lr_min)
    shape = _wsd_decay(decay_fn, decay_power, decay_ratio)
    stable = hold(max(base, floor))
    check_choice("stable_fn", stable_fn, ["constant", "rsqrt", "power"])
    check_real("stable_power", stable_power, low_open=True)
    if stable_fn != "constant":
        scale = check_real(
            "stable_timescale (warmup_t by default)",
            warmup_t if stable_timescale is None else stable_timescale,
            low_open=True,
        )
        power = 0.5 if stable_fn == "rsqrt" else stable_power
        stable = _falling(base, floor, scale, power)
    down: Phases = ()
    for piece in window(stable, steps - decay, decay):
        down += _under(piece, floor, shape, sum(phase.steps for phase in down), decay)
    phases = window(stable, 0, steps - decay) + down + hold(floor)
    return _warmed(base, phases, warmup_t, warmup_lr_init, prefix=True)


def _wsd_decay(decay_fn: str | Callable[[float], float], power: float, ratio: float) -> Shape:
    if callable(decay_fn):
        raise ValueError("decay_fn must be a name: an arbitrary function has no closed form")
    shapes = {
        "linear": Polynomial(),
        "1-sqrt": OneMinusSqrt(),
        "cosine": Cosine(),
        "power": WarpedPolynomial(1.0, check_real("decay_power", power, low_open=True)),
        "exp": Geometric(check_real("decay_ratio", ratio, low_open=True)),
    }
    check_choice("decay_fn", decay_fn, list(shapes))
    return shapes[decay_fn]


def _falling(base: float, floor: float, timescale: float, power: float) -> Phases:
    """Return base * (1 + k / timescale) ** -power until it meets the floor, then the floor."""
    if base <= floor:
        return hold(floor)
    falling: Phases = (Phase(math.inf, base, 0.0, InverseTime(1 / timescale, power)),)
    if floor == 0.0:
        return falling
    guess = timescale * ((base / floor) ** (1 / power) - 1)
    meets = until(lambda k: base * (1 + k / timescale) ** -power <= floor, guess)
    return window(falling, 0, meets) + hold(floor)


def _under(piece: Phase, floor: float, shape: Shape, done: int, decay: int) -> Phases:
    """Return floor + (stable - floor) * shape for one piece of the stable curve.

    `done` steps of the decay are over when the piece begins.
    """
    top = piece.start
    if top == piece.end:
        return stretch(piece.steps, top, floor, shape, done, decay)
    if top == floor:
        return hold(floor, piece.steps)
    # (top * s - floor) / (top - floor) = low + (1 - low) * s with the `low` below.
    low = -floor / (top - floor)
    curve = Part(piece.shape, low=low)
    return (Phase(piece.steps, top, floor, Product((curve, Part(shape, float(done), decay)))),)
