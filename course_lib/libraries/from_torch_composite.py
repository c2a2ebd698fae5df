"""Converts torch's SequentialLR and ChainedScheduler with the schedulers that they hold.

What a scheduler does beside others depends on the rates that they leave in the parameter group, on
the order in which all were constructed, and on what each constructor undoes. So the construction
is repeated here as torch 2.13 does it, and so is every milestone; between them the phases come
from `torch_stretches`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import chain
from typing import Any, Protocol

from course_lib.libraries.from_torch import one_cycle_total
from course_lib.libraries.pieces import Phases, hold
from course_lib.libraries.registry import check_pairs, check_steps, convert, converter, signature
from course_lib.libraries.torch_stretches import stretch_of
from course_lib.schedules import Schedule
from course_lib.schedules.recursion import GroupValues, Leaf
from course_lib.validation import check_real

_SEQUENTIAL, _CHAINED = "torch.SequentialLR", "torch.ChainedScheduler"

# The most milestones' worth of phases and single updates that are joined.
_MOST_PIECES = 100_000


class _Scheduler(Protocol):
    """The methods that a run needs of one scheduler, of several in sequence, and of a chain."""

    def first_step(self, group: GroupValues) -> None: ...
    def step(self, group: GroupValues) -> None: ...
    def enter(self, group: GroupValues) -> None: ...
    def undo(self) -> None: ...
    def skip(self, steps: int) -> None: ...
    def stepping(self) -> list[Leaf]: ...
    def until_milestone(self) -> float: ...


class _Single(Leaf):
    """A scheduler that holds no others."""

    def undo(self) -> None:
        """Take back a step's count, as a SequentialLR around it does."""
        self.epoch -= 1

    def stepping(self) -> list[Leaf]:
        """Return the schedulers that the next step moves."""
        return [self]

    def until_milestone(self) -> float:
        """Return the number of steps to the next one that passes to another scheduler."""
        return math.inf


class _Chained:
    """A ChainedScheduler."""

    def __init__(self, parts: list[_Scheduler]) -> None:
        self.parts = parts

    def first_step(self, group: GroupValues) -> None:
        # torch marks the chain as being in its first step, and not the schedulers in it.
        self.step(group)

    def step(self, group: GroupValues) -> None:
        for part in self.parts:
            part.step(group)

    def enter(self, group: GroupValues) -> None:
        _cannot_enter(_CHAINED)

    def undo(self) -> None:
        for part in self.parts:
            part.undo()

    def skip(self, steps: int) -> None:
        for part in self.parts:
            part.skip(steps)

    def stepping(self) -> list[Leaf]:
        return list(chain.from_iterable(part.stepping() for part in self.parts))

    def until_milestone(self) -> float:
        return min(part.until_milestone() for part in self.parts)


class _Sequential:
    """A SequentialLR."""

    def __init__(self, parts: list[_Scheduler], marks: list[int], group: GroupValues) -> None:
        self.parts, self.marks, self.epoch = parts, marks, 0
        group.lr = float(group.initial_lr or 0.0)
        self.undo()
        self._part().first_step(group)

    def _part(self) -> _Scheduler:
        return self.parts[bisect_right(self.marks, self.epoch)]

    def first_step(self, group: GroupValues) -> None:
        # A SequentialLR around this one undoes the schedulers' counts, and not this one's.
        self.step(group)

    def step(self, group: GroupValues) -> None:
        self.epoch += 1
        number = bisect_right(self.marks, self.epoch)
        if number > 0 and self.marks[number - 1] == self.epoch:
            self.parts[number].enter(group)
        else:
            self.parts[number].step(group)

    def enter(self, group: GroupValues) -> None:
        _cannot_enter(_SEQUENTIAL)

    def undo(self) -> None:
        for part in self.parts:
            part.undo()

    def skip(self, steps: int) -> None:
        self.epoch += steps
        self._part().skip(steps)

    def stepping(self) -> list[Leaf]:
        return self._part().stepping()

    def until_milestone(self) -> float:
        later = [mark - self.epoch for mark in self.marks if mark > self.epoch]
        return min([*later, self._part().until_milestone()])


def _cannot_enter(name: str) -> None:
    raise ValueError(
        f"schedulers: {name} can only be the first scheduler of a SequentialLR; at a milestone "
        "torch raises NotImplementedError"
    )


@converter(_SEQUENTIAL)
def sequential_lr(*, base_lr: float, schedulers: Any, milestones: Sequence[int]) -> Phases:
    """Scheduler i from milestones[i - 1] to milestones[i], each counting from 0 at its turn.

    `schedulers` is a list of (name, arguments) pairs without base_lr, in the order in which they
    are constructed: CyclicLR and OneCycleLR overwrite the rate that the others start from, and the
    last OneCycleLR the peak of all, as they do in torch. The first may be a SequentialLR or a
    ChainedScheduler itself. The last one runs on; what it does past its end, this does.
    """
    arguments = {"schedulers": schedulers, "milestones": milestones}
    return _phases(_SEQUENTIAL, arguments, base_lr)


@converter(_CHAINED)
def chained_scheduler(*, base_lr: float, schedulers: Any) -> Phases:
    """All schedulers step at once, each changing the rate that it finds.

    Schedulers that only multiply (ConstantLR, LinearLR, StepLR, MultiStepLR, ExponentialLR,
    MultiplicativeLR, PolynomialLR) give the product of their factors. One that sets the rate
    (LambdaLR, CyclicLR, OneCycleLR, CosineAnnealingWarmRestarts) hides all before it, except in
    the first update, and undoes at every step what those after it did at the step before. Where
    there is no formula (a cosine beside factors that move), the recursion is followed step by step.
    """
    return _phases(_CHAINED, {"schedulers": schedulers}, base_lr)


def stepped_anew(name: str, arguments: dict[str, Any]) -> Phases:
    """Return the phases of one scheduler of torch whose step 0 is taken again, from its first rate.

    ignite does this: it asks for the rate at `last_epoch` 0 after the constructor has. A scheduler
    that multiplies the rate that it finds then does so twice.

    Raises:
        ValueError: `name` is a composite, which has no `get_lr`; or torch divides by zero.
    """
    if name in (_SEQUENTIAL, _CHAINED):
        raise ValueError(
            f"lr_scheduler must not be {name}: ignite calls get_lr(), for which torch raises "
            "NotImplementedError"
        )
    try:
        leaf, group = _alone(name, arguments)
        leaf.undo()
        leaf.step(group)
    except ZeroDivisionError as error:
        raise ValueError(f"lr_scheduler: torch divides by zero in {name} at step 0") from error
    return _run(leaf, group)


def constructed_rate(name: str, arguments: dict[str, Any]) -> float:
    """Return the rate that a scheduler's constructor leaves, with torch's roundings."""
    if name in (_SEQUENTIAL, _CHAINED):
        return float(Schedule(convert(name, arguments))(0))
    return _alone(name, arguments)[1].lr


def _alone(name: str, arguments: dict[str, Any]) -> tuple[_Single, GroupValues]:
    given = dict(arguments)
    base = given.get("base_lr", 0.0) if name == "torch.CyclicLR" else given.pop("base_lr", 0.0)
    group = GroupValues(check_real("base_lr", base))
    return _single(name, given, group), group


def _phases(name: str, arguments: dict[str, Any], base_lr: float) -> Phases:
    group = GroupValues(check_real("base_lr", base_lr))
    try:
        root = _constructed(name, arguments, group)
        return _run(root, group)
    except ZeroDivisionError as error:
        raise ValueError(
            f"schedulers: torch divides by zero when {name} with these arguments is constructed "
            "or passes a milestone"
        ) from error


def _constructed(name: str, arguments: dict[str, Any], group: GroupValues) -> Any:
    """Return a scheduler, with the schedulers that it holds constructed first."""
    if not name.startswith("torch."):
        raise ValueError(f"schedulers must be torch's, got {name!r}")
    if name not in (_SEQUENTIAL, _CHAINED):
        return _single(name, arguments, group)
    signature(name).bind(base_lr=group.lr, **arguments)
    pairs = check_pairs("schedulers", arguments["schedulers"])
    if name == _CHAINED:
        return _Chained([_constructed(*pair, group) for pair in pairs])
    marks = check_steps("milestones", arguments["milestones"])
    if len(marks) != len(pairs) - 1:
        raise ValueError(
            "milestones must have one entry fewer than schedulers, "
            f"got {len(marks)} and {len(pairs)}"
        )
    return _Sequential([_constructed(*pair, group) for pair in pairs], marks, group)


def _single(name: str, arguments: dict[str, Any], group: GroupValues) -> _Single:
    own = name in ("torch.CyclicLR", "torch.OneCycleLR")
    convert(name, arguments if own else {"base_lr": abs(group.lr), **arguments})  # checks them
    bound = signature(name).bind(**({} if own else {"base_lr": 0.0}), **arguments)
    bound.apply_defaults()
    given = {key: value for key, value in bound.arguments.items() if own or key != "base_lr"}
    if name == "torch.CyclicLR":
        group.lr = float(given["base_lr"])
    if name == "torch.OneCycleLR":
        lengths = (given.pop(key) for key in ("total_steps", "epochs", "steps_per_epoch"))
        given["total_steps"] = one_cycle_total(*lengths)
        group.initial_lr = given["max_lr"] / given["div_factor"]
        group.max_lr = given["max_lr"]
        group.min_lr = group.initial_lr / given["final_div_factor"]
    if name == "torch.SWALR":
        group.swa_lr = given["swa_lr"]
    if group.initial_lr is None:
        group.initial_lr = group.lr
    leaf = _Single(name.removeprefix("torch."), given, group.initial_lr)
    leaf.first_step(group)
    if name == "torch.CyclicLR":  # whose first step comes before it knows its own base_lr
        group.lr = group.initial_lr
    return leaf


def _run(root: _Scheduler, group: GroupValues) -> Phases:
    """Return the phases of a run: stretches without a milestone, and the steps between them."""
    pieces: Phases = ()
    while len(pieces) < _MOST_PIECES:
        run = stretch_of(root.stepping(), group, root.until_milestone())
        pieces += run
        steps = sum(phase.steps for phase in run)
        if steps == math.inf:
            return pieces
        root.skip(int(steps) - 1)
        group.lr = Schedule(run)(int(steps) - 1)
        try:
            root.step(group)
        except StopIteration as over:
            return _over(pieces, root, over)
    raise ValueError(f"schedulers: more than {_MOST_PIECES} phases are not joined")


def _over(pieces: Phases, root: _Scheduler, over: StopIteration) -> Phases:
    if root.until_milestone() < math.inf:
        raise ValueError(
            f"schedulers: torch raises before the next milestone is reached, since {over}"
        )
    return pieces + hold(Schedule(pieces)(int(sum(phase.steps for phase in pieces)) - 1))
