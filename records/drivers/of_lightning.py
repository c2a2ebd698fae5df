"""Runs Lightning's Trainer, which decides when a scheduler of torch's is stepped."""

from __future__ import annotations

import logging
import math
import warnings
from typing import Any

import lightning
import torch

from records.drivers.driving import drive

PINS = ("lightning==2.6.6", "torch==2.13.0", "numpy==2.4.6")


class Line(lightning.LightningModule):
    """A model of one weight that keeps the rate of every update."""

    def __init__(self, base_lr: float, scheduler: list[Any], config: dict[str, Any]) -> None:
        """Take the optimizer's rate, the scheduler's class and arguments, and its configuration."""
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.base_lr, self.scheduler, self.config = base_lr, scheduler, config
        self.seen: list[float] = []

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch."""
        return (self.weight * batch).sum()

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Keep the rate of the update that comes now."""
        self.seen.append(float(optimizer.param_groups[0]["lr"]))

    def configure_optimizers(self) -> dict[str, Any]:
        """Return the optimizer, and the scheduler with its configuration."""
        optimizer = torch.optim.SGD(self.parameters(), lr=self.base_lr)
        name, arguments = self.scheduler
        made = getattr(torch.optim.lr_scheduler, name)(optimizer, **arguments)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": made, **self.config}}


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a run of the Trainer, with epochs of `batches_per_epoch` batches."""
    given = dict(arguments)
    model = Line(given.pop("base_lr"), given.pop("scheduler"), given.pop("lr_scheduler"))
    batches = given.pop("batches_per_epoch")
    trainer = getattr(lightning, name)(
        max_epochs=math.ceil(updates / (batches // given.get("accumulate_grad_batches", 1))),
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **given,
    )
    trainer.fit(model, torch.utils.data.DataLoader(torch.ones(batches, 1), batch_size=1))
    return model.seen[:updates]


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # that there are few workers, that nothing is logged
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    drive(rates, lightning.__version__)
