"""Finds the rate that each optimizer update really gets, by running a small torch loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import Parameter
from torch.optim import Optimizer

from course_lib.libraries.loop import Loop, Resume, SchedulerFactory
from course_lib.schedules import Schedule
from course_lib.validation import check_real

__all__ = ["Loop", "LoopError", "LoopResult", "Resume", "simulate_loop"]


@dataclass(frozen=True)
class LoopError:
    """The error that ended a simulated loop early.

    Attributes:
        where: the call that raised: "scheduler.step()", "scheduler_factory(optimizer)", …
        exception: exception that it raised.
        update: updates carried out before.
        scheduler_step: calls of `scheduler.step()` begun before or by it, 1-based.
    """

    where: str
    exception: Exception
    update: int
    scheduler_step: int

    def __str__(self) -> str:
        """Say what happened, where and when."""
        return (
            f"{type(self.exception).__name__} in {self.where} after {self.update} updates "
            f"(scheduler step {self.scheduler_step}): {self.exception}"
        )


@dataclass(frozen=True, eq=False)
class LoopResult:
    """The rates and events of a simulated loop.

    Attributes:
        group_rates: (updates, groups), float64; rate of every parameter group in each update
            carried out, the groups in the optimizer's order.
        attempts: int, which update of the loop, 0-based, each row belongs to; only where updates
            are skipped is it not 0, 1, 2, …
        group_momentum: (updates, groups), float64; momentum (or betas[0]) in each update, NaN
            for a group that has none.
        scheduler_steps: calls of `scheduler.step()` that returned.
        warnings: the different messages warned of, in their order.
        error: the error that ended the loop early, or None.
    """

    group_rates: np.ndarray
    attempts: np.ndarray
    group_momentum: np.ndarray
    scheduler_steps: int
    warnings: tuple[str, ...]
    error: LoopError | None

    def __repr__(self) -> str:
        """Return one line: the arrays have a row for every update."""
        updates = len(self.group_rates)
        ends = f", rates {self.rates[0]:.4g} to {self.rates[-1]:.4g}" if updates else ""
        return (
            f"<LoopResult: {updates} updates{ends}, scheduler_steps={self.scheduler_steps}, "
            f"warnings={len(self.warnings)}, error={str(self.error) if self.error else None!r}>"
        )

    @property
    def rates(self) -> np.ndarray:
        """Rate of the first group in each update carried out, (updates,), float64."""
        return self.group_rates[:, 0]

    @property
    def momentum(self) -> np.ndarray | None:
        """Momentum (or betas[0]) of the first group, (updates,), float64; None if it has none."""
        first = self.group_momentum[:, 0]
        return None if first.size and np.isnan(first).any() else first


def simulate_loop(
    scheduler_factory: SchedulerFactory | Schedule,
    loop: Loop,
    *,
    base_lr: float | Sequence[float] = 0.1,
    optimizer_factory: Callable[..., Optimizer] = torch.optim.SGD,
) -> LoopResult:
    """Run a loop with a real optimizer and scheduler and record the rates of every update.

    The model is a single number (one for each parameter group) and its gradient is always 1;
    everything else is torch itself, so what torch warns of or raises is what a real run would see.

    Args:
        scheduler_factory: function from the optimizer to a scheduler, for instance
            `lambda optimizer: CosineAnnealingLR(optimizer, T_max=100)`. Or one of our schedules:
            every group then gets `schedule(t)`, where t counts the scheduler's steps.
        loop: the loop to run; those of other libraries are made in `framework_loops`.
        base_lr: the optimizer's own rate, >= 0; a sequence of them makes one parameter group for
            each, in its order.
        optimizer_factory: function that is called with `(parameters, lr=base_lr)`, for a sequence
            with `([{"params": …, "lr": …}, …], lr=base_lr[0])`.

    Returns:
        The rates up to the end or to the first error in torch's code or the factory's: an error
        there is part of the result, and `raise result.error.exception` raises it.

    Raises:
        TypeError: an argument of the wrong type; a factory whose result has no `step`.
        ValueError: an argument out of its range; an empty `base_lr`; more scheduler steps than
            `step_arguments`.

    The scheduler advances with every batch, so the decay is over after one of four updates:

    >>> from torch.optim.lr_scheduler import LinearLR
    >>> loop = Loop(updates=4, accumulate=4, step_per="batch")
    >>> factory = lambda optimizer: LinearLR(optimizer, 1.0, 0.0, total_iters=4)
    >>> simulate_loop(factory, loop).rates.round(3)
    array([0.025, 0.   , 0.   , 0.   ])

    Two groups, of which the scheduler multiplies each one's own rate:

    >>> result = simulate_loop(factory, Loop(updates=3), base_lr=[0.4, 0.04])
    >>> result.group_rates.round(3)
    array([[0.4 , 0.04],
           [0.3 , 0.03],
           [0.2 , 0.02]])
    """
    if not callable(scheduler_factory):
        raise TypeError(f"scheduler_factory must be callable, got {scheduler_factory!r}")
    if not callable(optimizer_factory):
        raise TypeError(f"optimizer_factory must be callable, got {optimizer_factory!r}")
    if not isinstance(loop, Loop):
        raise TypeError(f"loop must be a Loop, got {loop!r}")
    if isinstance(scheduler_factory, Schedule) and loop.step_arguments:
        raise ValueError(
            f"step_arguments must be empty for a schedule, which counts steps, got "
            f"{loop.step_arguments}"
        )
    run = _Run(loop, scheduler_factory, *_groups(base_lr, optimizer_factory))
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Hidden by default outside __main__, and about the upkeep of libraries, not about rates.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            run.build_optimizer()
            run.build_scheduler(scheduler_factory)
            for update in range(loop.updates):
                run.update(update)
        except _Stopped as stopped:
            error = stopped.error
    return LoopResult(
        group_rates=run.table(run.rates),
        attempts=np.array(run.attempts, dtype=np.int64),
        group_momentum=run.table(run.momentum),
        scheduler_steps=run.scheduler_steps,
        warnings=tuple(dict.fromkeys(str(warning.message) for warning in caught)),
        error=error,
    )


class _Stopped(Exception):
    """Carries an error of the simulated code out of the loop, and no error of this module."""

    def __init__(self, error: LoopError) -> None:
        super().__init__(str(error))
        self.error = error


class _Counting:
    """A scheduler that gives every group `schedule(t)`, where t counts its steps."""

    def __init__(self, optimizer: Optimizer, schedule: Schedule, last_epoch: int = -1) -> None:
        self.optimizer, self.schedule, self.t = optimizer, schedule, last_epoch
        self.step()

    def step(self, times: int = 1) -> None:
        self.t += times
        rate = self.schedule(self.t)
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def state_dict(self) -> dict[str, int]:
        return {"t": self.t}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.t = state["t"]


class _Run:
    """The state of a loop while it runs."""

    def __init__(
        self,
        loop: Loop,
        scheduler_factory: SchedulerFactory,
        base_lrs: list[float],
        optimizer_factory: Callable[[list[Parameter]], Optimizer],
    ) -> None:
        self.loop = loop
        self.scheduler_factory = scheduler_factory
        self.base_lrs = base_lrs
        self.optimizer_factory = optimizer_factory
        self.rates: list[list[float]] = []
        self.attempts: list[int] = []
        self.momentum: list[list[float]] = []
        self.scheduler_steps = 0

    def update(self, update: int) -> None:
        loop = self.loop
        if update in loop.resumes:
            self.resume(loop.resumes[update])
        if update in loop.lr_overrides:
            for group in self.optimizer.param_groups:
                group["lr"] = loop.lr_overrides[update]
        advance = loop.step_when_skipped or update not in loop.skipped
        batches = loop.batches_of(update)
        for batch in batches:
            last = batch == batches[-1]
            due = self.is_due(batch, last)
            if loop.scheduler_first and due:
                self.step_scheduler()
            if last and update not in loop.skipped:
                self.step_optimizer(update)
            if not loop.scheduler_first and due and advance:
                self.step_scheduler()

    def is_due(self, batch: int, last: bool) -> bool:
        """Whether the loop calls scheduler.step() in this batch, perhaps the last of its update."""
        loop = self.loop
        if loop.step_per == "epoch":
            # The step comes at an epoch's end, and at its beginning in a loop that steps first.
            epochs, rest = divmod(batch + (not loop.scheduler_first), loop.batches_per_epoch)
            return rest == 0 and epochs % loop.frequency == 0
        if loop.step_per == "update" and not last:
            return False
        return loop.frequency == 1 or (batch % loop.batches_per_epoch + 1) % loop.frequency == 0

    def build_optimizer(self) -> None:
        self.parameters = [Parameter(torch.zeros(1, dtype=torch.float64)) for _ in self.base_lrs]
        self.optimizer = self.call("optimizer_factory", self.optimizer_factory, self.parameters)

    def build_scheduler(self, factory: SchedulerFactory | Schedule, **last_epoch: int) -> None:
        if isinstance(factory, Schedule):
            factory = partial(_Counting, schedule=factory)
        if last_epoch:
            factory = partial(factory, **last_epoch)
        scheduler = self.call("scheduler_factory(optimizer)", factory, self.optimizer)
        if not callable(getattr(scheduler, "step", None)):
            raise TypeError(f"scheduler_factory must return a scheduler, got {scheduler!r}")
        self.scheduler = scheduler

    def resume(self, resume: Resume) -> None:
        optimizer_state, scheduler_state = self.optimizer.state_dict(), self.scheduler.state_dict()
        self.build_optimizer()
        for action in resume.restore:
            if action == "build":
                more = {} if resume.last_epoch is None else {"last_epoch": resume.last_epoch}
                self.build_scheduler(resume.scheduler_factory or self.scheduler_factory, **more)
            elif action == "load_optimizer":
                load = self.optimizer.load_state_dict
                self.call("optimizer.load_state_dict()", load, optimizer_state)
            else:
                load = self.scheduler.load_state_dict
                self.call("scheduler.load_state_dict()", load, scheduler_state)

    def step_optimizer(self, update: int) -> None:
        groups = self.optimizer.param_groups
        rates, momentum = [float(group["lr"]) for group in groups], [_momentum(g) for g in groups]
        for parameter in self.parameters:
            parameter.grad = torch.ones_like(parameter)
        self.call("optimizer.step()", self.optimizer.step)
        self.rates.append(rates)
        self.attempts.append(update)
        self.momentum.append(momentum)

    def table(self, rows: list[list[float]]) -> np.ndarray:
        """Return the rows as (updates, groups), also where there is none."""
        return np.array(rows, dtype=np.float64).reshape(
            len(rows), -1 if rows else len(self.base_lrs)
        )

    def step_scheduler(self) -> None:
        if isinstance(self.scheduler, _Counting):
            self.call("scheduler.step()", self.scheduler.step, self.loop.processes)
            self.scheduler_steps += self.loop.processes
            return
        for _ in range(self.loop.processes):
            limited = self.loop.stop_at_total_steps and hasattr(self.scheduler, "total_steps")
            if limited and self.scheduler._step_count > self.scheduler.total_steps:
                return
            self.call("scheduler.step()", self.scheduler.step, *self.step_argument())
            self.scheduler_steps += 1

    def step_argument(self) -> tuple[float, ...]:
        arguments = self.loop.step_arguments
        if not arguments:
            return ()
        if self.scheduler_steps >= len(arguments):
            raise ValueError(
                f"step_arguments must hold one number for each scheduler.step(), got "
                f"{len(arguments)}, and the loop calls it once more"
            )
        return (arguments[self.scheduler_steps],)

    def call(self, where: str, function: Callable, *arguments: Any) -> Any:
        """Call code that is simulated; whatever it raises is a result, not a fault of ours."""
        try:
            return function(*arguments)
        except Exception as exception:
            stepping = where == "scheduler.step()"
            raise _Stopped(
                LoopError(where, exception, len(self.rates), self.scheduler_steps + stepping)
            ) from exception


def _groups(
    base_lr: float | Sequence[float], optimizer_factory: Callable[..., Optimizer]
) -> tuple[list[float], Callable[[list[Parameter]], Optimizer]]:
    """Return the groups' rates, and a function from one parameter a group to the optimizer."""
    # Text has a length too; check_real refuses it by its name. A single number makes no groups,
    # so that a factory that expects parameters gets parameters.
    if (
        isinstance(base_lr, str)
        or not isinstance(base_lr, Sequence | np.ndarray)
        or (np.ndim(base_lr) == 0)
    ):
        rate = check_real("base_lr", base_lr)
        return [rate], partial(optimizer_factory, lr=rate)
    rates = [check_real(f"base_lr[{index}]", rate) for index, rate in enumerate(base_lr)]
    if not rates:
        raise ValueError(f"base_lr must be a rate, or one for each group, got {base_lr!r}")

    def build(parameters: list[Parameter]) -> Optimizer:
        groups = [{"params": [p], "lr": lr} for p, lr in zip(parameters, rates, strict=True)]
        return optimizer_factory(groups, lr=rates[0])

    return rates, build


def _momentum(group: dict[str, Any]) -> float:
    return float(group["betas"][0] if "betas" in group else group.get("momentum", np.nan))
