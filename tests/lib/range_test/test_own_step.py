"""A range test with the reader's own update: what it takes, measures, and leaves as it was."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from course_lib.range_test import range_test, range_test_many
from tests.lib.range_test.spiral_training import (
    Boom,
    X,
    Y,
    assert_equal,
    assert_state,
    cross_entropy,
    loader,
    network,
    state,
    usual,
)


@pytest.mark.parametrize("make", [SGD, Adam, torch.optim.AdamW, torch.optim.Adafactor])
def test_the_usual_update_as_a_step_gives_the_same_losses(make):
    model = network()
    optimizer = make(model.parameters(), lr=0.01)
    batches = [(X[i : i + 32], Y[i : i + 32]) for i in range(0, 256, 32)]
    expected = range_test(model, cross_entropy, batches, optimizer=make, stop_factor=np.inf)
    found = range_test(
        model,
        loader=batches,
        optimizer=optimizer,
        step=usual(model, optimizer),
        stop_factor=np.inf,
    )
    assert np.array_equal(found.losses, expected.losses, equal_nan=True)
    assert found.notes == ()
    assert found.group_ratios == (1.0,)


def test_accumulation_is_one_update_of_the_large_batch():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    batches = [(X[:64], Y[:64]), (X[64:128], Y[64:128])]

    def step(batch):
        optimizer.zero_grad()
        total = 0.0
        for inputs, targets in zip(batch[0].split(16), batch[1].split(16), strict=True):
            loss = cross_entropy(model(inputs), targets) / 4
            loss.backward()
            total += loss.item()
        optimizer.step()
        return total

    found = range_test(model, loader=batches, optimizer=optimizer, step=step, highest_rate=1.0)
    whole = range_test(model, cross_entropy, batches, highest_rate=1.0)
    assert found.losses == pytest.approx(whole.losses, rel=1e-4)


def test_mixed_precision_and_dicts_on_this_machine():
    model = network()
    optimizer = Adam(model.parameters(), lr=0.001)
    batches = [{"points": X[:50], "labels": Y[:50]}, {"points": X[50:90], "labels": Y[50:90]}]

    def step(batch):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = model(batch["points"])
        assert outputs.dtype == torch.bfloat16
        loss = cross_entropy(outputs.float(), batch["labels"])
        loss.backward()
        optimizer.step()
        return loss

    before = state(model, optimizer)
    found = range_test(model, loader=batches, optimizer=optimizer, step=step)
    assert_equal(before, state(model, optimizer))
    assert np.nanmin(found.losses) < 0.9 * found.losses[0, 0]


@pytest.mark.parametrize("where", ["closure", "object"])
def test_a_gradient_scaler_may_skip_updates_and_is_as_before(where):
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=7)

    def update(batch, scaler):
        optimizer.zero_grad()
        loss = cross_entropy(model(batch[0]), batch[1])
        scaler.scale(loss * 100).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.detach()

    class Trainer:
        def __init__(self):
            self.parts = {"scaler": scaler}

        def update(self, batch):
            return update(batch, self.parts["scaler"])

    step = Trainer().update if where == "object" else lambda batch: update(batch, scaler)
    found = range_test(model, loader=loader(), optimizer=optimizer, step=step)
    assert scaler.get_scale() == 2.0**127
    assert scaler._growth_tracker is None
    assert not scaler._per_optimizer_states
    (note,) = found.notes
    assert "calls of step made no update, as when a GradScaler skips one" in note


def test_lbfgs_with_its_closure():
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)
    for _ in range(2):  # in the middle of training: directions, curvatures
        optimizer.step(lambda: _backward(model, optimizer))
    before = state(model, optimizer)

    def step(batch):
        return optimizer.step(lambda: _backward(model, optimizer, *batch))

    batches = [(X, Y)]
    found = range_test(model, loader=batches, optimizer=optimizer, step=step, steps=40)
    assert_equal(before["tensors"], state(model)["tensors"])
    assert_state(before["optimizer"], optimizer.state_dict())
    assert found.losses[0, 0] == pytest.approx(cross_entropy(model(X), Y).item())
    with pytest.raises(TypeError, match=r"without a closure, got LBFGS; give step"):
        range_test(model, cross_entropy, batches, optimizer=optimizer)


def _backward(model, optimizer, inputs=X, targets=Y):
    optimizer.zero_grad()
    loss = cross_entropy(model(inputs), targets)
    loss.backward()
    return loss


def test_two_groups_keep_their_ratio_and_zero_rates_take_the_initial_ones():
    model = network()
    groups = [
        {"params": model[0].parameters(), "lr": 1e-4},
        {"params": model[2].parameters(), "lr": 1e-3},
    ]
    optimizer = Adam(groups)
    used = []

    def step(batch):
        used.append([group["lr"] for group in optimizer.param_groups])
        return usual(model, optimizer)(batch)

    settings = {"loader": loader(), "optimizer": optimizer, "step": step, "steps": 20}
    found = range_test(model, **settings)
    assert found.group_ratios == pytest.approx((0.1, 1.0))
    ran = found.steps_run[0]
    assert np.array(used) == pytest.approx(np.outer(found.rates[:ran], [0.1, 1.0]))
    assert [group["lr"] for group in optimizer.param_groups] == [1e-4, 1e-3]
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 100)
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    assert range_test(model, **settings).group_ratios == pytest.approx((0.1, 1.0))
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    optimizer.param_groups[0]["lr"] = 0.5
    assert range_test(model, **settings).group_ratios == (1.0, 0.0)


@pytest.mark.parametrize("given", [True, False])
def test_a_tensor_rate_is_the_same_object_with_the_same_value(given):
    model, other = network(), network(1)
    rate = torch.tensor(1e-3)
    groups = [{"params": model[0].parameters()}, {"params": model[2].parameters()}]
    optimizer = Adam(groups, lr=rate)
    second = Adam(other.parameters(), lr=rate)
    held = [group["lr"] for group in (*optimizer.param_groups, *second.param_groups)]
    seen = []

    def step(batch):
        kinds = {type(group["lr"]) for group in optimizer.param_groups}
        seen.append((kinds, float(second.param_groups[0]["lr"])))
        return usual(model, optimizer)(batch)

    own = {"step": step} if given else {"loss_fn": cross_entropy}
    found = range_test(model, loader=loader(), optimizer=optimizer, steps=30, **own)
    assert found.group_ratios == (1.0, 1.0)
    after = [group["lr"] for group in (*optimizer.param_groups, *second.param_groups)]
    assert all(one is two for one, two in zip(held, after, strict=True))
    assert [float(value) for value in after] == pytest.approx([1e-3] * 3)
    assert all(kinds == {torch.Tensor} for kinds, _ in seen)
    assert all(value == pytest.approx(1e-3) for _, value in seen)


@pytest.mark.parametrize(
    "kind", [float, lambda loss: loss.reshape(1, 1), lambda loss: loss.numpy()]
)
def test_a_loss_may_be_a_number_or_a_tensor_of_one_element(kind):
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    inner = usual(model, optimizer)

    def step(batch):
        return kind(inner(batch).detach())

    if kind(torch.tensor(1.0)).__class__ is np.ndarray:
        with pytest.raises(TypeError, match=r"got a ndarray of shape \(\)"):
            range_test(model, loader=loader(), optimizer=optimizer, step=step, steps=20)
        return
    found = range_test(model, loader=loader(), optimizer=optimizer, step=step, steps=20)
    assert found.losses.shape == (1, 20)


def test_parameters_that_no_optimizer_holds_are_told_unless_frozen():
    model = network()
    optimizer = SGD(model[2].parameters(), lr=0.1)
    (note,) = range_test(model, cross_entropy, loader(), optimizer=optimizer, steps=20).notes
    assert note.startswith("2 of 4 trainable parameters are not in the optimizer")
    assert "(0.weight, 0.bias)" in note
    model[0].requires_grad_(False)
    assert range_test(model, cross_entropy, loader(), optimizer=optimizer, steps=20).notes == ()


def test_another_optimizer_and_an_average_of_the_weights_are_restored():
    model, critic = network(), network(1)
    average = torch.optim.swa_utils.AveragedModel(model)
    optimizer, second = SGD(model.parameters(), lr=0.1), Adam(critic.parameters(), lr=0.1)

    def step(batch):
        usual(critic, second)(batch)
        loss = usual(model, optimizer)(batch)
        average.update_parameters(model)
        return loss

    before = state(average), state(critic, second), state(model, optimizer)
    found = range_test(model, loader=loader(), optimizer=optimizer, step=step, steps=20)
    assert_equal(before[0], state(average))
    assert_equal(before[1], state(critic, second))
    assert_equal(before[2], state(model, optimizer))
    assert found.notes == (
        "step also updates another optimizer (Adam with 1 group), at its own rates.",
    )


def test_an_optimizer_that_wraps_another_is_seen_through():
    model = network()
    inner = SGD(model.parameters(), lr=0.1)

    class Wrapper(torch.optim.Optimizer):
        def __init__(self, optimizer):
            self.optimizer = optimizer

        param_groups = property(lambda self: self.optimizer.param_groups)
        state = property(lambda self: self.optimizer.state)

        def step(self, closure=None):
            self.optimizer.step(closure)

        def zero_grad(self, set_to_none=True):
            self.optimizer.zero_grad(set_to_none)

    wrapped = Wrapper(inner)
    found = range_test(model, loader=loader(), optimizer=wrapped, step=usual(model, wrapped))
    assert np.nanmin(found.losses) < found.losses[0, 0]
    assert inner.param_groups[0]["lr"] == 0.1


def test_it_works_where_gradients_are_off():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    settings = {"optimizer": optimizer, "step": usual(model, optimizer), "steps": 20}
    expected = range_test(model, loader=[(X, Y)], **settings).losses
    for off in (torch.no_grad(), torch.inference_mode()):
        with off:
            found = range_test(model, loader=[(X, Y)], **settings)
        assert np.array_equal(found.losses, expected)


def test_batches_are_moved_only_where_a_device_is_named():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    batch, seen = {"x": X, "y": Y}, []

    def step(given):
        seen.append(given)
        return usual(model, optimizer)((given["x"], given["y"]))

    settings = {"loader": [batch], "optimizer": optimizer, "step": step, "steps": 3}
    range_test(model, **settings)
    assert seen[0] is batch
    range_test(model, **settings, device="cpu")
    assert seen[-1] is not batch


@pytest.mark.parametrize("ending", [Boom, KeyboardInterrupt])
def test_everything_is_as_before_when_a_step_fails(ending):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, amsgrad=True)
    usual(model, optimizer)((X, Y))
    generator = torch.Generator().manual_seed(1)
    before = state(model, optimizer, generator)
    inner, calls = usual(model, optimizer), []

    def step(batch):
        calls.append(torch.rand(1, generator=generator))
        model[0].weight.requires_grad_(False)
        model.eval()
        model.register_forward_hook(lambda *_: None)
        optimizer.register_step_post_hook(lambda *_: None)
        loss = inner(batch)
        if len(calls) == 4:
            raise ending
        return loss

    with pytest.raises(ending):
        range_test(model, loader=loader(), optimizer=optimizer, step=step)
    assert_equal(before, state(model, optimizer, generator))
    assert not model._forward_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_many_seeds_each_have_an_optimizer_and_a_step():
    found = range_test_many(
        lambda: nn.Linear(2, 3),
        loader=loader(),
        seeds=[3, 4],
        make_step=usual,
        optimizer=Adam,
        steps=20,
    )
    same = range_test_many(
        lambda: nn.Linear(2, 3), cross_entropy, loader(), [3, 4], optimizer=Adam, steps=20
    )
    assert (found.losses == same.losses).all()
    assert (found.losses[0] != found.losses[1]).all()
    assert found.seeds.tolist() == [3, 4]
    model = nn.Linear(2, 3)
    step = usual(model, SGD(model.parameters(), lr=0.1))
    with pytest.raises(TypeError, match="give make_step, a function"):
        range_test_many(lambda: nn.Linear(2, 3), loader=loader(), seeds=[1], step=step)
