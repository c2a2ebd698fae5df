"""Runs transformers' schedules and its GreedyLR."""

from __future__ import annotations

from typing import Any

import transformers
from transformers import optimization

from records.drivers.driving import drive
from records.drivers.torch_loop import function, optimizer_at, run


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a schedule; one that follows a metric is given `metric`, text in t."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    metric = function(arguments.pop("metric")) if "metric" in arguments else None
    scheduler = getattr(optimization, name)(optimizer, **arguments)
    if metric is None:
        return run(optimizer, lambda t: scheduler.step(), updates)
    return run(optimizer, lambda t: scheduler.step(metric(t)), updates)


if __name__ == "__main__":
    drive(rates, transformers.__version__)
