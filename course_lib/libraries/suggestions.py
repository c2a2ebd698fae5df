"""The known names that are nearest to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

# What people write in front of a class's name, and the library that it is part of.
_LIBRARIES = {
    "optim": "torch",
    "lr_scheduler": "torch",
    "pytorch": "torch",
    "tf": "keras",
    "tensorflow": "keras",
    "jax": "optax",
    "huggingface": "transformers",
    "mosaicml": "composer",
    "paddlepaddle": "paddle",
}
# Where two libraries have the same name, the one that most people mean comes first.
_FIRST = ("torch", "transformers", "optax", "keras")
_RATES = ("base_lr", "initial_learning_rate", "learning_rate", "lr", "lr_max", "max_lr")


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the `count` known names that are nearest to `name`, the nearest first.

    The last part counts most, whatever its case; the library is what stands before the first dot,
    or what modules like `optim.lr_scheduler` belong to.

    >>> from course_lib.libraries import names
    >>> nearest_names("torch.optim.lr_scheduler.steplr", names(), count=1)
    ['torch.StepLR']
    >>> nearest_names("CosineAnnealingLR", names(), count=1)
    ['torch.CosineAnnealingLR']
    """
    *modules, wanted = name.lower().split(".")
    libraries = {_LIBRARIES.get(module, module) for module in modules}

    def distance(candidate: str) -> tuple[float, bool, str]:
        library, _, rest = candidate.partition(".")
        short = rest.rpartition(".")[2].lower()
        alike = SequenceMatcher(None, wanted, short).ratio() + 0.3 * (library in libraries)
        begins = bool(wanted) and short.removeprefix("get_").startswith(wanted)
        return -alike - 0.2 * begins, library not in _FIRST, candidate

    return sorted(known, key=distance)[:count]


def nearest_argument(name: str, known: Iterable[str]) -> str | None:
    """Return the known argument that `name` was probably meant to be, or None.

    >>> nearest_argument("stepsize", ["base_lr", "step_size", "gamma"])
    'step_size'
    >>> nearest_argument("lr", ["base_lr", "step_size", "gamma"])
    'base_lr'
    """
    candidates = list(known)
    if name in _RATES:
        return next((rate for rate in _RATES if rate in candidates), None)
    words = sorted(name.lower().split("_"))
    turned = [one for one in candidates if sorted(one.lower().split("_")) == words]
    if turned:
        return turned[0]
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None
