"""Trains one small language model with any array of rates, and goes on from any update of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.language_model.grid import SCORE_EVERY
from course_lib.problems.text import ByteText
from course_lib.training.settings import AdamW, Transformer
from course_lib.training.torch_engine import one_thread
from course_lib.training.torch_models import Transformers, init_row
from course_lib.training.torch_optimizers import TorchAdamState

_CURVE_WINDOWS = 64  # held-out windows of a point of the curve
_WINDOWS_AT_ONCE = 16


@dataclass(frozen=True)
class LanguageModel:
    """A byte-level transformer and how it is trained, all but the rates.

    Batches are windows of the text at random places. AdamW's weight decay acts on all parameters;
    the gradient is scaled down where its norm exceeds `clip`. No dropout.

    Attributes:
        model: width, heads, layers; pre-norm.
        optimizer: AdamW and its settings.
        batch: windows in a batch.
        length: bytes in a window.
        clip: largest norm of a gradient, > 0.

    >>> LanguageModel().tokens_per_update
    256
    """

    model: Transformer = field(
        default_factory=lambda: Transformer(width=96, heads=4, layers=3, mlp_ratio=4)
    )
    optimizer: AdamW = field(default_factory=lambda: AdamW(beta2=0.95, weight_decay=0.1))
    batch: int = 4
    length: int = 64
    clip: float = 1.0

    @property
    def tokens_per_update(self) -> int:
        """Bytes to predict in a batch."""
        return self.batch * self.length


class LanguageTraining:
    """One model between two updates: its weights, its optimizer, and its losses until now.

    Attributes:
        updates: updates done.
        train_loss: loss of every batch before its update, nats a byte.
        held_out_loss: loss on 4,096 held-out bytes after every 32 updates.
    """

    def __init__(self, text: ByteText, seed: int, settings: LanguageModel | None = None) -> None:
        """Draw the initial weights; the seed fixes them and all batches."""
        self.text, self.seed = text, seed
        self.settings = settings or LanguageModel()
        shape = SimpleNamespace(
            vocabulary=text.vocabulary, tokens=np.empty((0, self.settings.length))
        )
        self.nets = Transformers(self.settings.model, shape)
        self.weights = init_row(self.nets.parameters, seed)[None]
        self.optimizer = TorchAdamState(self.settings.optimizer, self.weights)
        self.updates = 0
        self.train_loss: list[float] = []
        self.held_out_loss: list[float] = []

    def branch(self) -> LanguageTraining:
        """Return a copy that can be trained further by itself."""
        other = copy.copy(self)
        other.weights = self.weights.clone()
        other.optimizer = copy.copy(self.optimizer)
        other.optimizer.first = self.optimizer.first.clone()
        other.optimizer.second = self.optimizer.second.clone()
        other.train_loss, other.held_out_loss = list(self.train_loss), list(self.held_out_loss)
        return other

    def advance(self, rates: np.ndarray) -> LanguageTraining:
        """Make one update for every rate, shape (T,), and return itself.

        A run that diverged has losses of NaN from there on.
        """
        with one_thread(), torch.enable_grad():
            for rate in rates:
                self._update(float(rate))
                if self.updates % SCORE_EVERY == 0:
                    self.held_out_loss.append(self.score(_CURVE_WINDOWS))
        return self

    def _update(self, rate: float) -> None:
        inputs, targets = self._batch()
        self.weights.requires_grad_()
        scores = self.nets.scores(self.weights, inputs)
        loss = F.cross_entropy(scores[0], targets)
        (gradient,) = torch.autograd.grad(loss, self.weights)
        self.weights = self.weights.detach()
        norm = torch.linalg.vector_norm(gradient)
        # As torch.nn.utils.clip_grad_norm_, its 1e-6 included.
        gradient.mul_(torch.clamp(self.settings.clip / (norm + 1e-6), max=1.0))
        self.optimizer.update(
            self.weights, gradient, torch.tensor([[rate]], dtype=torch.float64), None
        )
        self.updates += 1
        self.train_loss.append(float(loss.detach()))

    def _batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the batch of this update: a function of seed and update, of nothing before it."""
        draw = np.random.default_rng([self.seed, self.updates])
        length = self.settings.length
        starts = draw.integers(0, len(self.text.train) - length, self.settings.batch)
        windows = self.text.train[starts[:, None] + np.arange(length + 1)].astype(np.int64)
        return _inputs_and_targets(windows)

    @torch.no_grad()
    def score(self, windows: int) -> float:
        """Return the loss on so many held-out windows at even distances, in nats a byte."""
        every = self.text.windows(windows, self.settings.length).astype(np.int64)
        total = 0.0
        for first in range(0, windows, _WINDOWS_AT_ONCE):
            inputs, targets = _inputs_and_targets(every[first : first + _WINDOWS_AT_ONCE])
            scores = self.nets.scores(self.weights, inputs)
            total += float(F.cross_entropy(scores[0], targets, reduction="sum"))
        return total / (windows * self.settings.length)

    def final_score(self) -> float:
        """Return the loss on all of the held-out text, window beside window."""
        with one_thread():
            return self.score((len(self.text.held_out) - 1) // self.settings.length)


def _inputs_and_targets(windows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    tokens = torch.from_numpy(windows)
    return tokens[None, :, :-1], tokens[:, 1:].reshape(-1)
