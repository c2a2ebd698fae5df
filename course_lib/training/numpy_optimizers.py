"""SGD, Adam and AdamW for many runs at once: one row of parameters a run, updated in place."""

from __future__ import annotations

import numpy as np

from course_lib.training.settings import Adam, AdamW, Sgd


class SgdState:
    """The velocities of R runs, and `Sgd`'s update; see there for the formula."""

    def __init__(self, settings: Sgd, weights: np.ndarray, has_momenta: bool) -> None:
        """Start at rest, for weights of shape (R, P)."""
        self.settings = settings
        moving = has_momenta or settings.momentum > 0
        self.velocity = np.zeros_like(weights) if moving else None

    def keep(self, rows: np.ndarray) -> None:
        """Forget the runs that are not in `rows`, a mask or indices."""
        if self.velocity is not None:
            self.velocity = self.velocity[rows]

    def update(
        self,
        weights: np.ndarray,
        gradient: np.ndarray,
        rate: np.ndarray,
        momentum: np.ndarray | None,
    ) -> None:
        """Update `weights`, (R, P); rate and momentum have shape (R, 1); gradient is used up."""
        if self.settings.weight_decay:
            gradient += weights.dtype.type(self.settings.weight_decay) * weights
        step = gradient
        if self.velocity is not None:
            if momentum is None:
                momentum = weights.dtype.type(self.settings.momentum)
            self.velocity *= momentum
            self.velocity += gradient
            if self.settings.nesterov:
                gradient += momentum * self.velocity
            else:
                step = self.velocity
        weights -= np.multiply(step, rate, out=gradient)


class AdamState:
    """The moving averages of R runs, and the update of `Adam` and `AdamW`; see there."""

    def __init__(self, settings: Adam, weights: np.ndarray) -> None:
        """Start with empty averages, for weights of shape (R, P)."""
        self.settings = settings
        # The second is kept without its factor 1 - beta2, which saves a pass over all weights.
        self.first, self.second = np.zeros_like(weights), np.zeros_like(weights)
        self.buffer = np.empty_like(weights)
        self.updates = 0

    def keep(self, rows: np.ndarray) -> None:
        """Forget the runs that are not in `rows`, a mask or indices."""
        self.first, self.second = self.first[rows], self.second[rows]
        self.buffer = np.empty_like(self.first)

    def update(
        self,
        weights: np.ndarray,
        gradient: np.ndarray,
        rate: np.ndarray,
        momentum: np.ndarray | None,
    ) -> None:
        """Update `weights`, (R, P); rate and momentum have shape (R, 1); gradient is used up."""
        number, settings, buffer = weights.dtype.type, self.settings, self.buffer
        self.updates += 1
        beta1 = number(settings.beta1) if momentum is None else momentum
        # In double precision: 1 - 0.999 in single precision is off by 1e-5.
        correction1 = 1.0 - np.asarray(beta1, dtype=np.float64) ** self.updates
        correction2 = 1.0 - settings.beta2**self.updates
        if isinstance(settings, AdamW):
            weights *= 1 - rate * number(settings.weight_decay)
        self.first *= beta1
        np.multiply(gradient, 1 - beta1, out=buffer)
        self.first += buffer
        self.second *= number(settings.beta2)
        np.multiply(gradient, gradient, out=buffer)
        self.second += buffer
        np.sqrt(self.second, out=buffer)
        root = np.sqrt((1.0 - settings.beta2) / correction2)
        buffer += number(settings.eps / root)
        np.divide(self.first, buffer, out=gradient)
        gradient *= (rate / (correction1 * root)).astype(weights.dtype)
        weights -= gradient


def new_state(settings: Sgd | Adam, weights: np.ndarray, has_momenta: bool) -> SgdState | AdamState:
    """Return the optimizer's state for runs with these weights, shape (R, P)."""
    if isinstance(settings, Adam):
        return AdamState(settings, weights)
    return SgdState(settings, weights, has_momenta)
