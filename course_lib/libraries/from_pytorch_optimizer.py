"""Converts `pytorch_optimizer.lr_scheduler` (read and run with pytorch-optimizer 4.1.0).

float64, one `scheduler.step()` after each update. Most of its classes take max_lr and min_lr for
themselves, overwrite the optimizer's rates at once with min_lr, and give every parameter group the
same rate. So the first update runs at min_lr, whatever the schedule begins with.
"""

from __future__ import annotations

import math

import numpy as np

from course_lib.libraries.pieces import Phases, hold, ramp, wave, window
from course_lib.libraries.registry import check_choice, converter, refuse
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part, Rex, WarmedCycles, WarpedPolynomial
from course_lib.schedules.shapes import OneMinusSqrt, Polynomial, Shape
from course_lib.validation import check_count, check_real

_MOST_EPOCHS = 2**14  # a phase each

refuse(
    "pytorch_optimizer.ProportionScheduler",
    "it maps the rate of another scheduler to a value such as GSAM's rho, and sets no rate",
)
refuse(
    "pytorch_optimizer.deberta_v3_large_lr_scheduler",
    "in spite of its name it makes parameter groups with rates of their own, which stay",
)


def _warmed(
    t_max: int, max_lr: float, min_lr: float, init_lr: float, warmup_steps: int
) -> tuple[float, float, int, Phases]:
    """Return peak, floor, steps of the decay, and the phases before the peak."""
    peak, floor = check_real("max_lr", max_lr), check_real("min_lr", min_lr)
    first = check_real("init_lr", init_lr)
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    total = check_count("t_max", t_max, low=0)
    if total == warmup:
        raise ValueError(
            f"t_max must not equal warmup_steps, got {total}: the library divides by 0"
        )
    return peak, floor, total - warmup, hold(floor, 1) + ramp(warmup, first, peak)


@converter("pytorch_optimizer.LinearScheduler")
def linear_scheduler(
    *,
    t_max: int,
    max_lr: float,
    min_lr: float = 0.0,
    init_lr: float = 0.0,
    warmup_steps: int = 0,
) -> Phases:
    """min_lr once, then a line from init_lr to max_lr, and one to min_lr: all one update late.

    With n = t - 1 for t >= 1: init_lr + (max_lr - init_lr) * n / W up to n = W, then max_lr +
    (min_lr - max_lr) * (n - W) / (t_max - W). t_max includes the warmup W; min_lr is reached at t =
    t_max + 1. Nothing stops the line there: it goes on below min_lr, to negative rates. With t_max
    < W it climbs from max_lr on.
    """
    peak, floor, decay, up = _warmed(t_max, max_lr, min_lr, init_lr, warmup_steps)
    return (*up, Phase(math.inf, peak, floor, Part(Polynomial(), length=decay)))


@converter("pytorch_optimizer.CosineScheduler")
def cosine_scheduler(
    *,
    t_max: int,
    max_lr: float,
    min_lr: float = 0.0,
    init_lr: float = 0.0,
    warmup_steps: int = 0,
) -> Phases:
    """`pytorch_optimizer.LinearScheduler` with a half-cosine, which rises again after its end."""
    peak, floor, decay, up = _warmed(t_max, max_lr, min_lr, init_lr, warmup_steps)
    return up + wave(peak, floor, abs(decay))


@converter("pytorch_optimizer.PolyScheduler")
def poly_scheduler(
    *,
    t_max: int,
    max_lr: float,
    poly_order: float = 0.5,
    min_lr: float = 0.0,
    init_lr: float = 0.0,
    warmup_steps: int = 0,
) -> Phases:
    """The warmup of `LinearScheduler`, then min_lr + (max_lr - min_lr) * j ** poly_order: it grows.

    j = 1, 2, … counts the updates after the peak, so the rate leaves max_lr upwards and has no end;
    t_max has no effect (the library wants it all the same).
    """
    power = check_real("poly_order", poly_order, low_open=True)
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    check_count("t_max", t_max, low=0)
    peak, floor, _, up = _warmed(warmup + 1, max_lr, min_lr, init_lr, warmup)
    # (1 - (j - 1) / -1) ** power = j ** power: a polynomial that runs the other way.
    growing = Part(Polynomial(power), offset=0.0, length=-1.0)
    return (*up, *hold(peak, 1), Phase(math.inf, peak, floor, growing))


@converter("pytorch_optimizer.REXScheduler")
def rex_scheduler(*, total_steps: int, max_lr: float = 1.0, min_lr: float = 0.0) -> Phases:
    """min_lr + (max_lr - min_lr) * (1 - u) / (1 - u / 2) with u = t / total_steps, min_lr at t = 0.

    The constructor has already used u = 0, so max_lr is never in force: the first update runs at
    min_lr and the second at u = 1 / total_steps. min_lr is held from t = total_steps on.
    """
    total = check_count("total_steps", total_steps)
    peak, floor = check_real("max_lr", max_lr), check_real("min_lr", min_lr)
    down: Phases = (Phase(total, peak, floor, Rex()),)
    return hold(floor, 1) + window(down, 1, total - 1) + hold(floor)


@converter("pytorch_optimizer.CosineAnnealingWarmupRestarts")
def cosine_annealing_warmup_restarts(
    *,
    first_cycle_steps: int,
    cycle_mult: float = 1.0,
    max_lr: float = 1e-4,
    min_lr: float = 1e-6,
    warmup_steps: int = 0,
    gamma: float = 0.9,
) -> Phases:
    """Cycles for ever: a line from min_lr to max_lr * gamma**i, and a half-cosine back to min_lr.

    first_cycle_steps includes the warmup, which every cycle has. The cosine of a cycle takes
    cycle_mult times as long as the one before, cut off to whole steps. Without warmup the first
    update still runs at min_lr, and the cosine is joined one step into its way.
    """
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    steps = check_count("first_cycle_steps", first_cycle_steps)
    if steps <= warmup:
        raise ValueError(
            f"first_cycle_steps must be > warmup_steps = {warmup}, which it includes, got {steps}"
        )
    peak, floor = check_real("max_lr", max_lr, low_open=True), check_real("min_lr", min_lr)
    mult, shrink = check_real("cycle_mult", cycle_mult), check_real("gamma", gamma)
    cycles = WarmedCycles(steps, warmup, mult, shrink, floor / peak)
    return (*hold(floor, 1), Phase(math.inf, peak, 0.0, Part(cycles, offset=1.0)))


@converter("pytorch_optimizer.get_chebyshev_schedule")
def get_chebyshev_schedule(*, base_lr: float, num_epochs: int, is_warmup: bool = False) -> Phases:
    """base_lr times 1 / Chebyshev node, in fractal order: factors between 1 and 20.

    An epoch is a step of the scheduler, here an update. The nodes are those of [0.05, 1], as many
    as num_epochs rounded up to a power of two; the order pairs large and small factors. Epochs 0,
    1 and 2 share the first factor, and the last is held. With is_warmup the rate is base_lr.
    """
    base = check_real("base_lr", base_lr)
    epochs = check_count("num_epochs", num_epochs)
    if epochs > _MOST_EPOCHS:
        raise ValueError(f"num_epochs must be <= {_MOST_EPOCHS}: a phase each, got {epochs}")
    if is_warmup:
        return hold(base)
    nodes = 2 ** (int(np.log2(epochs - 1)) + 1) if epochs > 1 else 1
    angles = (np.arange(nodes) + 0.5) * np.pi / nodes
    factors = 1.0 / (1.05 / 2.0 - 0.95 / 2.0 * np.cos(angles))
    order = [0]
    while len(order) < nodes - 2:
        order = [index for i in order for index in (i, 2 * len(order) - 1 - i)]
    rates = [base * float(factors[index]) for index in order if index < nodes]
    phases = hold(rates[0], 3)
    for rate in rates[1:]:
        phases += hold(rate, 1)
    return phases + hold(rates[-1])


@converter("pytorch_optimizer.get_wsd_schedule")
def get_wsd_schedule(
    *,
    base_lr: float,
    num_warmup_steps: int,
    num_stable_steps: int,
    num_decay_steps: int,
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
    cooldown_type: str = "1-sqrt",
) -> Phases:
    """A line from 0 to base_lr, base_lr, a cooldown, then min_lr_ratio * base_lr, held.

    Only "cosine" ends at min_lr_ratio; "1-sqrt", "linear" and "1-square" (1 - u**2) fall to 0
    through it, and then the rate jumps up. (transformers' get_wsd_schedule ends at its floor
    always, starts its warmup there too, and calls the argument decay_type.) The library takes an
    unknown cooldown_type for a drop to the floor; here it is an error.
    """
    base = check_real("base_lr", base_lr)
    warmup = check_count("num_warmup_steps", num_warmup_steps, low=0)
    stable = check_count("num_stable_steps", num_stable_steps, low=0)
    decay = check_count("num_decay_steps", num_decay_steps, low=0)
    floor = base * check_real("min_lr_ratio", min_lr_ratio)
    cycles = check_real("num_cycles", num_cycles)
    check_choice("cooldown_type", cooldown_type, ["cosine", "1-sqrt", "linear", "1-square"])
    down: dict[str, Shape] = {
        "1-sqrt": OneMinusSqrt(),
        "linear": Polynomial(),
        "1-square": WarpedPolynomial(1.0, 2.0),
    }
    phases = ramp(warmup, 0.0, base) + hold(base, stable)
    if cooldown_type != "cosine":
        phases += ramp(decay, base, 0.0, down[cooldown_type])
    elif decay and cycles:
        phases += window(wave(base, floor, decay / (2 * cycles)), 0, decay)
    else:
        phases += hold(base, decay)
    return phases + hold(floor)
