"""A reader's own update, watched: one optimizer step a call, at the rate of the test."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from course_lib.range_test.group_rates import GroupRates
from course_lib.range_test.leave_no_trace import objects_kept, optimizer_kept

_PATIENCE = 20  # calls without an update: a GradScaler halves its scale in each until one fits


class WatchedStep:
    """Calls a reader's `step(batch)` and checks that it made one update, at the given rate.

    A call may make no update where a gradient is not finite, as a `GradScaler` skips it, or where
    it leaves no gradients to look at. An optimizer that is not the given one is restored when the
    watching ends, with its parameters.
    """

    def __init__(
        self,
        step: Callable[[object], object],
        optimizer: torch.optim.Optimizer,
        rates: GroupRates,
    ) -> None:
        """Set up the watch.

        Args:
            step: function of a batch; it makes one update and returns the loss before it.
            optimizer: the optimizer that it steps.
            rates: rates of that optimizer.
        """
        self._step, self._optimizer, self._rates = step, optimizer, rates
        self._others: dict[int, torch.optim.Optimizer] = {}
        self._in_call = 0
        self.calls = self.skipped = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count optimizer steps inside the block; restore other optimizers at its end."""
        with ExitStack() as stack:

            def before(optimizer: torch.optim.Optimizer, *_: object) -> None:
                if optimizer is self._optimizer:
                    self._rates.check()
                elif id(optimizer) not in self._others:
                    self._others[id(optimizer)] = optimizer
                    held = [p for group in optimizer.param_groups for p in group["params"]]
                    stack.enter_context(objects_kept(held))
                    stack.enter_context(optimizer_kept(optimizer))

            def after(optimizer: torch.optim.Optimizer, *_: object) -> None:
                self._in_call += optimizer is self._optimizer

            for handle in (
                register_optimizer_step_pre_hook(before),
                register_optimizer_step_post_hook(after),
            ):
                stack.callback(handle.remove)
            yield

    def __call__(self, batch: object) -> float:
        """Return the loss of one call.

        Raises:
            TypeError: the loss is not a number, or a tensor of one element.
            ValueError: the call made two or more updates, none for no reason, or changed the rate.
        """
        self._in_call = 0
        self.calls += 1
        loss = loss_value("step", self._step(batch))
        if self._in_call > 1:
            raise ValueError(
                f"step must make one update in each call, got {self._in_call} in call "
                f"{self.calls}; to train on several batches, give them one by one"
            )
        self._rates.check()
        if self._in_call == 0:
            self._skip(loss)
        return loss

    def finish(self, stopped: bool) -> tuple[str, ...]:
        """Return one sentence for each thing that the reader should know about the calls.

        Raises:
            ValueError: no call made an update, though the run was not stopped by its loss.
        """
        if self.skipped == self.calls and not stopped:
            raise ValueError(self._no_update())
        told = []
        if self.skipped:
            told.append(
                f"{self.skipped} of {self.calls} calls of step made no update, as when a "
                "GradScaler skips one."
            )
        for other in self._others.values():
            told.append(f"step also updates another optimizer ({_kind(other)}), at its own rates.")
        return tuple(told)

    def _skip(self, loss: float) -> None:
        self.skipped += 1
        if loss != loss or abs(loss) == float("inf"):
            return  # a step may well refuse such a loss
        grads = [
            p.grad for group in self._optimizer.param_groups for p in group["params"]
            if p.grad is not None
        ]  # fmt: skip
        if any(not _values(grad).isfinite().all() for grad in grads):
            return
        ready = any(_values(grad).any() for grad in grads)
        if ready or (self.skipped == self.calls and self.calls >= _PATIENCE):
            raise ValueError(self._no_update())

    def _no_update(self) -> str:
        if self._others:
            other = _kind(next(iter(self._others.values())))
            why = f"it updates another optimizer ({other}); give that one as optimizer"
        else:
            why = (
                "let each call end with optimizer.step(), after all of its micro-batches where "
                "gradients are accumulated"
            )
        return (
            f"step must make one update of the {_kind(self._optimizer)} given as optimizer in each "
            f"call, got none in call {self.calls}: {why}"
        )


def loss_value(name: str, loss: object) -> float:
    """Return a loss as a float.

    Args:
        name: argument that returned it, for the error.
        loss: number, or tensor of one element.

    Raises:
        TypeError: it is something else.

    >>> loss_value("step", torch.tensor([0.5]))
    0.5
    """
    if isinstance(loss, torch.Tensor) and loss.numel() == 1 and not loss.is_complex():
        return float(loss.detach())
    if isinstance(loss, numbers.Real) and not isinstance(loss, bool):
        return float(loss)
    got = f"a {type(loss).__name__}"
    if loss is None:
        got = "None; end it with `return loss`"
    elif hasattr(loss, "shape"):
        got += f" of shape {tuple(loss.shape)}"
    raise TypeError(f"{name} must return the loss, a number or a tensor of one element, got {got}")


def _values(gradient: torch.Tensor) -> torch.Tensor:
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _kind(optimizer: torch.optim.Optimizer) -> str:
    groups = len(optimizer.param_groups)
    return f"{type(optimizer).__name__} with {groups} group{'s' if groups > 1 else ''}"
