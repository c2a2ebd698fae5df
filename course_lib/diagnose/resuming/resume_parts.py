"""The parts of a training run: their names, their states, and everything that may get lost."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler

Parts = Mapping[str, Any] | Sequence[Any]
State = dict[str, Any]

RNG = "rng"  # the name that a checkpoint gives to the global generators

_KINDS = (
    ("model", torch.nn.Module),
    ("optimizer", torch.optim.Optimizer),
    ("scheduler", LRScheduler),
    ("scaler", torch.amp.GradScaler),
    ("generator", torch.Generator | np.random.Generator | random.Random),
)

# Counters with which torch checks the order of calls, and a copy of rates that the groups hold.
_HOUSEKEEPING = {"_step_count", "_is_initial", "_get_lr_called_within_step", "_last_lr", "verbose"}


def named(parts: Parts) -> dict[str, Any]:
    """Return the parts by name; those of a plain tuple or list are named after their kinds.

    Raises:
        TypeError: `parts` is neither a mapping from names nor a tuple or list of objects.
        ValueError: there is no part with parameter groups, or one has the name "rng".
    """
    if isinstance(parts, Mapping):
        found = dict(parts)
    elif isinstance(parts, tuple | list):
        names = getattr(parts, "_fields", None) or _names(parts)
        found = dict(zip(names, parts, strict=True))
    else:
        raise TypeError(
            "make must return a dict, tuple or list of the run's parts (model, optimizer, "
            f"scheduler, …), got {type(parts).__name__}"
        )
    if any(not isinstance(name, str) for name in found) or RNG in found:
        raise ValueError(
            f"make must name its parts by strings other than {RNG!r}, which stands for the global "
            f"generators, got {list(found)}"
        )
    if not any(is_optimizer(part) for part in found.values()):
        raise ValueError(f"make must return an optimizer among its parts, got {list(found)}")
    return found


def _names(parts: Sequence[Any]) -> list[str]:
    names: list[str] = []
    for part in parts:
        kinds = (kind for kind, types in _KINDS if isinstance(part, types))
        name = "optimizer" if is_optimizer(part) else next(kinds, type(part).__name__.lower())
        count = sum(other.partition(" ")[0] == name for other in names)
        names.append(f"{name} {count + 1}" if count else name)
    return names


def is_optimizer(part: Any) -> bool:
    """Whether a part has parameter groups; wrappers of optimizers have them too."""
    return hasattr(part, "param_groups") and hasattr(part, "state_dict")


def is_saveable(part: Any) -> bool:
    """Whether the state of a part can be read and loaded again."""
    has_both = hasattr(part, "state_dict") and hasattr(part, "load_state_dict")
    return has_both or isinstance(
        part, torch.Generator | np.random.Generator | random.Random | dict
    )


def state_of(part: Any) -> Any:
    """Return a copy of the state of a part for which `is_saveable` holds."""
    if hasattr(part, "state_dict"):
        return copy.deepcopy(part.state_dict())
    if isinstance(part, torch.Generator):
        return part.get_state()
    if isinstance(part, np.random.Generator):
        return _plain(part.bit_generator.state)
    return part.getstate() if isinstance(part, random.Random) else copy.deepcopy(part)


def load_into(part: Any, state: Any) -> None:
    """Load a state that `state_of` gave into a part of the same kind."""
    if hasattr(part, "load_state_dict"):
        part.load_state_dict(state)
    elif isinstance(part, torch.Generator):
        part.set_state(state)
    elif isinstance(part, np.random.Generator):
        part.bit_generator.state = state
    elif isinstance(part, random.Random):
        part.setstate(state)
    else:
        part.clear()
        part.update(state)


def random_states() -> State:
    """Return the states of the global generators of torch, NumPy and Python, as plain data."""
    used = torch.cuda.is_available() and torch.cuda.is_initialized()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if used else [],
        "numpy": _plain(np.random.get_state(legacy=False)),  # noqa: NPY002 - loops use it
        "python": random.getstate(),
    }


def set_random_states(states: State) -> None:
    """Put the global generators into the states that `random_states` gave."""
    torch.set_rng_state(states["torch"])
    if states["cuda"]:
        torch.cuda.set_rng_state_all(states["cuda"])
    numpy = {**states["numpy"], "state": dict(states["numpy"]["state"])}
    if "key" in numpy["state"]:
        numpy["state"]["key"] = np.array(numpy["state"]["key"], dtype=np.uint32)
    np.random.set_state(numpy)  # noqa: NPY002
    random.setstate(states["python"])


def seed_everything(seed: int) -> None:
    """Seed the global generators of torch, NumPy and Python."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)


def _plain(state: Any) -> Any:
    """Return nested dicts with lists for arrays, which weights_only loading would refuse."""
    if isinstance(state, Mapping):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def inventory(parts: Mapping[str, Any]) -> dict[str, State]:
    """Return all that the parts hold: {part: {path: number, text or tensor}}, copied to the CPU."""
    names = parameter_names(parts)
    found: dict[str, State] = {}
    for name, part in parts.items():
        if isinstance(part, torch.nn.Module):
            found[name] = _of_module(part)
        elif is_optimizer(part):
            found[name] = _of_optimizer(part, names)
        elif is_saveable(part):
            found[name] = {k: v for k, v in _flat(state_of(part)).items() if not _is_upkeep(k)}
    return found


def parameter_names(parts: Mapping[str, Any]) -> dict[int, str]:
    """Return the name of every parameter of the models by the id of its tensor."""
    models = {name: part for name, part in parts.items() if isinstance(part, torch.nn.Module)}
    return {
        id(parameter): path if len(models) == 1 else f"{name}.{path}"
        for name, model in reversed(models.items())
        for path, parameter in model.named_parameters()
    }


def groups_of(parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parameter groups of all optimizers in their order."""
    return [g for part in parts.values() if is_optimizer(part) for g in part.param_groups]


def _of_module(module: torch.nn.Module) -> State:
    found = _flat(module.state_dict())
    found |= _flat({path: buffer for path, buffer in module.named_buffers() if path not in found})
    modes = {f"{path}.training": m.training for path, m in module.named_modules() if path}
    return found | modes | {"training": module.training}


def _of_optimizer(optimizer: Any, names: Mapping[int, str]) -> State:
    found: State = {}
    for index, group in enumerate(optimizer.param_groups):
        settings = {key: value for key, value in group.items() if key != "params"}
        called = [names.get(id(p), f"#{n}") for n, p in enumerate(group["params"])]
        found |= _flat(settings, f"groups[{index}]")
        found[f"groups[{index}].params"] = ", ".join(called)
        for name, parameter in zip(called, group["params"], strict=True):
            # Group order is reported by itself, so the state of a parameter goes by its name.
            place = name if id(parameter) in names else f"{index}{name}"
            found |= _flat(optimizer.state.get(parameter, {}), f"state[{place}]")
    return found


def _is_upkeep(path: str) -> bool:
    return path.rpartition(".")[2].partition("[")[0] in _HOUSEKEEPING


def _flat(value: Any, path: str = "", depth: int = 0) -> State:
    """Return the leaves of a nested state by path; functions have no state and are left out."""
    if isinstance(value, torch.Tensor):
        return {path: value.detach().to("cpu", copy=True)}
    if isinstance(value, np.ndarray):
        return {path: value.copy()}
    if value is None or isinstance(value, bool | int | float | str | bytes | complex | np.generic):
        return {path: value}
    if isinstance(value, Mapping):
        items = [(f"{path}.{key}" if path else str(key), item) for key, item in value.items()]
    elif isinstance(value, tuple | list):
        items = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    elif hasattr(value, "__dict__") and not isinstance(value, Callable | type) and depth < 4:
        return _flat(vars(value), path, depth + 1)
    else:
        return {}
    return {key: leaf for key, item in items for key, leaf in _flat(item, key, depth + 1).items()}


def differing(before: State, after: State, tolerance: float) -> dict[str, tuple[Any, Any]]:
    """Return {path: (before, after)} of the leaves that differ; None stands for one that is gone.

    Args:
        before: leaves by path.
        after: leaves by path, from a run that should have the same.
        tolerance: largest difference, as a share of the largest value, that counts as none.
    """
    return {
        path: (before.get(path), after.get(path))
        for path in dict.fromkeys((*before, *after))
        if path not in before or path not in after or not same(before[path], after[path], tolerance)
    }


def same(a: Any, b: Any, tolerance: float = 0.0) -> bool:
    """Whether two leaves are equal up to a share `tolerance` of the larger; NaN equals NaN."""
    if isinstance(a, torch.Tensor | np.ndarray) or isinstance(b, torch.Tensor | np.ndarray):
        a, b = torch.as_tensor(a), torch.as_tensor(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return torch.equal(a, b) or _near(a, b, tolerance)
    if isinstance(a, float) and isinstance(b, float):
        alike = a == b or (math.isnan(a) and math.isnan(b))
        return alike or abs(a - b) <= tolerance * max(abs(a), abs(b))
    return bool(a == b)


def _near(a: torch.Tensor, b: torch.Tensor, tolerance: float) -> bool:
    if not (a.is_floating_point() or a.is_complex()):
        return False
    largest = torch.nan_to_num(a.abs()).max().item()
    close = torch.isclose(a, b, rtol=0.0, atol=tolerance * largest, equal_nan=True)
    return bool(close.all())
