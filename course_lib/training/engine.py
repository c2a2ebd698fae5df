"""The one way in: check the arguments, then have the runs trained block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from course_lib.training import run_execution
from course_lib.training.cache import RunStore
from course_lib.training.runs import PER_RUN, RunBlock, Runs
from course_lib.training.settings import Mlp, Workload
from course_lib.validation import check_count, check_seeds, check_table


def train(
    workload: Workload,
    rates: np.ndarray,
    seeds: np.ndarray | Sequence[int],
    *,
    momenta: np.ndarray | None = None,
    score_every: int | None = None,
    keep_at: Sequence[int] = (),
    jobs: int | None = None,
    executor: Executor | None = None,
    cache: bool = True,
    store: RunStore | None = None,
    progress: bool = True,
) -> Runs:
    """Train R networks, each with its own rates and seed.

    A run whose loss stops being finite is frozen and marked; the others go on undisturbed, and a
    run's numbers do not depend, to the bit, on which runs share the call, nor on `jobs`,
    `executor`, `cache` and `progress`.

    A call that is interrupted, or fails, loses no finished run: the same call goes on from there.

    Args:
        workload: data, model, optimizer and batch size.
        rates: learning rates, shape (R, T), finite and >= 0.
        seeds: one seed a run, shape (R,); it fixes the initial weights and the batches.
        momenta: momentum (Adam: beta1) at every step, shape (R, T), 0 <= momentum < 1; None
            leaves it to the optimizer.
        score_every: held-out examples are scored after every so many updates, and at the end;
            None scores at the end only.
        keep_at: numbers of updates after which the weights are kept, increasing, 0 … T.
        jobs: number of processes, >= 1; 1 is this one alone. None takes one a core, but only
            where this one alone would need more than about two seconds.
        executor: pool that trains the runs instead of `jobs`: a `concurrent.futures.Executor`, for
            example `client.get_executor()` of a dask client whose workers have this package.
        cache: whether runs that were trained before are looked up instead, and new ones kept, in
            the file of the store.
        store: store of finished runs; None takes one file: in the folder that the
            environment variable LR_COURSE_CACHE names (empty: none), else in `.cache` of the
            checkout, else in the user's folder for caches.
        progress: whether a bar is shown, in a terminal or a watched notebook, where it takes
            longer than about two seconds.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong shape or type.
        RuntimeError: a worker process died, or computes with other code than this one.

    >>> from course_lib import problems
    >>> workload = Workload(problems.spirals(per_class=20), Mlp((16,)))
    >>> runs = train(workload, np.full((2, 30), 0.5), seeds=[0, 1], cache=False)
    >>> runs.losses.shape, (runs.final_loss < runs.losses[:, 0]).tolist()
    ((2, 30), [True, True])
    """
    block = _checked_block(workload, rates, seeds, momenta, score_every, keep_at)
    _check_execution(jobs, executor, {"cache": cache, "progress": progress})
    if not isinstance(store, RunStore | None):
        raise TypeError(f"store must be a RunStore or None, got {store!r}")
    return run_execution.run(
        block,
        train_block,
        block_size,
        jobs=jobs,
        executor=executor,
        store=store,
        cache=cache,
        progress=progress,
    )


def stages(
    workload: Workload,
    rates: np.ndarray,
    seeds: np.ndarray | Sequence[int],
    *,
    score_every: int,
    momenta: np.ndarray | None = None,
    keep_at: Sequence[int] = (),
) -> Iterator[tuple[int, Runs]]:
    """Train R networks as `train` does, and pause at every score: to look on, to draw, to stop.

    All runs are trained together, in this process and without the cache. Between two stages
    nothing runs, and nothing of the training is in force: neither its limit on the threads of
    BLAS nor its silence about overflows. Whoever takes no further stage has stopped it.

    Args:
        workload: data, model, optimizer and batch size; the model must be an `Mlp`.
        rates: learning rates, as in `train`.
        seeds: one seed a run, as in `train`.
        score_every: updates from stage to stage; the last stage follows the last update. The
            held-out examples are scored at each, where the data has some.
        momenta: momentum at every step, as in `train`.
        keep_at: numbers of updates after which the weights are kept, as in `train`.

    Returns:
        An iterator over the stages: the updates done, and all results as far as they are there,
        NaN where they are not yet. A stage does not change when the next is taken. The last one
        is what `train` returns; where all runs have diverged it comes at once.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong shape or type.

    >>> from course_lib import problems
    >>> workload = Workload(problems.spirals(per_class=20), Mlp((16,)))
    >>> for done, runs in stages(workload, np.full((1, 30), 0.5), seeds=[0], score_every=10):
    ...     print(done, int(np.isfinite(runs.losses).sum()))
    10 10
    20 20
    30 30
    """
    check_count("score_every", score_every)
    block = _checked_block(workload, rates, seeds, momenta, score_every, keep_at)
    if not isinstance(workload.model, Mlp):
        raise TypeError(f"the model must be an Mlp, got {type(workload.model).__name__}")
    from course_lib.training import mlp

    stops = range(score_every, block.rates.shape[1], score_every)
    return ((done, _copy(runs)) for done, runs in mlp.train_in_stages(block, stops))


def loss_function(workload: Workload) -> Callable:
    """Return the loss on all examples as a function of the weights, for PyTorch.

    The function takes rows of weights, a tensor of shape (R, P) in the order of `Runs.weights`,
    and returns their losses, (R,), in the dtype of the rows. It can be differentiated as often as
    one likes, which `theory.sharpness` needs. A second derivative keeps every activation of all
    examples in memory: for a transformer, take a few hundred examples.

    Args:
        workload: its data and model; optimizer and batch size do not matter. For the held-out
            loss, `Workload(data.held_out, model)`.

    Raises:
        TypeError: `workload` is not a Workload.
        ValueError: data and model do not fit together; later, the rows are not as long as the
            model has parameters.

    >>> import torch
    >>> from course_lib import problems
    >>> workload = Workload(problems.spirals(per_class=20), Mlp((16,)))
    >>> runs = train(workload, np.full((2, 30), 0.5), [0, 1], keep_at=[30], cache=False)
    >>> losses = loss_function(workload)(torch.tensor(runs.weights[:, 0]))
    >>> bool(np.allclose(losses, runs.final_loss))
    True
    """
    if not isinstance(workload, Workload):
        raise TypeError(f"workload must be a Workload, got {type(workload).__name__}")
    from course_lib.training import torch_losses

    return torch_losses.loss_of_rows(workload)


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


def _copy(runs: Runs) -> Runs:
    return replace(runs, **{name: getattr(runs, name).copy() for name in PER_RUN})


def _checked_block(
    workload: Workload,
    rates: np.ndarray,
    seeds: np.ndarray | Sequence[int],
    momenta: np.ndarray | None,
    score_every: int | None,
    keep_at: Sequence[int],
) -> RunBlock:
    if not isinstance(workload, Workload):
        raise TypeError(f"workload must be a Workload, got {type(workload).__name__}")
    rates = check_table("rates", rates)
    steps = rates.shape[1]
    return RunBlock(
        workload=workload,
        rates=rates,
        momenta=None if momenta is None else _check_momenta(momenta, rates.shape),
        seeds=check_seeds(seeds, len(rates)),
        scored_at=_score_steps(workload, steps, score_every),
        keep_at=_check_keep_at(keep_at, steps),
    )


def _check_momenta(momenta: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    table = check_table("momenta", momenta)
    if table.shape != shape or table.max() >= 1:
        raise ValueError(
            f"momenta must be < 1 and have the shape of rates, {shape}, got shape {table.shape} "
            f"and values up to {table.max()}"
        )
    return table


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


def _check_execution(
    jobs: int | None, executor: Executor | None, switches: Mapping[str, bool]
) -> None:
    if jobs is not None:
        check_count("jobs", jobs)
    is_class = isinstance(executor, type)
    if executor is not None and (is_class or not callable(getattr(executor, "submit", None))):
        raise TypeError(
            "executor must be a concurrent.futures.Executor, or an object with its method submit, "
            f"got {executor!r}"
        )
    if jobs is not None and executor is not None:
        raise ValueError(
            f"jobs must be None where executor is given, which has its own workers, got {jobs}"
        )
    for name, value in switches.items():
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, got {value!r}")
