"""SGD, Adam and AdamW for many runs at once, as in `numpy_optimizers`, on PyTorch tensors."""

from __future__ import annotations

import torch

from course_lib.training.settings import Adam, AdamW, Sgd


class TorchSgdState:
    """The velocities of R runs, and `Sgd`'s update; see there for the formula."""

    def __init__(self, settings: Sgd, weights: torch.Tensor, has_momenta: bool) -> None:
        """Start at rest, for weights of shape (R, P)."""
        self.settings = settings
        moving = has_momenta or settings.momentum > 0
        self.velocity = torch.zeros_like(weights) if moving else None

    def keep(self, rows: torch.Tensor) -> None:
        """Forget the runs that are not in `rows`, a mask."""
        if self.velocity is not None:
            self.velocity = self.velocity[rows]

    def update(
        self,
        weights: torch.Tensor,
        gradient: torch.Tensor,
        rate: torch.Tensor,
        momentum: torch.Tensor | None,
    ) -> None:
        """Update `weights`, (R, P); rate and momentum, (R, 1), are float64; gradient is used up."""
        if self.settings.weight_decay:
            gradient.add_(weights, alpha=self.settings.weight_decay)
        if self.velocity is not None:
            momentum = self.settings.momentum if momentum is None else momentum.to(weights.dtype)
            self.velocity.mul_(momentum).add_(gradient)
            if self.settings.nesterov:
                gradient.add_(momentum * self.velocity)
            else:
                gradient = self.velocity
        weights.addcmul_(gradient, -rate.to(weights.dtype))


class TorchAdamState:
    """The moving averages of R runs, and the update of `Adam` and `AdamW`; see there."""

    def __init__(self, settings: Adam, weights: torch.Tensor) -> None:
        """Start with empty averages, for weights of shape (R, P)."""
        self.settings = settings
        self.first, self.second = torch.zeros_like(weights), torch.zeros_like(weights)
        self.updates = 0

    def keep(self, rows: torch.Tensor) -> None:
        """Forget the runs that are not in `rows`, a mask."""
        self.first, self.second = self.first[rows], self.second[rows]

    def update(
        self,
        weights: torch.Tensor,
        gradient: torch.Tensor,
        rate: torch.Tensor,
        momentum: torch.Tensor | None,
    ) -> None:
        """Update `weights`, (R, P); rate and momentum, (R, 1), are float64; gradient is used up."""
        settings, dtype = self.settings, weights.dtype
        self.updates += 1
        beta1 = torch.full_like(rate, settings.beta1) if momentum is None else momentum
        # In double precision: 1 - 0.999 in single precision is off by 1e-5.
        step = rate / (1.0 - beta1**self.updates)
        correction2 = 1.0 - settings.beta2**self.updates
        if isinstance(settings, AdamW):
            weights.mul_((1.0 - rate * settings.weight_decay).to(dtype))
        self.first.mul_(beta1.to(dtype)).addcmul_(gradient, (1.0 - beta1).to(dtype))
        self.second.mul_(settings.beta2).addcmul_(gradient, gradient, value=1.0 - settings.beta2)
        scale = self.second.sqrt().div_(correction2**0.5).add_(settings.eps)
        weights.addcmul_(torch.div(self.first, scale, out=gradient), -step.to(dtype))


def new_state(
    settings: Sgd | Adam, weights: torch.Tensor, has_momenta: bool
) -> TorchSgdState | TorchAdamState:
    """Return the optimizer's state for runs with these weights, shape (R, P)."""
    if isinstance(settings, Adam):
        return TorchAdamState(settings, weights)
    return TorchSgdState(settings, weights, has_momenta)
