"""Runs ignite's parameter schedulers, attached to the start of every iteration."""

from __future__ import annotations

from typing import Any

import ignite
from ignite.engine import Engine, Events
from ignite.handlers import param_scheduler

from records.drivers.driving import drive
from records.drivers.torch_loop import build, optimizer_at

PINS = ("pytorch-ignite==0.5.5", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates that an engine's iterations find in the optimizer."""
    optimizer = optimizer_at(_first_rate(arguments))
    scheduler = _scheduler(name, optimizer, arguments)
    found: list[float] = []

    def update(engine: Engine, batch: int) -> None:
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()

    trainer = Engine(update)
    trainer.add_event_handler(Events.ITERATION_STARTED, scheduler)
    trainer.run(range(updates), max_epochs=1)
    return found


def _first_rate(arguments: dict[str, Any]) -> float:
    """Return the optimizer's own rate, which only a scheduler of torch inside would use."""
    _, inner = arguments.get("lr_scheduler", ("", {}))
    return inner.get("base_lr", 0.1)


def _scheduler(name: str, optimizer: Any, arguments: dict[str, Any]) -> Any:
    if "milestones_values" in arguments:  # ignite wants tuples, which JSON has not
        arguments = {"milestones_values": [tuple(pair) for pair in arguments["milestones_values"]]}
    if "lr_scheduler" not in arguments:
        return getattr(param_scheduler, name)(optimizer, "lr", **arguments)
    library, inner = arguments["lr_scheduler"][0].split(".")
    given = {k: v for k, v in arguments["lr_scheduler"][1].items() if k != "base_lr"}
    make = build if library == "torch" else _scheduler
    outer = {k: v for k, v in arguments.items() if k != "lr_scheduler"}
    return getattr(param_scheduler, name)(make(inner, optimizer, given), **outer)


if __name__ == "__main__":
    drive(rates, ignite.__version__)
