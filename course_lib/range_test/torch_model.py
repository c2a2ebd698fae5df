"""The range test of your own torch model and loader; it leaves both as they were."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

import numpy as np
import torch

from course_lib.range_test.leave_no_trace import model_kept, optimizer_kept, randomness_kept
from course_lib.range_test.sweeps import Sweep, sweep_rates
from course_lib.validation import check_count, check_real

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
OptimizerFactory = Callable[[Iterable[torch.nn.Parameter]], torch.optim.Optimizer]
_BETA = 0.98


def range_test(
    model: torch.nn.Module,
    loss_fn: LossFunction,
    loader: Iterable,
    *,
    lowest_rate: float = 1e-7,
    highest_rate: float = 10.0,
    steps: int = 100,
    optimizer: torch.optim.Optimizer | OptimizerFactory | None = None,
    stop_factor: float = 10.0,
    device: torch.device | str | None = None,
) -> Sweep:
    """Run a range test on a model in training mode and return a sweep of one run.

    Step t draws a batch and updates with lr[t] = lowest * (highest / lowest)^(t / (steps - 1)),
    the same in every parameter group. It stops before the first loss that is not finite, and
    after the first whose smoothed value is over stop_factor * the best so far (unbiased moving
    average, beta = 0.98).

    Afterwards, also after an error or an interrupt, everything is as before: parameters, buffers,
    gradients, the mode of every submodule, the optimizer, the global generators of torch, NumPy
    and Python, and a generator that the loader or its sampler holds. Other attributes of a module
    are not restored.

    Args:
        model: its parameters are trained where `requires_grad` is set.
        loss_fn: (model(inputs), targets) -> a loss with one element.
        loader: iterable of batches (inputs, targets); it is started again when it ends early.
        lowest_rate: rate of the first update, > 0.
        highest_rate: rate of the last update, > lowest_rate.
        steps: number of updates T, >= 2.
        optimizer: one that holds the model's parameters; or a function from parameters to a new
            one, as `torch.optim.Adam`; None: SGD without momentum.
        stop_factor: > 1; infinite never stops. The tools stop at 4 or 5; 10 leaves each rule in
            `RULES` room to stop by itself.
        device: device of the batches; None takes that of the model's first parameter.

    Raises:
        ValueError: an argument is out of its range, the loader is empty or ends early for good,
            or the model has nothing to train.
        TypeError: a batch is not a pair, or the loss is not a tensor of one element.

    Source: Smith (2015), arXiv:1506.01186, sec. 3.3, there with linearly growing rates.

    >>> model = torch.nn.Linear(4, 1)
    >>> loader = [(torch.ones(8, 4), torch.zeros(8, 1))]
    >>> found = range_test(model, torch.nn.functional.mse_loss, loader, steps=20)
    >>> found.name, found.losses.shape
    ('Linear', (1, 20))
    """
    rates = sweep_rates(lowest_rate, highest_rate, steps)
    if stop_factor != math.inf:
        check_real("stop_factor", stop_factor, low=1.0, low_open=True)
    trained = _trainable(model)
    device = trained[0].device if device is None else torch.device(device)
    with ExitStack() as stack:
        stack.enter_context(randomness_kept(_generators(loader)))
        stack.enter_context(model_kept(model))
        if isinstance(optimizer, torch.optim.Optimizer):
            stack.enter_context(optimizer_kept(optimizer))
        else:
            make = partial(torch.optim.SGD, lr=0.0) if optimizer is None else optimizer
            optimizer = make(trained)
        model.train()
        batches = _pairs(loader, steps, device)
        losses = _run(model, loss_fn, batches, optimizer, rates, stop_factor)
    return _as_sweep(type(model).__name__, rates, losses, seed=0)


def range_test_many(
    make_model: Callable[[], torch.nn.Module],
    loss_fn: LossFunction,
    loader: Iterable,
    seeds: Sequence[int],
    **settings: object,
) -> Sweep:
    """Run one range test a seed, each on a new model, and return a sweep of all of them.

    Before each model is made torch's global generator is seeded; it decides the initial weights,
    and the order of the batches where the loader shuffles without a generator of its own.

    Args:
        make_model: function that makes a model with new weights from torch's global generator.
        loss_fn: loss, as in `range_test`.
        loader: batches, as in `range_test`; it must give its batches again for every seed.
        seeds: one seed a run, (S,).
        settings: other arguments of `range_test`; an `optimizer` must be a function.

    Raises:
        ValueError, TypeError: as in `range_test`; or `optimizer` is one optimizer for all models.

    >>> loader = [(torch.ones(8, 4), torch.zeros(8, 1))]
    >>> make = partial(torch.nn.Linear, 4, 1)
    >>> loss = torch.nn.functional.mse_loss
    >>> range_test_many(make, loss, loader, seeds=[0, 1, 2], steps=20).losses.shape
    (3, 20)
    """
    if isinstance(settings.get("optimizer"), torch.optim.Optimizer):
        raise TypeError("optimizer must be a function that makes one for each model, got one")
    numbers = [check_count("seeds", seed, low=0) for seed in seeds]
    if not numbers:
        raise ValueError("seeds must hold at least one seed, got none")
    runs = []
    with randomness_kept():
        for seed in numbers:
            torch.manual_seed(seed)
            runs.append(range_test(make_model(), loss_fn, loader, **settings))
    return Sweep(
        name=runs[0].name,
        rates=runs[0].rates,
        losses=np.concatenate([run.losses for run in runs]),
        diverged_at=np.concatenate([run.diverged_at for run in runs]),
        steps_run=np.concatenate([run.steps_run for run in runs]),
        seeds=np.array(numbers),
    )


def _run(
    model: torch.nn.Module,
    loss_fn: LossFunction,
    batches: Iterator[tuple[object, object]],
    optimizer: torch.optim.Optimizer,
    rates: np.ndarray,
    stop_factor: float,
) -> list[float]:
    """Return the loss of every step that was run; the last is not finite if the run diverged."""
    losses: list[float] = []
    best, average = math.inf, 0.0
    # New gradients are new tensors, so those the model came with stay as they are.
    for parameter in model.parameters():
        parameter.grad = None
    for rate, (inputs, targets) in zip(rates.tolist(), batches, strict=False):
        loss = loss_fn(model(inputs), targets)
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            shape = tuple(getattr(loss, "shape", ()))
            raise TypeError(
                "loss_fn must return a tensor of one element, "
                f"got {type(loss).__name__} of shape {shape}"
            )
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        average = _BETA * average + (1 - _BETA) * losses[-1]
        smoothed = average / (1 - _BETA ** len(losses))
        best = min(best, smoothed)
        if smoothed > stop_factor * best:
            break
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        _set_rate(optimizer, rate)
        optimizer.step()
    return losses


def _as_sweep(name: str, rates: np.ndarray, losses: list[float], seed: int) -> Sweep:
    run = len(losses)
    table = np.full((1, len(rates)), np.nan)
    table[0, :run] = losses
    diverged = not math.isfinite(losses[-1])
    if diverged:
        table[0, run - 1] = np.nan
    return Sweep(
        name=name,
        rates=rates,
        losses=table,
        diverged_at=np.array([run - 1 if diverged else -1]),
        steps_run=np.array([len(rates) if diverged else run]),
        seeds=np.array([seed]),
    )


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def _trainable(model: torch.nn.Module) -> list[torch.nn.Parameter]:
    parameters = list(model.parameters())
    if any(torch.nn.parameter.is_lazy(parameter) for parameter in parameters):
        raise ValueError(
            "model has parameters without a shape yet: pass one batch through it first"
        )
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if not trained:
        raise ValueError(f"model must have parameters that require gradients, got none in {model}")
    return trained


def _generators(loader: Iterable) -> list[torch.Generator]:
    """Return the generators that a loader draws its order from."""
    holders = (loader, getattr(loader, "sampler", None))
    found = {id(g): g for h in holders if (g := getattr(h, "generator", None)) is not None}
    return [generator for generator in found.values() if isinstance(generator, torch.Generator)]


def _pairs(loader: Iterable, steps: int, device: torch.device) -> Iterator[tuple[object, object]]:
    """Yield `steps` batches (inputs, targets) on `device`, starting the loader anew as needed."""
    given = 0
    while given < steps:
        before = given
        for batch in loader:
            if not isinstance(batch, tuple | list) or len(batch) != 2:
                size = f" of {len(batch)}" if isinstance(batch, tuple | list) else ""
                raise TypeError(
                    "loader must give batches (inputs, targets), got a "
                    f"{type(batch).__name__}{size}; let its collate_fn return the two"
                )
            yield _to(batch[0], device), _to(batch[1], device)
            given += 1
            if given == steps:
                return
        if given == before:
            how = "is empty" if given == 0 else f"ended after {given} batches and cannot restart"
            raise ValueError(f"loader must give {steps} batches; it {how}")


def _to(value: object, device: torch.device) -> object:
    """Move a tensor, or the tensors in a list, tuple or dict."""
    if isinstance(value, torch.Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, dict):
        return {key: _to(item, device) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_to(item, device) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(_to(item, device) for item in value)
    return value
