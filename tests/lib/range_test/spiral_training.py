"""Small networks on spirals, their usual update, and everything that a test leaves as it was."""

import copy
import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_lib import problems

SPIRALS = problems.spirals()
X = torch.tensor(SPIRALS.inputs, dtype=torch.float32)
Y = torch.tensor(SPIRALS.labels)
cross_entropy = nn.functional.cross_entropy


class Scripted(nn.Module):
    """Its loss at step t is losses[t], whatever the weights."""

    def __init__(self, losses):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.losses, self.step = list(losses), 0

    def forward(self, inputs):
        self.step += 1
        return torch.tensor(self.losses[self.step - 1]) + 0 * self.weight.sum()


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))


def usual(model, optimizer):
    def step(batch):
        optimizer.zero_grad()
        loss = cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return step


def loader(**settings):
    return DataLoader(TensorDataset(X, Y), batch_size=32, **({"shuffle": True} | settings))


def state(model, optimizer=None, generator=None):
    """Everything that must be as before, by value."""
    numpy_state = np.random.get_state()  # noqa: NPY002
    tensors = {n: t.detach().clone() for n, t in (*model.named_parameters(),)}
    tensors |= {n: t.clone() for n, t in model.named_buffers()}
    grads = {n: None if p.grad is None else p.grad.clone() for n, p in model.named_parameters()}
    flags = [(m.training, *(p.requires_grad for p in m.parameters())) for m in model.modules()]
    return {
        "tensors": tensors,
        "grads": grads,
        "flags": flags,
        "optimizer": None if optimizer is None else copy.deepcopy(optimizer.state_dict()),
        "torch": torch.get_rng_state(),
        "numpy": torch.tensor(numpy_state[1].astype(np.int64)),
        "numpy_at": numpy_state[2],
        "python": random.getstate(),
        "generator": None if generator is None else generator.get_state(),
    }


def assert_equal(first, second, where=""):
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first:
            assert_equal(first[key], second[key], f"{where}.{key}")
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    else:
        assert first == second, where


def assert_state(first, second):
    """Equality of nested dicts and lists with tensors in them."""
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_state(first[key], second[key])
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_state(one, other)
    elif isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype
        assert torch.equal(first, second)
    else:
        assert first == second


class Boom(Exception):
    pass
