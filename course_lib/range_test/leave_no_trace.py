"""Put a torch model, its optimizer and the random number generators back as they were."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch


@contextmanager
def model_kept(model: torch.nn.Module) -> Iterator[None]:
    """Restore parameters, buffers, gradients and modes of a model when the block ends.

    It restores in place, so references to a parameter or a buffer stay valid. Buffers that no
    state_dict lists are restored too. It happens however the block ends, interrupts included.
    """
    modules = list(model.modules())
    modes = [module.training for module in modules]
    tensors = [(p, p.detach().clone(), p.grad) for p in model.parameters()]
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in modules
        for name, buffer in module.named_buffers(recurse=False)
    ]
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, before, gradient in tensors:
                parameter.copy_(before)
                parameter.grad = gradient  # untouched: during the test gradients are other tensors
            for module, name, buffer, before in buffers:
                setattr(module, name, buffer.copy_(before))  # forward may have put another there
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


@contextmanager
def optimizer_kept(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Restore an optimizer's state and the settings of its groups when the block ends."""
    state = copy.deepcopy(optimizer.state_dict())
    try:
        yield
    finally:
        optimizer.load_state_dict(state)


@contextmanager
def randomness_kept(generators: Iterable[torch.Generator] = ()) -> Iterator[None]:
    """Restore the global generators of torch (every device), NumPy and Python, and those given."""
    generators = list(generators)
    states = [generator.get_state() for generator in generators]
    of_python = random.getstate()
    of_numpy = np.random.get_state()  # noqa: NPY002 - the one that others may be using
    used = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=used))
        stack.callback(random.setstate, of_python)
        stack.callback(np.random.set_state, of_numpy)
        for generator, state in zip(generators, states, strict=True):
            stack.callback(generator.set_state, state)
        yield
