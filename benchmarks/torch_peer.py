"""The same training run as a plain PyTorch loop, float32: a peer for tests and timing."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from course_lib.problems import Classification
from course_lib.training import init_mlp
from course_lib.training.batches import batch_rows


def train_one(data: Classification, rates: np.ndarray, seed: int, batch_size: int) -> np.ndarray:
    """Return the loss before each update of one run at `rates`, shape (T,).

    Args:
        data: the examples.
        rates: learning rates, shape (T,).
        seed: fixes the initial weights and the batches.
        batch_size: examples in a batch.
    """
    inputs = torch.tensor(data.inputs, dtype=torch.float32)
    labels = torch.tensor(data.labels)
    batches = torch.tensor(batch_rows(seed, len(data), batch_size, len(rates)))
    model = _network([data.inputs.shape[1], 64, 64, data.classes], seed)
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    losses = []
    for rate, batch in zip(rates.tolist(), batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        loss = loss_of(model(inputs[batch]), labels[batch])
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(losses)


def _network(sizes: list[int], seed: int) -> nn.Sequential:
    arrays = init_mlp(sizes, seed)
    modules: list[nn.Module] = []
    for weight, bias in zip(arrays[::2], arrays[1::2], strict=True):
        linear = nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weight.T))
            linear.bias.copy_(torch.tensor(bias))
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])
