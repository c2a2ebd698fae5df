"""What is trained, on what and by which optimizer: plain values that can be compared and stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from course_lib.validation import check_count, check_real

if TYPE_CHECKING:
    from course_lib.problems import Classification, Sequences

Order = Literal["simultaneous", "layer_by_layer"]


@dataclass(frozen=True)
class Mlp:
    """A network of ReLU layers with a softmax output, trained by the NumPy engine.

    Loss: cross-entropy, -mean(log(p_label + 1e-12)). Weights: He's initialisation, see `init_mlp`.

    Attributes:
        hidden: widths of the hidden layers.
        dtype: "float64", or "float32" for about half the time.
        order: "simultaneous" is gradient descent. "layer_by_layer" updates each layer, from the
            last to the first, *before* the error passes through it. That is not the gradient; it
            is a mistake of hand-written loops, kept so that what it does can be measured.
    """

    hidden: tuple[int, ...] = (64, 64)
    dtype: Literal["float32", "float64"] = "float64"
    order: Order = "simultaneous"

    def __post_init__(self) -> None:
        """Check the fields; a list of widths becomes a tuple."""
        object.__setattr__(self, "hidden", tuple(check_count("hidden", h) for h in self.hidden))
        if self.dtype not in ("float32", "float64"):
            raise ValueError(f"dtype must be 'float32' or 'float64', got {self.dtype!r}")
        if self.order not in ("simultaneous", "layer_by_layer"):
            raise ValueError(
                f"order must be 'simultaneous' or 'layer_by_layer', got {self.order!r}"
            )


@dataclass(frozen=True)
class Convnet:
    """A small convolutional network for square one-channel images, trained by PyTorch, float32."""


@dataclass(frozen=True)
class Transformer:
    """A small decoder-only transformer for token sequences, trained by PyTorch, float32."""


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent, with momentum where `momentum` > 0.

    g <- gradient + weight_decay * w;  v <- momentum * v + g;  w <- w - rate * v, or with
    `nesterov` w <- w - rate * (g + momentum * v). As torch.optim.SGD with dampening 0.

    Attributes:
        momentum: 0 <= momentum < 1; `train(momenta=…)` replaces it step by step.
        nesterov: whether the step looks ahead.
        weight_decay: added to the gradient as weight_decay * w, >= 0.
    """

    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        """Check the fields."""
        _check_below_one("momentum", self.momentum)
        check_real("weight_decay", self.weight_decay)


@dataclass(frozen=True)
class Adam:
    """Adam. m and v are moving averages of g and g²; w <- w - rate * m̂ / (sqrt(v̂) + eps).

    m̂ = m / (1 - beta1^t), v̂ = v / (1 - beta2^t) at the t-th update. As torch.optim.Adam.

    Attributes:
        beta1: 0 <= beta1 < 1; `train(momenta=…)` replaces it step by step, and the correction is
            then 1 - the product of the beta1 so far.
        beta2: 0 <= beta2 < 1.
        eps: > 0.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        """Check the fields."""
        _check_below_one("beta1", self.beta1)
        _check_below_one("beta2", self.beta2)
        check_real("eps", self.eps, low_open=True)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: w <- (1 - rate * weight_decay) * w before Adam's step.

    As torch.optim.AdamW. Source: Loshchilov & Hutter (2019), arXiv:1711.05101.
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        """Check the fields."""
        super().__post_init__()
        check_real("weight_decay", self.weight_decay)


def _check_below_one(name: str, value: float) -> None:
    if check_real(name, value) >= 1.0:
        raise ValueError(f"{name} must be < 1, got {value!r}")


@dataclass(frozen=True)
class Workload:
    """What is trained, on what and how: everything about a run but its rates and its seed.

    Attributes:
        data: the examples.
        model: `Mlp`, `Convnet` or `Transformer`.
        optimizer: `Sgd`, `Adam` or `AdamW`.
        batch_size: examples in a batch, drawn without replacement, reshuffled every epoch; None
            takes all examples at every step.
    """

    data: Classification | Sequences
    model: Mlp | Convnet | Transformer = field(default_factory=Mlp)
    optimizer: Sgd | Adam = field(default_factory=Sgd)
    batch_size: int | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        if not isinstance(self.model, Mlp | Convnet | Transformer):
            raise TypeError(f"model must be Mlp, Convnet or Transformer, got {self.model!r}")
        if not isinstance(self.optimizer, Sgd | Adam):
            raise TypeError(f"optimizer must be Sgd, Adam or AdamW, got {self.optimizer!r}")
        if self.batch_size is not None:
            check_count("batch_size", self.batch_size)
            if self.batch_size > len(self.data):
                raise ValueError(
                    f"batch_size must be <= the {len(self.data)} examples, got {self.batch_size}"
                )

    @property
    def name(self) -> str:
        """What plots and tables call it."""
        return self.data.name
