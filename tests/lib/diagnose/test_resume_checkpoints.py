"""check_resume reports a checkpoint that cannot be written, read, restored or run on."""

import numpy as np
from torch.optim.lr_scheduler import OneCycleLR

from tests.lib.diagnose.resumed_loops import AT, builder, check, train, words


def test_a_checkpoint_that_weights_only_refuses_is_reported():
    def save(parts):
        return {name: part.state_dict() for name, part in parts.items()} | {"best": np.float64(2)}

    found = check(save=save)
    assert "torch.load refuses it with weights_only=True" in words(found)
    assert "scalar" in found.lost[0]
    assert found.first_difference is None
    assert check(save=save, weights_only=False)


def test_a_checkpoint_that_cannot_be_written_is_reported():
    found = check(save=lambda parts: {"model": lambda: 0})
    assert "the checkpoint: torch.save fails with" in words(found)
    assert np.isnan(found.rates_resumed[AT:]).all()


def test_an_error_in_restoring_is_the_result():
    def restore(parts, checkpoint):
        parts["optimizer"].load_state_dict({"state": {}, "param_groups": []})

    found = check(restore=restore)
    assert "restoring fails with ValueError: loaded state dict has a different number of" in words(
        found
    )


def test_an_error_in_an_update_of_the_resumed_run_is_the_result():
    def restore(parts, checkpoint):
        for name in ("model", "optimizer", "scheduler"):
            parts[name].load_state_dict(checkpoint[name])
        parts["scheduler"] = OneCycleLR(parts["optimizer"], 0.1, total_steps=12, last_epoch=AT - 1)

    found = check(builder("OneCycleLR"), restore=restore)
    assert "update 12 fails with ValueError: Tried to step 13 times" in words(found)
    assert np.isnan(found.rates_resumed[12:]).all()
    assert not np.isnan(found.rates_resumed[:12]).any()


def test_what_changes_nothing_is_a_note():
    def loop(parts, t):
        parts["model"].train()
        return train(parts, t)

    def save(parts):
        parts["model"].eval()
        return {name: part.state_dict() for name, part in parts.items()}

    found = check(loop=loop, save=save)
    assert found, found

    def make():
        parts = builder()()
        parts["model"].eval()
        return parts

    found = check(make, loop)
    assert found
    assert "model: it was in training mode when it was saved" in found.notes[0]
