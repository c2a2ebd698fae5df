"""Finds what a reader's step or loader holds: generators, scalers, schedulers, other models."""

from __future__ import annotations

import functools
import inspect
import sysconfig
import types
from collections.abc import Iterator

import torch

_DEPTH = 5  # from a step to an attribute of an object in a list that its helper refers to
_LONGEST = 100  # items: a longer list is data
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_CLOSED = (torch.Tensor, torch.nn.Module, torch.optim.Optimizer, types.ModuleType, type)


def reachable(root: object, kinds: tuple[type, ...]) -> list:
    """Return the objects of some kinds that a function, loader or object refers to.

    The search follows closures, global names, defaults, partial arguments, attributes, and lists
    of at most 100 items, to a depth of five. It does not look into tensors or models, nor
    into functions of installed packages.

    Args:
        root: object to start from; it counts itself.
        kinds: classes of which instances are returned, each object once.

    >>> scores = torch.Generator()
    >>> def step(batch):
    ...     return torch.rand(1, generator=scores)
    >>> reachable(step, (torch.Generator,)) == [scores]
    True
    """
    found, seen, level = [], {id(root)}, [root]
    for _ in range(_DEPTH + 1):
        below = []
        for value in level:
            if isinstance(value, kinds):
                found.append(value)
            for part in _parts(value):
                if id(part) not in seen:
                    seen.add(id(part))
                    below.append(part)
        level = below
    return found


def _parts(value: object) -> Iterator[object]:
    """Yield the objects that a value refers to directly."""
    if isinstance(value, _CLOSED) or value is None:
        return
    if isinstance(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, types.MethodType):
        yield from (value.__func__, value.__self__)
        yield from _attributes(value.__self__)  # also of a model: its scaler is no submodule
    elif isinstance(value, types.FunctionType):
        if not value.__code__.co_filename.startswith(_LIBRARIES):
            yield from _named(value)
    elif isinstance(value, dict):
        yield from value.values() if len(value) <= _LONGEST else ()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value if len(value) <= _LONGEST else ()
    else:
        yield from _attributes(value)


def _named(function: types.FunctionType) -> Iterator[object]:
    """Yield what a function refers to by name: closure, defaults, globals, wrapped function."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that is not bound yet
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield from _attributes(function)
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [inner for inner in code.co_consts if inspect.iscode(inner)]
        yield from (
            function.__globals__[name] for name in code.co_names if name in function.__globals__
        )


def _attributes(value: object) -> Iterator[object]:
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        yield from list(attributes.values())
