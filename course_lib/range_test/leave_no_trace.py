"""Put a torch model, its optimizer and the random number generators back as they were."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch

#: Random number generators that are objects of their own.
GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
#: Objects beside model and optimizer whose attributes an update changes.
HELPERS = (torch.amp.GradScaler, torch.optim.lr_scheduler.LRScheduler)


@contextmanager
def model_kept(*models: torch.nn.Module) -> Iterator[None]:
    """Restore parameters, buffers, gradients, hooks and modes of models when the block ends.

    It restores in place, so references to a parameter or a buffer stay valid. Buffers that no
    state_dict lists are restored too. It happens however the block ends, interrupts included.
    Inside the block there are no gradients at first: new ones are new tensors, so those that the
    models came with stay as they are.
    """
    modules = list({id(m): m for model in models for m in model.modules()}.values())
    modes = [module.training for module in modules]
    # Parameters, buffers, submodules and hooks by name; a forward may have put others there.
    tables = [
        (table, dict(table))
        for module in modules
        for name, table in vars(module).items()
        if isinstance(table, dict) and name.startswith("_")
    ]
    parameters = {id(p): p for module in modules for p in module.parameters(recurse=False)}
    flags = [(p, p.requires_grad, p.grad) for p in parameters.values()]
    buffers = {id(b): b for module in modules for b in module.buffers(recurse=False)}
    values = [remembered(tensor) for tensor in (*parameters.values(), *buffers.values())]
    for parameter in parameters.values():
        parameter.grad = None
    try:
        yield
    finally:
        for table, before in tables:
            table.clear()
            table.update(before)
        for put_back in values:
            put_back()
        for parameter, requires_grad, gradient in flags:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


@contextmanager
def optimizer_kept(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Restore an optimizer's state, the settings of its groups and its hooks when the block ends.

    It restores in place: `load_state_dict` would put new groups in the place of the old ones, and
    round a state that is kept in a higher precision than its parameter.
    """
    groups = [
        (
            group,
            list(group["params"]),
            remembered({name: value for name, value in group.items() if name != "params"}),
        )
        for group in optimizer.param_groups
    ]
    state = remembered(optimizer.state)
    attributes = {
        name: remembered(value)
        if isinstance(value, torch.Tensor) or name.endswith("_hooks")
        else lambda value=value: value
        for name, value in vars(optimizer).items()
    }
    try:
        yield
    finally:
        state()
        restored = {name: put_back() for name, put_back in attributes.items()}
        vars(optimizer).clear()
        vars(optimizer).update(restored)
        optimizer.param_groups[:] = [group for group, _, _ in groups]
        for group, parameters, settings in groups:
            group["params"][:] = parameters
            before = {"params": group["params"], **settings()}
            group.clear()
            group.update(before)


@contextmanager
def objects_kept(objects: Iterable[object]) -> Iterator[None]:
    """Restore generators, gradient scalers and schedulers when the block ends."""
    put_back = [remembered(value) for value in objects]
    try:
        yield
    finally:
        for restore in put_back:
            restore()


@contextmanager
def randomness_kept() -> Iterator[None]:
    """Restore the global generators of torch (CPU and CUDA), NumPy and Python."""
    of_python = random.getstate()
    of_numpy = np.random.get_state()  # noqa: NPY002 - the one that others may be using
    used = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=used))
        stack.callback(random.setstate, of_python)
        stack.callback(np.random.set_state, of_numpy)
        yield


def remembered(value: object) -> Callable[[], object]:
    """Return a function that puts a value back as it is now, in place, and returns it.

    Tensors, arrays, dicts, lists, generators, gradient scalers and schedulers are restored with
    what is in them. Any other value is returned as it is.
    """
    if isinstance(value, torch.Tensor):
        return _tensor(value)
    if isinstance(value, dict):
        return _table(value)
    if isinstance(value, list):
        items = [remembered(item) for item in value]

        def refill() -> object:
            value[:] = [item() for item in items]
            return value

        return refill
    if isinstance(value, HELPERS):
        attributes = _table(vars(value))
        return lambda: (attributes(), value)[1]
    if isinstance(value, GENERATORS):
        return _generator(value)
    if isinstance(value, np.ndarray):
        before = value.copy()
        return lambda: (np.copyto(value, before), value)[1]
    return lambda: value


def _tensor(value: torch.Tensor) -> Callable[[], object]:
    before = value.detach().clone()

    def put_back() -> object:
        with torch.no_grad():
            return value.copy_(before)

    return put_back


def _table(value: dict) -> Callable[[], object]:
    items = {name: remembered(item) for name, item in value.items()}

    def put_back() -> object:
        before = {name: item() for name, item in items.items()}
        value.clear()
        value.update(before)
        return value

    return put_back


def _generator(value: object) -> Callable[[], object]:
    if isinstance(value, torch.Generator):
        state, restore = value.get_state(), value.set_state
    elif isinstance(value, random.Random):
        state, restore = value.getstate(), value.setstate
    elif isinstance(value, np.random.RandomState):
        state, restore = value.get_state(), value.set_state
    else:
        state = copy.deepcopy(value.bit_generator.state)

        def restore(before: dict) -> None:
            value.bit_generator.state = before

    def put_back() -> object:
        restore(state)
        return value

    return put_back
