"""A range test leaves a loader, its generators and its workers, and an optimizer as they were."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, RandomSampler

from course_lib.range_test import range_test
from course_lib.range_test.leave_no_trace import GENERATORS
from course_lib.range_test.reach import reachable
from tests.lib.range_test.spiral_training import X, Y, cross_entropy


class Noisy(Dataset):
    """Adds noise from a generator of its own."""

    def __init__(self, generator):
        self.generator = generator

    def __len__(self):
        return 64

    def __getitem__(self, at):
        draw = self.generator.random
        return X[at] + (draw() if callable(draw) else 0), Y[at]


class TorchNoise(Noisy):
    def __getitem__(self, at):
        return X[at] + torch.rand(2, generator=self.generator), Y[at]


def drawn(loader):
    return [inputs for inputs, _ in loader]


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (Noisy, lambda: np.random.default_rng(3)),
        (Noisy, lambda: np.random.Generator(np.random.MT19937(3))),
        (Noisy, lambda: random.Random(3)),
        (TorchNoise, lambda: torch.Generator().manual_seed(3)),
    ],
)
def test_the_batches_after_a_test_are_those_without_it(kind, make):
    def loader():
        return DataLoader(kind(make()), batch_size=16)

    expected, tested = loader(), loader()
    assert torch.equal(drawn(expected)[0], drawn(tested)[0])
    range_test(nn.Linear(2, 3), cross_entropy, tested, steps=20)
    for one, other in zip(drawn(expected), drawn(tested), strict=True):
        assert torch.equal(one, other)


def test_generators_of_samplers_and_of_wrapped_data_are_restored():
    ours = [torch.Generator().manual_seed(seed) for seed in range(3)]
    sampler = RandomSampler(range(64), generator=ours[0])
    data = torch.utils.data.Subset(TorchNoise(ours[1]), range(64))

    def collate(rows):
        inputs, targets = torch.utils.data.default_collate(rows)
        return inputs + torch.rand(1, generator=ours[2]), targets

    loader = DataLoader(data, batch_sampler=BatchSampler(sampler, 16, False), collate_fn=collate)
    before = [generator.get_state() for generator in ours]
    range_test(nn.Linear(2, 3), cross_entropy, loader, steps=20)
    assert all(torch.equal(one, g.get_state()) for one, g in zip(before, ours, strict=True))


def test_persistent_workers_of_an_epoch_under_way_go_on():
    def loader(generator):
        return DataLoader(
            TorchNoise(torch.Generator()),
            batch_size=8,
            num_workers=1,
            persistent_workers=True,
            sampler=RandomSampler(range(64), generator=generator),
        )

    expected, tested = (loader(torch.Generator().manual_seed(1)) for _ in range(2))
    torch.manual_seed(0)
    whole = drawn(expected) + drawn(expected)
    torch.manual_seed(0)
    epoch = iter(tested)
    got = [next(epoch)[0] for _ in range(3)]
    iterator, workers = tested._iterator, tested._iterator._workers
    found = range_test(nn.Linear(2, 3), cross_entropy, tested, steps=10)
    assert found.notes == ()
    assert tested._iterator is iterator
    assert all(worker.is_alive() for worker in workers)
    got += [inputs for inputs, _ in epoch] + drawn(tested)
    assert len(got) == len(whole) == 16
    assert all(torch.equal(one, other) for one, other in zip(whole, got, strict=True))
    for one in (expected, tested):
        one._iterator._shutdown_workers()


def test_workers_that_the_test_started_end_with_it():
    loader = DataLoader(
        TorchNoise(torch.Generator()), batch_size=8, num_workers=1, persistent_workers=True
    )
    started = []

    def loss_fn(outputs, targets):
        started[:] = loader._iterator._workers
        return cross_entropy(outputs, targets)

    range_test(nn.Linear(2, 3), loss_fn, loader, steps=10)
    assert loader._iterator is None
    assert started
    assert not any(worker.is_alive() for worker in started)


class Stream(IterableDataset):
    def __init__(self):
        self.at = 0

    def __iter__(self):
        while True:
            self.at = (self.at + 1) % len(X)
            yield X[self.at], Y[self.at]


@pytest.mark.parametrize(
    ("loader", "note"),
    [
        (DataLoader(Stream(), batch_size=8), "The data set is an IterableDataset (Stream)"),
        (iter([(X, Y)] * 30), "The loader is an iterator: the batches"),
        ([(X, Y)], None),
    ],
)
def test_what_cannot_be_restored_is_said_in_one_sentence(loader, note):
    notes = range_test(nn.Linear(2, 3), cross_entropy, loader, steps=20).notes
    assert len(notes) == (note is not None)
    assert all(one.startswith(note) for one in notes)


def test_an_optimizer_s_groups_and_state_are_the_same_objects_in_the_same_precision():
    model = nn.Linear(2, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    cross_entropy(model(X), Y).backward()
    optimizer.step()
    state = optimizer.state[model.weight]
    state["momentum_buffer"] = state["momentum_buffer"].double() / 3  # finer than the parameter
    held, value = state["momentum_buffer"], state["momentum_buffer"].clone()
    group = optimizer.param_groups[0]
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    called = getattr(optimizer.step, "__func__", None), vars(optimizer).keys()

    def step(batch):
        loss = cross_entropy(model(batch[0]), batch[1])
        state["momentum_buffer"] = torch.ones(3, 2)
        held.zero_()
        optimizer.step()
        return loss

    range_test(model, loader=[(X, Y)], optimizer=optimizer, step=step, steps=20)
    assert optimizer.param_groups[0] is group
    assert optimizer.state[model.weight] is state
    assert state["momentum_buffer"] is held
    assert held.dtype == torch.float64
    assert torch.equal(held, value)
    assert (getattr(optimizer.step, "__func__", None), vars(optimizer).keys()) == called
    assert scheduler.get_last_lr() == [0.1]
    assert group["lr"] == 0.1


def test_a_group_that_a_step_adds_is_gone_afterwards():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3))
    optimizer = torch.optim.SGD(model[0].parameters(), lr=0.1)

    def step(batch):
        loss = cross_entropy(model(batch[0]), batch[1])
        optimizer.step()
        optimizer.add_param_group({"params": model[1].parameters()})
        return loss

    with pytest.raises(ValueError, match=r"step must leave the groups .* got 2 in place of 1"):
        range_test(model, loader=[(X, Y)], optimizer=optimizer, step=step)
    assert len(optimizer.param_groups) == 1


def test_a_parameter_that_was_replaced_comes_back():
    model = nn.Linear(2, 3)
    before, value = model.weight, model.weight.detach().clone()

    def loss_fn(outputs, targets):
        model.weight = nn.Parameter(torch.zeros(3, 2))
        return cross_entropy(outputs, targets)

    range_test(model, loss_fn, [(X, Y)], steps=5)
    assert model.weight is before
    assert torch.equal(model.weight, value)


def test_the_search_stops_at_long_lists_models_and_installed_packages():
    inside = torch.Generator()

    class Holder:
        def __init__(self, value):
            self.value = value

    assert reachable(Holder([inside]), GENERATORS) == [inside]
    assert reachable(Holder([inside] * 101), GENERATORS) == []
    model = nn.Linear(2, 2)
    model.noise = inside
    assert reachable(Holder(model), GENERATORS) == []
    assert reachable(torch.utils.data.random_split, GENERATORS) == []
    deep = inside
    for _ in range(10):
        deep = Holder(deep)
    assert reachable(deep, GENERATORS) == []

    def outer():
        def inner():
            return late.value

        return inner

    late = Holder(inside)
    assert reachable(outer(), GENERATORS) == [inside]
    unbound = outer()
    assert reachable(unbound, (Holder,)) == [late]
