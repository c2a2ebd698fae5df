"""check_resume names what a resume lost of the model, the optimizer or the scheduler."""

import copy

import pytest
from torch.optim import SGD
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LambdaLR, MultiStepLR, StepLR

from tests.lib.diagnose.resumed_loops import (
    AT,
    OPTIMIZERS,
    SCHEDULERS,
    advance,
    backward,
    builder,
    check,
    words,
)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_forgotten_scheduler_is_named_for_every_scheduler_of_torch(scheduler):
    found = check(builder(scheduler), restore=("model", "optimizer"))
    text = words(found)
    assert "scheduler: its state was not restored" in found.lost[0]
    assert len(found.lost) == 1, text
    assert found.first_difference.quantity == "rates" or "scheduler" in text


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_forgotten_optimizer_is_named(scheduler, optimizer):
    found = check(builder(scheduler, optimizer), restore=("model", "scheduler"))
    state = "momentum_buffer" if optimizer == "SGD" else "exp_avg, exp_avg_sq and step"
    assert f"optimizer: its state was not restored, so {state}" in words(found)
    assert len(found.lost) == 1


def test_readers_own_save_and_restore():
    def save(parts):
        return {"weights": parts["model"].state_dict(), "o": parts["optimizer"].state_dict()}

    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["weights"])
        parts["optimizer"].load_state_dict(checkpoint["o"])

    found = check(builder("LinearLR"), save=save, restore=restore)
    assert "scheduler: its state was not restored (last_epoch 0, not 9)" in words(found)
    assert "begins anew" in found.rate_change


def test_the_curve_that_begins_anew_is_described():
    found = check(builder("LambdaLR"), restore=("model", "optimizer"))
    assert found.rate_change.startswith("Only step 9 has the right rate, which the optimizer's st")
    found = check(builder("LambdaLR"), restore=("model",))
    assert found.rate_change == "The curve begins anew: step 9 has the rate of step 0."
    assert found.first_difference.update == AT
    assert found.first_difference.quantity == "rates"
    assert [line.partition(":")[0] for line in found.lost] == ["scheduler", "optimizer"]


def test_forgotten_weights():
    text = words(check(restore=("optimizer", "scheduler")))
    assert "model: its weights were not restored (4 tensors: 0.weight, 0.bias, 3.weight" in text


def test_a_scheduler_built_after_the_optimizer_was_loaded_and_not_loaded_itself():
    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["model"])
        parts["optimizer"].load_state_dict(checkpoint["optimizer"])
        parts["scheduler"] = LambdaLR(parts["optimizer"], lambda t: 0.9**t)

    found = check(builder("LambdaLR with an object"), restore=restore)
    text = words(found)
    assert "scheduler: it was built anew after make() and its state was not loaded" in text
    assert "a scheduler built after its state was loaded set them" in text


def test_a_scheduler_that_takes_the_loaded_rate_as_its_base():
    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["model"])
        state = checkpoint["optimizer"]
        for group in state["param_groups"]:
            del group["initial_lr"]
        parts["optimizer"].load_state_dict(state)
        parts["scheduler"] = LambdaLR(parts["optimizer"], [lambda t: 1 - t / 40, lambda t: 0.9**t])
        parts["scheduler"].last_epoch = checkpoint["scheduler"]["last_epoch"]

    found = check(builder("LambdaLR"), restore=restore)
    assert "base_lrs[0]" in words(found)
    assert "goes on at 0.775 and 0.3874 times the rate" in found.rate_change


@pytest.mark.parametrize(
    ("last_epoch", "said"),
    [(AT - 1, None), (AT, "built anew with last_epoch=9, so it stands at step 10, not 9: pass")],
)
def test_last_epoch_is_the_updates_done_minus_1(last_epoch, said):
    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["model"])
        parts["optimizer"].load_state_dict(checkpoint["optimizer"])
        parts["scheduler"] = LambdaLR(
            parts["optimizer"], [lambda t: 1 - t / 40, lambda t: 0.9**t], last_epoch=last_epoch
        )

    found = check(builder("LambdaLR"), restore=restore)
    if said is None:
        assert found, found
    else:
        assert said in words(found)
        assert found.rate_change == "The curve is 1 step ahead from step 9 on."


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("StepLR", lambda o, last: StepLR(o, 3, gamma=0.5, last_epoch=last)),
        ("MultiStepLR", lambda o, last: MultiStepLR(o, [3, 9], gamma=0.5, last_epoch=last)),
        ("ConstantLR", lambda o, last: ConstantLR(o, 0.5, 9, last_epoch=last)),
    ],
)
def test_last_epoch_at_a_milestone_makes_the_step_of_the_milestone_twice(name, build):
    """A fault of torch (seen in 2.13): these three act in their constructor as in any step."""

    def make():
        parts = builder()()
        optimizer = SGD(parts["model"].parameters(), lr=0.1, momentum=0.9)
        return {"model": parts["model"], "optimizer": optimizer, "scheduler": build(optimizer, -1)}

    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["model"])
        parts["optimizer"].load_state_dict(checkpoint["optimizer"])
        parts["scheduler"] = build(parts["optimizer"], at - 1)

    at = 8
    assert check(make, at=at, restore=restore)
    at = 9
    found = check(make, at=at, restore=restore)
    said = "a scheduler built after its state was loaded set them"
    assert found or said in words(found)
    assert found or found.first_difference.quantity == "rates"


def test_groups_in_another_order():
    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["model"])
        body, head = parts["model"][0], parts["model"][3]
        groups = [{"params": list(layer.parameters())} for layer in (head, body)]
        parts["optimizer"] = SGD(groups, lr=0.1, momentum=0.9)
        parts["scheduler"] = CosineAnnealingLR(parts["optimizer"], 30, eta_min=1e-3)
        parts["optimizer"].state.clear()
        for group, saved in zip(
            parts["optimizer"].param_groups, checkpoint["optimizer"]["param_groups"], strict=True
        ):
            group.update({k: v for k, v in saved.items() if k != "params"})
        parts["scheduler"].load_state_dict(checkpoint["scheduler"])

    text = words(check(restore=restore))
    assert "optimizer: its groups are in another order (groups[0].params 3.weight, 3.bias" in text


def test_a_scheduler_of_an_optimizer_that_was_replaced():
    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["model"])
        parts["optimizer"] = SGD(
            [{"params": g["params"]} for g in parts["optimizer"].param_groups], 0.1, momentum=0.9
        )
        parts["optimizer"].load_state_dict(checkpoint["optimizer"])
        parts["scheduler"].load_state_dict(checkpoint["scheduler"])

    found = check(restore=restore)
    assert "scheduler: it sets the rates of an optimizer that is not the run's" in words(found)
    assert "The rate stays where it was after the restore" in found.rate_change


def test_a_model_that_was_replaced_after_the_optimizer_was_built():
    def restore(parts, checkpoint):
        other = builder()()["model"]
        other.load_state_dict(checkpoint["model"])
        parts["model"] = other
        parts["optimizer"].load_state_dict(checkpoint["optimizer"])
        parts["scheduler"].load_state_dict(checkpoint["scheduler"])

    assert "optimizer: its parameters are those of no model of the run" in words(
        check(restore=restore)
    )


def test_a_checkpoint_taken_before_the_scheduler_step_is_one_step_behind():
    taken = {}

    def loop(parts, t):
        parts["optimizer"].zero_grad()
        loss = backward(parts, t)
        parts["optimizer"].step()
        if t == AT - 1:
            states = {name: part.state_dict() for name, part in parts.items()}
            taken.update(copy.deepcopy(states))
        advance(parts, loss)
        return loss

    def save(parts):
        return taken

    found = check(builder("LambdaLR"), loop, save=save)
    assert "scheduler: its state is 1 step behind (last_epoch 8, not 9)" in words(found)
    assert found.rate_change == "The curve is 1 step behind from step 9 on."


def test_one_cycle_without_the_optimizer_loses_the_momentum_for_one_update():
    found = check(builder("OneCycleLR"), restore=("model", "scheduler"))
    assert "groups[0].lr" in words(found)
    assert found.momentum_resumed[AT, 0] == 0.95
    assert found.momentum_straight[AT, 0] == pytest.approx(found.momentum_resumed[AT + 1, 0], 1e-1)


def test_a_plateau_rule_forgets_its_count():
    found = check(builder("ReduceLROnPlateau"), restore=("model", "optimizer"))
    assert "a plateau rule forgets its best metric and its count of bad epochs" in words(found)
