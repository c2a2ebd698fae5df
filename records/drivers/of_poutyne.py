"""Trains a model of poutyne with its policies, and reads the rates at the optimizer's steps."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import poutyne
import torch

from records.drivers.driving import Raised, drive

PINS = ("poutyne==1.19.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


class Noting(torch.optim.SGD):
    """The optimizer, which notes the rate of each of its steps."""

    def __init__(self, parameters: Any) -> None:
        """Begin with a rate that no policy has, and no steps."""
        super().__init__(parameters, lr=0.01, momentum=0.9)
        self.seen: list[float] = []

    def step(self, *arguments: Any) -> Any:
        """Note the rate and step."""
        self.seen.append(float(self.param_groups[0]["lr"]))
        return super().step(*arguments)


def phases(name: str, arguments: dict[str, Any]) -> list[poutyne.Phase]:
    """Return what a function of poutyne gives, or a phase for each pair of a space's name."""
    if name != "OptimizerPolicy":
        return getattr(poutyne, name)(**arguments)
    return [
        poutyne.Phase(lr=getattr(poutyne, space.removeprefix("poutyne."))(**given))
        for space, given in arguments["phases"]
    ]


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of one epoch of training."""
    begin = arguments.pop("initial_step", 0)
    policy = poutyne.OptimizerPolicy(phases(name, arguments), initial_step=begin)
    network = torch.nn.Linear(1, 1)
    optimizer = Noting(network.parameters())
    model = poutyne.Model(network, optimizer, "mse", device="cpu")
    batches = ((torch.zeros(1, 1), torch.zeros(1, 1)) for _ in range(updates))
    try:
        model.fit_generator(
            batches,
            epochs=1,
            steps_per_epoch=updates,
            callbacks=[policy],
            progress_options={"coloring": False},
            verbose=False,
        )
    except ZeroDivisionError as error:
        words = f"ZeroDivisionError before update {len(optimizer.seen)}: {error}"
        raise Raised(optimizer.seen, words) from error
    return optimizer.seen


if __name__ == "__main__":
    drive(rates, version("poutyne"))
