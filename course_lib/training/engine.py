"""The one way in: check the arguments, then train the runs block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.training.runs import RunBlock, Runs
from course_lib.training.settings import Mlp, Workload
from course_lib.validation import check_count


def train(
    workload: Workload,
    rates: np.ndarray,
    seeds: np.ndarray | Sequence[int],
    *,
    momenta: np.ndarray | None = None,
    score_every: int | None = None,
    keep_at: Sequence[int] = (),
) -> Runs:
    """Train R networks, each with its own rates and seed.

    A run whose loss stops being finite is frozen and marked; the others go on undisturbed, and a
    run's numbers do not depend, to the bit, on which runs share the call.

    Args:
        workload: data, model, optimizer and batch size.
        rates: learning rates, shape (R, T), finite and >= 0.
        seeds: one seed a run, shape (R,); it fixes the initial weights and the batches.
        momenta: momentum (Adam: beta1) at every step, shape (R, T), 0 <= momentum < 1; None
            leaves it to the optimizer.
        score_every: held-out examples are scored after every so many updates, and at the end;
            None scores at the end only.
        keep_at: numbers of updates after which the weights are kept, increasing, 0 … T.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong shape or type.
    """
    if not isinstance(workload, Workload):
        raise TypeError(f"workload must be a Workload, got {type(workload).__name__}")
    rates = _check_table("rates", rates)
    steps = rates.shape[1]
    block = RunBlock(
        workload=workload,
        rates=rates,
        momenta=None if momenta is None else _check_momenta(momenta, rates.shape),
        seeds=_check_seeds(seeds, len(rates)),
        scored_at=_score_steps(workload, steps, score_every),
        keep_at=_check_keep_at(keep_at, steps),
    )
    size = block_size(workload)
    everything = range(len(rates))
    return Runs.join(
        [
            train_block(block.select(everything[first : first + size]))
            for first in range(0, len(rates), size)
        ]
    )


def train_block(block: RunBlock) -> Runs:
    """Train the runs of one block together, in this process."""
    if isinstance(block.workload.model, Mlp):
        from course_lib.training import mlp

        return mlp.train_block(block)
    from course_lib.training import torch_engine  # PyTorch is slow to import, and not always needed

    return torch_engine.train_block(block)


def block_size(workload: Workload) -> int:
    """Return how many runs of a workload are best trained together."""
    if isinstance(workload.model, Mlp):
        from course_lib.training import mlp

        return mlp.block_size(workload)
    from course_lib.training import torch_engine

    return torch_engine.block_size(workload)


def _check_table(name: str, values: np.ndarray) -> np.ndarray:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"{name} must have shape (runs, steps), got {table.shape}")
    if not np.isfinite(table).all() or table.min() < 0:
        raise ValueError(f"{name} must be finite and >= 0, got {table.min()} … {table.max()}")
    return table


def _check_momenta(momenta: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    table = _check_table("momenta", momenta)
    if table.shape != shape or table.max() >= 1:
        raise ValueError(
            f"momenta must be < 1 and have the shape of rates, {shape}, got shape {table.shape} "
            f"and values up to {table.max()}"
        )
    return table


def _check_seeds(seeds: np.ndarray | Sequence[int], runs: int) -> tuple[int, ...]:
    numbers = tuple(check_count("seeds", seed, low=0) for seed in np.asarray(seeds).ravel())
    if len(numbers) != runs:
        raise ValueError(f"seeds must hold one seed a run: {runs} expected, got {len(numbers)}")
    return numbers


def _score_steps(workload: Workload, steps: int, every: int | None) -> tuple[int, ...]:
    if every is not None:
        check_count("score_every", every)
    if workload.data.held_out is None:
        return ()
    return (*range(every, steps, every), steps) if every else (steps,)


def _check_keep_at(keep_at: Sequence[int], steps: int) -> tuple[int, ...]:
    kept = tuple(check_count("keep_at", step, low=0) for step in keep_at)
    if list(kept) != sorted(set(kept)) or (kept and kept[-1] > steps):
        raise ValueError(f"keep_at must increase and lie in 0 … {steps}, got {list(kept)}")
    return kept
