"""Hugging Face's Trainer: trained for 3 epochs, then resumed with 8 as the number of epochs."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import Trainer, TrainingArguments

PINS = ("transformers==5.24.0", "accelerate==1.15.0", "torch==2.13.0", "numpy==2.4.6")


class Line(torch.nn.Module):
    """A linear model in the form that Trainer asks for."""

    def __init__(self) -> None:
        """Make its two weights."""
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)

    def forward(self, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the loss and the outputs."""
        outputs = self.linear(inputs)
        return {"loss": torch.nn.functional.mse_loss(outputs, labels), "logits": outputs}


def main(folder: Path) -> None:
    """Train, resume with more epochs, and keep the last trainer_state.json."""
    transformers.set_seed(0)
    inputs = torch.randn(160, 1)
    rows = [{"inputs": x, "labels": 3 * x + 1} for x in inputs]
    with tempfile.TemporaryDirectory() as work:
        for epochs, resume in ((3, None), (8, True)):
            settings = TrainingArguments(
                output_dir=work,
                num_train_epochs=epochs,
                per_device_train_batch_size=8,
                learning_rate=2e-4,
                warmup_steps=5,
                lr_scheduler_type="linear",
                logging_steps=2,
                save_strategy="epoch",
                report_to=[],
                use_cpu=True,
            )
            trainer = Trainer(model=Line(), args=settings, train_dataset=rows)
            trainer.train(resume_from_checkpoint=resume)
        last = max(Path(work).glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
        shutil.copy(last / "trainer_state.json", folder / "trainer_state.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
