"""A training loop in words: what one simulated run does, skips, saves and restores."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from course_lib.validation import check_count, check_real

SchedulerFactory = Callable[[Any], Any]  # from a torch optimizer to its scheduler

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
        last_epoch: the new process builds with `scheduler_factory(optimizer, last_epoch=…)`, as
            one goes on without the scheduler's state, >= 0; None: without this argument.

    Raises:
        ValueError, TypeError: `at` is not a whole number >= 1; `restore` without exactly one
            "build", or with another word, or loading the scheduler before it is built; a
            `last_epoch` that is no whole number >= 0.

    A run that forgets the scheduler's state begins its schedule anew:

    >>> from torch.optim.lr_scheduler import LambdaLR
    >>> from course_lib.libraries import simulate_loop
    >>> forgets = Resume(at=3, restore=("build", "load_optimizer"))
    >>> factory = lambda optimizer: LambdaLR(optimizer, lambda t: 1 - t / 5)
    >>> simulate_loop(factory, Loop(updates=5, resume=forgets)).rates.round(3)
    array([0.1 , 0.08, 0.06, 0.04, 0.08])
    """

    at: int
    restore: tuple[str, ...] = RESTORE
    scheduler_factory: SchedulerFactory | None = None
    last_epoch: int | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("at", self.at)
        if self.last_epoch is not None:
            check_count("last_epoch", self.last_epoch, low=0)
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
        frequency: number, >= 1, of which an epoch's own number, 1-based, must be a multiple for
            `scheduler.step()` to be called; with "update" and "batch", the batch's in its epoch.
        batches_per_epoch: batches in an epoch (of one process); needed for "epoch", for a
            frequency above 1 and for `update_at_epoch_end`.
        update_at_epoch_end: the last batch of an epoch makes an update of the batches that there
            are; False: gradients are accumulated across the end of an epoch.
        stop_at_total_steps: a scheduler that has `total_steps` (OneCycleLR) is stepped only while
            its `_step_count` is <= total_steps, as Hugging Face Accelerate does.
        scheduler_first: `scheduler.step()` comes before `optimizer.step()`, as before torch 1.1.
        skipped: updates, 0-based, at which mixed precision finds infinite gradients, so that
            `optimizer.step()` is not carried out.
        step_when_skipped: the scheduler advances at a skipped update all the same.
        step_arguments: the k-th number is the argument of the k-th `scheduler.step(...)`: the
            metrics for ReduceLROnPlateau, `epoch + i / iters` for warm restarts. Empty: none.
        lr_overrides: rates set by hand, {update: rate}, 0-based, in all groups, before
            anything else that belongs to the update.
        resume: stop in mid-run and what is restored after it, or several of these in the order of
            `at`; None: one process to the end.

    Raises:
        ValueError, TypeError: a field out of its range or of the wrong type; fields that
            contradict each other.

    The scheduler is stepped once an epoch, although its lengths count updates:

    >>> from torch.optim.lr_scheduler import LinearLR
    >>> from course_lib.libraries import simulate_loop
    >>> loop = Loop(updates=6, step_per="epoch", batches_per_epoch=3)
    >>> factory = lambda optimizer: LinearLR(optimizer, 1.0, 0.0, total_iters=5)
    >>> simulate_loop(factory, loop).rates.round(3)
    array([0.1 , 0.1 , 0.1 , 0.08, 0.08, 0.08])
    """

    updates: int
    accumulate: int = 1
    processes: int = 1
    step_per: str = "update"
    frequency: int = 1
    batches_per_epoch: int | None = None
    update_at_epoch_end: bool = False
    stop_at_total_steps: bool = False
    scheduler_first: bool = False
    skipped: Iterable[int] = ()
    step_when_skipped: bool = True
    step_arguments: Iterable[float] = ()
    lr_overrides: Mapping[int, float] = field(default_factory=dict)
    resume: Resume | Iterable[Resume] | None = None

    def __post_init__(self) -> None:
        """Check every field, and the fields against each other."""
        for name in ("updates", "accumulate", "processes", "frequency"):
            check_count(name, getattr(self, name))
        if self.batches_per_epoch is not None:
            check_count("batches_per_epoch", self.batches_per_epoch)
        if self.step_per not in STEP_PER:
            raise ValueError(f"step_per must be one of {STEP_PER}, got {self.step_per!r}")
        for given, words in (
            (self.step_per == "epoch", "step_per='epoch'"),
            (self.frequency > 1, f"frequency={self.frequency}"),
            (self.update_at_epoch_end, "update_at_epoch_end=True"),
        ):
            if given and self.batches_per_epoch is None:
                raise ValueError(f"batches_per_epoch must be given with {words}, got None")
        if self.frequency > 1 and self.scheduler_first:
            raise ValueError(f"frequency must be 1 with scheduler_first, got {self.frequency}")
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
        self._check_resumes()

    @property
    def resumes(self) -> dict[int, Resume]:
        """The resumes by the number of updates done before each."""
        given = self.resume or ()
        return {one.at: one for one in ((given,) if isinstance(given, Resume) else given)}

    def batches_of(self, update: int) -> range:
        """Return the batches that an update is made of, both counted from 0."""
        size, epoch = self.accumulate, self.batches_per_epoch
        if not self.update_at_epoch_end or epoch is None:
            return range(update * size, (update + 1) * size)
        done, nth = divmod(update, math.ceil(epoch / size))
        return range(done * epoch + nth * size, done * epoch + min((nth + 1) * size, epoch))

    def _check_resumes(self) -> None:
        if self.resume is not None and not isinstance(self.resume, Resume):
            object.__setattr__(self, "resume", tuple(self.resume))
            for one in self.resume:
                if not isinstance(one, Resume):
                    raise TypeError(f"resume must hold nothing but Resume, got {one!r}")
            at = [one.at for one in self.resume]
            if at != sorted(set(at)):
                raise ValueError(f"resume must be in the order of `at`, each once, got at = {at}")
        for at in self.resumes:
            self._check_update("resume.at", at)

    def _check_update(self, name: str, update: int) -> None:
        if check_count(name, update, low=0) >= self.updates:
            raise ValueError(f"{name} must be < updates={self.updates}, got {update}")
