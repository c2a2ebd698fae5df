"""Converts poutyne's policies (read and run with poutyne 1.19.0).

An `OptimizerPolicy` assigns a rate before each update, to all groups, whatever their own; float64.
A space of `steps` rates holds both of its ends, so one of a single step divides by zero. The last
rate is kept when the phases are over. (poutyne's callbacks that are named like torch's schedulers
step those once an epoch.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from course_lib.libraries.pieces import Phases, hold, ramp, window
from course_lib.libraries.registry import check_choice, check_pairs, converter
from course_lib.schedules.shapes import Cosine, Polynomial, Shape
from course_lib.validation import check_count, check_real

_SPACES: dict[str, Shape] = {"linspace": Polynomial(), "cosinespace": Cosine()}


@converter("poutyne.OptimizerPolicy")
def optimizer_policy(
    *, phases: Sequence[tuple[str, dict[str, Any]]], initial_step: int = 0
) -> Phases:
    """The phases one after another, each a space of rates: both of its ends are used.

    A phase is a pair of a name and arguments: ("linspace", {"start": …, "end": …, "steps": …}), a
    line, or "cosinespace", a half-cosine. A phase that begins where the last one ended repeats that
    rate. initial_step is the number of updates that are left out at the beginning.
    """
    pieces: Phases = ()
    for name, given in check_pairs("phases", phases):
        space = name.removeprefix("poutyne.")
        check_choice("the name of a phase", space, list(_SPACES))
        if set(given) != {"start", "end", "steps"}:
            raise TypeError(f"{space} takes the arguments start, end, steps; got {list(given)}")
        steps = check_count("steps", given["steps"], low=0)
        if steps == 1:
            raise ValueError("steps must be 0 or >= 2, got 1: poutyne divides by zero")
        pieces += _space(steps, given["start"], given["end"], _SPACES[space])
    begin = check_count("initial_step", initial_step, low=0)
    total = int(sum(piece.steps for piece in pieces))
    if begin >= total:
        raise ValueError(
            f"initial_step must be < {total}, the steps of all phases, got {begin}: else "
            "the optimizer's own rate stays"
        )
    return window(pieces, begin, total - begin) + hold(pieces[-1].end)


def _space(steps: int, start: float, end: float, shape: Shape) -> Phases:
    """Return `steps` updates from start to end, both used."""
    start, end = check_real("start", start), check_real("end", end)
    return ramp(steps - 1, start, end, shape) + hold(end, min(steps, 1))


@converter("poutyne.one_cycle_phases")
def one_cycle_phases(
    *,
    steps: int,
    lr: Sequence[float] = (0.1, 1),
    finetune_lr: float = 0.01,
    finetune_fraction: float = 0.1,
) -> Phases:
    """A line from lr[0] to lr[1], one back, and one from lr[0] to finetune_lr at t = steps - 1.

    The last takes F = int(steps * finetune_fraction) updates, the first half of the others, rounded
    down to U: lr[1] is at t = U - 1 and again at t = U, and lr[0] at t = steps - F - 1 and again
    after it. Where F is 1, as by default for steps from 10 to 19, poutyne divides by zero.
    `momentum` does not change the rate.
    """
    total = check_count("steps", steps)
    fine = int(total * check_real("finetune_fraction", finetune_fraction, high=1.0))
    up = (total - fine) // 2
    low, high = _pair(lr)
    down = total - fine - up
    if 1 in (up, down, fine):
        raise ValueError(
            f"steps and finetune_fraction must give each phase 0 or >= 2 updates, got {steps!r} "
            f"and {finetune_fraction!r}, which give {up}, {down}, {fine}: poutyne divides by zero"
        )
    line = Polynomial()
    return _joined(
        _space(up, low, high, line)
        + _space(down, high, low, line)
        + _space(fine, low, check_real("finetune_lr", finetune_lr), line)
    )


@converter("poutyne.sgdr_phases")
def sgdr_phases(
    *, base_cycle_length: int, cycles: int, lr: Sequence[float] = (1.0, 0.1), cycle_mult: int = 2
) -> Phases:
    """Half-cosines from lr[0] to lr[1], both used, of base_cycle_length * cycle_mult**i updates.

    A cycle of n updates has lr[1] in its last one, and the next begins at lr[0]; after the last
    cycle lr[1] is kept. cycle_mult must be whole: poutyne has no cycles of 1.5 times the length.
    """
    low = check_count("base_cycle_length", base_cycle_length, low=2)
    mult = check_count("cycle_mult", cycle_mult)
    start, end = _pair(lr)
    lengths = [low * mult**i for i in range(check_count("cycles", cycles))]
    return _joined(sum((_space(n, start, end, Cosine()) for n in lengths), ()))


def _joined(pieces: Phases) -> Phases:
    return pieces + hold(pieces[-1].end)


def _pair(lr: Sequence[float]) -> tuple[float, float]:
    if not isinstance(lr, list | tuple) or len(lr) != 2:
        raise TypeError(f"lr must be a pair of rates, got {lr!r}")
    return check_real("lr[0]", lr[0]), check_real("lr[1]", lr[1])
