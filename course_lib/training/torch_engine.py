"""The PyTorch engine: a block of runs of a convnet or a transformer, trained together.

On the CPU a block uses one thread: its tensors are too small for more, and blocks go to processes.
The same code runs on CUDA where PyTorch finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.problems import Classification, Sequences
from course_lib.training.batches import batch_table
from course_lib.training.runs import RunBlock, Runs, empty_runs
from course_lib.training.settings import Workload
from course_lib.training.torch_models import (
    ALIGNED,
    Convnets,
    Transformers,
    count_numbers,
    init_row,
    networks,
)
from course_lib.training.torch_optimizers import new_state

_BLOCK_EXAMPLES = 512  # of all runs together: more is no faster, and the memory grows with it
# Fixed, so that a sum over the data is the same in every block; few, because all surroundings of
# all pixels of all runs are in memory at once.
_SCORE_EXAMPLES = 32


def block_size(workload: Workload) -> int:
    """Return how many runs are best trained together.

    Raises:
        ValueError: model and data do not fit together.
    """
    networks(workload)
    return max(1, _BLOCK_EXAMPLES // (workload.batch_size or len(workload.data)))


def train_block(block: RunBlock) -> Runs:
    """Train the runs of one block; a diverged run leaves it and costs nothing more.

    On one CPU the same block gives the same bits, and a run's numbers do not depend, to the bit,
    on the runs beside it: measured for blocks of 1 … 16 runs. CUDA was not measured.

    Raises:
        ValueError: model and data do not fit together.
    """
    with one_thread(), torch.enable_grad():
        return _train(block)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread: the tensors are too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _train(block: RunBlock) -> Runs:
    workload = block.workload
    nets = networks(workload)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    inputs, targets = _filled_up(nets, workload.data, device)
    size, steps = workload.batch_size, block.rates.shape[1]
    rows, row_of_run = batch_table(block.seeds, len(workload.data), size, steps)
    # filled up by the first example after the data
    extra = -rows.shape[-1] % ALIGNED
    rows = np.pad(rows, ((0, 0), (0, 0), (0, extra)), constant_values=len(workload.data))
    rates = torch.tensor(block.rates, device=device)
    momenta = None if block.momenta is None else torch.tensor(block.momenta, device=device)
    weights = torch.stack([init_row(nets.parameters, seed) for seed in block.seeds]).to(device)

    result = empty_runs(block, count_numbers(nets.parameters), np.float32)
    alive = np.arange(len(block.seeds))
    optimizer = new_state(workload.optimizer, weights, momenta is not None)
    for t in range(steps):
        _record(t, alive, weights, nets, block, result)
        batch = torch.from_numpy(rows[row_of_run[alive], t]).to(device)
        while True:
            weights.requires_grad_()
            scores = nets.scores(weights, inputs[batch])
            losses, slopes = _losses(scores, targets[batch], with_slopes=True)
            counts = (targets[batch] >= 0).flatten(1).sum(dim=1)
            numbers = _sum(losses) / counts.cpu().numpy()
            finite = np.isfinite(numbers)
            if finite.all():
                break
            result.diverged_at[alive[~finite]] = t
            alive = alive[finite]
            if not len(alive):
                return result
            kept = torch.from_numpy(finite).to(device)
            weights, batch = weights.detach()[kept], batch[kept]
            optimizer.keep(kept)
        result.losses[alive, t] = numbers
        (gradient,) = torch.autograd.grad(scores, weights, slopes)
        weights = weights.detach()
        momentum = None if momenta is None else momenta[alive, t, None]
        optimizer.update(weights, gradient, rates[alive, t, None], momentum)
    _record(steps, alive, weights, nets, block, result)
    loss, _ = _score(weights, nets, workload.data)
    result.final_loss[alive] = np.where(np.isfinite(loss), loss, np.nan)
    result.diverged_at[alive[~np.isfinite(loss)]] = steps
    return result


def _filled_up(
    nets: Convnets | Transformers, data: Classification | Sequences, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets, with 1 … 16 examples at the end that are not scored.

    Batches are filled up with them to multiples of 16, so that the tensors of all runs of a block
    are aligned alike: products of matrices round differently where they are not.
    """
    extra = ALIGNED - len(data) % ALIGNED
    inputs, targets = nets.tensors(data)
    inputs, targets = F.pad(inputs, (0, 0, 0, extra)), F.pad(targets, (0, 0, 0, extra), value=-1)
    return inputs.to(device), targets.to(device)


def _losses(
    scores: torch.Tensor, targets: torch.Tensor, with_slopes: bool = False
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return losses and their slopes in the scores.

    Written out, because PyTorch's softmax takes ten times as long on rows of less than 16 numbers,
    as classes are, as these calls together.

    Args:
        scores: class scores at every position of every run, (R, positions, classes).
        targets: the right class, (R, …) with as many positions; -1 where none is scored.
        with_slopes: whether the slopes are wanted.

    Returns:
        The losses, (R, positions), 0 where none is scored. The slopes of each run's mean loss,
        (R, positions, classes), or None.
    """
    targets = targets.flatten(1)[:, :, None]
    scored, right = targets >= 0, targets.clamp(min=0)
    shares = scores.detach() - scores.detach().amax(dim=2, keepdim=True)
    at_right = shares.gather(2, right)
    total = shares.exp_().sum(dim=2, keepdim=True)
    losses = torch.where(scored, total.log() - at_right, 0.0)[:, :, 0]
    if not with_slopes:
        return losses, None
    weight = scored / scored.sum(dim=1, keepdim=True)
    slopes = shares.mul_(weight / total).scatter_add_(2, right, -weight)
    return losses, slopes


def _sum(losses: torch.Tensor) -> np.ndarray:
    """Return the sum of every row, (R,), in double precision."""
    return losses.sum(dim=1, dtype=torch.float64).cpu().numpy()


@torch.no_grad()
def _score(
    weights: torch.Tensor, nets: Convnets | Transformers, data: Classification | Sequences
) -> tuple[np.ndarray, np.ndarray]:
    """Return loss and accuracy over the scored positions of `data`, each (R,)."""
    inputs, targets = _filled_up(nets, data, weights.device)
    runs, scored = len(weights), int((targets >= 0).sum())
    loss, right = np.zeros(runs), np.zeros(runs)
    for x, y in zip(inputs.split(_SCORE_EXAMPLES), targets.split(_SCORE_EXAMPLES), strict=True):
        scores = nets.scores(weights, x.expand(runs, *x.shape))
        y = y.expand(runs, *y.shape)
        loss += _sum(_losses(scores, y)[0])
        hits = scores.argmax(dim=2) == y.flatten(1)  # never where the target is -1
        right += hits.sum(dim=1).cpu().numpy()
    return loss / scored, right / scored


def _record(
    updates: int,
    alive: np.ndarray,
    weights: torch.Tensor,
    nets: Convnets | Transformers,
    block: RunBlock,
    result: Runs,
) -> None:
    """Score and keep the weights where that was asked for after so many updates."""
    if updates in block.keep_at:
        result.weights[alive, block.keep_at.index(updates)] = (
            weights[:, : result.weights.shape[2]].cpu().numpy()
        )
    if updates in block.scored_at:
        column = block.scored_at.index(updates)
        loss, accuracy = _score(weights, nets, block.workload.data.held_out)
        finite = np.isfinite(loss)
        result.held_out_loss[alive[finite], column] = loss[finite]
        result.held_out_accuracy[alive[finite], column] = accuracy[finite]
