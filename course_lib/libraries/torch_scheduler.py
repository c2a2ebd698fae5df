"""A schedule as a real `torch.optim.lr_scheduler.LRScheduler`, rates and momentum alike."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from course_lib.validation import check_count, check_real

Curve = Callable[[int], float]
Ratios = Sequence[float] | Literal["keep"] | None

_COUNTERS = ("last_epoch", "_step_count")

# Rates of one schedule on two processors may differ in the last bits (cosines do). As a part of the
# largest rate compared, since rates that end near 0 differ by many times themselves.
_SLACK = 1e-9


def as_torch_scheduler(
    optimizer: Optimizer,
    schedule: Curve | Sequence[Curve],
    momentum: Curve | Sequence[Curve] | None = None,
    last_epoch: int = -1,
    *,
    ratios: Ratios = None,
) -> ScheduleLR:
    """Return a torch scheduler that gives update t the rate `schedule(t)`, t = 0, 1, 2, …

    Use it as any scheduler of torch: `optimizer.step()`, then `scheduler.step()`, once an update.
    The arguments, what is raised and what combines with what are described in `ScheduleLR`.

    >>> import torch
    >>> from course_lib.schedules import warmup_cosine
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> schedule = warmup_cosine(0.1, warmup_steps=10, total_steps=100)
    >>> scheduler = as_torch_scheduler(optimizer, schedule)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> optimizer.param_groups[0]["lr"] == schedule(1)
    True
    """
    return ScheduleLR(optimizer, schedule, momentum, last_epoch, ratios=ratios)


class ScheduleLR(LRScheduler):
    """Sets every group's rate to `schedule(t)`, where t counts the calls of `step()`.

    The rate is absolute: it replaces the group's own `lr`, which is kept in the group as
    `initial_lr` and not used. (`LambdaLR` multiplies by it instead.) A negative rate, which some
    libraries' schedules have past their end, is passed on as it is.

    A group whose rate is a tensor keeps it, and has the schedule's rate in the tensor's precision.
    Where groups are to have different rates each gets a tensor of its own: torch gives all groups
    the one tensor that was passed as `lr`, and the last group's rate would be that of all
    (in torch 2.13.0: `findings/torch_tensor_rate_shared_by_groups.sh`).

    Where the groups have rates of their own that differ, one schedule would give all of them the
    same rate, so a warning asks for `ratios`: "keep" gives group g the rate
    schedule(t) * lr[g] / lr[0], where lr[g] is the group's own rate.

    Together with other schedulers of torch:

    - `SequentialLR` may hold it at any place; its t starts at 0 at its milestone. A momentum
      schedule acts when its scheduler is built, so give one to every part or to none.
    - In `ChainedScheduler` it forgets what the schedulers before it did, and a scheduler after it
      acts on `schedule(t)` afresh at every step: `MultiplicativeLR` gives `schedule(t)` times its
      factor of this step alone, not the product of all of them so far.
    - `ReduceLROnPlateau` beside it is without effect: the next `step()` sets the rate again. So it
      is with a rate changed by hand.

    Saving and resuming is torch's: build the scheduler, load the optimizer's state (which
    holds the rate now in force), load the scheduler's. `state_dict()` holds plain numbers only, so
    `torch.load(..., weights_only=True)` reads it; the schedule itself is not in it, code makes it
    anew. It holds some of the rates so far instead, and a schedule that disagrees with them is
    refused: the rate would jump in mid-run without a word. One that agrees with the past and
    differs in the future is welcome; that is how the decay of a WSD run is branched off. To
    change the past on purpose, build with `last_epoch` and load no scheduler state. (A schedule
    that is itself the function of a `LambdaLR` goes into the checkpoint as an object, which
    `torch.load` refuses and which would be written over a changed one: in torch 2.13.0,
    `findings/torch_lambda_resumed_by_kind.sh`.)

    Args:
        optimizer: the optimizer whose rates are set.
        schedule: function from t (a whole number >= 0) to the rate; one for all groups,
            those added later included, or a list with one for each group.
        momentum: function from t to `momentum`, or to `betas[0]` where the optimizer has
            betas, in [0, 1); one or a list, as above. None leaves the momentum alone.
        last_epoch: -1 to start; updates already done minus 1 to go on from there, in which case
            the groups need an `initial_lr` (a loaded optimizer state has it).
        ratios: numbers >= 0, one for each group, that its rate is multiplied by; "keep": the ratios
            of the groups' own rates to that of the first; None: 1. The attribute `ratios` reports
            them. They serve no group that is added later.

    Warns:
        UserWarning: one schedule, groups whose own rates differ, and no `ratios`.

    Raises:
        TypeError: `optimizer` is not an optimizer; a schedule is not callable or gives something
            that is not a number; `last_epoch` is not a whole number; a ratio is not a number.
        ValueError: as many schedules or ratios as groups are needed and not given; ratios beside
            a list of schedules, or a negative one, or ratios to keep to a rate of 0; `momentum` for
            a group that has none; a rate that is not finite; a momentum outside [0, 1);
            `last_epoch` < -1.
        KeyError: `last_epoch` >= 0 and a group without `initial_lr`; raised by torch.

    >>> import torch
    >>> from course_lib.schedules import cosine
    >>> layers = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    >>> groups = [{"params": layer.parameters()} for layer in layers]
    >>> optimizer = torch.optim.SGD(groups, lr=0.1)
    >>> rates = cosine(0.01, total_steps=100), cosine(0.1, total_steps=100)
    >>> scheduler = ScheduleLR(optimizer, rates)
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.01, 0.1]

    A pretrained body at a tenth of the head's rate:

    >>> groups = [{"params": layers[1].parameters()}, {"params": layers[0].parameters(), "lr": 0.1}]
    >>> optimizer = torch.optim.SGD(groups, lr=1.0)
    >>> scheduler = ScheduleLR(optimizer, cosine(0.5, total_steps=100), ratios="keep")
    >>> [group["lr"] for group in optimizer.param_groups], scheduler.ratios
    ([0.5, 0.05], (1.0, 0.1))
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Curve | Sequence[Curve],
        momentum: Curve | Sequence[Curve] | None = None,
        last_epoch: int = -1,
        *,
        ratios: Ratios = None,
    ) -> None:
        """Check the arguments and set the rates of the first update."""
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {optimizer!r}")
        self.schedule = _curves("schedule", schedule, optimizer)
        self.ratios = _ratios(ratios, self.schedule, optimizer)
        self.momentum = None
        if momentum is not None:
            _check_has_momentum(optimizer)
            self.momentum = _curves("momentum", momentum, optimizer)
        if not callable(schedule) or self.ratios is not None:
            _separate_rates(optimizer)
        super().__init__(optimizer, check_count("last_epoch", last_epoch, low=-1))

    def get_lr(self) -> list[float]:
        """Return the rates of update `last_epoch`; within `step()`, set the momentum too.

        Torch calls this from wherever it sets rates, `SequentialLR`'s milestones included, so it
        is the one place where the momentum cannot be forgotten (`OneCycleLR` does the same).
        """
        if self._get_lr_called_within_step:
            self._set_momentum()
        else:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, "
                "please use `get_last_lr()`.",
                UserWarning,
                stacklevel=2,
            )
        return self._values("schedule", self.last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return the counters, the rates in force and samples of the rates so far."""
        steps = _sample_steps(self.last_epoch)
        return {
            **{key: getattr(self, key) for key in _COUNTERS},
            "_last_lr": [float(rate) for rate in self._last_lr],
            "past": {
                "steps": steps,
                "schedule": self._samples("schedule", steps),
                "momentum": self._samples("momentum", steps),
            },
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state; like torch's own, it leaves the optimizer's rates alone.

        (It could not do otherwise: `SequentialLR` loads the states of all its parts in turn, and
        the last would win.)

        Args:
            state_dict: the result of `state_dict()` of a `ScheduleLR`.

        Raises:
            ValueError: the state is another scheduler's, or was saved with a schedule that differs
                from this one at or before the saved step. Nothing is changed then.
        """
        if "past" not in state_dict:
            raise ValueError(
                f"state_dict must come from a {type(self).__name__}, got one with the keys "
                f"{sorted(state_dict)}"
            )
        for name in ("schedule", "momentum"):
            self._check_past(name, state_dict["past"])
        super().load_state_dict({key: state_dict[key] for key in (*_COUNTERS, "_last_lr")})

    def _set_momentum(self) -> None:
        if self.momentum is None:
            return
        values = self._values("momentum", self.last_epoch)
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            if "betas" in group:
                group["betas"] = (value, *group["betas"][1:])
            else:
                group["momentum"] = value

    def _values(self, name: str, step: int) -> list[float]:
        curves = getattr(self, name)
        if callable(curves):
            value = _value(name, curves, step)
            if name == "schedule" and self.ratios is not None:
                _check_length("ratios", self.ratios, self.optimizer)
                return [value * ratio for ratio in self.ratios]
            return [value] * len(self.optimizer.param_groups)
        _check_length(name, curves, self.optimizer)
        return [_value(name, curve, step) for curve in curves]

    def _samples(self, name: str, steps: list[int]) -> list[list[float]] | None:
        return None if getattr(self, name) is None else [self._values(name, t) for t in steps]

    def _check_past(self, name: str, past: dict[str, Any]) -> None:
        if name == "momentum" and (past[name] is None) != (self.momentum is None):
            have, had = ("no", "one") if self.momentum is None else ("a", "none")
            raise ValueError(
                f"state_dict: this scheduler has {have} momentum schedule, it had {had}"
            )
        if past[name] is None or not past["steps"]:
            return
        saved = np.array(past[name])
        now = np.array(self._samples(name, past["steps"]))
        if saved.shape != now.shape:
            raise ValueError(
                f"state_dict was saved with {saved.shape[1]} param groups, the optimizer has "
                f"{now.shape[1]}"
            )
        differs = np.any(np.abs(saved - now) > _SLACK * np.abs(saved).max(), axis=1)
        if differs.any():
            row = int(differs.argmax())
            raise ValueError(
                f"state_dict was saved with another {name}: at step {past['steps'][row]} it gave "
                f"{saved[row].tolist()}, this one gives {now[row].tolist()}. To change the {name} "
                "on purpose, build the scheduler with last_epoch = updates done - 1 and load no "
                "scheduler state"
            )


def _curves(name: str, given: Any, optimizer: Optimizer) -> Any:
    """Return a callable as it is and a sequence of them as a tuple, one for each group."""
    if callable(given):
        return given
    if not isinstance(given, Sequence):
        raise TypeError(
            f"{name} must be callable, or a list of one callable a group, got {given!r}"
        )
    for index, curve in enumerate(given):
        if not callable(curve):
            raise TypeError(f"{name}[{index}] must be callable, got {curve!r}")
    _check_length(name, given, optimizer)
    return tuple(given)


def _check_length(name: str, one_each: Sequence[Any], optimizer: Optimizer) -> None:
    groups = len(optimizer.param_groups)
    if len(one_each) != groups:
        kind = "number" if name == "ratios" else "callable"
        raise ValueError(
            f"{name} must hold one {kind} for each of the optimizer's {groups} param groups, "
            f"got {len(one_each)}"
        )


def _ratios(given: Ratios, schedule: Any, optimizer: Optimizer) -> tuple[float, ...] | None:
    """Return what each group's rate is multiplied by; None where there is nothing to multiply."""
    # A group that had a scheduler before keeps its own rate here; its `lr` is that of the moment.
    own = [float(group.get("initial_lr", group["lr"])) for group in optimizer.param_groups]
    if given is None:
        if callable(schedule) and len(set(own)) > 1:
            warnings.warn(
                f"the param groups have the rates {own} of their own, and one schedule gives all "
                'of them the same rate: give ratios="keep" to keep their ratios, a list with one '
                f"schedule for each group, or ratios={(1.0,) * len(own)} to say that this is meant",
                UserWarning,
                stacklevel=4,
            )
        return None
    if not callable(schedule):
        raise ValueError("ratios must be None beside a list of schedules, one for each group")
    if isinstance(given, str):
        if given != "keep" or own[0] == 0:
            need = "sequence or 'keep'" if given != "keep" else "sequence where group 0's rate is 0"
            raise ValueError(f"ratios must be a {need}, got {given!r}")
        return tuple(rate / own[0] for rate in own)
    if not isinstance(given, Sequence | np.ndarray):
        raise TypeError(f"ratios must be a list with one number for each group, got {given!r}")
    ratios = tuple(check_real(f"ratios[{index}]", ratio) for index, ratio in enumerate(given))
    _check_length("ratios", ratios, optimizer)
    return ratios


def _separate_rates(optimizer: Optimizer) -> None:
    """Give each group a tensor of its own for its rate, where it has one."""
    seen: set[int] = set()
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor) and id(group["lr"]) in seen:
            group["lr"] = group["lr"].clone()
        seen.add(id(group["lr"]))


def _check_has_momentum(optimizer: Optimizer) -> None:
    for index, group in enumerate(optimizer.param_groups):
        if "momentum" not in group and "betas" not in group:
            raise ValueError(
                f"momentum must be None for {type(optimizer).__name__}: its param group {index} "
                "has neither `momentum` nor `betas`"
            )


def _value(name: str, curve: Curve, step: int) -> float:
    """Return curve(step) as a plain float: NumPy's scalars are refused by weights_only loading."""
    value = curve(step)
    try:
        finite = math.isfinite(value)  # unlike float(), it does not read text
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must give one number at step {step}, got {value!r}") from error
    number = float(value)
    if not finite:
        raise ValueError(f"{name} must be finite, got {value!r} at step {step}")
    if name == "momentum" and not 0 <= number < 1:
        raise ValueError(f"momentum must be >= 0 and < 1, got {value!r} at step {step}")
    return number


def _sample_steps(last: int) -> list[int]:
    """Return steps from 0 to `last`, dense at both ends: about 2 log2(last) of them."""
    powers = [2**k for k in range(max(last, 1).bit_length())]
    near = {0, last, *powers, *(last - power for power in powers)}
    return sorted(step for step in near if 0 <= step <= last)
