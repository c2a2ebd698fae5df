"""Lightning's Trainer on a model of one weight; notes the rate of every optimizer step."""

from __future__ import annotations

import logging
import math
import warnings
from typing import Any

import lightning
import torch
from lightning.pytorch.plugins import MixedPrecision

from records.drivers.driving import drive
from records.drivers.torch_loop import build

PINS = ("lightning==2.6.6", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


class Line(lightning.LightningModule):
    """One weight, whose gradient is 1, or infinite in the updates that are to be skipped."""

    def __init__(self, given: dict[str, Any], scheduler: tuple[str, dict], base_lr: float) -> None:
        """Keep the arguments."""
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.given, self.scheduler, self.base_lr = given, scheduler, base_lr
        self.rates: list[float] = []
        self.updates = 0

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        """Return a batch's loss."""
        bad = self.updates in self.given.get("skipped", ())
        return (self.weight * batch).sum() * (math.inf if bad else 1.0)

    def optimizer_step(self, *given: Any, **more: Any) -> None:
        """Count the updates, skipped or not."""
        super().optimizer_step(*given, **more)
        self.updates += 1

    def configure_optimizers(self) -> dict[str, Any]:
        """Return the optimizer and its scheduler."""
        optimizer = torch.optim.SGD(self.parameters(), lr=self.base_lr)
        optimizer.register_step_pre_hook(
            lambda *_: self.rates.append(float(optimizer.param_groups[0]["lr"]))
        )
        kept = {key: self.given[key] for key in ("interval", "frequency") if key in self.given}
        scheduler = build(self.scheduler[0], optimizer, self.scheduler[1])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, **kept}}


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a run of whole epochs."""
    given = arguments["loop"]
    # As large as a scale can be that one half-precision gradient of 1 survives.
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    half = [MixedPrecision("16-mixed", "cpu", scaler=scaler)] if "skipped" in given else None
    trainer = lightning.Trainer(
        max_epochs=arguments["epochs"],
        accumulate_grad_batches=given.get("accumulate_grad_batches", 1),
        plugins=half,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    line = Line(given, arguments["scheduler"], arguments["base_lr"])
    trainer.fit(line, torch.utils.data.DataLoader(torch.ones(arguments["batches"], 1)))
    return line.rates


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    drive(rates, lightning.__version__)
