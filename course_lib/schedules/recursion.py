"""The recursions of torch's schedulers, which change the rate that they find; and their shape.

Most schedulers of torch compute the next rate from the one in the optimizer's parameter group. One
alone follows a formula all the same. Several together, or one that is entered with another's rate,
need not: such a stretch is followed here update by update, with the same operations as in torch
2.13 (read in its source).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.schedules.shapes import Shape

LONGEST_REPLAY = 2**22


@dataclass
class GroupValues:
    """The values of a parameter group that schedulers read and write.

    Attributes:
        lr: rate in force.
        initial_lr: rate that schedulers take for their base; the first one constructed sets it,
            and OneCycleLR overwrites it.
        max_lr: peak of the OneCycleLR constructed last.
        min_lr: end of the OneCycleLR constructed last.
        swa_lr: end of the SWALR constructed last.
    """

    lr: float
    initial_lr: float | None = None
    max_lr: float = 0.0
    min_lr: float = 0.0
    swa_lr: float = 0.0


@dataclass
class Leaf:
    """One scheduler of torch that holds no others, in the middle of a run.

    Attributes:
        kind: name of its class.
        given: its arguments, with defaults.
        base: `initial_lr` of the group when it was constructed.
        epoch: its `last_epoch`.
        count: its `_step_count`.
        current: steps since it began, as CosineAnnealingWarmRestarts counts them.
    """

    kind: str
    given: dict[str, Any] = field(default_factory=dict)
    base: float = 0.0
    epoch: int = -1
    count: int = 0
    current: int = -1

    def first_step(self, group: GroupValues) -> None:
        """Do what torch's `_initial_step` does."""
        self.count = 0
        self.step(group, initial=True)

    def step(self, group: GroupValues, initial: bool = False) -> None:
        """Do what `step()` does.

        Raises:
            ZeroDivisionError, StopIteration: torch divides by zero, or OneCycleLR is over.
        """
        self.count += 1
        self.current = 0 if self.epoch < 0 else self.current + 1
        self.epoch += 1
        group.lr = _NEXT[self.kind](self, group, initial)

    def enter(self, group: GroupValues) -> None:
        """Do what `_update_lr(0)` does, which SequentialLR calls at a milestone."""
        self.epoch = 0
        closed = _ENTERED.get(self.kind)
        group.lr = closed(self.given, self.base) if closed else _NEXT[self.kind](self, group, False)

    def skip(self, steps: int) -> None:
        """Count `steps` steps whose rates are known."""
        self.epoch += steps
        self.count += steps
        self.current += steps


def _step(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    drops = leaf.epoch != 0 and leaf.epoch % leaf.given["step_size"] == 0
    return group.lr * leaf.given["gamma"] if drops else group.lr


def _multi_step(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    hits = leaf.given["milestones"].count(leaf.epoch)
    return group.lr * leaf.given["gamma"] ** hits if hits else group.lr


def _constant(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    if leaf.epoch == 0:
        return group.lr * leaf.given["factor"]
    if leaf.epoch != leaf.given["total_iters"]:
        return group.lr
    return group.lr * (1.0 / leaf.given["factor"])


def _linear(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    start, end, total = (leaf.given[k] for k in ("start_factor", "end_factor", "total_iters"))
    if leaf.epoch == 0:
        return group.lr * start
    if initial or leaf.epoch > total:
        return group.lr
    done = total * start + (leaf.epoch - 1) * (end - start)
    return group.lr * (1.0 + (end - start) / done)


def _exponential(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    return group.lr if initial else group.lr * leaf.given["gamma"]


def _multiplicative(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    return group.lr if initial else group.lr * leaf.given["lr_lambda"]


def _lambda(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    return leaf.base * leaf.given["lr_lambda"]


def _polynomial(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    total = leaf.given["total_iters"]
    if initial or leaf.epoch > total:
        return group.lr
    share = (1.0 - leaf.epoch / total) / (1.0 - (leaf.epoch - 1) / total)
    return group.lr * share ** leaf.given["power"]


def _cosine(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    half, floor, t = leaf.given["T_max"], leaf.given["eta_min"], leaf.epoch
    if initial:
        return group.lr
    if (t - 1 - half) % (2 * half) == 0:
        return group.lr + (leaf.base - floor) * (1 - math.cos(math.pi / half)) / 2
    share = (1 + math.cos(math.pi * t / half)) / (1 + math.cos(math.pi * (t - 1) / half))
    return share * (group.lr - floor) + floor


def _warm_restarts(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    done, length = leaf.current, leaf.given["T_0"]
    if leaf.given["T_mult"] == 1:
        done %= length
    while done >= length:
        done -= length
        length *= leaf.given["T_mult"]
    floor = leaf.given["eta_min"]
    return floor + (leaf.base - floor) * (1 + math.cos(math.pi * done / length)) / 2


def _cyclic(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    up = float(leaf.given["step_size_up"])
    down = leaf.given["step_size_down"]
    total = up + (up if down is None else float(down))
    ratio = up / total
    cycle = math.floor(1 + leaf.epoch / total)
    x = 1.0 + leaf.epoch / total - cycle
    scale = x / ratio if x <= ratio else (x - 1) / (ratio - 1)
    foot = leaf.given["base_lr"]
    height = (leaf.given["max_lr"] - foot) * scale
    if leaf.given["mode"] == "triangular2":
        return foot + height / (2.0 ** (cycle - 1))
    if leaf.given["mode"] == "exp_range":
        return foot + height * leaf.given["gamma"] ** leaf.epoch
    return foot + height


def _one_cycle(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    total, pct = leaf.given["total_steps"], leaf.given["pct_start"]
    if leaf.epoch > total:
        raise StopIteration(f"OneCycleLR has total_steps = {total}")
    first, top, last = float(group.initial_lr or 0.0), group.max_lr, group.min_lr
    ends = [(float(pct * total) - 1, first, top), (total - 1, top, last)]
    if leaf.given["three_phase"]:
        ends[1:] = [(float(2 * pct * total) - 2, top, first), (total - 1, first, last)]
    number = next((i for i, (end, _, _) in enumerate(ends) if leaf.epoch <= end), len(ends) - 1)
    begin = ends[number - 1][0] if number else 0.0
    end, before, after = ends[number]
    share = (leaf.epoch - begin) / (end - begin)
    if leaf.given["anneal_strategy"] == "cos":
        return after + (before - after) / 2.0 * (math.cos(math.pi * share) + 1)
    return (after - before) * share + before


def _swa(leaf: Leaf, group: GroupValues, initial: bool) -> float:
    anneal = leaf.given["anneal_epochs"]
    step = leaf.count - 1
    if anneal == 0:
        step = max(1, step)
    before = swa_share(leaf.given, step - 1)
    found = group.swa_lr
    if before != 1:
        found = (group.lr - before * group.swa_lr) / (1 - before)
    share = swa_share(leaf.given, step)
    return group.swa_lr * share + found * (1 - share)


def swa_share(given: dict[str, Any], step: int) -> float:
    """Return the share of the way to swa_lr that SWALR has gone after `step` steps."""
    t = max(0, min(1, step / max(1, given["anneal_epochs"])))
    return (1 - math.cos(math.pi * t)) / 2 if given["anneal_strategy"] == "cos" else t


_NEXT: dict[str, Callable[[Leaf, GroupValues, bool], float]] = {
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "MultiplicativeLR": _multiplicative,
    "LambdaLR": _lambda,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": _warm_restarts,
    "CyclicLR": _cyclic,
    "OneCycleLR": _one_cycle,
    "SWALR": _swa,
}

# The classes with `_get_closed_form_lr`, and what it gives at epoch 0. The division by total_iters
# is torch's: with 0 it raises.
_ENTERED: dict[str, Callable[[dict[str, Any], float], float]] = {
    "StepLR": lambda given, base: base,
    "MultiStepLR": lambda given, base: base * given["gamma"] ** given["milestones"].count(0),
    "ConstantLR": lambda given, base: base * (1 if given["total_iters"] <= 0 else given["factor"]),
    "LinearLR": lambda given, base: base * (given["start_factor"] + 0 / given["total_iters"]),
    "ExponentialLR": lambda given, base: base,
    "PolynomialLR": lambda given, base: base * (1.0 - 0 / given["total_iters"]),
    "CosineAnnealingLR": lambda given, base: given["eta_min"] + (base - given["eta_min"]),
}


@dataclass(frozen=True)
class Replay(Shape):
    """s = the rate after k steps of schedulers of torch that step together, from a known state.

    Made by the converters of chained schedulers that have no formula. It is followed step by step,
    up to `LONGEST_REPLAY` steps. A phase of this shape has start 1 and end 0, so that s is the
    rate itself.

    Attributes:
        state: the group and the schedulers before the first of those steps, as JSON; `replay`
            writes it.
    """

    state: str

    def __post_init__(self) -> None:
        """Check that the state can be read."""
        _read(self.state)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps; raise ValueError beyond `LONGEST_REPLAY`."""
        last = int(np.max(k, initial=0))
        if last > LONGEST_REPLAY:
            raise ValueError(
                "step must be at most 2**22 where schedulers without a formula are followed step "
                f"by step, got step {last} of their stretch"
            )
        # Rounded up, so that calls with one step after the other follow the recursion once.
        return _followed(self.state, 1 << last.bit_length())[k.astype(np.int64)]


def replay(leaves: list[Leaf], group: GroupValues) -> Replay:
    """Return the shape of the steps that the leaves make together from here on."""
    state = {"group": asdict(group), "schedulers": [asdict(leaf) for leaf in leaves]}
    return Replay(json.dumps(state, sort_keys=True))


def _read(state: str) -> tuple[GroupValues, list[Leaf]]:
    data = json.loads(state)
    leaves = [Leaf(**leaf) for leaf in data["schedulers"]]
    if unknown := [leaf.kind for leaf in leaves if leaf.kind not in _NEXT]:
        raise ValueError(f"state must hold schedulers among {sorted(_NEXT)}, got {unknown[0]!r}")
    return GroupValues(**data["group"]), leaves


@lru_cache(maxsize=8)
def _followed(state: str, steps: int) -> np.ndarray:
    """Return the rates before and after each of `steps` steps; held where torch raises."""
    group, leaves = _read(state)
    rates = np.full(steps + 1, group.lr)
    for k in range(1, steps + 1):
        try:
            for leaf in leaves:
                leaf.step(group)
        except (StopIteration, ZeroDivisionError):
            rates[k:] = rates[k - 1]
            break
        rates[k] = group.lr
    rates.flags.writeable = False
    return rates
