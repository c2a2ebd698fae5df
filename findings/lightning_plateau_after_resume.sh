#!/bin/sh
# Surprise: with Lightning, torch's ReduceLROnPlateau forgets one epoch at every resume, and two if
# the checkpoint was written after the last batch of an epoch. A job that is stopped and resumed in
# every epoch, as on a cluster with short time limits, never reduces the rate: with patience=1 and a
# loss that does not change, an unbroken run of 8 epochs goes from 1 to 0.001, and the resumed one
# stays at 1. With a checkpoint after every epoch, of k epochs between two resumes k - 1 count.
# ExponentialLR in the same runs has the right rates.
#
# One would expect the rates of the unbroken run: the checkpoint has the "state of all learning rate
# schedulers", and Lightning calls the scheduler itself. But at the end of an epoch the checkpoint
# is written before the plateau's step, which needs the metric, and the resumed run begins with the
# next epoch and does not make up for it. In an epoch that goes on from a checkpoint within it, the
# step is left out, on purpose ("metric-based schedulers require access to metrics and those are not
# currently saved in the checkpoint"), although this epoch's validation has just run. Nothing is
# raised or warned of. It helps to keep Lightning from stepping the scheduler ("interval": "step"
# and a "frequency" above the number of batches in an epoch) and to call
# self.lr_schedulers().step(...) in on_validation_epoch_end, which comes before the checkpoint. Only
# the checkpoint after an epoch's last batch still loses one, since this epoch is never validated
# after the resume.
#
# Source: lightning/pytorch/loops/fit_loop.py (on_advance_end: on_train_epoch_end, in which
# ModelCheckpoint saves, comes before update_lr_schedulers("epoch", update_plateau_schedulers=not
# self.restarting)); https://github.com/Lightning-AI/pytorch-lightning/pull/7877, which moved the
# other schedulers' step before the checkpoint, says that this one "will continue to save an older
# state". The quoted list: https://lightning.ai/docs/pytorch/stable/common/checkpointing_basic.html
#
# Seen: Lightning 2.6.6, torch 2.13.0, Python 3.11, 2026-11-30. A build of torch for the CPU is
# enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lightning==2.6.6 torch==2.13.0 numpy==2.4.6
cat >"$folder/rates.py" <<'CODE'
import logging
import pathlib
import tempfile
import warnings

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

EPOCHS, BATCHES = 8, 4
SCHEDULERS = {
    "ReduceLROnPlateau": lambda optimizer: torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.1, patience=1
    ),
    "ExponentialLR": lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5),
}


class Stop(Exception):
    """The job's time is over."""


class Model(lightning.LightningModule):
    def __init__(self, make, stop_at):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.make, self.stop_at, self.rates = make, stop_at, {}

    def training_step(self, batch, batch_idx):
        if self.global_step == self.stop_at:
            raise Stop
        self.rates[self.global_step] = float(f"{self.optimizers().param_groups[0]['lr']:.3g}")
        return self.layer(batch[0]).sum() * 0

    def validation_step(self, batch, batch_idx):
        self.log("loss", 1.0)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=1.0)
        config = {"scheduler": self.make(optimizer), "monitor": "loss"}
        return {"optimizer": optimizer, "lr_scheduler": config}


class ByHand(Model):
    def configure_optimizers(self):
        config = super().configure_optimizers()
        config["lr_scheduler"].update(interval="step", frequency=BATCHES + 1)  # never
        return config

    def on_validation_epoch_end(self):
        if not self.trainer.sanity_checking:
            self.lr_schedulers().step(self.trainer.callback_metrics["loss"])


def by_epoch(make, stops, kind=Model, **when):
    """The rates of all epochs of a run that is stopped before some updates and then resumed."""
    rates, last = {}, None
    with tempfile.TemporaryDirectory() as folder:
        for stop_at in [*stops, None]:
            model = kind(make, stop_at)
            saver = ModelCheckpoint(folder, save_last=True, enable_version_counter=False, **when)
            trainer = lightning.Trainer(
                max_epochs=EPOCHS,
                accelerator="cpu",
                callbacks=[saver],
                logger=False,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            loader = DataLoader(TensorDataset(torch.zeros(BATCHES, 1)))
            try:
                trainer.fit(model, loader, loader, ckpt_path=last)
            except Stop:
                pass
            last = pathlib.Path(folder, "last.ckpt")
            rates.update(model.rates)
    assert list(sorted(rates)) == list(range(EPOCHS * BATCHES))
    assert all(rates[update] == rates[update - update % BATCHES] for update in rates)
    return [rates[epoch * BATCHES] for epoch in range(EPOCHS)]


EACH = [epoch * BATCHES for epoch in range(1, EPOCHS)]
CASES = {
    "unbroken": ([], {}),
    "resumed once, after epoch 2": ([2 * BATCHES], {}),
    "resumed once, within epoch 2": ([2 * BATCHES + 2], {"every_n_train_steps": 2}),
    "resumed once, after the last batch of epoch 1": ([2 * BATCHES], {"every_n_train_steps": 4}),
    "resumed after every epoch": (EACH, {}),
    "resumed within every epoch": ([at + 2 for at in EACH], {"every_n_train_steps": 2}),
}
found = {}
for name, make in SCHEDULERS.items():
    for case, (stops, when) in CASES.items():
        found[name, case] = by_epoch(make, stops, **when)
        print(f"{name}, {case}:", *found[name, case])
name = "ReduceLROnPlateau"
for case, (stops, when) in CASES.items():
    found["by hand", case] = by_epoch(SCHEDULERS[name], stops, kind=ByHand, **when)
    print(f"{name} by hand, {case}:", *found["by hand", case])
rights = [found["ExponentialLR", case] for case in CASES]
assert rights == [[float(f"{0.5**epoch:.3g}") for epoch in range(EPOCHS)]] * len(CASES)
late = [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]
assert [found["ReduceLROnPlateau", case] for case in CASES] == [
    [1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.001],
    late,
    late,
    [1, 1, 1, 1, 1, 0.1, 0.1, 0.01],
    [1] * EPOCHS,
    [1] * EPOCHS,
]
right = found["ReduceLROnPlateau", "unbroken"]
assert [found["by hand", case] for case in CASES] == [right, right, right, late, right, right]
CODE
OMP_NUM_THREADS=1 "$folder/venv/bin/python" "$folder/rates.py"
