"""Arguments that are lists, with one value for each parameter group of the optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# The arguments that a library takes for each group; `base_lr` is one wherever there is one.
_PER_GROUP = {
    "torch.OneCycleLR": ("max_lr",),
    "torch.CyclicLR": ("max_lr",),
    "torch.SWALR": ("swa_lr",),
    "torch.LambdaLR": ("lr_lambda",),
    "torch.MultiplicativeLR": ("lr_lambda",),
    "torch.ReduceLROnPlateau": ("min_lr",),
    "deepspeed.WarmupLR": ("warmup_min_lr", "warmup_max_lr"),
    "deepspeed.WarmupDecayLR": ("warmup_min_lr", "warmup_max_lr"),
    "deepspeed.OneCycle": ("cycle_min_lr", "cycle_max_lr"),
    "deepspeed.LRRangeTest": ("lr_range_test_min_lr",),
    "mmengine.OneCycleLR": ("eta_max",),
    "transformers.get_reduce_on_plateau_schedule": ("min_lr",),
    "mindspore.experimental.CyclicLR": ("max_lr",),
    "mindspore.experimental.LambdaLR": ("lr_lambda",),
    "mindspore.experimental.MultiplicativeLR": ("lr_lambda",),
}

_DEFAULT_LR = (
    "it divides by the optimizer's default lr, not by the group's; give that as base_lr, and scale "
    "the schedule by each group's share of it"
)
_ONE_RATE = "the script assigns one rate to all groups"
_FIRST_GROUP = "after the warmup all groups follow the first one's rate"

# Where one group's rate does not follow from its own base_lr.
_NOT_BY_GROUP = {
    "diffusers.get_polynomial_decay_schedule_with_warmup": _DEFAULT_LR,
    "nemo.WarmupAnnealing": _FIRST_GROUP,
    "open_clip.const_lr": _ONE_RATE,
    "open_clip.const_lr_cooldown": _ONE_RATE,
    "open_clip.cosine_lr": _ONE_RATE,
    "transformers.get_greedy_schedule": "all groups begin anew when the last one is at min_lr",
    "transformers.get_polynomial_decay_schedule_with_warmup": _DEFAULT_LR,
}
_BY_DEFAULT = "transformers divides min_lr by the optimizer's default lr; give min_lr_rate instead"


def by_group(name: str, arguments: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the arguments of each parameter group; None where no argument is a list of them.

    An argument that is no list is the same for all groups. Lists inside composite schedules count.

    Raises:
        ValueError: lists of different lengths, or empty ones; a schedule of which one group's
            arguments are not enough.

    >>> by_group("torch.OneCycleLR", {"max_lr": [0.1, 0.01], "total_steps": 9})
    [{'max_lr': 0.1, 'total_steps': 9}, {'max_lr': 0.01, 'total_steps': 9}]
    """
    lists = list(_lists(name, arguments))
    if not lists:
        return None
    if any(len(value) == 0 for _, value in lists):
        raise ValueError(f"{lists[0][0]} must hold one value for each parameter group, got none")
    key, first = lists[0]
    for other, value in lists:
        if len(value) != len(first):
            raise ValueError(
                f"{other} must hold one value for each parameter group, {len(first)} as {key} "
                f"does, got {len(value)}"
            )
    reason = _NOT_BY_GROUP.get(name)
    if name == "diffusers.get_scheduler" and arguments.get("name") == "polynomial":
        reason = _DEFAULT_LR
    if name == "nemo.CosineAnnealing" and _holds(arguments):
        reason = _FIRST_GROUP
    if name.startswith("transformers.") and arguments.get("min_lr") is not None:
        reason = reason or (None if name in _PER_GROUP else _BY_DEFAULT)
    if reason and len(first) > 1:
        raise ValueError(f"base_lr of {name} must be one rate, got {first!r}: {reason}")
    return [_mapped(name, arguments, lambda value: value[i]) for i in range(len(first))]  # noqa: B023


def _holds(arguments: dict[str, Any]) -> bool:
    """Whether NeMo's cosine holds its floor at the end, which is another function there."""
    return bool(arguments.get("constant_steps") or arguments.get("constant_ratio"))


def said_of_groups(name: str) -> str:
    """Return what is known of a schedule's parameter groups, in words; nothing where that is none.

    >>> said_of_groups("torch.OneCycleLR")
    'a list for `max_lr`'
    """
    if name in _NOT_BY_GROUP:
        return _NOT_BY_GROUP[name]
    if name == "nemo.CosineAnnealing":
        return f"with constant_steps, {_FIRST_GROUP}"
    return (
        "a list for " + ", ".join(f"`{key}`" for key in _PER_GROUP[name])
        if name in _PER_GROUP
        else ""
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _keys(name: str) -> tuple[str, ...]:
    return ("base_lr", *_PER_GROUP.get(name, ()))


def _pairs(value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the (name, arguments) pairs of a composite schedule; none if it is no list of them."""
    if not isinstance(value, list | tuple):
        return []
    good = [pair for pair in value if isinstance(pair, list | tuple) and len(pair) == 2]
    return [(n, a) for n, a in good if isinstance(n, str) and isinstance(a, dict)]


def _lists(name: str, arguments: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in arguments.items():
        if key in _keys(name) and _is_list(value):
            yield key, value
        if key == "schedulers":
            for inner, given in _pairs(value):
                yield from _lists(inner, given)


def _mapped(name: str, arguments: dict[str, Any], pick: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the arguments with `pick` applied to every list of values by group."""
    picked = dict(arguments)
    for key, value in arguments.items():
        if key in _keys(name) and _is_list(value):
            picked[key] = pick(value)
        elif key == "schedulers" and _pairs(value):
            picked[key] = [(inner, _mapped(inner, given, pick)) for inner, given in _pairs(value)]
    return picked
