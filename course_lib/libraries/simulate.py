"""Finds the rate that each optimizer update really gets, by running a small torch loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from course_lib.validation import check_count, check_real

SchedulerFactory = Callable[[Optimizer], LRScheduler]

STEP_PER = ("update", "batch", "epoch")
RESTORE = ("build", "load_optimizer", "load_scheduler")


@dataclass(frozen=True)
class Resume:
    """A run that stops, and what the code that takes it up again does.

    Attributes:
        at: updates done when the checkpoint is written and the process ends, >= 1.
        restore: the steps of the new process, in its order: "build" (call the scheduler factory),
            "load_optimizer", "load_scheduler" (load the state saved). A forgotten one is left out.
        scheduler_factory: factory of the new process's scheduler; None: the same as before.

    Raises:
        ValueError, TypeError: `at` is not a whole number >= 1; `restore` without exactly one
            "build", or with another word, or loading the scheduler before it is built.

    A run that forgets the scheduler's state begins its schedule anew:

    >>> from torch.optim.lr_scheduler import LambdaLR
    >>> forgets = Resume(at=3, restore=("build", "load_optimizer"))
    >>> factory = lambda optimizer: LambdaLR(optimizer, lambda t: 1 - t / 5)
    >>> simulate_loop(factory, Loop(updates=5, resume=forgets)).rates.round(3)
    array([0.1 , 0.08, 0.06, 0.04, 0.08])
    """

    at: int
    restore: tuple[str, ...] = RESTORE
    scheduler_factory: SchedulerFactory | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("at", self.at)
        restore = tuple(self.restore)
        object.__setattr__(self, "restore", restore)
        unknown = [action for action in restore if action not in RESTORE]
        if unknown or restore.count("build") != 1:
            raise ValueError(
                f"restore must hold 'build' once and no other words than {RESTORE}, got {restore}"
            )
        if "load_scheduler" in restore[: restore.index("build")]:
            raise ValueError(f"restore must 'build' before 'load_scheduler', got {restore}")


@dataclass(frozen=True)
class Loop:
    """A training loop, as far as learning rates are concerned.

    Attributes:
        updates: calls of `optimizer.step()` in the loop, skipped ones included, >= 1.
        accumulate: batches whose gradients make one update, >= 1.
        processes: scheduler steps that one `scheduler.step()` of the loop makes, >= 1: Hugging Face
            Accelerate carries it out once for each process, unless batches are split.
        step_per: the loop calls `scheduler.step()` after every "update", "batch" or "epoch".
        batches_per_epoch: batches in an epoch (of one process); needed for "epoch" only.
            Gradients are accumulated across the end of an epoch.
        scheduler_first: `scheduler.step()` comes before `optimizer.step()`, as before torch 1.1.
        skipped: updates, 0-based, at which mixed precision finds infinite gradients, so that
            `optimizer.step()` is not carried out.
        step_when_skipped: the scheduler advances at a skipped update all the same.
        step_arguments: the k-th number is the argument of the k-th `scheduler.step(...)`: the
            metrics for ReduceLROnPlateau, `epoch + i / iters` for warm restarts. Empty: none.
        lr_overrides: rates set by hand, {update: rate}, 0-based, in all groups, before
            anything else that belongs to the update.
        resume: stop in mid-run and what is restored after it; None: one process to the end.

    Raises:
        ValueError, TypeError: a field out of its range or of the wrong type; fields that
            contradict each other.

    The scheduler is stepped once an epoch, although its lengths count updates:

    >>> from torch.optim.lr_scheduler import LinearLR
    >>> loop = Loop(updates=6, step_per="epoch", batches_per_epoch=3)
    >>> factory = lambda optimizer: LinearLR(optimizer, 1.0, 0.0, total_iters=5)
    >>> simulate_loop(factory, loop).rates.round(3)
    array([0.1 , 0.1 , 0.1 , 0.08, 0.08, 0.08])
    """

    updates: int
    accumulate: int = 1
    processes: int = 1
    step_per: str = "update"
    batches_per_epoch: int | None = None
    scheduler_first: bool = False
    skipped: Iterable[int] = ()
    step_when_skipped: bool = True
    step_arguments: Iterable[float] = ()
    lr_overrides: Mapping[int, float] = field(default_factory=dict)
    resume: Resume | None = None

    def __post_init__(self) -> None:
        """Check every field, and the fields against each other."""
        for name in ("updates", "accumulate", "processes"):
            check_count(name, getattr(self, name))
        if self.batches_per_epoch is not None:
            check_count("batches_per_epoch", self.batches_per_epoch)
        if self.step_per not in STEP_PER:
            raise ValueError(f"step_per must be one of {STEP_PER}, got {self.step_per!r}")
        if self.step_per == "epoch" and self.batches_per_epoch is None:
            raise ValueError("batches_per_epoch must be given with step_per='epoch', got None")
        if not self.step_when_skipped and (self.step_per != "update" or self.scheduler_first):
            raise ValueError(
                "step_when_skipped=False needs step_per='update' and scheduler_first=False: only "
                "then does the loop know of the skip when it comes to scheduler.step()"
            )
        object.__setattr__(self, "skipped", frozenset(self.skipped))
        object.__setattr__(self, "step_arguments", tuple(self.step_arguments))
        object.__setattr__(self, "lr_overrides", dict(self.lr_overrides))
        for update in self.skipped:
            self._check_update("skipped", update)
        for update, rate in self.lr_overrides.items():
            self._check_update("lr_overrides", update)
            check_real(f"lr_overrides[{update}]", rate)
        if self.resume is not None:
            self._check_update("resume.at", self.resume.at)

    def _check_update(self, name: str, update: int) -> None:
        if check_count(name, update, low=0) >= self.updates:
            raise ValueError(f"{name} must be < updates={self.updates}, got {update}")


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
        rates: float64, the rate of the first param group in each update carried out.
        attempts: int, which update of the loop, 0-based, each of `rates` belongs to; only where
            updates are skipped is it not 0, 1, 2, …
        momentum: float64, the momentum (or betas[0]) in each update; None if there is none.
        scheduler_steps: calls of `scheduler.step()` that returned.
        warnings: the different messages warned of, in their order.
        error: the error that ended the loop early, or None.
    """

    rates: np.ndarray
    attempts: np.ndarray
    momentum: np.ndarray | None
    scheduler_steps: int
    warnings: tuple[str, ...]
    error: LoopError | None


def simulate_loop(
    scheduler_factory: SchedulerFactory,
    loop: Loop,
    *,
    base_lr: float = 0.1,
    optimizer_factory: Callable[..., Optimizer] = torch.optim.SGD,
) -> LoopResult:
    """Run a loop with a real optimizer and scheduler and record the rate of every update.

    The model is a single number and its gradient is always 1; everything else is torch itself, so
    what torch warns of or raises is what a real run would see.

    Args:
        scheduler_factory: function from the optimizer to a scheduler, for instance
            `lambda optimizer: CosineAnnealingLR(optimizer, T_max=100)`.
        loop: the loop to run.
        base_lr: the optimizer's own rate, >= 0.
        optimizer_factory: function that is called with `(parameters, lr=base_lr)`.

    Returns:
        The rates up to the end or to the first error in torch's code or the factory's: an error
        there is part of the result, and `raise result.error.exception` raises it.

    Raises:
        TypeError: an argument of the wrong type; a factory whose result has no `step`.
        ValueError: an argument out of its range; more scheduler steps than `step_arguments`.

    The scheduler advances with every batch, so the decay is over after one of four updates:

    >>> from torch.optim.lr_scheduler import LinearLR
    >>> loop = Loop(updates=4, accumulate=4, step_per="batch")
    >>> factory = lambda optimizer: LinearLR(optimizer, 1.0, 0.0, total_iters=4)
    >>> simulate_loop(factory, loop).rates.round(3)
    array([0.025, 0.   , 0.   , 0.   ])
    """
    if not callable(scheduler_factory):
        raise TypeError(f"scheduler_factory must be callable, got {scheduler_factory!r}")
    if not callable(optimizer_factory):
        raise TypeError(f"optimizer_factory must be callable, got {optimizer_factory!r}")
    if not isinstance(loop, Loop):
        raise TypeError(f"loop must be a Loop, got {loop!r}")
    run = _Run(
        loop, scheduler_factory, partial(optimizer_factory, lr=check_real("base_lr", base_lr))
    )
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Hidden by default outside __main__, and about the upkeep of libraries, not about rates.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            run.start()
            for update in range(loop.updates):
                run.update(update)
        except _Stopped as stopped:
            error = stopped.error
    return LoopResult(
        rates=np.array(run.rates, dtype=np.float64),
        attempts=np.array(run.attempts, dtype=np.int64),
        momentum=None if None in run.momentum else np.array(run.momentum, dtype=np.float64),
        scheduler_steps=run.scheduler_steps,
        warnings=tuple(dict.fromkeys(str(warning.message) for warning in caught)),
        error=error,
    )


class _Stopped(Exception):
    """Carries an error of the simulated code out of the loop, and no error of this module."""

    def __init__(self, error: LoopError) -> None:
        super().__init__(str(error))
        self.error = error


class _Run:
    """The state of a loop while it runs."""

    def __init__(
        self, loop: Loop, scheduler_factory: SchedulerFactory, optimizer_factory: Callable
    ) -> None:
        self.loop = loop
        self.scheduler_factory = scheduler_factory
        self.optimizer_factory = optimizer_factory
        self.rates: list[float] = []
        self.attempts: list[int] = []
        self.momentum: list[float | None] = []
        self.scheduler_steps = 0

    def start(self) -> None:
        self.build_optimizer()
        self.build_scheduler(self.scheduler_factory)

    def update(self, update: int) -> None:
        loop = self.loop
        if loop.resume is not None and loop.resume.at == update:
            self.resume(loop.resume)
        if update in loop.lr_overrides:
            for group in self.optimizer.param_groups:
                group["lr"] = loop.lr_overrides[update]
        first = update * loop.accumulate
        for batch in range(first, first + loop.accumulate):
            if loop.scheduler_first and self.is_due(batch):
                self.step_scheduler()
            if batch == first + loop.accumulate - 1 and update not in loop.skipped:
                self.step_optimizer(update)
            advance = loop.step_when_skipped or update not in loop.skipped
            if not loop.scheduler_first and self.is_due(batch) and advance:
                self.step_scheduler()

    def is_due(self, batch: int) -> bool:
        """Whether the loop calls scheduler.step() in this batch."""
        loop = self.loop
        if loop.step_per == "batch":
            return True
        if loop.step_per == "update":
            return (batch + 1) % loop.accumulate == 0
        # An epoch's step comes at its end, and at its beginning in a loop that steps first.
        return (batch if loop.scheduler_first else batch + 1) % loop.batches_per_epoch == 0

    def build_optimizer(self) -> None:
        self.parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.optimizer = self.call("optimizer_factory", self.optimizer_factory, [self.parameter])

    def build_scheduler(self, factory: SchedulerFactory) -> None:
        scheduler = self.call("scheduler_factory(optimizer)", factory, self.optimizer)
        if not callable(getattr(scheduler, "step", None)):
            raise TypeError(f"scheduler_factory must return a scheduler, got {scheduler!r}")
        self.scheduler = scheduler

    def resume(self, resume: Resume) -> None:
        optimizer_state, scheduler_state = self.optimizer.state_dict(), self.scheduler.state_dict()
        self.build_optimizer()
        for action in resume.restore:
            if action == "build":
                self.build_scheduler(resume.scheduler_factory or self.scheduler_factory)
            elif action == "load_optimizer":
                load = self.optimizer.load_state_dict
                self.call("optimizer.load_state_dict()", load, optimizer_state)
            else:
                load = self.scheduler.load_state_dict
                self.call("scheduler.load_state_dict()", load, scheduler_state)

    def step_optimizer(self, update: int) -> None:
        group = self.optimizer.param_groups[0]
        rate, momentum = float(group["lr"]), _momentum(group)
        self.parameter.grad = torch.ones_like(self.parameter)
        self.call("optimizer.step()", self.optimizer.step)
        self.rates.append(rate)
        self.attempts.append(update)
        self.momentum.append(momentum)

    def step_scheduler(self) -> None:
        for _ in range(self.loop.processes):
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


def _momentum(group: dict[str, Any]) -> float | None:
    if "betas" in group:
        return float(group["betas"][0])
    return float(group["momentum"]) if "momentum" in group else None
