"""Random warmups of pytorch-warmup above schedulers of torch, and pytorch-warmup itself."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

from tests.lib.libraries import random_torch, random_transformers
from tests.lib.libraries.random_torch import UPDATES, rate, share, short

_BETAS = (0.999, 0.99, 0.95, 0.9, 0.98, 0.61, 0.75)
KINDS = {
    "LinearWarmup": lambda r: {"warmup_period": short(r, 1)},
    "ExponentialWarmup": lambda r: {"warmup_period": short(r, 1)},
    "UntunedLinearWarmup": lambda r: {"beta2": r.choice([0.0, *_BETAS, share(r)])},
    "UntunedExponentialWarmup": lambda r: {"beta2": r.choice([0.0, *_BETAS, share(r)])},
    "RAdamWarmup": lambda r: {"beta2": r.choice([0.5, *_BETAS, r.uniform(0.6, 0.999)])},
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    arguments = {"base_lr": rate(random), **KINDS[kind](random)}
    if random.random() < 0.8:
        module, library = random_torch.SIMPLE, "torch"
        if find_spec("transformers") and random.random() < 0.3:
            module, library = random_transformers.KINDS, "transformers"
        inner = random.choice(list(module))
        arguments["lr_scheduler"] = (f"{library}.{inner}", module[inner](random))
    return f"pytorch_warmup.{kind}", arguments, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.driving import Raised
    from records.drivers.of_pytorch_warmup import rates

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return rates(name.removeprefix("pytorch_warmup."), dict(arguments), updates)
        except Raised as raised:
            return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    name, inner = arguments.get("lr_scheduler", ("", {}))
    return random_torch.close(inner, updates) if name.startswith("torch.") else 1e-12
