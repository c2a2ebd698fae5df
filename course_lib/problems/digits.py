"""Handwritten digits: scikit-learn's bundled 8 x 8 images, split with a seed."""

from __future__ import annotations

import numpy as np

from course_lib.problems.classification import Classification
from course_lib.validation import check_count


def digits(seed: int = 0, held_out_per_class: int = 36) -> Classification:
    """Return 1,797 handwritten digits, 8 x 8 pixels, a fifth of them held out.

    With the defaults 1,437 images to train on (138 to 147 of each digit) and 360 held out (36 of
    each). Pixels are divided by 16, so that they lie in 0 … 1. The same 13 people wrote both parts,
    so the held-out score says how well a network reads their digits, not those of other people. How
    low the error can go is not known, so `error_floor` is None.

    The seed chooses the split and nothing else: `RandomState(seed)` shuffles each digit's images,
    0 first, and the first `held_out_per_class` of each are held out. Both parts keep the order of
    the file.

    Args:
        seed: seed of `numpy.random.RandomState`, whose stream NumPy promises never to change.
        held_out_per_class: held-out images of each digit, 1 … 173.

    Returns:
        inputs of shape (1797 - 10 * held_out_per_class, 64), rows of pixels from top to bottom;
        labels 0 … 9; `held_out` the same with shape (10 * held_out_per_class, 64).

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    Source: the test part of Alpaydin & Kaynak (1998), Optical Recognition of Handwritten Digits,
    UCI, doi:10.24432/C50P49, as `sklearn.datasets.load_digits` bundles it.

    >>> data = digits()
    >>> data.inputs.shape, data.held_out.inputs.shape
    ((1437, 64), (360, 64))
    """
    from sklearn.datasets import load_digits  # takes about a second, once a process

    check_count("held_out_per_class", held_out_per_class)
    rng = np.random.RandomState(check_count("seed", seed, low=0))
    pixels, labels = load_digits(return_X_y=True)
    smallest = int(np.bincount(labels).min())
    if held_out_per_class >= smallest:
        raise ValueError(
            f"held_out_per_class must be < {smallest}, the images of the rarest digit, got "
            f"{held_out_per_class!r}"
        )
    held_out = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        held_out[rng.permutation(np.flatnonzero(labels == digit))[:held_out_per_class]] = True
    inputs, labels = pixels / 16.0, labels.astype(np.int64)
    return Classification(
        inputs[~held_out],
        labels[~held_out],
        classes=10,
        name="digits",
        held_out=Classification(inputs[held_out], labels[held_out], 10, "digits, held out"),
    )
