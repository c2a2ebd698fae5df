"""Settings of a run: data, model, optimizer; plain values that can be compared and stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from course_lib.problems import Classification, Sequences
from course_lib.validation import check_count, check_real

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

    >>> Mlp(hidden=[32, 32])
    Mlp(hidden=(32, 32), dtype='float64', order='simultaneous')
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
    """A small convolutional network for square one-channel images, trained by PyTorch, float32.

    Every entry of `channels` is a block: 3 × 3 convolution with a border of zeros, normalisation,
    ReLU, maximum over 2 × 2. A linear layer gives the class scores. Loss: cross-entropy.

    Attributes:
        channels: channels after every block, multiples of 4; the side of the image must be a
            multiple of 2^blocks.
        normalisation: "none", or "group" for group normalisation with 4 channels a group, a gain
            and a bias (Wu & He 2018, arXiv:1803.08494).

    >>> Convnet(channels=(8,), normalisation="group").channels
    (8,)
    >>> Convnet(channels=(6,))
    Traceback (most recent call last):
    ValueError: channels must be multiples of 4, got (6,)
    """

    channels: tuple[int, ...] = (16, 32)
    normalisation: Literal["none", "group"] = "none"

    def __post_init__(self) -> None:
        """Check the fields; a list of channels becomes a tuple."""
        channels = tuple(check_count("channels", c) for c in self.channels)
        object.__setattr__(self, "channels", channels)
        if not channels:
            raise ValueError("channels must name at least one block, got ()")
        if any(c % 4 for c in channels):
            raise ValueError(f"channels must be multiples of 4, got {channels}")
        if self.normalisation not in ("none", "group"):
            raise ValueError(f"normalisation must be 'none' or 'group', got {self.normalisation!r}")


@dataclass(frozen=True)
class Transformer:
    """A small decoder-only transformer for token sequences, trained by PyTorch, float32.

    Token and position embeddings, then layers of causal attention and of a ReLU network, each
    added to what it was given; a linear layer gives the scores of the next token. Loss:
    cross-entropy over the scored positions.

    Attributes:
        width: numbers a token, a multiple of 4 and of `heads`.
        heads: attention heads.
        layers: number of layers.
        mlp_ratio: hidden units of the ReLU network over `width`.
        norm: place of the layer normalisation. "pre": x + f(norm(x)), and once before the scores;
            "post": norm(x + f(x)), as in Vaswani et al. (2017), arXiv:1706.03762.

    >>> Transformer(width=16, heads=4, norm="post").norm
    'post'
    >>> Transformer(width=16, heads=3)
    Traceback (most recent call last):
    ValueError: width must be a multiple of 3 heads, got 16
    """

    width: int = 32
    heads: int = 2
    layers: int = 2
    mlp_ratio: int = 2
    norm: Literal["pre", "post"] = "pre"

    def __post_init__(self) -> None:
        """Check the fields."""
        for name in ("width", "heads", "layers", "mlp_ratio"):
            check_count(name, getattr(self, name))
        if self.width % 4:
            raise ValueError(f"width must be a multiple of 4, got {self.width}")
        if self.width % self.heads:
            raise ValueError(f"width must be a multiple of {self.heads} heads, got {self.width}")
        if self.norm not in ("pre", "post"):
            raise ValueError(f"norm must be 'pre' or 'post', got {self.norm!r}")


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent, with momentum where `momentum` > 0.

    g <- gradient + weight_decay * w;  v <- momentum * v + g;  w <- w - rate * v, or with
    `nesterov` w <- w - rate * (g + momentum * v). As torch.optim.SGD with dampening 0.

    Attributes:
        momentum: 0 <= momentum < 1; `train(momenta=…)` replaces it step by step.
        nesterov: whether the step looks ahead.
        weight_decay: share of the weights that is added to the gradient, as weight_decay * w, >= 0.

    >>> Sgd(momentum=0.9, nesterov=True)
    Sgd(momentum=0.9, nesterov=True, weight_decay=0.0)
    """

    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        """Check the fields."""
        _check_below_one("momentum", self.momentum)
        check_real("weight_decay", self.weight_decay)

    @property
    def plain(self) -> bool:
        """Whether an update is the gradient times the rate, and nothing else."""
        return not (self.momentum or self.weight_decay)


@dataclass(frozen=True)
class Adam:
    """Adam. m and v are moving averages of g and g²; w <- w - rate * m̂ / (sqrt(v̂) + eps).

    m̂ = m / (1 - beta1^t), v̂ = v / (1 - beta2^t) at the t-th update. As torch.optim.Adam.

    Attributes:
        beta1: 0 <= beta1 < 1; `train(momenta=…)` replaces it step by step, and m̂ is then taken
            with the beta1 of the step, which is what PyTorch does under OneCycleLR.
        beta2: 0 <= beta2 < 1.
        eps: > 0.

    >>> Adam(beta2=0.95)
    Adam(beta1=0.9, beta2=0.95, eps=1e-08)
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        """Check the fields."""
        _check_below_one("beta1", self.beta1)
        _check_below_one("beta2", self.beta2)
        check_real("eps", self.eps, low_open=True)

    @property
    def plain(self) -> bool:
        """Whether an update is the gradient times the rate, and nothing else: it never is."""
        return False


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: w <- (1 - rate * weight_decay) * w before Adam's step.

    As torch.optim.AdamW. Source: Loshchilov & Hutter (2019), arXiv:1711.05101.

    >>> AdamW(weight_decay=0.1).weight_decay
    0.1
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
    """Everything about a run but its rates and its seed: data, model, optimizer, batch size.

    Attributes:
        data: the examples.
        model: `Mlp`, `Convnet` or `Transformer`.
        optimizer: `Sgd`, `Adam` or `AdamW`.
        batch_size: examples in a batch, drawn without replacement, reshuffled every epoch; None
            takes all examples at every step.

    >>> from course_lib import problems
    >>> workload = Workload(problems.spirals(), Mlp((16,)), Sgd(momentum=0.9), batch_size=25)
    >>> workload.name, len(workload.data)
    ('spirals', 300)
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
        expected = Sequences if isinstance(self.model, Transformer) else Classification
        if not isinstance(self.data, expected):
            raise TypeError(
                f"data must be {expected.__name__} for {type(self.model).__name__}, "
                f"got {type(self.data).__name__}"
            )
        if getattr(self.model, "order", None) == "layer_by_layer" and not self.optimizer.plain:
            raise ValueError(
                f"optimizer must be Sgd() when order is 'layer_by_layer', got {self.optimizer!r}"
            )
        if self.batch_size is not None:
            check_count("batch_size", self.batch_size)
            if self.batch_size > len(self.data):
                raise ValueError(
                    f"batch_size must be <= the {len(self.data)} examples, got {self.batch_size}"
                )

    @property
    def name(self) -> str:
        """Its name in plots and tables."""
        return self.data.name
