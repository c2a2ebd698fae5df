"""check_resume: a right loop passes with every scheduler of torch, and what is lost is named."""

import copy
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    MultiStepLR,
    OneCycleLR,
    StepLR,
)
from torch.optim.swa_utils import AveragedModel

from course_lib.diagnose import ResumeCheck, check_resume
from tests.lib.diagnose.resumed_loops import (
    AT,
    OPTIMIZERS,
    SCHEDULERS,
    UPDATES,
    advance,
    backward,
    builder,
    train,
)


def check(make=None, loop=train, **options):
    return check_resume(make or builder(), loop, **{"at": AT, "updates": UPDATES, **options})


def words(found):
    assert not found
    return str(found)


# --- a loop that resumes rightly ---------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_of_torch_resumes_in_a_right_loop(scheduler, optimizer):
    found = check(builder(scheduler, optimizer))
    assert found, found
    assert found.lost == found.notes == ()
    assert found.rates_straight.shape == (UPDATES, 2)
    assert np.array_equal(found.rates_straight, found.rates_resumed)
    assert np.array_equal(found.momentum_straight, found.momentum_resumed)
    assert np.array_equal(found.losses_straight, found.losses_resumed)
    assert len(np.unique(found.rates_straight)) > 1


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


def test_the_order_in_which_states_are_loaded_does_not_matter_to_torch():
    assert check(restore=("scheduler", "optimizer", "model"))
    assert check(builder("OneCycleLR"), restore=("scheduler", "model", "optimizer"))


def test_a_tuple_gets_names_by_kind():
    def make():
        return tuple(builder(ema=AveragedModel)().values())

    def loop(parts, t):
        return train(dict(zip(("model", "optimizer", "scheduler"), parts, strict=False)), t)

    assert check(make, loop)
    with pytest.raises(ValueError, match=r"'model', 'optimizer', 'scheduler', 'model 2', 'rng'"):
        check(make, loop, restore=("ema",))


def test_readers_own_save_and_restore():
    def save(parts):
        return {"weights": parts["model"].state_dict(), "o": parts["optimizer"].state_dict()}

    def restore(parts, checkpoint):
        parts["model"].load_state_dict(checkpoint["weights"])
        parts["optimizer"].load_state_dict(checkpoint["o"])

    found = check(builder("LinearLR"), save=save, restore=restore)
    assert "scheduler: its state was not restored (last_epoch 0, not 9)" in words(found)
    assert "begins anew" in found.rate_change


# --- what is lost is named ---------------------------------------------------------------------


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


def test_dropout_draws_from_a_state_that_must_be_restored():
    found = check(builder(dropout=0.3))
    assert found.lost[0].startswith("rng: the state of the global random generators (torch) was")
    assert len(found.lost) == 1
    assert check(builder(dropout=0.3), restore=("model", "optimizer", "scheduler", "rng"))


def test_numpy_and_python_are_random_too():
    def loop(parts, t):
        noise = np.random.rand() + random.random()  # noqa: NPY002
        return train(parts, t) + noise

    found = check(loop=loop)
    assert "generators (numpy, python)" in words(found)
    assert found.first_difference.quantity == "losses"
    assert check(loop=loop, restore=("model", "optimizer", "scheduler", "rng"))


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_a_scaler_whose_scale_is_lost():
    def make():
        parts = builder()()
        return {
            **parts,
            "scaler": torch.amp.GradScaler("cpu", init_scale=2.0**40, growth_interval=3),
        }

    def loop(parts, t):
        parts["optimizer"].zero_grad()
        x = torch.ones(2, 3) * (1 + t)
        loss = parts["model"](x).square().mean()
        parts["scaler"].scale(loss).backward()
        for p in parts["model"].parameters():
            p.grad[p.grad.abs() > 2.0**36] = float("inf")
        parts["scaler"].step(parts["optimizer"])
        parts["scaler"].update()
        advance(parts, loss)
        return loss

    assert check(make, loop)
    found = check(make, loop, restore=("model", "optimizer", "scheduler"))
    assert "scaler: its state was not restored (scale 1.09951e+12, not" in words(found)


def test_averaged_weights_that_are_not_saved():
    def loop(parts, t):
        loss = train(parts, t)
        parts["ema"].update_parameters(parts["model"])
        return loss

    assert check(builder(ema=AveragedModel), loop)
    found = check(builder(ema=AveragedModel), loop, restore=("model", "optimizer", "scheduler"))
    assert "ema: its weights were not restored (5 tensors: n_averaged" in words(found)
    assert found.first_difference.update == UPDATES  # the training itself is the same
    assert found.rate_change == ""


def test_a_save_in_the_middle_of_a_window_loses_the_gradients():
    def loop(parts, t):
        loss = backward(parts, t)
        if t % 4 == 3:
            parts["optimizer"].step()
            advance(parts, loss)
            parts["optimizer"].zero_grad()
        return loss

    assert check(loop=loop, at=8)
    found = check(loop=loop, at=10)
    assert found.lost[0].startswith("gradients: gradients that had been accumulated")
    assert len(found.lost) == 1


def test_a_data_iterator_begins_anew():
    def batches(_):
        return iter(range(1000))

    def loop(parts, t):
        return train(parts, next(parts["batches"]) ** 2)

    found = check(builder(batches=batches), loop)
    assert "outside of all states: from step 9 on" in words(found)
    assert "the place in the data (batches: no state_dict, so it starts anew)" in found.lost[0]


def test_a_shuffled_loader_needs_its_generator():
    def make():
        parts = builder()()
        return {**parts, "generator": torch.Generator().manual_seed(3)}

    def loop(parts, t):
        return train(parts, int(torch.randperm(5, generator=parts["generator"])[0]))

    assert check(make, loop)
    found = check(make, loop, restore=("model", "optimizer", "scheduler"))
    assert "generator: its state was not restored" in words(found)


def test_data_that_make_draws_at_random():
    def make():
        return {**builder()(), "data": torch.randn(8, 3)}

    def loop(parts, t):
        loss = parts["model"](parts["data"]).square().mean()
        parts["optimizer"].zero_grad()
        loss.backward()
        parts["optimizer"].step()
        advance(parts, loss)
        return loss

    found = check(make, loop)
    assert found.lost[0].startswith("seed: make() draws something at random that no checkpoint")


def test_two_things_at_once_are_both_named():
    found = check(builder(dropout=0.3), restore=("model", "optimizer"))
    assert [line.partition(":")[0] for line in found.lost] == ["scheduler", "rng"], found


def test_one_cycle_without_the_optimizer_loses_the_momentum_for_one_update():
    found = check(builder("OneCycleLR"), restore=("model", "scheduler"))
    assert "groups[0].lr" in words(found)
    assert found.momentum_resumed[AT, 0] == 0.95
    assert found.momentum_straight[AT, 0] == pytest.approx(found.momentum_resumed[AT + 1, 0], 1e-1)


def test_a_plateau_rule_forgets_its_count():
    found = check(builder("ReduceLROnPlateau"), restore=("model", "optimizer"))
    assert "a plateau rule forgets its best metric and its count of bad epochs" in words(found)


def test_a_counter_in_a_dict_is_a_part():
    make = builder(progress=lambda model: {"epoch": 0})

    def loop(parts, t):
        parts["progress"]["epoch"] += 1
        return train(parts, parts["progress"]["epoch"])

    assert check(make, loop)
    found = check(make, loop, restore=("model", "optimizer", "scheduler"))
    assert "progress: its state was not restored (epoch 0, not 9)" in words(found)


def test_a_state_outside_of_the_scheduler_is_not_hidden():
    def make():
        parts = builder()()
        seen = []
        parts["scheduler"] = LambdaLR(
            parts["optimizer"], lambda t: 0.9 ** len([*seen, seen.append(t)])
        )
        return parts

    found = check(make)
    assert "something that train, or a function of a schedule, keeps to itself" in words(found)


# --- the checkpoint ----------------------------------------------------------------------------


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


# --- bad input, and no trace -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"at": 0}, ValueError, "at must be >= 1, got 0"),
        ({"at": 24}, ValueError, "at must be < updates=24, got 24"),
        ({"at": 2.0}, TypeError, "at must be a whole number"),
        ({"updates": 0}, ValueError, "updates must be >= 1"),
        ({"tolerance": -1.0}, ValueError, "tolerance must be finite, >= 0"),
        ({"seed": -1}, ValueError, "seed must be >= 0"),
        ({"restore": "model"}, TypeError, "restore must be a tuple of names or a function"),
        ({"restore": ("models",)}, ValueError, "restore must hold names of .*got 'models'"),
        ({"save": 3}, TypeError, "save must be callable, got 3"),
        ({"loop": None}, TypeError, "train must be callable, got None"),
        ({"make": 3}, TypeError, "make must be callable, got 3"),
        ({"make": lambda: 3}, TypeError, "make must return a dict, tuple or list.*got int"),
        ({"make": lambda: ()}, ValueError, "make must return an optimizer among its parts"),
        ({"make": builder(rng=lambda m: 3)}, ValueError, "other than 'rng'"),
        ({"loop": lambda parts, t: "low"}, TypeError, "train must return the loss.*got 'low'"),
        ({"loop": lambda parts, t: torch.ones(2)}, TypeError, "train must return the loss"),
    ],
)
def test_bad_arguments_are_named(options, error, said):
    with pytest.raises(error, match=said):
        check(**options)


def test_a_part_without_a_state_cannot_be_restored():
    make = builder(batches=lambda model: iter([]))
    with pytest.raises(ValueError, match=r"got 'batches' \('batches' has no state_dict\)"):
        check(make, restore=("batches",))


def test_the_same_objects_twice_are_refused():
    parts = builder()()
    with pytest.raises(ValueError, match="'model' is the same object in two calls"):
        check(lambda: parts)
    model = builder()()["model"]

    def make():
        optimizer = SGD(model.parameters(), lr=0.0)
        return {"optimizer": optimizer, "scheduler": ExponentialLR(optimizer, 0.9)}

    with pytest.raises(ValueError, match="hold the same parameters: build the model inside make"):
        check_resume(make, lambda parts, t: None, at=3)


def test_a_loop_that_does_not_repeat_itself_cannot_be_checked():
    count = iter(range(10**6))
    with pytest.raises(
        ValueError, match=r"train must do the same at every run.*losses of step 0 are"
    ):
        check(loop=lambda parts, t: train(parts, next(count) ** 2))


def test_a_save_that_changes_the_run_is_told_from_a_loop_that_does_not_repeat():
    def save(parts):
        parts["model"].eval()
        return {name: part.state_dict() for name, part in parts.items()}

    with pytest.raises(ValueError, match=r"save must not change the run.*losses of step 9 are"):
        check(builder(dropout=0.3), save=save)


def test_rounding_is_let_through_with_a_tolerance():
    noise = iter(np.tile([0.0, 1e-9, -1e-9, 2e-9, 0.0], 10**4))

    def loop(parts, t):
        return train(parts, t).item() * (1 + next(noise))

    with pytest.raises(ValueError, match="or give a tolerance"):
        check(loop=loop)
    assert check(loop=loop, tolerance=1e-8)


def test_no_trace_is_left():
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    expected = torch.rand(1).item(), np.random.rand(), random.random()  # noqa: NPY002
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    check(builder(dropout=0.3))
    assert (torch.rand(1).item(), np.random.rand(), random.random()) == expected  # noqa: NPY002


def test_the_words_of_a_right_run_and_of_a_failed_assert():
    found = check()
    assert str(found) == (
        "The run resumed after 9 updates is the run without a stop, up to update 24 of 24."
    )
    assert isinstance(found, ResumeCheck)
    assert repr(found).startswith("<ResumeCheck: The run resumed after 9")


def test_the_package_loads_no_torch():
    code = "import sys, course_lib.diagnose; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
