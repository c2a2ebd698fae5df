"""The range test of your own torch model and loader; it leaves both as they were."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from course_lib.range_test.drawn_batches import drawn, moved, pair
from course_lib.range_test.group_rates import GroupRates
from course_lib.range_test.leave_no_trace import (
    GENERATORS,
    HELPERS,
    model_kept,
    objects_kept,
    optimizer_kept,
    randomness_kept,
)
from course_lib.range_test.loader_state import loader_kept, lost_by
from course_lib.range_test.reach import reachable
from course_lib.range_test.stopping import Stop
from course_lib.range_test.sweeps import Sweep, sweep_rates
from course_lib.range_test.watched_step import WatchedStep
from course_lib.validation import check_count, check_real

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
OptimizerFactory = Callable[[Iterable[torch.nn.Parameter]], torch.optim.Optimizer]
Step = Callable[[object], "torch.Tensor | float"]


def range_test(
    model: torch.nn.Module,
    loss_fn: LossFunction | None = None,
    loader: Iterable | None = None,
    *,
    step: Step | None = None,
    lowest_rate: float = 1e-7,
    highest_rate: float = 10.0,
    steps: int = 100,
    optimizer: torch.optim.Optimizer | OptimizerFactory | None = None,
    stop_factor: float = 10.0,
    device: torch.device | str | None = None,
) -> Sweep:
    """Run a range test on a model in training mode and return a sweep of one run.

    Step t draws a batch and updates with lr[t] = lowest * (highest / lowest)^(t / (steps - 1)).
    Parameter groups keep their ratios: the group with the largest rate gets lr[t], the others the
    same share of it as of now; `group_ratios` of the result lists them. The test stops at the
    first loss that is not finite, and at the first whose smoothed value v has grown too far over
    the best so far, b (unbiased moving average, beta = 0.98): v > stop_factor * b. If there are
    negative losses, the limit is b + (stop_factor - 1) * the range of the losses up to b, which
    does not depend on where zero lies; see `stopping.Stop`.

    There are two ways to say what an update is. With `loss_fn` each batch is a pair (inputs,
    targets), and the update is the usual one. With `step` it is the reader's own, such as one with
    accumulation, mixed precision, a closure (LBFGS), or batches of another form.

    Afterwards, also after an error or an interrupt, everything is as before: parameters, buffers,
    gradients, hooks and the mode of every submodule, the optimizer, the global generators of
    torch (CPU and CUDA), NumPy and Python, generators that the loader, its samplers or its data
    set hold, and persistent workers. So are other models, optimizers, schedulers, generators and
    a `GradScaler` that `step` refers to by name or holds. Not restored: other attributes of
    objects, such as counters, files and logs. What is lost, and what else should be known, is in
    `notes` of the result.

    Args:
        model: its parameters are trained where `requires_grad` is set.
        loss_fn: (model(inputs), targets) -> a loss with one element; None with `step`.
        loader: iterable of batches; it is started again when it ends early.
        step: batch -> the loss before the update, a number or a tensor of one element. It makes
            exactly one update of `optimizer`, and sets no rate. It gets a batch as the loader
            gives it, or moved to `device` if that is given.
        lowest_rate: rate of the first update, > 0.
        highest_rate: rate of the last update, > lowest_rate.
        steps: number of updates T, >= 2.
        optimizer: one that holds only parameters of the model; or, without `step`, a function from
            parameters to a new one, as `torch.optim.Adam`; None: SGD without momentum.
        stop_factor: > 1; infinite stops only at a loss that is not finite. The tools stop at 4 or
            5; 10 leaves each rule in `RULES` room to stop by itself.
        device: device of the batches; None takes that of the model's first parameter.

    Raises:
        ValueError: an argument is out of its range, the loader is empty or ends early for good,
            the model has nothing to train, the optimizer holds parameters of another model, or a
            call of `step` makes no update, or several, or changes the rate.
        TypeError: a batch is not a pair, the loss is not one number, or the arguments do not say
            one way to update.

    Source: Smith (2015), arXiv:1506.01186, sec. 3.3, there with linearly growing rates.

    >>> model = torch.nn.Linear(4, 1)
    >>> loader = [(torch.ones(8, 4), torch.zeros(8, 1))]
    >>> found = range_test(model, torch.nn.functional.mse_loss, loader, steps=20)
    >>> found.name, found.losses.shape
    ('Linear', (1, 20))

    The same in bfloat16, with a batch that is a dict:

    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    >>> def step(batch):
    ...     optimizer.zero_grad()
    ...     with torch.autocast("cpu", dtype=torch.bfloat16):
    ...         loss = model(batch["x"]).square().mean()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> batches = [{"x": torch.ones(8, 4)}]
    >>> found = range_test(model, loader=batches, optimizer=optimizer, step=step, steps=20)
    >>> found.losses.shape, optimizer.param_groups[0]["lr"], len(optimizer.state)
    ((1, 20), 0.001, 0)
    """
    rates = sweep_rates(lowest_rate, highest_rate, steps)
    if stop_factor != math.inf:
        check_real("stop_factor", stop_factor, low=1.0, low_open=True)
    _check_way(loss_fn, loader, step, optimizer)
    trained = _trainable(model)
    target = None if device is None else torch.device(device)
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))  # this turns gradients on, too
        stack.enter_context(randomness_kept())
        stack.enter_context(loader_kept(loader))
        others = [] if step is None else reachable(step, (torch.nn.Module,))
        stack.enter_context(model_kept(model, *others))
        if step is not None:
            stack.enter_context(objects_kept(reachable(step, GENERATORS + HELPERS)))
        if isinstance(optimizer, torch.optim.Optimizer):
            optimizer = _unwrapped(optimizer)
        else:
            make = partial(torch.optim.SGD, lr=0.0) if optimizer is None else optimizer
            optimizer = _made(make, trained)
        stack.enter_context(optimizer_kept(optimizer))
        notes = [*_check_optimizer(optimizer, model, trained), *lost_by(loader)]
        groups = GroupRates(optimizer)
        model.train()
        if step is None:
            update = _usual_step(model, loss_fn, optimizer, target or trained[0].device)
        else:
            update = WatchedStep(step, optimizer, groups)
            stack.enter_context(update.watching())
        batches = stack.enter_context(closing(drawn(loader, steps)))
        if step is not None and target is not None:
            batches = (moved(batch, target) for batch in batches)
        losses = _run(update, batches, groups, rates, Stop(stop_factor))
        if step is not None:
            notes += update.finish(stopped=not math.isfinite(losses[-1]))
    return _as_sweep(type(model).__name__, rates, losses, groups.ratios, tuple(notes))


def range_test_many(
    make_model: Callable[[], torch.nn.Module],
    loss_fn: LossFunction | None = None,
    loader: Iterable | None = None,
    seeds: Sequence[int] = (),
    *,
    make_step: Callable[[torch.nn.Module, torch.optim.Optimizer], Step] | None = None,
    **settings: object,
) -> Sweep:
    """Run one range test a seed, each on a new model, and return a sweep of all of them.

    Before each model is made torch's global generator is seeded; it decides the initial weights,
    and the order of the batches where the loader shuffles without a generator of its own.

    Args:
        make_model: function that makes a model with new weights from torch's global generator.
        loss_fn: loss, as in `range_test`; None with `make_step`.
        loader: batches, as in `range_test`; it must give its batches again for every seed.
        seeds: one seed a run, (S,).
        make_step: (model, its optimizer) -> `step` of `range_test`, for an update of one's own.
        settings: other arguments of `range_test`; an `optimizer` must be a function.

    Raises:
        ValueError, TypeError: as in `range_test`; or `optimizer` is one optimizer for all models,
            or `step` one function for all models.

    >>> loader = [(torch.ones(8, 4), torch.zeros(8, 1))]
    >>> make = partial(torch.nn.Linear, 4, 1)
    >>> loss = torch.nn.functional.mse_loss
    >>> range_test_many(make, loss, loader, seeds=[0, 1, 2], steps=20).losses.shape
    (3, 20)
    >>> def make_step(model, optimizer):
    ...     def step(batch):
    ...         optimizer.zero_grad()
    ...         loss = model(batch[0]).square().mean()
    ...         loss.backward()
    ...         optimizer.step()
    ...         return loss
    ...     return step
    >>> found = range_test_many(make, loader=loader, seeds=[0, 1], make_step=make_step, steps=20)
    >>> found.losses.shape
    (2, 20)
    """
    if isinstance(settings.get("optimizer"), torch.optim.Optimizer):
        raise TypeError("optimizer must be a function that makes one for each model, got one")
    if settings.get("step") is not None:
        raise TypeError(
            "step updates one model, and each seed has its own: give make_step, a function "
            "(model, optimizer) -> step"
        )
    numbers = [check_count("seeds", seed, low=0) for seed in seeds]
    if not numbers:
        raise ValueError("seeds must hold at least one seed, got none")
    runs = []
    with randomness_kept():
        for seed in numbers:
            torch.manual_seed(seed)
            model, own = make_model(), dict(settings)
            if make_step is not None:
                make = own.get("optimizer") or partial(torch.optim.SGD, lr=0.0)
                own["optimizer"] = _made(make, _trainable(model))
                own["step"] = make_step(model, own["optimizer"])
            runs.append(range_test(model, loss_fn, loader, **own))
    joined = ("losses", "diverged_at", "steps_run")
    return replace(
        runs[0],
        **{name: np.concatenate([getattr(run, name) for run in runs]) for name in joined},
        seeds=np.array(numbers),
        notes=tuple(dict.fromkeys(note for run in runs for note in run.notes)),
    )


def _run(
    update: Callable[[object], float],
    batches: Iterable,
    groups: GroupRates,
    rates: np.ndarray,
    stop: Stop,
) -> list[float]:
    """Return the loss of every step that was run; the last is not finite if the run diverged."""
    losses: list[float] = []
    for rate, batch in zip(rates.tolist(), batches, strict=False):
        groups.set(rate)
        losses.append(update(batch))
        if not math.isfinite(losses[-1]) or stop.after(losses[-1]):
            break
    return losses


def _usual_step(
    model: torch.nn.Module,
    loss_fn: LossFunction,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> Callable[[object], float]:
    """Return the update of a batch (inputs, targets); it leaves out one that is not finite."""

    def update(batch: object) -> float:
        inputs, targets = pair(batch, device)
        loss = loss_fn(model(inputs), targets)
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            shape = tuple(getattr(loss, "shape", ()))
            raise TypeError(
                "loss_fn must return a tensor of one element, "
                f"got {type(loss).__name__} of shape {shape}"
            )
        value = loss.item()
        if math.isfinite(value):
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return value

    return update


def _check_way(
    loss_fn: LossFunction | None,
    loader: Iterable | None,
    step: Step | None,
    optimizer: object,
) -> None:
    """Raise unless the arguments say one way to make an update."""
    if loader is None:
        raise TypeError("loader must be given: an iterable of batches")
    if step is None:
        if loss_fn is None:
            raise TypeError("loss_fn must be given, or step, a function batch -> loss; got neither")
        needs = isinstance(optimizer, torch.optim.Optimizer) and [
            name
            for name, one in inspect.signature(optimizer.step).parameters.items()
            if name == "closure" and one.default is one.empty
        ]
        if needs:
            raise TypeError(
                f"optimizer must work without a closure, got {type(optimizer).__name__}; give step,"
                " a function batch -> loss that calls optimizer.step(closure)"
            )
        return
    if loss_fn is not None:
        raise TypeError("loss_fn and step both say how to update: give one of them, got both")
    if not callable(step):
        raise TypeError(f"step must be a function batch -> loss, got {type(step).__name__}")
    if not isinstance(optimizer, torch.optim.Optimizer):
        got = "None" if optimizer is None else f"a {type(optimizer).__name__}"
        raise TypeError(f"optimizer must be the one that step updates, got {got}")


def _made(make: OptimizerFactory, trained: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    optimizer = make(trained) if callable(make) else make
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(
            f"optimizer must be an optimizer, or a function from parameters to one, got {make!r}"
        )
    return optimizer


def _unwrapped(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Return the optimizer inside one that only passes calls on, as accelerate's does."""
    inner = getattr(optimizer, "optimizer", None)
    return _unwrapped(inner) if isinstance(inner, torch.optim.Optimizer) else optimizer


def _check_optimizer(
    optimizer: torch.optim.Optimizer,
    model: torch.nn.Module,
    trained: Sequence[torch.nn.Parameter],
) -> list[str]:
    """Return a note on parameters that are not updated; raise if others are than the model's."""
    own = {id(parameter) for parameter in model.parameters()}
    held = [id(p) for group in optimizer.param_groups for p in group["params"]]
    foreign = [one for one in held if one not in own]
    if foreign:
        raise ValueError(
            f"optimizer must hold parameters of model only, but {len(foreign)} of its {len(held)} "
            "are not the model's, and would not be restored; if a loss has parameters, too, give "
            "torch.nn.ModuleList([network, loss]) as model"
        )
    left = [name for name, p in model.named_parameters() if p.requires_grad and id(p) not in held]
    if not left:
        return []
    some = ", ".join(left[:3]) + (", …" if len(left) > 3 else "")
    return [
        f"{len(left)} of {len(trained)} trainable parameters are not in the optimizer, and stay as "
        f"they are ({some})."
    ]


def _as_sweep(
    name: str,
    rates: np.ndarray,
    losses: list[float],
    group_ratios: tuple[float, ...],
    notes: tuple[str, ...],
) -> Sweep:
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
        seeds=np.array([0]),
        group_ratios=group_ratios,
        notes=notes,
    )


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
