"""Runs timm's schedulers as its training script steps them, by updates and not by epochs."""

from __future__ import annotations

from typing import Any

import timm
import timm.scheduler

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run

# torchvision asks for the build of torch that it fits.
PINS = ("timm==1.0.31", "torchvision==0.29.1", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler that timm's training script would step after each update."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    if name == "create_scheduler_v2":
        return _made(optimizer, arguments, updates)
    scheduler = getattr(timm.scheduler, name)(optimizer, **arguments)
    return run(optimizer, lambda t: scheduler.step_update(num_updates=t + 1), updates)


def _made(optimizer: Any, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of what the factory makes, stepped after updates and after epochs."""
    scheduler, _ = timm.scheduler.create_scheduler_v2(optimizer, **arguments)

    def step(t: int) -> None:
        if scheduler is None:  # sched="none"
            return
        scheduler.step_update(num_updates=t + 1)
        if (t + 1) % arguments["updates_per_epoch"] == 0:
            scheduler.step((t + 1) // arguments["updates_per_epoch"])

    return run(optimizer, step, updates)


if __name__ == "__main__":
    drive(rates, timm.__version__)
