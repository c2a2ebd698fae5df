"""The rates of an optimizer's parameter groups during a range test, in their own ratios."""

from __future__ import annotations

import math

import torch


class GroupRates:
    """Sets the swept rate in every parameter group, times the group's own ratio.

    ratio[g] = lr[g] / max(lr): the group with the largest rate gets the swept rate itself. Where
    all rates are 0, as at the start of a warmup, `initial_lr` takes their place, and if that is
    missing or 0, too, every ratio is 1.

    A rate that is a tensor is replaced for the test by another tensor of its kind, since the
    tensor may be shared, with other groups or with another optimizer.

    >>> w, b = torch.nn.Linear(2, 2).parameters()
    >>> optimizer = torch.optim.SGD([{"params": [w], "lr": 0.5}, {"params": [b]}], lr=0.1)
    >>> rates = GroupRates(optimizer)
    >>> rates.ratios
    (1.0, 0.2)
    >>> rates.set(2.0)
    >>> [group["lr"] for group in optimizer.param_groups]
    [2.0, 0.4]
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        """Read the ratios.

        Args:
            optimizer: optimizer with a rate `lr` in every group.

        Raises:
            ValueError: a group has no rate, or one that is negative or not finite.
        """
        self._groups = optimizer.param_groups
        own = [_rate(group, number) for number, group in enumerate(self._groups)]
        if not any(own) and all("initial_lr" in group for group in self._groups):
            own = [float(group["initial_lr"]) for group in self._groups]
        largest = max(own)
        self.ratios = tuple(rate / largest if largest > 0 else 1.0 for rate in own)
        self._written: list[float] = []

    def set(self, rate: float) -> None:
        """Give every group its share of a swept rate."""
        for group, ratio in zip(self._groups, self.ratios, strict=True):
            if isinstance(group["lr"], torch.Tensor):
                group["lr"] = torch.full_like(group["lr"], rate * ratio, requires_grad=False)
            else:
                group["lr"] = rate * ratio
        self._written = self._now()

    def check(self) -> None:
        """Raise ValueError if a rate is no longer the one that was set, or a group is new."""
        groups = len(self._groups)
        if groups != len(self.ratios):
            raise ValueError(
                "step must leave the groups of the optimizer as they are, "
                f"got {groups} in place of {len(self.ratios)}"
            )
        for number, (rate, now) in enumerate(zip(self._written, self._now(), strict=True)):
            if rate != now:
                raise ValueError(
                    f"step must leave the rate to range_test, but it changed that of group "
                    f"{number} from {rate:.3g} to {now:.3g}; leave scheduler.step() out of it"
                )

    def _now(self) -> list[float]:
        return [float(group["lr"]) for group in self._groups]


def _rate(group: dict, number: int) -> float:
    if "lr" not in group:
        raise ValueError(
            f"optimizer must have a rate 'lr' in every parameter group, got {sorted(group)} "
            f"in group {number}"
        )
    rate = float(group["lr"])
    if not math.isfinite(rate) or rate < 0:
        raise ValueError(f"optimizer must have finite rates >= 0, got {rate} in group {number}")
    return rate
