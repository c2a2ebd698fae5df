"""A range test refuses a step that is not one update, and an optimizer of another model."""

import copy
import sys

import pytest
import torch
from torch.optim import SGD, Adam

from course_lib.range_test import range_test
from tests.lib.range_test.spiral_training import (
    assert_equal,
    assert_state,
    cross_entropy,
    loader,
    network,
    state,
    usual,
)


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (lambda loss: None, TypeError, "a tensor of one element, got None; end it with"),
        (lambda loss: loss.repeat(3), TypeError, r"got a Tensor of shape \(3,\)"),
        (lambda loss: {"loss": loss}, TypeError, "got a dict"),
        (lambda loss: True, TypeError, "got a bool"),
    ],
)
def test_a_step_that_returns_no_loss_is_refused(returned, error, message):
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    inner = usual(model, optimizer)
    before = state(model, optimizer)
    with pytest.raises(error, match=message):
        range_test(
            model, loader=loader(), optimizer=optimizer, step=lambda b: returned(inner(b).detach())
        )
    assert_equal(before, state(model, optimizer))


def broken_steps(model, optimizer, other):
    def never(batch):
        optimizer.zero_grad()
        loss = cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        return loss

    def never_and_zeroed(batch):
        loss = never(batch)
        optimizer.zero_grad()
        return loss

    def twice(batch):
        loss = usual(model, optimizer)(batch)
        usual(model, optimizer)(batch)
        return loss

    calls = []

    def every_fourth(batch):
        calls.append(batch)
        loss = cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        if len(calls) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss

    def wrong_optimizer(batch):
        return usual(model, other)(batch)

    def own_rate(batch):
        optimizer.param_groups[0]["lr"] = 0.1
        return usual(model, optimizer)(batch)

    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

    def with_scheduler(batch):
        loss = usual(model, optimizer)(batch)
        scheduler.step()
        return loss

    return {
        "never": (never, r"got none in call 1: let each call end with optimizer.step\(\)"),
        "never, zeroed": (never_and_zeroed, "got none in call 20"),
        "twice": (twice, "one update in each call, got 2 in call 1"),
        "every fourth": (every_fourth, "got none in call 1: .* after all of its micro-batches"),
        "wrong optimizer": (wrong_optimizer, "updates another optimizer \\(Adam with 1 group\\)"),
        "own rate": (own_rate, "changed that of group 0 from 1e-07 to 0.1; leave scheduler"),
        "scheduler": (with_scheduler, "changed that of group 0 from 1e-07 to 9e-08"),
    }, scheduler


@pytest.mark.parametrize(
    "kind", list(broken_steps(network(), SGD(network().parameters()), None)[0])
)
def test_a_step_that_makes_not_one_update_at_the_given_rate_is_refused(kind):
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    other = Adam(model.parameters(), lr=0.1)
    steps, scheduler = broken_steps(model, optimizer, other)
    step, message = steps[kind]
    before, of_other = state(model, optimizer), copy.deepcopy(other.state_dict())
    counted = scheduler.last_epoch, scheduler.get_last_lr()
    with pytest.raises(ValueError, match=message):
        range_test(model, loader=loader(), optimizer=optimizer, step=step, steps=40)
    assert_equal(before, state(model, optimizer))
    assert_state(of_other, other.state_dict())
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == counted
    hooks = sys.modules["torch.optim.optimizer"]
    assert not hooks._global_optimizer_pre_hooks
    assert not hooks._global_optimizer_post_hooks


def test_a_short_test_without_any_update_is_refused_too():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="got none in call 5"):
        range_test(
            model,
            loader=loader(),
            optimizer=optimizer,
            step=lambda batch: cross_entropy(model(batch[0]), batch[1]),
            steps=5,
        )


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"loss_fn": cross_entropy}, TypeError, "loss_fn and step both"),
        ({"step": None}, TypeError, "loss_fn must be given, or step"),
        ({"step": 3}, TypeError, "step must be a function batch -> loss, got int"),
        ({"loader": None}, TypeError, "loader must be given"),
        ({"optimizer": None}, TypeError, "optimizer must be the one that step updates, got None"),
        ({"optimizer": Adam}, TypeError, "optimizer must be the one that step updates, got a type"),
    ],
)
def test_arguments_that_do_not_say_one_way_are_refused(change, error, message):
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    settings = {"loader": loader(), "optimizer": optimizer, "step": usual(model, optimizer)}
    with pytest.raises(error, match=message):
        range_test(model, **(settings | change))


@pytest.mark.parametrize("shared", [0, 1])
def test_an_optimizer_of_another_model_is_refused(shared):
    model, other = network(), network(1)
    foreign = [*other.parameters()][shared:]
    optimizer = SGD([*model.parameters()][:shared] + foreign, lr=0.1)
    message = rf"{4 - shared} of its 4 are not the model's"
    with pytest.raises(ValueError, match=message):
        range_test(model, cross_entropy, loader(), optimizer=optimizer)
    with pytest.raises(ValueError, match=message):
        range_test(model, cross_entropy, loader(), optimizer=lambda _: optimizer)
    with pytest.raises(TypeError, match="a function from parameters to one, got 'adam'"):
        range_test(model, cross_entropy, loader(), optimizer="adam")
