"""Lightning: a one-cycle schedule for 400 updates, which Lightning advances once an epoch."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger

PINS = ("lightning==2.6.6", "torch==2.13.0", "numpy==2.4.6")


class Line(lightning.LightningModule):
    """A linear model whose scheduler is returned without its interval."""

    def __init__(self) -> None:
        """Make its two weights."""
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Return the loss of a batch."""
        inputs, targets = batch
        loss = torch.nn.functional.mse_loss(self.linear(inputs), targets)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> dict:
        """Return the optimizer and the scheduler; the interval is "epoch" unless it is given."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=400)
        return {"optimizer": optimizer, "lr_scheduler": scheduler}


def main(folder: Path) -> None:
    """Train for 20 epochs of 20 batches and keep metrics.csv."""
    lightning.seed_everything(0)
    inputs = torch.randn(160, 1)
    data = torch.utils.data.TensorDataset(inputs, 3 * inputs + 1)
    loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
    with tempfile.TemporaryDirectory() as work:
        logger = CSVLogger(work)
        trainer = lightning.Trainer(
            max_epochs=20,
            logger=logger,
            callbacks=[LearningRateMonitor()],
            log_every_n_steps=5,
            accelerator="cpu",
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(Line(), loader)
        shutil.copy(Path(logger.log_dir) / "metrics.csv", folder / "metrics.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
