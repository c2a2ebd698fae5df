#!/bin/sh
# Surprise: in Lightning's lr_scheduler_config, "interval": "step" with a "frequency" larger than
# the number of batches in an epoch never steps the scheduler, without a word, however long the run.
# A smaller frequency that does not divide the epoch steps irregularly: with 10 batches an epoch and
# frequency 4, after updates 4, 8, 14, 18, 24, ...
#
# One would expect every fourth update, as the documentation of configure_optimizers has it ("How
# many epochs/steps should pass between calls to scheduler.step()"). But the count starts anew with
# each epoch. Leave the frequency at 1 and let the schedule itself count, as StepLR does with its
# step_size.
#
# Source: lightning/pytorch/loops/training_epoch_loop.py (_update_learning_rates takes batch_idx,
# not total_batch_idx) and https://github.com/Lightning-AI/pytorch-lightning/issues/17544, open
# since 2023.
#
# Seen: Lightning 2.6.6, torch 2.13.0, Python 3.11, 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lightning==2.6.6 torch==2.13.0 numpy==2.4.6
cat >"$folder/steps.py" <<'CODE'
import logging
import sys
import warnings

import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


class Model(lightning.LightningModule):
    def __init__(self, frequency):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.frequency = frequency
        self.stepped_after = []

    def training_step(self, batch, batch_idx):
        return self.layer(batch[0]).sum()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1)
        config = {"scheduler": scheduler, "interval": "step", "frequency": self.frequency}
        return {"optimizer": optimizer, "lr_scheduler": config}

    def lr_scheduler_step(self, scheduler, metric):
        self.stepped_after.append(self.global_step)
        scheduler.step()


model = Model(int(sys.argv[1]))
trainer = lightning.Trainer(
    max_epochs=4,
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(model, DataLoader(TensorDataset(torch.zeros(10, 1))))
print(trainer.global_step, "updates, stepped after:", *model.stepped_after)
CODE
seen() {
    got=$(cd "$folder" && venv/bin/python steps.py "$1")
    echo "10 batches an epoch, frequency $1: $got"
    [ "$got" = "40 updates, stepped after:$2" ]
}
seen 10 " 10 20 30 40"
seen 4 " 4 8 14 18 24 28 34 38"
seen 11 ""
