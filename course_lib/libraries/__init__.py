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
    "accelerate_loop",
    "as_torch_scheduler",
    "from_library",
    "keras_loop",
    "lightning_loop",
    "names",
    "optax_loop",
    "simulate_loop",
    "skorch_loop",
    "stable_baselines3_loop",
    "to_library",
    "transformers_loop",
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
    **dict.fromkeys(
        (
            *("accelerate_loop", "keras_loop", "lightning_loop", "optax_loop", "skorch_loop"),
            *("stable_baselines3_loop", "transformers_loop"),
        ),
        "framework_loops",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
