"""The result of a resume that was checked, and its values in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


def in_words(value: Any) -> str:
    """Return a number, a list of numbers, an array or nothing as words for a sentence.

    >>> in_words([0.1, 0.30000000000000004]), in_words(None), in_words(np.zeros((2, 3)))
    ('0.1, 0.3', 'nothing', 'an array (2, 3)')
    """
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    if value is None:
        return "nothing"
    if hasattr(value, "shape"):  # an array of NumPy, a tensor of torch
        array = np.asarray(value)
        return f"{array.item():.6g}" if array.size == 1 else f"an array {array.shape}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def listed(words: list[str], count: int | None = None) -> str:
    """Return words as "a, b and c", or as "a, b and 3 more" where there are `count` of them.

    >>> listed(["lr", "momentum"]), listed(["lr"], 4)
    ('lr and momentum', 'lr and 3 more')
    """
    more = (count or len(words)) - len(words)
    if more > 0:
        return f"{', '.join(words)} and {more} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


@dataclass(frozen=True)
class FirstDifference:
    """The first thing in which a resumed run departs from the run without a stop.

    Attributes:
        update: step t of the update, counted from 0; `updates` for the state after the last one.
        quantity: "rates", "momentum", "losses", "parameters", the name of a part, "checkpoint".
        straight: its value in the run without a stop.
        resumed: its value in the resumed run.

    >>> print(FirstDifference(6, "rates", [0.05], [0.1]))
    step 6: rates 0.1, not 0.05
    """

    update: int
    quantity: str
    straight: Any
    resumed: Any

    def __str__(self) -> str:
        """Say where and what."""
        if self.quantity == "parameters":
            return f"step {self.update}: the parameters differ after the update"
        values = f"{in_words(self.resumed)}, not {in_words(self.straight)}"
        return f"step {self.update}: {self.quantity} {values}"


@dataclass(frozen=True, eq=False, repr=False)
class ResumeCheck:
    """The result of `check_resume`; it is true where nothing was lost.

    Attributes:
        ok: whether the resumed run is the run without a stop.
        first_difference: the first thing in which it departs; None: there is none.
        lost: one sentence for each thing that was lost, the likeliest cause first.
        rate_change: one sentence on how the rates depart; "" where they are equal.
        notes: one sentence for each thing that differs without an effect on the updates compared.
        at: updates done when the run was saved.
        rates_straight: (updates, groups); rate of every group in each update without a stop, the
            groups of several optimizers one after another.
        rates_resumed: the same of the resumed run; NaN where it did not get so far.
        momentum_straight: (updates, groups); momentum or betas[0], NaN where there is none.
        momentum_resumed: the same of the resumed run.
        losses_straight: (updates,); NaN where `train` returns none.
        losses_resumed: the same of the resumed run.

    >>> nothing = np.zeros((0, 1))
    >>> check = ResumeCheck(False, None, ("rng: …",), "", (), 5, *[nothing] * 6)
    >>> print(check)
    The run resumed after 5 updates is not the run without a stop.
    Lost: rng: …
    """

    ok: bool
    first_difference: FirstDifference | None
    lost: tuple[str, ...]
    rate_change: str
    notes: tuple[str, ...]
    at: int
    rates_straight: np.ndarray
    rates_resumed: np.ndarray
    momentum_straight: np.ndarray
    momentum_resumed: np.ndarray
    losses_straight: np.ndarray
    losses_resumed: np.ndarray

    def __bool__(self) -> bool:
        """Whether nothing was lost, so that a test can `assert check_resume(…)`."""
        return self.ok

    def __str__(self) -> str:
        """Say in words what was lost, and what it changed first."""
        if self.ok:
            total = len(self.rates_straight)
            lines = [
                f"The run resumed after {self.at} updates is the run without a stop, up to "
                f"update {total} of {total}."
            ]
        else:
            lines = [
                f"The run resumed after {self.at} updates is not the run without a stop.",
                *([f"First difference: {self.first_difference}"] if self.first_difference else []),
                *([self.rate_change] if self.rate_change else []),
                *(f"Lost: {sentence}" for sentence in self.lost),
            ]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        """Return the words, which is what pytest shows of a failed assert."""
        return f"<ResumeCheck: {self}>"
