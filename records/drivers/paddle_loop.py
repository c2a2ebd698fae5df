"""The smallest training loop of paddle, for the libraries that schedule paddle's optimizers."""

from __future__ import annotations

from typing import Any

import paddle

from records.drivers.driving import Raised


def run(scheduler: Any, updates: int) -> list[float]:
    """Return the rate of every update when a scheduler is stepped after each.

    Args:
        scheduler: a scheduler of paddle.
        updates: number of updates.

    Raises:
        Raised: the scheduler raised.
    """
    weight = paddle.create_parameter([1], dtype="float32")
    optimizer = paddle.optimizer.SGD(learning_rate=scheduler, parameters=[weight])
    rates: list[float] = []
    for t in range(updates):
        rates.append(float(optimizer.get_lr()))
        weight.sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        try:
            scheduler.step()
        except Exception as error:
            words = f"{type(error).__name__} at the step() call after update {t}: {error}"
            raise Raised(rates, words) from error
    return rates
