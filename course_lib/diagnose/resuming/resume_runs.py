"""Runs a reader's own loop for some updates, and writes down what every update used and left."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from course_lib.diagnose.resuming.resume_parts import (
    RNG,
    Parts,
    State,
    groups_of,
    inventory,
    is_optimizer,
    is_saveable,
    named,
    random_states,
    same,
    set_random_states,
    state_of,
)

Train = Callable[[Any, int], Any]

# What is compared after every update, in the order in which an update uses it.
QUANTITIES = ("rates", "momentum", "losses", "parameters")


@dataclass
class History:
    """The updates of one run from `first` on.

    Attributes:
        first: step t of the first update recorded.
        rates: rates of all groups in each update.
        momentum: momentum (or betas[0]) of all groups in each update, NaN where there is none.
        losses: loss of each update, NaN where `train` returns none.
        parameters: sum and sum of squares of every parameter after each update.
        end: inventory of the parts after the last update.
        drawn: global generators that were drawn from, "torch", "cuda", "numpy", "python".
        error: exception that ended a resumed run early, or None.
    """

    first: int
    rates: list[list[float]] = field(default_factory=list)
    momentum: list[list[float]] = field(default_factory=list)
    losses: list[list[float]] = field(default_factory=list)
    parameters: list[list[float]] = field(default_factory=list)
    end: dict[str, State] = field(default_factory=dict)
    drawn: tuple[str, ...] = ()
    error: Exception | None = None


@dataclass
class Saved:
    """All there is to know of the run without a stop at the moment when it is saved.

    Attributes:
        inventory: all that its parts hold, as `inventory` gives it.
        states: state of every part that has one.
        random: states of the global generators.
        gradients: copies of the parameters' gradients.
    """

    inventory: dict[str, State]
    states: dict[str, Any]
    random: State
    gradients: list[Any]


def run_updates(
    parts: Parts, train: Train, first: int, end: int, history: History | None = None
) -> History:
    """Carry out the updates first, …, end - 1 and record them, into `history` if it is given.

    Raises:
        TypeError: `train` returns something that is neither a number nor None.
        Exception: `train` raised it; `history` then holds the updates before.
    """
    history = History(first) if history is None else history
    before = random_states()
    for update in range(first, end):
        used: list[tuple[list[float], list[float]]] = []
        with _watching(named(parts), used):
            loss = _loss(train(parts, update))
        rates, momentum = used[-1] if used else _in_force(parts)
        history.rates.append(rates)
        history.momentum.append(momentum)
        history.losses.append([loss])
        history.parameters.append(_sums(parts))
    after = random_states()
    history.drawn = tuple(name for name in before if not _alike(before[name], after[name]))
    history.end = inventory(named(parts))
    return history


def straight_updates(parts: Parts, train: Train, first: int, end: int, updates: int) -> History:
    """Carry out updates of a run without a stop, which must come to its end.

    Args:
        parts: parts of the run.
        train: function that carries out one update.
        first: first of the updates.
        end: last of them, plus one.
        updates: updates of the whole run, for the error.

    Raises:
        ValueError: an update fails, and it is not the first.
        Exception: `train` raised it at its first update.
    """
    history = History(first)
    try:
        return run_updates(parts, train, first, end, history)
    except Exception as error:
        done = first + len(history.rates)
        if done == 0:  # the loop does not run at all
            raise
        raise ValueError(
            f"updates must be <= {done}, because without a stop update {done} fails with "
            f"{error_in_words(error)}; got {updates}, and by default it is at + 10"
        ) from error


def error_in_words(error: Exception) -> str:
    """Return the kind of an error and its message."""
    return f"{type(error).__name__}: {error}"


@contextmanager
def _watching(parts: Mapping[str, Any], used: list[tuple[list[float], list[float]]]) -> Iterator:
    """Note the rates in force at every optimizer.step(), which a scheduler may change after it."""

    def note(*_: Any) -> None:
        used.append(_in_force(parts))

    optimizers = [part for part in parts.values() if isinstance(part, torch.optim.Optimizer)]
    # The last optimizer's step is the end of the update, where there are several.
    hooks = [each.register_step_pre_hook(note) for each in optimizers[-1:]]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _in_force(parts: Parts) -> tuple[list[float], list[float]]:
    groups = groups_of(named(parts))
    momentum = [g["betas"][0] if "betas" in g else g.get("momentum", float("nan")) for g in groups]
    return [float(group["lr"]) for group in groups], [float(value) for value in momentum]


def _loss(given: Any) -> float:
    if given is None:
        return float("nan")
    try:
        return float(given.detach() if isinstance(given, torch.Tensor) else given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"train must return the loss of the update as one number, or None, got {given!r}"
        ) from error


def _sums(parts: Parts) -> list[float]:
    tensors = [p.detach() for group in groups_of(named(parts)) for p in group["params"]]
    wide = [t.to(torch.complex128 if t.is_complex() else torch.float64).abs() for t in tensors]
    return torch.stack([f(t) for t in wide for f in (torch.sum, _squares)]).tolist()


def _squares(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.square().sum()


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, list):
        return len(a) == len(b) and all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    return same(a, b)


def first_departure(
    straight: History, other: History, tolerance: float
) -> tuple[int, str, Any, Any] | None:
    """Return (step t, quantity, straight, other) where a run first departs; None: nowhere."""
    for index in range(len(other.rates)):
        at = other.first + index - straight.first
        for quantity in QUANTITIES:
            here, there = getattr(straight, quantity)[at], getattr(other, quantity)[index]
            alike = len(here) == len(there) and all(
                same(a, b, tolerance) for a, b in zip(here, there, strict=True)
            )
            if not alike:
                return other.first + index, quantity, here, there
    return None


def default_checkpoint(parts: Parts) -> dict[str, Any]:
    """Return the states of all parts that have one, and of the global generators under "rng"."""
    states = {name: state_of(p) for name, p in named(parts).items() if is_saveable(p)}
    return {**states, RNG: random_states()}


def gradients_of(parts: Parts) -> list[torch.Tensor | None]:
    """Return copies of the gradients of all parameters that the optimizers hold."""
    held = [p for group in groups_of(named(parts)) for p in group["params"]]
    return [None if p.grad is None else p.grad.detach().clone() for p in held]


def set_gradients(parts: Parts, gradients: list[torch.Tensor | None]) -> None:
    """Give the parameters copies of these gradients, in the order of `gradients_of`."""
    held = [p for group in groups_of(named(parts)) for p in group["params"]]
    for parameter, gradient in zip(held, gradients, strict=True):
        parameter.grad = None if gradient is None else gradient.clone()


def read_checkpoint(path: str, weights_only: bool) -> tuple[Any, str]:
    """Return what `torch.load` reads from a file, and a complaint of it ("" if it has none).

    Raises:
        Exception: `torch.load` cannot read the file without weights_only either.
    """
    if not weights_only:
        return torch.load(path, weights_only=False), ""
    try:
        return torch.load(path, weights_only=True), ""
    except pickle.UnpicklingError as error:
        return torch.load(path, weights_only=False), _refusal(str(error))


def _refusal(message: str) -> str:
    found = re.search(r"GLOBAL (\S+)", message)
    what = f"it holds a {found[1]}" if found else message.splitlines()[0]
    return (
        "the checkpoint: torch.load refuses it with weights_only=True, which is its default "
        f"({what}); save plain numbers and tensors, or load with weights_only=False"
    )


@contextmanager
def randomness_kept() -> Iterator[None]:
    """Put the global generators of torch, NumPy and Python back when the block ends."""
    before = random_states()
    try:
        yield
    finally:
        set_random_states(before)


def check_new(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    """Check that two calls of `make` built the same kinds of parts, and built them anew.

    Raises:
        ValueError: other names, a part that is the same object in both, or parameters that are.
    """
    if list(first) != list(second):
        raise ValueError(
            f"make must return the same parts at every call, got {list(first)}, then {list(second)}"
        )
    for name, part in first.items():
        if part is second[name] and (is_saveable(part) or is_optimizer(part)):
            raise ValueError(
                f"make must build new objects at every call, as a new process does, but "
                f"{name!r} is the same object in two calls: build it inside make"
            )
    held = {id(p) for group in groups_of(first) for p in group["params"]}
    if any(id(p) in held for group in groups_of(second) for p in group["params"]):
        raise ValueError(
            "make must build new objects at every call, as a new process does, but the optimizers "
            "of two calls hold the same parameters: build the model inside make"
        )
