"""The batches of a range test: drawn from a loader, moved to a device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch


def drawn(loader: Iterable, steps: int) -> Iterator[object]:
    """Yield `steps` batches, starting the loader anew as needed."""
    given = 0
    while given < steps:
        before = given
        for batch in loader:
            yield batch
            given += 1
            if given == steps:
                return
        if given == before:
            how = "is empty" if given == 0 else f"ended after {given} batches and cannot restart"
            raise ValueError(f"loader must give {steps} batches; it {how}")


def pair(batch: object, device: torch.device) -> tuple[object, object]:
    """Return the inputs and the targets of a batch, on a device."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        size = f" of {len(batch)}" if isinstance(batch, tuple | list) else ""
        raise TypeError(
            "loader must give batches (inputs, targets), got a "
            f"{type(batch).__name__}{size}; let its collate_fn return the two, or give step, a "
            "function batch -> loss, in place of loss_fn"
        )
    return moved(batch[0], device), moved(batch[1], device)


def moved(value: object, device: torch.device) -> object:
    """Move a tensor, or the tensors in a list, tuple or dict."""
    if isinstance(value, torch.Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, dict):
        return {key: moved(item, device) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(moved(item, device) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(moved(item, device) for item in value)
    return value
