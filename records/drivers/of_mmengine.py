"""Runs MMEngine's schedulers as its Runner does: built by its registry, stepped by its hook."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mmengine
from mmengine.hooks import ParamSchedulerHook
from mmengine.registry import PARAM_SCHEDULERS

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run

PINS = ("mmengine==0.10.7", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of one scheduler by its class, or of a list as "param_scheduler".

    Beside its own arguments a record has base_lr and batches_per_epoch, and for a list max_epochs
    and max_iters, from which the Runner takes the end of a scheduler that names none.
    """
    optimizer = optimizer_at(arguments.pop("base_lr"))
    batches = arguments.pop("batches_per_epoch", None) or updates
    dictionaries = [{"type": name, **arguments}]
    if name == "param_scheduler":
        dictionaries = _with_ends(**arguments, batches=batches)
    schedulers = [
        PARAM_SCHEDULERS.build(
            dict(given), default_args={"optimizer": optimizer, "epoch_length": batches}
        )
        for given in dictionaries
    ]
    runner, hook = SimpleNamespace(param_schedulers=schedulers), ParamSchedulerHook()

    def step(t: int) -> None:
        hook.after_train_iter(runner, batch_idx=t % batches)
        if (t + 1) % batches == 0:
            hook.after_train_epoch(runner)

    return run(optimizer, step, updates)


def _with_ends(
    param_scheduler: list[dict[str, Any]],
    batches: int,
    max_epochs: int | None = None,
    max_iters: int | None = None,
) -> list[dict[str, Any]]:
    """Return the dictionaries with the ends that `Runner._build_param_scheduler` sets."""
    if max_iters is None and max_epochs is not None:
        max_iters = max_epochs * batches
    ends = {True: max_epochs, False: max_iters}
    return [
        given
        if ends[given.get("by_epoch", True)] is None
        else {"end": ends[given.get("by_epoch", True)], **given}
        for given in param_scheduler
    ]


if __name__ == "__main__":
    drive(rates, mmengine.__version__)
