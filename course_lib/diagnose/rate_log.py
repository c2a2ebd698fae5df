"""The rates that a run logged, in the order of the file, and what its counter counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course_lib.diagnose.precision import Precision, precision_of

UNITS = ("update", "epoch", "environment step", "row")


@dataclass(frozen=True, eq=False)
class RateLog:
    """Rates that a run logged: rates[g, i] is that of group g in row i.

    A row says rate = schedule(at - lag): t counts what the unit says, from 0. A log of Hugging
    Face's Trainer at step s has the rate of update s (lag 1) or, in older releases, that of the
    next one (lag 0); the lag grows where updates were skipped without a step of the scheduler.

    Attributes:
        rates: (groups, rows), float64; nan where a row has no rate of a group.
        at: (rows,), float64; the log's own counter, in the order of the file (it may go back).
        unit: unit of the counter, one of `UNITS`; "row" where the log has no counter.
        lags: the lags that the tool is known to log with, the likeliest first.
        group_names: name of each group, as the log has it.
        epochs: (rows,), epoch of each row where the log has that as well; None: it has not.
        losses: (rows,), training loss; None: it has none.
        metrics: name -> (rows,): other columns that a plateau rule may have watched.
        settings: facts about the run that the file has beside its rows. Known keys: "total_steps",
            "epochs", "peak_lr", "warmup_steps", "scheduler", "optimizer", "steps_per_epoch",
            "logging_steps", "batch_size", "accumulate", "floor"; others have the file's name.
        format: kind of the file, as "Hugging Face trainer_state.json".
        source: name of the file, for messages; "" for a list.
        notes: one sentence for each thing that the reader left out or had to assume.
        cut_off: whether the file ends in the middle of a row or document, as one that is still
            being written; its last row is then not the run's last.
        precision: rounding of the rates; None: it is read off the numbers.

    Raises:
        ValueError: shapes that do not fit, no rows, an unknown unit, or a group without a rate.

    >>> log = RateLog(rates=[[0.1, 0.05, 0.0]], at=[1, 2, 3], lags=(1,))
    >>> log.size, log.unit, log.group_names
    (3, 'update', ('lr',))
    """

    rates: np.ndarray
    at: np.ndarray
    unit: str = "update"
    lags: tuple[float, ...] = (0, 1)
    group_names: tuple[str, ...] = ()
    epochs: np.ndarray | None = None
    losses: np.ndarray | None = None
    metrics: Mapping[str, np.ndarray] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    format: str = "list"
    source: str = ""
    notes: tuple[str, ...] = ()
    cut_off: bool = False
    precision: Precision | None = None

    def __post_init__(self) -> None:
        """Check the shapes, and put everything into arrays."""
        rates = np.atleast_2d(np.asarray(self.rates, dtype=np.float64))
        at = np.asarray(self.at, dtype=np.float64)
        if at.ndim != 1 or at.size == 0 or rates.ndim != 2 or rates.shape[1] != at.size:
            raise ValueError(
                "rates must be (groups, rows) and at (rows,), with a row or more; got the shapes "
                f"{rates.shape} and {at.shape}"
            )
        if self.unit not in UNITS:
            raise ValueError(f"unit must be one of {UNITS}, got {self.unit!r}")
        names = tuple(self.group_names) or tuple(
            "lr" if len(rates) == 1 else f"group {g}" for g in range(len(rates))
        )
        if len(names) != len(rates):
            raise ValueError(f"group_names must be {len(rates)} names, got {names}")
        for name, column in zip(names, rates, strict=True):
            if np.isnan(column).all():
                raise ValueError(f"rates: the group {name!r} has no rate in any row")
        for name, column in {"epochs": self.epochs, "losses": self.losses, **self.metrics}.items():
            if column is not None and np.shape(column) != at.shape:
                raise ValueError(f"{name} must be ({at.size},), got {np.shape(column)}")
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "at", at)
        object.__setattr__(self, "group_names", names)
        object.__setattr__(self, "notes", tuple(self.notes))
        if self.precision is None:
            object.__setattr__(self, "precision", precision_of(rates))

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.at.size)

    @property
    def peak(self) -> float:
        """Highest finite rate of all groups."""
        return float(np.max(self.rates[np.isfinite(self.rates)], initial=0.0))

    def half_width(self, group: int = 0) -> np.ndarray:
        """Return how far the true rates of a group may be from the logged ones, (rows,)."""
        return self.precision.half_width(self.rates[group])

    def rows(self, first: int, end: int) -> RateLog:
        """Return the log of the rows first, first + 1, …, end - 1."""
        kept = slice(first, end)

        def cut(column: np.ndarray | None) -> np.ndarray | None:
            return None if column is None else np.asarray(column)[kept]

        return replace(
            self,
            rates=self.rates[:, kept],
            at=self.at[kept],
            epochs=cut(self.epochs),
            losses=cut(self.losses),
            metrics={name: cut(column) for name, column in self.metrics.items()},
        )

    def of_group(self, group: int) -> RateLog:
        """Return the log of one parameter group."""
        name = self.group_names[group]
        return replace(self, rates=self.rates[[group]], group_names=(name,))
