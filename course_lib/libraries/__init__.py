"""Converts schedules to and from other libraries, and simulates what those libraries really do."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from course_lib.libraries.registry import from_library, names

__all__ = [
    "CannotExpress",
    "Loop",
    "Resume",
    "ScheduleLR",
    "as_torch_scheduler",
    "from_library",
    "names",
    "simulate_loop",
    "to_library",
]

# Loaded when first asked for, so that importing this package does not import torch.
_LATER = {
    "to_library": "to_code",
    "CannotExpress": "to_code",
    "as_torch_scheduler": "torch_scheduler",
    "ScheduleLR": "torch_scheduler",
    "simulate_loop": "simulate",
    "Loop": "simulate",
    "Resume": "simulate",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
