"""R convnets or transformers of the same shape side by side: parameters and class scores.

Runs are an axis of every tensor, written out by hand, and all work is batched products of matrices:
a convolution is one too, of the surroundings of every pixel. The gradient of the sum of the R
losses then holds the gradient of each. Milliseconds of processor time a run for scores and
gradient (one thread, least of 8 to 20 times, batch of 32, default models, digits and associative
recall):

                              runs:      1      4      8     16     32
    convnet      here                 0.67   0.42   0.45   0.40   0.42
                 a loop of runs       0.87   0.94   0.97   1.26   1.24
                 torch.func.vmap      2.01   0.97   0.88   0.82   0.68
                 grouped convolution  0.92   0.54   0.47   0.54   0.51
    transformer  here                 3.55   2.90   2.64   2.66   2.66
                 a loop of runs       3.87   3.99   3.16   4.06   3.31
                 torch.func.vmap      7.24   4.39   3.97   3.69   3.93

In a grouped convolution a run's last bits depend on how many runs share the call. So they do in
products of matrices that lie at odd addresses: numbers of channels and widths are multiples of 4,
and rows of parameters are filled up to multiples of `ALIGNED`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from course_lib.problems import Classification, Sequences
from course_lib.training.settings import Convnet, Transformer, Workload

ALIGNED = 16  # numbers of 4 bytes: the 64 to which PyTorch aligns its tensors
_GROUP = 4  # channels in a group of group normalisation
_NORM_EPS = 1e-5  # PyTorch's
_EMBEDDING = 0.5  # standard deviation of an embedding: small beside a normalised activation


@dataclass(frozen=True)
class ParameterArray:
    """The shape of one parameter array, and its initial values: N(mean, deviation²)."""

    shape: tuple[int, ...]
    deviation: float = 0.0
    mean: float = 0.0


def init_row(parameters: list[ParameterArray], seed: int) -> torch.Tensor:
    """Return the initial parameters of one network in a row, filled up with zeros, on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    pieces = []
    for p in parameters:
        piece = torch.full(p.shape, p.mean, dtype=torch.float32)
        if p.deviation:
            piece += p.deviation * torch.randn(p.shape, generator=generator, dtype=torch.float32)
        pieces.append(piece.ravel())
    row = torch.cat(pieces)
    return F.pad(row, (0, -len(row) % ALIGNED))


def count_numbers(parameters: list[ParameterArray]) -> int:
    """Return how many numbers the parameters of one network are."""
    return sum(math.prod(p.shape) for p in parameters)


def split_row(weights: torch.Tensor, parameters: list[ParameterArray]) -> list[torch.Tensor]:
    """Return the arrays, (R, *shape), that lie end to end in filled rows of parameters."""
    sizes = [math.prod(p.shape) for p in parameters]
    pieces = weights.split([*sizes, weights.shape[1] - sum(sizes)], dim=1)
    return [piece.view(-1, *p.shape) for piece, p in zip(pieces[:-1], parameters, strict=True)]


class Convnets:
    """R networks of `Convnet`'s shape, for images given as rows of pixels."""

    def __init__(self, model: Convnet, data: Classification) -> None:
        """Take the image's side from the number of features.

        Raises:
            ValueError: the data are not images that fit the model.
        """
        features, blocks = data.inputs.shape[1], len(model.channels)
        self.side = math.isqrt(features)
        if self.side**2 != features:
            raise ValueError(f"Convnet needs square images, got {features} features")
        if self.side % 2**blocks:
            raise ValueError(
                f"a Convnet of {blocks} blocks needs images whose side is a multiple of "
                f"{2**blocks}, got {self.side}"
            )
        self.model, self.parameters = model, []
        channels = 1
        for wider in model.channels:
            self.parameters += _linear(9 * channels, wider, variance=2.0)
            if model.normalisation == "group":
                self.parameters += _norm(wider)
            channels = wider
        self.parameters += _linear(channels * (self.side // 2**blocks) ** 2, data.classes)

    @staticmethod
    def tensors(data: Classification) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the surroundings of the examples' pixels, (n, 9 * pixels), and labels, (n, 1).

        The first convolution needs nothing else, and they are the same in every batch.
        """
        side = math.isqrt(data.inputs.shape[1])
        images = torch.tensor(data.inputs, dtype=torch.float32).view(-1, side, side, 1)
        labels = torch.tensor(data.labels, dtype=torch.int64)
        return _surroundings(images).flatten(1), labels[:, None]

    def scores(self, weights: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """Return class scores, (R, batch, classes), for inputs of shape (R, batch, 9 * pixels)."""
        arrays = iter(split_row(weights, self.parameters))
        runs, batch, side = *inputs.shape[:2], self.side
        x = None
        for channels in self.model.channels:
            kernel, bias = next(arrays), next(arrays)
            patches = inputs if x is None else _Patches.apply(x)
            x = torch.baddbmm(bias, patches.reshape(runs, -1, kernel.shape[1]), kernel)
            if self.model.normalisation == "group":
                images = x.view(runs, batch, -1, channels)
                x = _GroupNorm.apply(images, next(arrays), next(arrays))
            images = x.view(-1, side, side, channels).permute(0, 3, 1, 2)
            # ReLU after the maximum is the same as before it, and a quarter of the work.
            x = torch.relu(F.max_pool2d(images, 2)).permute(0, 2, 3, 1).contiguous()
            side //= 2
        matrix, bias = arrays
        return torch.baddbmm(bias, x.view(runs, batch, -1), matrix)


def _surroundings(x: torch.Tensor) -> torch.Tensor:
    """Return the 3 × 3 surroundings of pixels, zeros outside: (n, h, w, c) -> (n, h, w, 9 * c)."""
    n, height, width, channels = x.shape
    padded = F.pad(x, (0, 0, 1, 1, 1, 1))
    image, row, pixel, _ = padded.stride()
    rows_of_three = padded.as_strided(
        (n, height, width, 3, 3 * channels), (image, row, pixel, row, 1)
    )
    return rows_of_three.reshape(n, height, width, 9 * channels)


class _Patches(torch.autograd.Function):
    """`_surroundings`, with a gradient."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        return _surroundings(x)

    @staticmethod
    def backward(ctx, slope: torch.Tensor) -> torch.Tensor:
        n, height, width, _ = slope.shape
        slope = slope.view(n, height, width, 3, 3, -1)
        padded = slope.new_zeros(n, height + 2, width + 2, slope.shape[-1])
        for i in range(3):
            for j in range(3):
                padded[:, i : i + height, j : j + width] += slope[:, :, :, i, j]
        return padded[:, 1:-1, 1:-1]


class _GroupNorm(torch.autograd.Function):
    """Group normalisation with gain and bias, (R, 1, c), of images (R, batch, pixels, c).

    PyTorch's own takes twice as long on channels that lie side by side.
    """

    @staticmethod
    def forward(ctx, x: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        centred = x - _group_mean(x.mean(dim=2, keepdim=True))
        variance = _group_mean((centred * centred).mean(dim=2, keepdim=True))
        spread = (variance + _NORM_EPS).rsqrt()
        gain = gain[:, None]
        ctx.save_for_backward(centred, spread, gain)
        return torch.addcmul(bias[:, None], centred, gain * spread)

    @staticmethod
    def backward(ctx, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        centred, spread, gain = ctx.saved_tensors
        pixels = slope.shape[2]
        along_one = slope.sum(dim=2, keepdim=True)
        along_x = (slope * centred).sum(dim=2, keepdim=True) * spread
        # What moves the mean or the spread of a group moves nothing after it.
        shift = _group_mean(along_one * gain) * (spread / -pixels)
        stretch = _group_mean(along_x * gain) * (spread * spread / -pixels)
        below = torch.addcmul(shift, slope, gain * spread).addcmul_(centred, stretch)
        return below, along_x.sum(dim=1), along_one.sum(dim=1)


def _group_mean(x: torch.Tensor) -> torch.Tensor:
    """Return the mean over the channels of every group, for each of its channels again."""
    grouped = x.unflatten(-1, (-1, _GROUP))
    return grouped.mean(dim=-1, keepdim=True).expand_as(grouped).flatten(-2)


class _Attention(torch.autograd.Function):
    """Attention of all heads, (n, length, 3 * width) -> (n, length, width).

    Queries, keys and values lie side by side, head by head. The softmax is written out, because
    PyTorch's takes ten times as long on rows of less than 16 numbers as these calls together.
    """

    @staticmethod
    def forward(ctx, mixed: torch.Tensor, hidden: torch.Tensor, heads: int) -> torch.Tensor:
        parts = mixed.split(mixed.shape[2] // (3 * heads), dim=2)
        outputs, shares = [], []
        for q, k, v in zip(parts[:heads], parts[heads:-heads], parts[-heads:], strict=True):
            p = torch.baddbmm(hidden, q, k.transpose(1, 2), alpha=q.shape[2] ** -0.5)
            p.sub_(p.amax(dim=2, keepdim=True)).exp_()
            p.div_(p.sum(dim=2, keepdim=True))
            outputs.append(p @ v)
            shares.append(p)
        ctx.save_for_backward(mixed, *shares)
        return torch.cat(outputs, dim=2)

    @staticmethod
    def backward(ctx, slope: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        mixed, *shares = ctx.saved_tensors
        heads = len(shares)
        size = mixed.shape[2] // (3 * heads)
        parts, scale = mixed.split(size, dim=2), size**-0.5
        slopes = [], [], []
        for q, k, v, p, above in zip(
            parts[:heads],
            parts[heads:-heads],
            parts[-heads:],
            shares,
            slope.split(size, dim=2),
            strict=True,
        ):
            s = torch.bmm(above, v.transpose(1, 2))
            s.sub_((s * p).sum(dim=2, keepdim=True)).mul_(p).mul_(scale)
            slopes[0].append(torch.bmm(s, k))
            slopes[1].append(torch.bmm(s.transpose(1, 2), q))
            slopes[2].append(torch.bmm(p.transpose(1, 2), above))
        return torch.cat([piece for three in slopes for piece in three], dim=2), None, None


class Transformers:
    """R networks of `Transformer`'s shape."""

    def __init__(self, model: Transformer, data: Sequences) -> None:
        """Take vocabulary and length from the data."""
        self.model = model
        width, hidden, length = model.width, model.mlp_ratio * model.width, data.tokens.shape[1]
        layer = [
            *_norm(width),
            *_linear(width, 3 * width),
            *_linear(width, width),
            *_norm(width),
            *_linear(width, hidden),
            *_linear(hidden, width),
        ]
        self.parameters = [
            ParameterArray((data.vocabulary, width), _EMBEDDING),
            ParameterArray((length, width), _EMBEDDING),
            *(layer * model.layers),
            *(_norm(width) if model.norm == "pre" else []),
            *_linear(width, data.vocabulary),
        ]

    @staticmethod
    def tensors(data: Sequences) -> tuple[torch.Tensor, torch.Tensor]:
        """Return tokens and targets, each (n, length)."""
        return (
            torch.tensor(data.tokens, dtype=torch.int64),
            torch.tensor(data.targets, dtype=torch.int64),
        )

    def scores(self, weights: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """Return token scores, (R, batch * length, vocabulary), for tokens (R, batch, length)."""
        arrays = iter(split_row(weights, self.parameters))
        runs, batch, length = inputs.shape
        tokens, places = next(arrays), next(arrays)
        first = torch.arange(0, runs * tokens.shape[1], tokens.shape[1], device=tokens.device)
        x = F.embedding(inputs + first[:, None, None], tokens.flatten(0, 1))
        x = (x + places[:, None]).view(runs, batch * length, -1)
        hidden = torch.full((length, length), -math.inf, dtype=x.dtype, device=x.device).triu(1)
        for _ in range(self.model.layers):
            for branch in (self._attention, self._mlp):
                gain_and_bias = next(arrays), next(arrays)
                if self.model.norm == "pre":
                    x = x + branch(_normalise(x, *gain_and_bias), arrays, hidden)
                else:
                    x = _normalise(x + branch(x, arrays, hidden), *gain_and_bias)
        if self.model.norm == "pre":
            x = _normalise(x, next(arrays), next(arrays))
        matrix, bias = arrays
        return torch.baddbmm(bias, x, matrix)

    def _attention(self, x: torch.Tensor, arrays, hidden: torch.Tensor) -> torch.Tensor:
        matrix, bias = next(arrays), next(arrays)
        mixed = torch.baddbmm(bias, x, matrix).view(-1, len(hidden), 3 * self.model.width)
        outputs = _Attention.apply(mixed, hidden, self.model.heads)
        matrix, bias = next(arrays), next(arrays)
        return torch.baddbmm(bias, outputs.view(x.shape), matrix)

    @staticmethod
    def _mlp(x: torch.Tensor, arrays, hidden: torch.Tensor) -> torch.Tensor:
        matrix, bias = next(arrays), next(arrays)
        units = torch.relu(torch.baddbmm(bias, x, matrix))
        matrix, bias = next(arrays), next(arrays)
        return torch.baddbmm(bias, units, matrix)


def _linear(fan_in: int, fan_out: int, variance: float = 1.0) -> list[ParameterArray]:
    matrix = ParameterArray((fan_in, fan_out), math.sqrt(variance / fan_in))
    return [matrix, ParameterArray((1, fan_out))]


def _norm(width: int) -> list[ParameterArray]:
    return [ParameterArray((1, width), mean=1.0), ParameterArray((1, width))]


def _normalise(x: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return torch.addcmul(bias, F.layer_norm(x, x.shape[-1:]), gain)


def networks(workload: Workload) -> Convnets | Transformers:
    """Return the shape of the workload's networks; raises where data and model do not fit."""
    build = Convnets if isinstance(workload.model, Convnet) else Transformers
    return build(workload.model, workload.data)
