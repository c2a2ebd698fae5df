"""Converts `pytorch_warmup` (read and run with pytorch-warmup 0.2.0).

A warmup there is a factor on the rate of a scheduler of torch, which runs underneath it from the
first update on: `with warmup.dampening(): lr_scheduler.step()` after each update. So the total of
the scheduler includes the warmup, and a decay has gone on for warmup_period updates when the
factor reaches 1. float64; `base_lr` is the optimizer's rate.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

from course_lib.libraries.pieces import Phases, endless, hold, ramp, window
from course_lib.libraries.registry import check_pairs, convert, converter
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part, Product, Rectified
from course_lib.schedules.shapes import Constant, Exponential, Polynomial, Shape
from course_lib.validation import check_count, check_real


@converter("pytorch_warmup.LinearWarmup")
def linear_warmup(
    *, base_lr: float, warmup_period: int, lr_scheduler: tuple[str, dict[str, Any]] | None = None
) -> Phases:
    """min(1, (t + 1) / warmup_period) times the rate of lr_scheduler, or times base_lr without one.

    The first update is at 1 / warmup_period, and the factor is 1 from t = warmup_period - 1 on.
    lr_scheduler is a pair of a name and its arguments without base_lr, as in
    ("torch.CosineAnnealingLR", {"T_max": 100}).
    """
    steps = check_count("warmup_period", warmup_period)
    return _dampened(base_lr, ramp(steps - 1, 1 / steps, 1.0) + hold(1.0), lr_scheduler)


@converter("pytorch_warmup.ExponentialWarmup")
def exponential_warmup(
    *, base_lr: float, warmup_period: int, lr_scheduler: tuple[str, dict[str, Any]] | None = None
) -> Phases:
    """1 - exp(-(t + 1) / warmup_period) times the rate of lr_scheduler: it approaches 1 for ever.

    lr_scheduler is that of `pytorch_warmup.LinearWarmup`.
    """
    gamma = math.exp(-1 / check_count("warmup_period", warmup_period))
    factor = Phase(math.inf, 1.0 - gamma, 1.0, Exponential(gamma))
    return _dampened(base_lr, (factor,), lr_scheduler)


@converter("pytorch_warmup.UntunedLinearWarmup")
def untuned_linear_warmup(
    *, base_lr: float, beta2: float = 0.999, lr_scheduler: tuple[str, dict[str, Any]] | None = None
) -> Phases:
    """`pytorch_warmup.LinearWarmup` with warmup_period = int(2 / (1 - beta2)) of Adam's beta2.

    The quotient is cut off in floating point: 0.999 gives 1999 updates and 0.99 gives 199.
    """
    period = _untuned(2.0, beta2)
    return linear_warmup(base_lr=base_lr, warmup_period=period, lr_scheduler=lr_scheduler)


@converter("pytorch_warmup.UntunedExponentialWarmup")
def untuned_exponential_warmup(
    *, base_lr: float, beta2: float = 0.999, lr_scheduler: tuple[str, dict[str, Any]] | None = None
) -> Phases:
    """`pytorch_warmup.ExponentialWarmup` with warmup_period = int(1 / (1 - beta2)) of Adam's beta2.

    The quotient is cut off in floating point: 0.999 gives 999 updates and 0.99 gives 99.
    """
    period = _untuned(1.0, beta2)
    return exponential_warmup(base_lr=base_lr, warmup_period=period, lr_scheduler=lr_scheduler)


@converter("pytorch_warmup.RAdamWarmup")
def radam_warmup(
    *, base_lr: float, beta2: float = 0.999, lr_scheduler: tuple[str, dict[str, Any]] | None = None
) -> Phases:
    """RAdam's rectification times the rate of lr_scheduler: it approaches 1 for ever.

    It counts from the first step that RAdam would rectify, so no update is left out. beta2 must be
    above 0.6.
    """
    shape = Rectified(check_real("beta2", beta2))
    factor = Phase(math.inf, shape.rectification(shape.first), 0.0, shape)
    return _dampened(base_lr, (factor,), lr_scheduler)


def _untuned(updates: float, beta2: float) -> int:
    if not check_real("beta2", beta2) < 1.0:
        raise ValueError(f"beta2 must be >= 0 and < 1, got {beta2!r}")
    return int(updates / (1.0 - beta2))


def _dampened(
    base_lr: float, factor: Phases, lr_scheduler: tuple[str, dict[str, Any]] | None
) -> Phases:
    base = check_real("base_lr", base_lr)
    inner = hold(base)
    if lr_scheduler is not None:
        [(name, arguments)] = check_pairs("lr_scheduler", [lr_scheduler])
        if not name.startswith(("torch.", "transformers.get_")):
            raise ValueError(f"lr_scheduler must be one of torch's or transformers', got {name!r}")
        inner = endless(convert(name, {"base_lr": base, **arguments}))
    ends = itertools.chain.from_iterable(
        itertools.accumulate(phase.steps for phase in run) for run in (factor, inner)
    )
    marks = sorted({0, *ends})
    pieces: Phases = ()
    for begin, end in itertools.pairwise(marks):
        pieces += _multiplied(
            *window(factor, begin, end - begin), *window(inner, begin, end - begin)
        )
    return pieces


def _multiplied(factor: Phase, rate: Phase) -> Phases:
    """Return the product of two phases of the same length."""
    for one, other in ((factor, rate), (rate, factor)):
        if isinstance(one.shape, Constant):
            scaled = replace(other, start=one.start * other.start, end=one.start * other.end)
            return (scaled,)
    tops, shapes = zip(*(_as_a_share(phase) for phase in (factor, rate)), strict=True)
    return (Phase(factor.steps, math.prod(tops), 0.0, Product(shapes)),)


def _as_a_share(phase: Phase) -> tuple[float, Shape]:
    """Return a rate and an open shape whose product is the phase."""
    length = (phase.length or phase.steps) if phase.shape.closing else None
    if phase.start != 0.0:
        return phase.start, Part(phase.shape, 0.0, length, low=phase.end / phase.start)
    # From 0 there is no share of the start; a line is one of its end: k / L = 1 - (k - L) / -L.
    line = phase.shape
    offset = 0.0
    if isinstance(line, Part) and line.low == 0.0:
        line, offset, length = line.shape, line.offset, line.length
    if line != Polynomial():
        raise ValueError(
            "lr_scheduler must not start at 0 with anything but a line: its product with the "
            "warmup has no shape"
        )
    return phase.end, Part(Polynomial(), offset - length, -length)
