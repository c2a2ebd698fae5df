"""The training loss of many networks as a function of their weights, differentiable twice.

The engines' own passes cannot be differentiated again: the NumPy engine has no autograd, and
`torch_models` writes backward passes by hand that keep what autograd would have to follow. The
same networks are written here in plain operations, slower, and held to the engines by tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.training.mlp import layer_sizes
from course_lib.training.network import split_weights, with_ones
from course_lib.training.settings import Convnet, Mlp, Workload
from course_lib.training.torch_models import Convnets, Transformers, count_numbers, split_row

_EPS = 1e-12  # as in the NumPy engine's loss
_GROUP, _NORM_EPS = 4, 1e-5  # as in torch_models


def mlp_loss(workload: Workload) -> tuple[Callable[[torch.Tensor], torch.Tensor], int]:
    """Return the loss of rows of an `Mlp`'s weights, and how long a row is."""
    data, sizes = workload.data, layer_sizes(workload)
    labels = torch.tensor(data.labels)[None, :, None]

    def losses_of(rows: torch.Tensor) -> torch.Tensor:
        layers = split_weights(rows, sizes)
        inputs = torch.tensor(with_ones(data.inputs, np.float64), dtype=rows.dtype)
        x = inputs.expand(len(rows), *inputs.shape)
        for layer in layers[:-1]:
            x = F.pad(torch.relu(x @ layer), (0, 1), value=1.0)
        shares = torch.softmax(x @ layers[-1], dim=2)
        right = shares.gather(2, labels.expand(len(rows), -1, 1))
        return -torch.log(right + _EPS).mean(dim=(1, 2))

    return losses_of, sum((a + 1) * b for a, b in pairwise(sizes))


def torch_loss(workload: Workload) -> tuple[Callable[[torch.Tensor], torch.Tensor], int]:
    """Return the loss of rows of a `Convnet`'s or `Transformer`'s weights, and a row's length."""
    build = _PlainConvnets if isinstance(workload.model, Convnet) else _PlainTransformers
    nets = build(workload.model, workload.data)
    inputs, targets = nets.tensors(workload.data)

    def losses_of(rows: torch.Tensor) -> torch.Tensor:
        x = inputs.to(rows.dtype) if inputs.is_floating_point() else inputs
        scores = nets.scores(rows, x.expand(len(rows), *x.shape))
        flat = targets.flatten()
        log_shares = torch.log_softmax(scores[:, flat >= 0], dim=2)
        right = flat[flat >= 0][None, :, None].expand(len(rows), -1, 1)
        return -log_shares.gather(2, right).mean(dim=(1, 2))

    return losses_of, count_numbers(nets.parameters)


def loss_of_rows(workload: Workload) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the loss of rows of weights; see `training.loss_function`."""
    make = mlp_loss if isinstance(workload.model, Mlp) else torch_loss
    losses_of, length = make(workload)

    def checked(rows: torch.Tensor) -> torch.Tensor:
        if rows.ndim != 2 or rows.shape[1] != length:
            raise ValueError(
                f"rows must have shape (runs, {length}) for {workload.model}, got "
                f"{tuple(rows.shape)}"
            )
        return losses_of(rows)

    return checked


class _PlainConvnets(Convnets):
    """`Convnets` whose every operation PyTorch differentiates twice."""

    def scores(self, weights: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        arrays = iter(split_row(weights, self.parameters))
        runs, batch, side = *inputs.shape[:2], self.side
        x, patches = None, inputs
        for channels in self.model.channels:
            kernel, bias = next(arrays), next(arrays)
            if x is not None:
                patches = F.unfold(x.permute(0, 3, 1, 2), kernel_size=3, padding=1)
                # unfold has the channel first, the engine's kernels the place
                patches = patches.unflatten(1, (-1, 9)).permute(0, 3, 2, 1)
            x = torch.baddbmm(bias, patches.reshape(runs, -1, kernel.shape[1]), kernel)
            if self.model.normalisation == "group":
                x = _group_norm(x.view(runs, batch, -1, channels), next(arrays), next(arrays))
            images = x.view(-1, side, side, channels).permute(0, 3, 1, 2)
            x = torch.relu(F.max_pool2d(images, 2)).permute(0, 2, 3, 1)
            side //= 2
        matrix, bias = arrays
        return torch.baddbmm(bias, x.reshape(runs, batch, -1), matrix)


def _group_norm(x: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    groups = x.unflatten(-1, (-1, _GROUP))
    centred = groups - groups.mean(dim=(2, 4), keepdim=True)
    spread = (centred.square().mean(dim=(2, 4), keepdim=True) + _NORM_EPS).sqrt()
    return (centred / spread).flatten(-2) * gain[:, None] + bias[:, None]


class _PlainTransformers(Transformers):
    """`Transformers` whose every operation PyTorch differentiates twice."""

    def _attention(
        self, x: torch.Tensor, arrays: Iterator[torch.Tensor], hidden: torch.Tensor
    ) -> torch.Tensor:
        matrix, bias = next(arrays), next(arrays)
        mixed = torch.baddbmm(bias, x, matrix).view(-1, len(hidden), 3 * self.model.width)
        q, k, v = (
            part.unflatten(-1, (self.model.heads, -1)).transpose(1, 2)
            for part in mixed.chunk(3, dim=2)
        )
        shares = torch.softmax(q @ k.mT * q.shape[-1] ** -0.5 + hidden, dim=-1)
        outputs = (shares @ v).transpose(1, 2).reshape(x.shape)
        matrix, bias = next(arrays), next(arrays)
        return torch.baddbmm(bias, outputs, matrix)
